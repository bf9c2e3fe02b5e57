//! Supervisors: servers that start other servers in order, restart them by rule and stop them in reverse.
//!
//! `supervisor!` declares a tree whose order, ids and arguments rustc checks; [`Supervisor::builder`] is
//! what it expands to. The rules are OTP's:
//!
//! | child ends | `permanent` | `transient` | `temporary` |
//! |---|---|---|---|
//! | `normal`, `shutdown`, `shutdown(x)` | restarted | stays down | forgotten |
//! | anything else | restarted | restarted | forgotten |
//!
//! | strategy | stopped with it, in reverse order, then started in order |
//! |---|---|
//! | `one_for_one` | nobody |
//! | `rest_for_one` | those that were started after it |
//! | `one_for_all` | all |
//!
//! More than `max` restarts within the window end the supervisor with `shutdown`, after its children.
//! What differs from OTP: references and queued messages survive a restart.

mod admin;
mod backoff;
mod builder;
mod check;
mod child;
mod draw;
mod dynamic;
mod end;
mod intensity;
mod line;
mod log;
mod partition;
mod place;
mod plan;
mod restart;
mod server;
mod spec;
mod stop;

pub use admin::{AdminError, ChildCount, ChildInfo, ChildState};
pub use backoff::Backoff;
pub use builder::{StartTree, SupervisorBuilder};
pub use check::PlanError;
pub use draw::Drawing;
pub use dynamic::{DynamicBuilder, DynamicSupervisor, StartChild};
pub use end::{GaveUp, TreeEnd};
pub use log::{Cause, Outcome, RestartEntry, RestartLog};
pub use partition::{PartitionBuilder, Partitions, cores};
pub(crate) use place::Permit;
pub(crate) use plan::Planned;
pub use server::{Supervisor, SupervisorError, SupervisorRef};
pub use spec::{AutoShutdown, ChildOptions, ChildSpec, Kind, Restart, Shutdown, Strategy};
