//! A tender: the task that looks after one worker, over all lives of that worker.
//!
//! It calls the worker as anybody would, so that the handler of an idle worker runs right here. What a worker does to a
//! job, in whatever way, is seen by whoever has its desk, and by nobody else: that is why a job is in one place.

use std::{future::poll_fn, sync::Arc, time::Duration};

use super::{
    Entry, JobError, Work,
    desk::{Answer, Begun, Desk, Handed, Heard},
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
pub(super) fn tend<W: Work>(shared: Arc<Shared<W>>, number: usize) -> impl Future<Output = ()> + Send {
    let on_duty = OnDuty { shared, number, is_relieved: false };
    look_after(on_duty)
}

async fn look_after<W: Work>(mut on_duty: OnDuty<W>) {
    let (shared, number) = (on_duty.shared.clone(), on_duty.number);
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
        let desk = shared.desk(number);
        desk.open();
        if !poll_fn(|cx| desk.core().poll_up(cx.waker())).await {
            if !shared.is_up().await {
                return shared.end();
            }
            come_back(&shared, number).await;
            continue;
        }
        match next(&shared, &desk).await {
            Some(Next::Job(entry)) => serve(&shared, &desk, entry).await,
            Some(Next::Begun(begun, answer)) => finish(&shared, &desk, *begun, answer.map(|it| *it)).await,
            None => {}
        }
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

enum Next<W: Work> {
    Job(Entry<W>),
    Begun(Box<Begun<W>>, Option<Box<Answer<W>>>),
}

/// Waits for something to do; `None`: it is time to look around. The desk is the tender's before and after.
async fn next<W: Work>(shared: &Shared<W>, desk: &Arc<Desk<W>>) -> Option<Next<W>> {
    if let Some(entry) = shared.next() {
        return Some(Next::Job(entry));
    }
    if !shared.is_wanted(desk.number) {
        return None;
    }
    if shared.is_free_for_all() {
        shared.give_desk(desk.clone());
    } else {
        // Nobody may take a job now: the next life of the pool calls.
        poll_fn(|cx| desk.poll_news(cx.waker())).await;
        return None;
    }
    loop {
        match poll_fn(|cx| desk.poll_news(cx.waker())).await {
            Heard::Handed(Handed::Job(entry)) => return Some(Next::Job(entry)),
            Heard::Handed(Handed::Begun(begun, answer)) => return Some(Next::Begun(begun, answer)),
            Heard::Handed(Handed::Look) => return None,
            Heard::Nudge if shared.retake(desk) => return None,
            // Somebody has the desk and will bring it.
            Heard::Nudge => {}
        }
    }
}

/// Has the worker do a job.
async fn serve<W: Work>(shared: &Arc<Shared<W>>, desk: &Desk<W>, entry: Entry<W>) {
    // It ended while it had nothing to do. Whoever has a worker that runs is quicker.
    if !desk.core().is_alive() {
        return shared.put_back(entry);
    }
    let Entry { id, priority, attempts, job, ticket, .. } = entry;
    match shared.begin(desk, (id, priority, attempts), job) {
        Ok(mut begun) => {
            begun.ticket = Some(ticket);
            finish(shared, desk, begun, None).await;
        }
        Err(error) => drop(shared.done(id, attempts + 1, Err(error), Some(ticket))),
    }
}

/// Sees a job that was begun to its end, or back to the queue.
async fn finish<W: Work>(
    shared: &Arc<Shared<W>>,
    desk: &Desk<W>,
    begun: Begun<W>,
    answer: Option<Answer<W>>,
) {
    let mut in_hand = InHand { shared, desk, begun: Some(begun) };
    let answer = match (answer, &mut in_hand.begun) {
        (Some(answer), _) => answer,
        (None, Some(begun)) => poll_fn(|cx| begun.call.poll(&desk.server, cx)).await,
        (None, None) => return,
    };
    let Some(begun) = &in_hand.begun else { return };
    let (id, attempts) = (begun.id, begun.attempts);
    let life = |number| Life { slot: desk.slot.clone(), number };
    let (report, last) = match answer {
        Ok(output) => return in_hand.ends(Ok(output)),
        Err(CallError::Handler(error)) => return in_hand.ends(Err(JobError::Handler(error))),
        Err(CallError::Timeout { after, .. }) if shared.setup.deadline.is_some() => {
            // The life that has it now, whichever that is.
            let last = life(desk.core().incarnation());
            last.slot.clone().signal_life(last.number, Signal::Kill);
            (JobError::Overdue { job: id, attempts, after }, Some(last))
        }
        Err(error) => {
            let error = error.map(|_| unreachable!("a handler's error was looked at"));
            let last = (!W::IS_CONCURRENT && ends_life(&error)).then(|| life(begun.life));
            (JobError::Crashed { job: id, attempts, error }, last)
        }
    };
    if begun.spare.is_none() {
        in_hand.ends(Err(report));
        return over(last).await;
    }
    // Nobody else may have the job while that life has it.
    over(last).await;
    if let Some(Begun { id, priority, attempts, spare: Some(job), ticket: Some(ticket), .. }) =
        in_hand.begun.take()
    {
        shared.retry(Entry { id, priority, attempts, until: shared.until(), job, ticket });
    }
}

/// A job in a worker's hands. Dropped, the runtime is gone, and nobody knows how far it came.
struct InHand<'a, W: Work> {
    shared: &'a Shared<W>,
    desk: &'a Desk<W>,
    begun: Option<Begun<W>>,
}

impl<W: Work> InHand<'_, W> {
    fn ends(mut self, outcome: Result<W::Output, JobError<W::Error>>) {
        if let Some(begun) = self.begun.take() {
            drop(self.shared.done(begun.id, begun.attempts, outcome, begun.ticket));
        }
    }
}

impl<W: Work> Drop for InHand<'_, W> {
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take() {
            self.shared.lose(self.desk, begun);
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
