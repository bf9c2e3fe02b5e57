//! All a user imports: `use noex::prelude::*;`.
//!
//! `#[info]` is not among it, because the name is `tracing`'s as well; inside a `#[genserver]` block it needs
//! no import.

pub use crate::{
    CallError, CastError, Context, ExitReason, GenServer, Init, Message, Never, Now, Pid, ServerConfig,
    ServerRef, Start, StartError, SupervisorError, System, call, cast, continuation, genserver, init,
    supervisor, terminate,
};
