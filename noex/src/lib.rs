//! Erlang/OTP for Rust.

#[doc(hidden)]
pub mod __private;
pub mod observer;
mod process;
pub mod prelude;
mod registry;
mod server;
pub mod supervisor;
mod system;

pub use process::{ExitReason, Panic, PanicLocation, Pid};
pub use server::{
    Call, CallError, Cast, CastError, Context, DeadlockPath, DeadlockStep, Executed, GenServer, HandlesContinue,
    HandlesInfo, Init, IntoInit, Mailbox, Message, Never, NotRunning, NotSent, Now, OnRestart, Overflow, Reason,
    SendInfo, ServerConfig, ServerRef, Start, StartError, Target, WeakRef,
};
pub use supervisor::{
    ChildInfo, ChildOptions, ChildSpec, Kind, Restart, Shutdown, StartTree, Strategy, Supervisor, SupervisorBuilder,
    SupervisorError, SupervisorRef,
};
pub use system::System;
