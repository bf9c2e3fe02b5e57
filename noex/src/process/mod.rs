//! What every process has: an identity, a reason to end, and a runtime to run on.

mod bell;
pub(crate) mod door;
mod exit;
pub(crate) mod panic;
mod pid;
pub(crate) mod runner;
pub(crate) mod seat;
mod task;
pub(crate) mod work;

pub use exit::{ExitReason, Panic, PanicLocation};
pub use pid::Pid;
