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

mod builder;
mod child;
mod intensity;
mod server;
mod spec;

pub use builder::{StartTree, SupervisorBuilder};
pub use server::{ChildInfo, Supervisor, SupervisorError, SupervisorRef};
pub use spec::{ChildOptions, ChildSpec, Kind, Restart, Shutdown, Strategy};
