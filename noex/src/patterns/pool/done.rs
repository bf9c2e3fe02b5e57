//! The news of a job's end.

use std::fmt;

use super::{JobError, JobId, Work};

/// A job has ended: what [`on_done`](super::PoolBuilder::on_done) is told.
#[non_exhaustive]
pub struct JobDone<'a, W: Work> {
    /// Which job.
    pub job: JobId,
    /// How often it was tried; 0 when no worker came to it.
    pub attempts: u32,
    /// What came of it.
    pub outcome: &'a Result<W::Output, JobError<W::Error>>,
}

impl<W: Work> fmt::Debug for JobDone<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobDone")
            .field("job", &self.job)
            .field("attempts", &self.attempts)
            .field("is_ok", &self.outcome.is_ok())
            .finish()
    }
}
