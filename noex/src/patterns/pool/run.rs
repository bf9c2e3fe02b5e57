//! A job that its submitter waits for: done on the spot where a worker has nothing to do.
//!
//! ```text
//! New ─ a free worker ─▶ Here ─ its handler's outcome ─▶ ready          (no queue, no task switch)
//!  │                       └─ a crash, too late, dropped ─▶ its tender sees to it
//!  ├─ room in the queue ─▶ Queued ─▶ ready
//!  └─ no room ─▶ Entering ─▶ Queued
//! ```

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{task::coop, time::Instant};

use super::{
    JobError, JobId, NotAccepted, Work,
    desk::{Begun, Desk, Handed},
    outcome::Told,
    queue::Outcome,
    shared::Shared,
    submit::enter,
};
use crate::{CallError, process::door::in_runtime, server::slot::serving::patience};

/// A job about to be run: awaited, it is the job's outcome.
///
/// Where a worker has nothing to do, it is called at once, from here, as any server is.
///
/// # Cancel safety
///
/// As with a call: dropped while the job waits, it takes the job back; dropped later, the job is done and its outcome
/// vanishes.
///
/// # Errors
///
/// [`JobError`].
///
/// # Panics
///
/// When it is polled after it was ready.
#[must_use = "a job is not run until this is awaited"]
pub struct Run<'a, W: Work> {
    shared: &'a Arc<Shared<W>>,
    priority: i8,
    step: Step<'a, W>,
    /// What the worker of `Here` has begun; apart from the step, which is moved.
    begun: Option<Begun<W>>,
}

enum Step<'a, W: Work> {
    New(Option<W::Job>),
    Here(Arc<Desk<W>>),
    Entering(Pin<Box<dyn Future<Output = Result<Option<Instant>, NotAccepted>> + Send + 'a>>, W::Job),
    Queued(JobId, Told<W>),
    Over,
}

impl<'a, W: Work> Run<'a, W> {
    pub(super) fn new(shared: &'a Arc<Shared<W>>, job: W::Job) -> Self {
        Run { shared, priority: 0, step: Step::New(Some(job)), begun: None }
    }

    /// Goes before jobs of a lower priority; 0 unless said otherwise.
    pub fn priority(mut self, priority: i8) -> Self {
        self.priority = priority;
        self
    }

    /// Takes the first step with a job; why it comes to none, if it does not.
    fn begin(&mut self, job: W::Job) -> Option<JobError<W::Error>> {
        let shared = self.shared;
        if let Some(why) = shared.refusal() {
            return Some(JobError::NotAccepted(shared.reject(job, why).why));
        }
        if !shared.room.try_enter() {
            self.step = Step::Entering(Box::pin(enter(shared)), job);
            return None;
        }
        // A handler that has to be done in time cannot see another's job to its end.
        let may_stay = in_runtime() && patience(None).is_none();
        let desk = if may_stay { shared.take_desk() } else { None };
        let Some(desk) = desk else {
            self.queue(job, shared.until());
            return None;
        };
        let id = shared.next_id();
        match shared.begin_here(&desk, id, self.priority, job, &mut self.begun) {
            Ok(()) => {
                self.step = Step::Here(desk);
                None
            }
            Err(error) => {
                let outcome = Err(*error);
                shared.done_here(id, 1, &outcome);
                shared.give_desk(desk);
                outcome.err()
            }
        }
    }

    fn queue(&mut self, job: W::Job, until: Option<Instant>) {
        let (ticket, outcome) = Told::ticket();
        let id = self.shared.take_in(job, self.priority, until, ticket);
        self.step = Step::Queued(id, outcome);
    }

    /// The worker has answered.
    fn answered(&mut self, desk: Arc<Desk<W>>, answer: super::desk::Answer<W>) -> Option<Outcome<W>> {
        let begun = self.begun.as_mut()?;
        let (id, attempts) = (begun.id, begun.attempts);
        let outcome = match answer {
            Ok(output) => Ok(output),
            Err(CallError::Handler(error)) => Err(JobError::Handler(error)),
            // What follows takes its time: the tender has it.
            Err(_) => {
                let (ticket, outcome) = Told::ticket();
                begun.ticket = Some(ticket);
                let begun = self.begun.take()?;
                self.shared.hand(&desk, Handed::Begun(Box::new(begun), Some(Box::new(answer))));
                self.step = Step::Queued(id, outcome);
                return None;
            }
        };
        self.begun = None;
        self.shared.done_here(id, attempts, &outcome);
        self.shared.give_desk(desk);
        Some(outcome)
    }
}

/// Nothing here is pinned but what is boxed.
impl<W: Work> Unpin for Run<'_, W> {}

impl<W: Work> Future for Run<'_, W> {
    type Output = Result<W::Output, JobError<W::Error>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            match &mut this.step {
                Step::New(job) => {
                    // Before anything is taken: a tight loop of jobs must let other tasks run.
                    ready!(coop::poll_proceed(cx)).made_progress();
                    let Some(job) = job.take() else { unreachable!("it is taken once") };
                    if let Some(error) = this.begin(job) {
                        this.step = Step::Over;
                        return Poll::Ready(Err(error));
                    }
                }
                Step::Here(desk) => {
                    let Some(begun) = &mut this.begun else { unreachable!("a worker has begun it") };
                    let answer = ready!(begun.call.poll(&desk.server, cx));
                    let Step::Here(desk) = std::mem::replace(&mut this.step, Step::Over) else {
                        unreachable!("looked at above")
                    };
                    if let Some(outcome) = this.answered(desk, answer) {
                        return Poll::Ready(outcome);
                    }
                }
                Step::Entering(entering, _) => {
                    let entered = ready!(entering.as_mut().poll(cx));
                    let Step::Entering(_, job) = std::mem::replace(&mut this.step, Step::Over) else {
                        unreachable!("looked at above")
                    };
                    match entered {
                        Ok(until) => this.queue(job, until),
                        Err(why) => {
                            return Poll::Ready(Err(JobError::NotAccepted(this.shared.reject(job, why).why)));
                        }
                    }
                }
                Step::Queued(id, outcome) => {
                    let outcome = ready!(outcome.poll(*id, cx));
                    this.step = Step::Over;
                    return Poll::Ready(outcome);
                }
                Step::Over => panic!("a job was polled after it was ready"),
            }
        }
    }
}

impl<W: Work> Drop for Run<'_, W> {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.step, Step::Over) {
            Step::Here(desk) => {
                let Some(mut begun) = self.begun.take() else { return };
                // Its outcome is nobody's, but it has one.
                begun.ticket = Some(Told::<W>::ticket().0);
                self.shared.hand(&desk, Handed::Begun(Box::new(begun), None));
            }
            Step::Queued(id, _) => {
                self.shared.cancel(id);
            }
            Step::New(_) | Step::Entering(..) | Step::Over => {}
        }
    }
}

impl<W: Work> fmt::Debug for Run<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("priority", &self.priority).finish_non_exhaustive()
    }
}
