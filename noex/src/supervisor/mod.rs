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
//! More than `max` restarts within the window end the supervisor with `shutdown`, after its children: the one
//! above restarts it, or gives up as well. [`end`](SupervisorRef::end) says why a tree has ended.
//!
//! | kind | in `supervisor!` | children | start | stop |
//! |---|---|---|---|---|
//! | [`Supervisor`] | `supervisor Tree(..)` | by id, in order | one by one | in reverse, one by one |
//! | [`DynamicSupervisor`] | `dynamic Server(..)` | of one type, any number, by reference | side by side | all at once |
//! | [`Partitions`] | `partition Server(..)` | equal ones, by key | one by one | in reverse, one by one |
//! | [`TaskSupervisor`](crate::task::TaskSupervisor) | – | futures | side by side | all at once |
//!
//! Any of them nests in any other but the last: [`SupervisorBuilder::nest`], [`ChildSpec::tree`]. What is known of a
//! declared tree while the program is compiled says [`DeclaredTree`].
//!
//! # What differs from OTP
//!
//! - References and queued messages survive a restart, also that of the whole branch: a child has its place in
//!   every life of its supervisor. Those added at run time are forgotten with the life they were added to.
//! - `init` runs beside the supervisor, so that one that hangs in a restart keeps nobody from stopping or
//!   administering the tree; [`ready_within`](ChildOptions::ready_within) gives up on it. Under `one_for_one` children
//!   restart side by side; otherwise, and when a tree starts, one after the other.
//! - A supervisor that was killed begins its next life when all children of the last one are gone.
//! - [`Backoff`], the [restart log](RestartLog) and the [drawing](Drawing) are ours.
//!
//! A supervisor has no task and no timer while nothing happens.

mod admin;
mod answer;
mod backoff;
mod builder;
mod check;
mod child;
mod declared;
mod draw;
mod dynamic;
mod end;
mod error;
mod intensity;
mod line;
mod log;
mod partition;
mod place;
mod plan;
mod question;
mod restart;
mod server;
mod spec;
mod stop;

pub use backoff::Backoff;
pub use builder::{StartTree, SupervisorBuilder};
pub use check::PlanError;
pub use declared::{DeclaredChild, DeclaredTree};
pub(crate) use declared::{has_own_names, has_time_for};
pub use draw::Drawing;
pub use dynamic::{DynamicBuilder, DynamicSupervisor, StartChild};
pub use end::{GaveUp, TreeEnd};
pub use error::{AdminError, SupervisorError};
pub use log::{Cause, Outcome, RestartEntry, RestartLog};
pub use partition::{AnyKey, PartitionBuilder, Partitions, cores};
pub(crate) use place::Permit;
pub(crate) use plan::Planned;
pub use question::{ChildCount, ChildInfo, ChildState};
pub use server::{Supervisor, SupervisorRef};
pub use spec::{AutoShutdown, ChildOptions, ChildSpec, Kind, Restart, Shutdown, Strategy};
