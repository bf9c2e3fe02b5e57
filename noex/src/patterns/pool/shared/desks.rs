//! Desks: who has one, and who is called.

use std::sync::{
    Arc,
    atomic::{Ordering, fence},
};

use super::Shared;
use crate::patterns::pool::{
    JobError, Work,
    desk::{Begun, Desk, Handed},
};

impl<W: Work> Shared<W> {
    /// The desk of a worker that has nothing to do, for a job that need not wait for others.
    pub(in crate::patterns::pool) fn take_desk(&self) -> Option<Arc<Desk<W>>> {
        if !self.queue.is_empty() || self.is_halted.load(Ordering::SeqCst) {
            return None;
        }
        loop {
            let desk = self.pop_free()?;
            if desk.number < self.size() {
                return Some(desk);
            }
            // Not wanted any more; its tender knows what to do.
            self.hand(&desk, Handed::Look);
        }
    }

    /// The worker has nothing to do: its desk is free, unless there is a reason for its tender to look.
    pub(in crate::patterns::pool) fn give_desk(&self, desk: Arc<Desk<W>>) {
        if self.has_news(desk.number) {
            return self.hand(&desk, Handed::Look);
        }
        self.push_free(desk);
        // A job that was queued before the desk was there is seen here; one that comes after it finds the desk.
        fence(Ordering::SeqCst);
        if self.has_news(usize::MIN) {
            self.call_one();
        }
    }

    fn has_news(&self, number: usize) -> bool {
        !self.queue.is_empty()
            || number >= self.size()
            || self.is_halted.load(Ordering::SeqCst)
            || self.is_ended()
    }

    /// Whether jobs are taken at all.
    pub(in crate::patterns::pool) fn is_free_for_all(&self) -> bool {
        !self.is_halted.load(Ordering::SeqCst)
    }

    /// Hands the desk to its tender. Where there is none any more, the pool is at its end.
    pub(in crate::patterns::pool) fn hand(&self, desk: &Desk<W>, handed: Handed<W>) {
        if let Err(handed) = desk.hand(handed) {
            self.left_over(desk, handed);
        }
    }

    pub(super) fn left_over(&self, desk: &Desk<W>, handed: Handed<W>) {
        match handed {
            Handed::Look => {}
            Handed::Job(entry) => self.put_back(entry),
            Handed::Begun(begun, _) => self.lose(desk, *begun),
        }
    }

    /// Nobody will know how far the job came.
    pub(in crate::patterns::pool) fn lose(
        &self,
        desk: &Desk<W>,
        Begun { id, attempts, ticket, .. }: Begun<W>,
    ) {
        let error = crate::CallError::ReplyDropped { target: desk.core().target("work") };
        self.done(id, attempts, Err(JobError::Crashed { job: id, attempts, error }), ticket);
    }

    /// Takes this very desk back, if it is free.
    pub(in crate::patterns::pool) fn retake(&self, desk: &Arc<Desk<W>>) -> bool {
        let mut free = self.free();
        let at = free.iter().position(|other| Arc::ptr_eq(other, desk));
        let retaken = at.map(|at| free.swap_remove(at));
        self.free_count.store(free.len(), Ordering::SeqCst);
        retaken.is_some()
    }

    /// A job is queued: calls a tender whose worker has nothing to do.
    pub(super) fn call_one(&self) {
        fence(Ordering::SeqCst);
        if let Some(desk) = self.pop_free() {
            self.hand(&desk, Handed::Look);
        }
    }

    fn push_free(&self, desk: Arc<Desk<W>>) {
        let mut free = self.free();
        free.push(desk);
        self.free_count.store(free.len(), Ordering::SeqCst);
    }

    fn pop_free(&self) -> Option<Arc<Desk<W>>> {
        // As a rule all have something to do when there are jobs in the queue.
        if self.free_count.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let mut free = self.free();
        let desk = free.pop();
        self.free_count.store(free.len(), Ordering::SeqCst);
        desk
    }

    /// Has all tenders look.
    pub(super) fn call_all(&self) {
        let desks: Vec<_> = self.crew().iter().map(|place| place.desk.clone()).collect();
        for desk in desks {
            desk.nudge();
        }
    }
}
