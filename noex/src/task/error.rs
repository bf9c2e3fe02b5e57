//! Why a task gave no value.

use std::time::Duration;

use thiserror::Error;

use crate::{AdminError, Pid, Reason};

/// Why a task gave no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TaskError {
    /// It ended before it had one: it panicked, or somebody ended it.
    #[error("task {task} ended without a value: {reason}")]
    Ended {
        /// The task.
        task: Pid,
        /// Why.
        #[source]
        reason: Reason,
    },
    /// It took too long.
    #[error("task {task} gave no value within {after:?}")]
    Timeout {
        /// The task.
        task: Pid,
        /// The limit.
        after: Duration,
    },
    /// It did not begin: there are too many, or their supervisor has ended.
    #[error(transparent)]
    NotStarted(#[from] AdminError),
}
