//! What every process has: an identity, a reason to end, a runtime to run on, and its dealings with others:
//! links, monitors, timers and streams.

pub(crate) mod attendant;
mod bell;
pub(crate) mod counter;
pub(crate) mod door;
mod exit;
pub(crate) mod host;
pub(crate) mod idle;
pub(crate) mod link;
mod monitor;
mod overdue;
pub(crate) mod pace;
pub(crate) mod panic;
mod pid;
mod repeat;
pub(crate) mod runner;
pub(crate) mod seat;
#[cfg(feature = "signal")]
pub(crate) mod signal;
mod stream;
pub(crate) mod task;
mod timer;
pub(crate) mod work;

pub use exit::{ExitReason, Panic, PanicLocation};
pub(crate) use idle::{Told, watch_silence};
pub use link::Exit;
pub use monitor::{Down, Monitor, Watch};
pub use pid::Pid;
pub(crate) use repeat::send_every;
pub use repeat::{Missed, Period};
pub use stream::{Attached, StreamEnded, StreamId};
pub(crate) use timer::remind;
pub use timer::{Timer, TimerId};
