//! What every process has: an identity, a reason to end, and a runtime to run on.

pub(crate) mod door;
mod exit;
pub(crate) mod panic;
mod pid;
pub(crate) mod runner;
pub(crate) mod seat;

pub use exit::{ExitReason, Panic, PanicLocation};
pub use pid::Pid;
