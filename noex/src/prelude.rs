//! All a user imports: `use noex::prelude::*;`.
//!
//! `#[info]` is not among it, because the name is `tracing`'s as well; inside a `#[genserver]` block it needs
//! no import.

pub use crate::{
    Actions, At, CallError, CastError, Context, Down, EventBus, Exit, ExitReason, GenServer, Init, Machine,
    Message, Monitor, Never, Next, Now, Pid, ReplyTo, ServerConfig, ServerRef, Start, StartError,
    SupervisorError, System, Timer, call, cast, continuation, event_bus::Topic, every, genserver, idle, init,
    pipeline, state_machine, subscribe, supervisor, terminate,
};
