//! A job from when a worker is given it to its end.

use std::sync::atomic::Ordering;

use super::Shared;
use crate::{
    observer::JobStep,
    patterns::pool::{
        Entry, JobDone, JobError, JobId, Work,
        desk::{Begun, Desk},
        outcome::Ticket,
        queue::Outcome,
        stats::one_more,
    },
    process::panic::catch,
};

impl<W: Work> Shared<W> {
    /// The next job, unless nobody may take one now.
    pub(in crate::patterns::pool) fn next(&self) -> Option<Entry<W>> {
        if self.is_halted.load(Ordering::SeqCst) {
            return None;
        }
        let entry = self.queue.take()?;
        self.forget(entry.id, entry.until);
        self.busy.fetch_add(1, Ordering::AcqRel);
        Some(entry)
    }

    /// Gives a job to a worker; it begins when its call is polled. What the user's code panics with is a failure.
    /// It is `put` where it stays.
    pub(in crate::patterns::pool) fn begin<'b>(
        &self,
        desk: &Desk<W>,
        (id, priority, attempts): (JobId, i8, u32),
        job: W::Job,
        put: &'b mut Option<Begun<W>>,
    ) -> Result<&'b mut Begun<W>, Box<JobError<W::Error>>> {
        let attempts = attempts + 1;
        let setup = &self.setup;
        let again = setup.again.filter(|_| attempts <= setup.retries);
        self.announce(id, || JobStep::Started { worker: desk.core().pid() });
        // What is made is large, and moved as little as can be.
        let begun = catch(|| {
            let spare = again.map(|again| again(&job));
            let mut call = W::work(&desk.reference, job);
            call.limit_to(setup.deadline);
            let (call, life) = (crate::server::Calling::new(call), desk.core().incarnation());
            *put = Some(Begun { id, priority, attempts, spare, life, call, ticket: None });
        });
        match begun {
            Ok(()) => Ok(put.as_mut().expect("it was put there")),
            Err(panic) => {
                let reason = crate::Reason(panic.into_reason("work"));
                let target = desk.core().target("work");
                let error = crate::CallError::Crashed { target, reason, may_have_run: false };
                Err(Box::new(JobError::Crashed { job: id, attempts, error }))
            }
        }
    }

    /// A caller has a worker do a job right away.
    pub(in crate::patterns::pool) fn begin_here(
        &self,
        desk: &Desk<W>,
        id: JobId,
        priority: i8,
        job: W::Job,
        put: &mut Option<Begun<W>>,
    ) -> Result<(), Box<JobError<W::Error>>> {
        self.busy.fetch_add(1, Ordering::AcqRel);
        self.announce(id, || JobStep::Queued);
        self.begin(desk, (id, priority, 0), job, put).map(drop)
    }

    /// The job that a worker had did not end; it waits again.
    pub(in crate::patterns::pool) fn retry(&self, entry: Entry<W>) {
        one_more(&self.counts.retried);
        let (job, attempt) = (entry.id, entry.attempts + 1);
        self.announce(job, || JobStep::Requeued { attempt });
        self.put_back(entry);
    }

    /// The job that was taken for a worker returns to its place.
    pub(in crate::patterns::pool) fn put_back(&self, entry: Entry<W>) {
        self.busy.fetch_sub(1, Ordering::AcqRel);
        self.enqueue(entry, |entry| self.queue.give_back(entry));
        self.call_one();
        if self.is_ended() {
            self.sweep();
        }
    }

    /// The job that a worker had has ended.
    pub(in crate::patterns::pool) fn done(
        &self,
        job: JobId,
        attempts: u32,
        outcome: Outcome<W>,
        ticket: Option<Ticket<W>>,
    ) {
        self.note_done(job, attempts, &outcome);
        self.close_books(outcome, ticket);
    }

    /// The same where whoever submitted the job has its outcome already.
    pub(in crate::patterns::pool) fn done_here(&self, job: JobId, attempts: u32, outcome: &Outcome<W>) {
        self.note_done(job, attempts, outcome);
        self.room.leave();
    }

    fn note_done(&self, job: JobId, attempts: u32, outcome: &Outcome<W>) {
        self.queue.acknowledge(job);
        match outcome {
            Ok(_) => {
                one_more(&self.counts.completed);
                self.announce(job, || JobStep::Completed);
            }
            Err(error) => {
                one_more(&self.counts.failed);
                self.announce(job, || JobStep::Failed { why: error.failure() });
            }
        }
        self.busy.fetch_sub(1, Ordering::AcqRel);
        self.note_end(job, attempts, outcome);
    }

    /// Tells whoever wants to know of each job's end.
    pub(super) fn note_end(&self, job: JobId, attempts: u32, outcome: &Outcome<W>) {
        if let Some(on_done) = &self.setup.on_done {
            let done = JobDone { job, attempts, outcome };
            // It is told, and has no say: not by a panic either.
            if let Err(panic) = catch(|| on_done(&done)) {
                drop(panic.into_reason("on_done"));
            }
        }
    }

    /// Tells whoever submitted it, and makes room. An outcome is large: it is moved once, to where it is read.
    pub(super) fn close_books(&self, outcome: Outcome<W>, ticket: Option<Ticket<W>>) {
        if let Some(ticket) = ticket {
            ticket.send(outcome);
        }
        self.room.leave();
    }
}
