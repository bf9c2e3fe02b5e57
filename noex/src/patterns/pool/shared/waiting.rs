//! Waiting in the queue, no longer than one may.

use std::sync::Arc;

use tokio::time::Instant;

use super::Shared;
use crate::{
    observer::JobStep,
    patterns::pool::{Entry, JobError, JobId, Work, outcome::Ticket, stats::one_more},
    process::door::now,
};

impl<W: Work> Shared<W> {
    /// Has a job wait in the queue.
    pub(super) fn enqueue(&self, entry: Entry<W>, push: impl FnOnce(Entry<W>)) {
        match (&self.waits, entry.until) {
            (Some(waits), Some(until)) => waits.keep(until, entry.id, || push(entry)),
            _ => push(entry),
        }
    }

    /// The job does not wait any more.
    pub(super) fn forget(&self, job: JobId, until: Option<Instant>) {
        if let (Some(waits), Some(until)) = (&self.waits, until) {
            waits.forget(until, job);
        }
    }

    /// Looks after those that wait, as long as the pool is there.
    pub(super) async fn watch_waits(self: Arc<Self>) {
        let Some(waits) = &self.waits else { return };
        while !self.is_ended() {
            waits.next().await;
            while let Some(entry) = waits.due(now(), |job| self.queue.remove(job)) {
                let (Entry { id: job, attempts, ticket, .. }, after) = (entry, waits.limit());
                self.fail_unrun(job, attempts, JobError::Expired { job, attempts, after }, ticket);
            }
        }
    }

    /// A job that waited has ended without a worker.
    pub(super) fn fail_unrun(&self, job: JobId, attempts: u32, error: JobError<W::Error>, ticket: Ticket<W>) {
        one_more(&self.counts.failed);
        self.announce(job, || JobStep::Failed { why: error.failure() });
        let outcome = Err(error);
        self.note_end(job, attempts, &outcome);
        self.close_books(outcome, Some(ticket));
    }
}
