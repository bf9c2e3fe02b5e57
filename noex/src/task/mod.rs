//! Tasks: a future as a process, under a supervisor.
//!
//! A task has a pid and one life; its panic is caught, with its place; it can be stopped, linked, watched and
//! counted as any server. Its [`Task`] is how its value is had:
//!
//! | | the owner ends | the task fails |
//! |---|---|---|
//! | [`run_linked`](TaskSupervisor::run_linked) | the task ends | the owner gets its exit signal |
//! | [`run`](TaskSupervisor::run) | the task goes on | the handle says so |
//! | [`start_child`](TaskSupervisor::start_child) | the task goes on | the log of events says so |
//! | [`stream`](TaskSupervisor::stream) | its tasks end | the item says so |
//!
//! As `Task` and `Task.Supervisor` in Elixir. There a task may be asked by its owner alone; here whoever holds
//! the handle is the owner.

mod error;
mod handle;
mod process;
mod stream;
mod supervisor;

pub use error::TaskError;
pub use handle::{OnTimeout, Task};
pub use process::TaskRef;
pub use stream::TaskStream;
pub use supervisor::{TaskBuilder, TaskSupervisor};
