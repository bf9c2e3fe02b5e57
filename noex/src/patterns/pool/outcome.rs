//! Where a job's outcome goes: as the reply of a call, whose place is used again for the next one.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use super::{JobError, JobId, Work, queue::Outcome};
use crate::server::slot::{
    reply::{ReplyCell, ReplyTo},
    serving::Until,
};

/// The right to tell a job's submitter its outcome, once.
pub(super) type Ticket<W> = ReplyTo<Outcome<W>>;

/// Where the submitter hears it.
pub(super) struct Told<W: Work> {
    /// `None`: it has been told.
    cell: Option<Arc<ReplyCell<Outcome<W>>>>,
}

impl<W: Work> Told<W> {
    pub(super) fn ticket() -> (Ticket<W>, Self) {
        let cell = ReplyCell::spare();
        (cell.open(None, Until::Forever), Told { cell: Some(cell) })
    }

    /// What becomes of this job.
    ///
    /// # Panics
    ///
    /// When it is polled after it was ready.
    #[inline]
    pub(super) fn poll(&mut self, job: JobId, cx: &mut Context<'_>) -> Poll<Outcome<W>> {
        let Some(cell) = &self.cell else { panic!("a job was polled after it was ready") };
        let told = std::task::ready!(cell.poll(cx.waker()));
        if let Some(cell) = self.cell.take() {
            cell.keep();
        }
        // Only a queue that loses its entries tells nobody.
        Poll::Ready(told.unwrap_or(Err(JobError::Stopped { job, attempts: 0 })))
    }
}

impl<W: Work> Drop for Told<W> {
    #[inline]
    fn drop(&mut self) {
        if let Some(cell) = &self.cell {
            cell.abandon();
        }
    }
}
