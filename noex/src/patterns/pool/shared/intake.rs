//! Taking jobs, and taking them back.

use std::sync::{Arc, atomic::Ordering};

use tokio::time::Instant;

use super::{DRAINING, OPEN, Shared};
use crate::{
    observer::JobStep,
    patterns::pool::{
        Entry, JobError, JobId, NotAccepted, Rejected, Work, desk::Handed, outcome::Ticket, stats::one_more,
        waits::Waits,
    },
    process::{attendant::later, door::now},
};

impl<W: Work> Shared<W> {
    /// Why no job is taken, if none is.
    pub(in crate::patterns::pool) fn refusal(&self) -> Option<NotAccepted> {
        let pool = || self.setup.name.clone();
        match self.phase.load(Ordering::SeqCst) {
            OPEN => None,
            DRAINING => Some(NotAccepted::Draining { pool: pool() }),
            _ => Some(NotAccepted::Ended { pool: pool() }),
        }
    }

    pub(in crate::patterns::pool) fn full(&self) -> NotAccepted {
        NotAccepted::QueueFull { pool: self.setup.name.clone(), capacity: self.setup.capacity }
    }

    pub(in crate::patterns::pool) fn expired(&self) -> NotAccepted {
        let after = self.waits.as_ref().map(Waits::limit).unwrap_or_default();
        NotAccepted::Expired { pool: self.setup.name.clone(), after }
    }

    /// Until when a job may wait that begins to wait now.
    pub(in crate::patterns::pool) fn until(&self) -> Option<Instant> {
        self.waits.as_ref().map(|waits| later(now(), waits.limit()))
    }

    pub(in crate::patterns::pool) fn reject(&self, job: W::Job, why: NotAccepted) -> Rejected<W::Job> {
        one_more(&self.counts.rejected);
        self.announce(JobId(0), || JobStep::Rejected);
        Rejected { job, why }
    }

    pub(in crate::patterns::pool) fn next_id(&self) -> JobId {
        JobId(self.last_id.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Takes a job for which there is room: for a worker that has nothing to do, or into the queue.
    pub(in crate::patterns::pool) fn take_in(
        self: &Arc<Self>,
        job: W::Job,
        priority: i8,
        until: Option<Instant>,
        ticket: Ticket<W>,
    ) -> JobId {
        let id = self.next_id();
        self.announce(id, || JobStep::Queued);
        let entry = Entry { id, priority, attempts: 0, until, job, ticket };
        match self.take_desk() {
            Some(desk) => {
                self.busy.fetch_add(1, Ordering::AcqRel);
                self.hand(&desk, Handed::Job(entry));
            }
            None => {
                self.enqueue(entry, |entry| self.queue.push(entry));
                self.call_one();
            }
        }
        if self.door.get().is_none() {
            self.watch();
        }
        if self.is_ended() {
            self.sweep();
        }
        id
    }

    /// Takes back a job that waits.
    pub(in crate::patterns::pool) fn cancel(&self, job: JobId) -> bool {
        let Some(Entry { attempts, until, ticket, .. }) = self.queue.remove(job) else { return false };
        self.forget(job, until);
        one_more(&self.counts.cancelled);
        self.announce(job, || JobStep::Cancelled);
        let outcome = Err(JobError::Cancelled { job, attempts });
        self.note_end(job, attempts, &outcome);
        self.close_books(outcome, Some(ticket));
        true
    }
}
