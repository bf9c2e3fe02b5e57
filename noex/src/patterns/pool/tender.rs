//! A tender: the task that looks after one worker, over all lives of that worker.
//!
//! It calls the worker as anybody would, so that the handler of an idle worker runs right here. What a worker does to a
//! job, in whatever way, is seen by whoever has its desk, and by nobody else: that is why a job is in one place.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use super::{
    Entry, JobError, Work,
    desk::{Answer, Begun, Desk, Handed, Heard},
    queue::Outcome,
    shared::Shared,
};
use crate::{
    CallError, Watch,
    process::{attendant::later, door, link::Life},
    server::slot::Signal,
};

/// How long a tender waits before it tries again to start a worker that did not start.
const PAUSE: Duration = Duration::from_secs(1);

/// On duty from now on, and not only from the first poll: a runtime that goes may never come to that.
pub(super) fn tend<W: Work>(
    shared: Arc<Shared<W>>,
    number: usize,
) -> impl Future<Output = ()> + Send + use<W> {
    look_after(OnDuty { shared, number, is_relieved: false })
}

async fn look_after<W: Work>(mut on_duty: OnDuty<W>) {
    let (shared, number) = (on_duty.shared.clone(), on_duty.number);
    let mut hands = Hands { desk: shared.desk(number), shared: shared.clone(), begun: None };
    hands.desk.open();
    loop {
        if !shared.is_wanted(number) {
            go(&shared, number).await;
            on_duty.is_relieved = shared.leaves(number);
            if on_duty.is_relieved {
                return;
            }
            come_back(&shared, number).await;
            continue;
        }
        if hands.desk.is_replaced() {
            hands.desk = shared.desk(number);
            hands.desk.open();
        }
        if !poll_fn(|cx| hands.desk.core().poll_up(cx.waker())).await {
            if !shared.is_up().await {
                return shared.end();
            }
            come_back(&shared, number).await;
            continue;
        }
        let mut answer = None;
        match shared.next() {
            Some(entry) => hands.begin(entry),
            None => match wait(&shared, &hands.desk).await {
                Handed::Job(entry) => hands.begin(entry),
                Handed::Begun(begun, known) => (hands.begun, answer) = (Some(*begun), known),
                Handed::Look => {}
            },
        }
        hands.finish(answer).await;
    }
}

/// Ends the worker, which is not wanted any more.
async fn go<W: Work>(shared: &Shared<W>, number: usize) {
    if let Some(supervisor) = shared.supervisor().filter(|_| !shared.is_ended()) {
        // It may have gone by itself.
        let _ = supervisor.terminate_child(number.to_string()).await;
    }
}

/// Starts the worker again: one that was added at run time is forgotten when its supervisor is restarted, and one that
/// was sent away may be wanted after all.
async fn come_back<W: Work>(shared: &Shared<W>, number: usize) {
    if shared.hire(number).await.is_err() && !shared.is_ended() {
        door::sleep_until(later(door::now(), PAUSE), None).await;
    }
}

/// Waits for something to do; `Look`: it is time to look around. The desk is the tender's before and after.
async fn wait<W: Work>(shared: &Shared<W>, desk: &Arc<Desk<W>>) -> Handed<W> {
    if !shared.is_wanted(desk.number) {
        return Handed::Look;
    }
    if shared.is_free_for_all() {
        shared.give_desk(desk.clone());
    } else {
        // Nobody may take a job now: the next life of the pool calls.
        poll_fn(|cx| desk.poll_news(cx.waker())).await;
        return Handed::Look;
    }
    loop {
        match poll_fn(|cx| desk.poll_news(cx.waker())).await {
            Heard::Handed(handed) => return handed,
            Heard::Nudge if shared.retake(desk) => return Handed::Look,
            // Somebody has the desk and will bring it.
            Heard::Nudge => {}
        }
    }
}

/// A tender's hands, with the job that its worker has, if it has one. Dropped with it, the runtime is gone, and nobody
/// knows how far it came.
struct Hands<W: Work> {
    shared: Arc<Shared<W>>,
    desk: Arc<Desk<W>>,
    begun: Option<Begun<W>>,
}

impl<W: Work> Hands<W> {
    /// Gives the worker a job, if it comes to that.
    fn begin(&mut self, entry: Entry<W>) {
        // It ended while it had nothing to do. Whoever has a worker that runs is quicker.
        if !self.desk.core().is_alive() {
            return self.shared.put_back(entry);
        }
        let Entry { id, priority, attempts, job, ticket, .. } = entry;
        match self.shared.begin(&self.desk, (id, priority, attempts), job, &mut self.begun) {
            Ok(begun) => begun.ticket = Some(ticket),
            Err(error) => self.shared.done(id, attempts + 1, Err(*error), Some(ticket)),
        }
    }

    /// Sees the job that was begun, if one was, to its end, or back to the queue; with the worker's answer, where that is known.
    async fn finish(&mut self, answer: Option<Box<Answer<W>>>) {
        let failed = match answer {
            Some(answer) => self.ends(*answer),
            None => poll_fn(|cx| self.poll(cx)).await,
        };
        if let Some(error) = failed {
            self.fails(*error).await;
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Box<CallError<W::Error>>>> {
        let Some(begun) = &mut self.begun else { return Poll::Ready(None) };
        let answer = ready!(begun.call.poll(&self.desk.server, cx));
        Poll::Ready(self.ends(answer))
    }

    /// The worker has answered; if that is not the job's outcome, why.
    fn ends(&mut self, answer: Answer<W>) -> Option<Box<CallError<W::Error>>> {
        match answer {
            Ok(output) => self.tell(Ok(output)),
            Err(CallError::Handler(error)) => self.tell(Err(JobError::Handler(error))),
            Err(error) => return Some(Box::new(error)),
        }
        None
    }

    fn tell(&mut self, outcome: Outcome<W>) {
        let Some(begun) = &mut self.begun else { return };
        let (id, attempts, ticket) = (begun.id, begun.attempts, begun.ticket.take());
        self.begun = None;
        self.shared.done(id, attempts, outcome, ticket);
    }

    /// The worker did not come to the job's end.
    async fn fails(&mut self, error: CallError<W::Error>) {
        let Some(begun) = &self.begun else { return };
        let (id, attempts) = (begun.id, begun.attempts);
        let life = |number| Life { slot: self.desk.slot.clone(), number };
        let (report, last) = match error {
            CallError::Timeout { after, .. } if self.shared.setup.deadline.is_some() => {
                // The life that has it now, whichever that is.
                let last = life(self.desk.core().incarnation());
                last.slot.clone().signal_life(last.number, Signal::Kill);
                (JobError::Overdue { job: id, attempts, after }, Some(last))
            }
            error => {
                let error = error.map(|_| unreachable!("a handler's error was looked at"));
                let last = (!W::IS_CONCURRENT && ends_life(&error)).then(|| life(begun.life));
                (JobError::Crashed { job: id, attempts, error }, last)
            }
        };
        if begun.spare.is_none() {
            self.tell(Err(report));
            return over(last).await;
        }
        // Nobody else may have the job while that life has it.
        over(last).await;
        if let Some(Begun { id, priority, attempts, spare: Some(job), ticket: Some(ticket), .. }) =
            self.begun.take()
        {
            let until = self.shared.until();
            self.shared.retry(Entry { id, priority, attempts, until, job, ticket });
        }
    }
}

impl<W: Work> Drop for Hands<W> {
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take() {
            self.shared.lose(&self.desk, begun);
        }
    }
}

/// A tender at its work. Dropped without having left, its runtime is gone.
struct OnDuty<W: Work> {
    shared: Arc<Shared<W>>,
    number: usize,
    is_relieved: bool,
}

impl<W: Work> Drop for OnDuty<W> {
    fn drop(&mut self) {
        if !self.is_relieved {
            self.shared.is_gone(self.number);
        }
    }
}

/// Waits until a life is over.
async fn over(life: Option<Life>) {
    if let Some(life) = life {
        Watch::of(life, |slot| slot.core().last_reason()).await;
    }
}

/// Whether the worker's life is over, or about to be, after this.
pub(super) fn ends_life(error: &CallError) -> bool {
    matches!(error, CallError::Crashed { .. } | CallError::Stopped { .. } | CallError::NotRunning { .. })
}
