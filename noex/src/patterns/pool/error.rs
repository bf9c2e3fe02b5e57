//! What can become of a job other than its outcome.

use std::{convert::Infallible, fmt, sync::Arc, time::Duration};

use thiserror::Error;

use super::JobId;
use crate::{CallError, Executed};

/// Why a job has no output; `E` is the handler's own error.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JobError<E = Infallible> {
    /// The handler ran and returned this error; it is not tried again.
    #[error("{0}")]
    Handler(E),
    /// Its worker ended with the job in hand, each time it was tried.
    #[error("{job} was tried {attempts} times and has no outcome: {error}")]
    Crashed {
        /// The job.
        job: JobId,
        /// How often it was tried.
        attempts: u32,
        /// How the last attempt failed.
        #[source]
        error: CallError,
    },
    /// It took longer than the pool's deadline, each time it was tried; its workers were killed.
    #[error("{job} was tried {attempts} times and not done within {after:?}")]
    Overdue {
        /// The job.
        job: JobId,
        /// How often it was tried.
        attempts: u32,
        /// The deadline.
        after: Duration,
    },
    /// No worker came to it as long as it may wait: the pool's [`queue_timeout`](super::PoolBuilder::queue_timeout).
    #[error("{job} was tried {attempts} times and waited {after:?} for a worker")]
    Expired {
        /// The job.
        job: JobId,
        /// How often it was tried.
        attempts: u32,
        /// How long it may wait.
        after: Duration,
    },
    /// The pool ended while the job waited.
    #[error("{job} was tried {attempts} times and not again: the pool has ended")]
    Stopped {
        /// The job.
        job: JobId,
        /// How often it was tried.
        attempts: u32,
    },
    /// It was taken back while it waited.
    #[error("{job} was taken back")]
    Cancelled {
        /// The job.
        job: JobId,
        /// How often it was tried.
        attempts: u32,
    },
    /// The pool did not take it.
    #[error("{0}")]
    NotAccepted(NotAccepted),
}

impl<E> JobError<E> {
    /// Whether the handler ran.
    pub fn was_executed(&self) -> Executed {
        match self {
            JobError::Handler(_) => Executed::Yes,
            JobError::Crashed { error, .. } => error.was_executed(),
            JobError::NotAccepted(_)
            | JobError::Expired { attempts: 0, .. }
            | JobError::Stopped { attempts: 0, .. }
            | JobError::Cancelled { attempts: 0, .. } => Executed::No,
            JobError::Overdue { .. }
            | JobError::Expired { .. }
            | JobError::Stopped { .. }
            | JobError::Cancelled { .. } => Executed::Unknown,
        }
    }

    /// In one word.
    pub(super) fn failure(&self) -> JobFailure {
        match self {
            JobError::Handler(_) => JobFailure::Handler,
            JobError::Crashed { .. } => JobFailure::Crashed,
            JobError::Overdue { .. } => JobFailure::Overdue,
            JobError::Expired { .. } => JobFailure::Expired,
            // The two others are no ends of a job that failed.
            JobError::Stopped { .. } | JobError::Cancelled { .. } | JobError::NotAccepted(_) => {
                JobFailure::Stopped
            }
        }
    }

    /// The handler's own error, if it is one.
    ///
    /// # Errors
    ///
    /// The error itself otherwise.
    pub fn into_handler(self) -> Result<E, Self> {
        match self {
            JobError::Handler(error) => Ok(error),
            other => Err(other),
        }
    }
}

/// How a job failed: a [`JobError`] without what it holds, for those who are only told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobFailure {
    /// Its handler returned an error.
    Handler,
    /// Its worker ended with it.
    Crashed,
    /// It took longer than the pool's deadline.
    Overdue,
    /// It waited longer than it may.
    Expired,
    /// The pool ended while it waited.
    Stopped,
}

/// A job that was not accepted. It is given back.
#[derive(Clone, PartialEq, Eq, Error)]
#[error("{why}")]
#[non_exhaustive]
pub struct Rejected<J> {
    /// The job, as it was.
    pub job: J,
    /// Why.
    #[source]
    pub why: NotAccepted,
}

impl<J> fmt::Debug for Rejected<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("why", &self.why).finish_non_exhaustive()
    }
}

/// Why a job was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotAccepted {
    /// All workers are busy and the queue is full.
    #[error("the queue of pool `{pool}` is full ({capacity} jobs)")]
    QueueFull {
        /// The pool.
        pool: Arc<str>,
        /// How many jobs may wait.
        capacity: usize,
    },
    /// There was no room in the queue as long as the job may wait.
    #[error("the queue of pool `{pool}` had no room within {after:?}")]
    Expired {
        /// The pool.
        pool: Arc<str>,
        /// How long it may wait.
        after: Duration,
    },
    /// It finishes what it has and takes nothing more.
    #[error("pool `{pool}` takes no more jobs: it is being drained")]
    Draining {
        /// The pool.
        pool: Arc<str>,
    },
    /// It has ended.
    #[error("pool `{pool}` has ended")]
    Ended {
        /// The pool.
        pool: Arc<str>,
    },
}
