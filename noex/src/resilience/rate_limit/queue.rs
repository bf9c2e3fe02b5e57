//! Waiting for one's turn.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::Sleep;

use super::{
    LimiterKey,
    core::{Core, Grant},
    line::{Ticket, Turn},
};
use crate::{
    process::door::sleep_until,
    resilience::{LimitedBy, PolicyEvent, RateLimited},
};

/// A call that waits for its turn at one key: it was put into the line when this was made.
///
/// One timer each: the first one's is for its turn, the others' for the end of their patience. Whoever looks gives
/// to all what they can have by then, so that one who is not polled holds up others for no longer than their
/// patience. Dropped, it leaves the line; what it was given and did not take is passed on.
pub(crate) struct Queued<K: LimiterKey>(State<K>);

enum State<K: LimiterKey> {
    Ready(Option<Result<Grant, RateLimited>>),
    Waiting(Waiting<K>),
}

struct Waiting<K: LimiterKey> {
    core: Arc<Core<K>>,
    key: K,
    cost: u32,
    ticket: Arc<Ticket>,
    /// The end of its patience.
    until: u64,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// What one who waits finds.
enum Found {
    Granted(u64),
    Dissolved,
    /// To look again at this time.
    Wait(u64),
    /// It would take too long, so long, by this window.
    TooLong(u64, (u32, Duration)),
}

impl<K: LimiterKey> Queued<K> {
    pub(super) fn ready(outcome: Result<Grant, RateLimited>) -> Self {
        Queued(State::Ready(Some(outcome)))
    }

    /// What was decided without a wait, if it was.
    pub(crate) fn decided(mut self) -> Result<Result<Grant, RateLimited>, Self> {
        match &mut self.0 {
            State::Ready(decided) => Ok(decided.take().unwrap_or_else(|| unreachable!("it was not polled"))),
            State::Waiting(_) => Err(self),
        }
    }

    pub(super) fn waiting(core: Arc<Core<K>>, key: K, cost: u32, ticket: Arc<Ticket>, until: u64) -> Self {
        Queued(State::Waiting(Waiting { core, key, cost, ticket, until, alarm: None }))
    }
}

impl<K: LimiterKey> Waiting<K> {
    fn look(&self, cx: &Context<'_>) -> Found {
        let core = &*self.core;
        let now = core.ticks.now();
        let found = core.visit_line(&self.key, |entry, tally, wakers| {
            core.advance(entry, tally, now, wakers);
            match self.ticket.turn() {
                Turn::Granted(at) => return Found::Granted(at),
                Turn::Dissolved => return Found::Dissolved,
                Turn::Waits => {}
            }
            let Some(line) = &mut entry.line else { return Found::Dissolved };
            let is_first = line.wait(&self.ticket, cx.waker());
            let (wait, window) = core.wait(&entry.meter, now, self.cost.into());
            let turn = now.saturating_add(wait);
            if now >= self.until || (is_first && turn > self.until) {
                line.leave(&self.ticket);
                core.one_left();
                core.advance(entry, tally, now, wakers);
                return Found::TooLong(wait, window.told());
            }
            Found::Wait(if is_first { turn } else { self.until })
        });
        // A key may have been swept after its last grant, and before that was taken.
        found.unwrap_or_else(|| match self.ticket.turn() {
            Turn::Granted(at) => Found::Granted(at),
            Turn::Waits | Turn::Dissolved => Found::Dissolved,
        })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Grant, RateLimited>> {
        loop {
            let (why, wait, window) = match self.look(cx) {
                Found::Granted(at) => {
                    self.core.identity.tell(|| PolicyEvent::Admitted);
                    return Poll::Ready(Ok(Grant { at, cost: self.cost }));
                }
                Found::Wait(at) => {
                    let at = self.core.ticks.instant(at);
                    let alarm = self.alarm.get_or_insert_with(|| sleep_until(at, None));
                    if alarm.deadline() != at {
                        alarm.as_mut().reset(at);
                    }
                    ready!(alarm.as_mut().poll(cx));
                    continue;
                }
                Found::TooLong(wait, window) => (LimitedBy::Wait, Duration::from_nanos(wait), window),
                Found::Dissolved => (LimitedBy::Disposed, Duration::MAX, self.core.windows()[0].told()),
            };
            return Poll::Ready(Err(self.core.refuse_by(why, window, wait)));
        }
    }

    /// Nobody waits for it any more.
    fn give_up(&self) {
        let core = &*self.core;
        let now = core.ticks.now();
        core.visit_line(&self.key, |entry, tally, wakers| {
            match self.ticket.turn() {
                Turn::Granted(at) => {
                    core.give_back(&mut entry.meter, Grant { at, cost: self.cost }, now);
                }
                Turn::Waits => {
                    if entry.line.as_mut().is_some_and(|line| line.leave(&self.ticket)) {
                        core.one_left();
                    }
                }
                Turn::Dissolved => {}
            }
            core.advance(entry, tally, now, wakers);
        });
    }
}

impl<K: LimiterKey> Future for Queued<K> {
    type Output = Result<Grant, RateLimited>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &mut self.0 {
            State::Ready(outcome) => {
                return Poll::Ready(outcome.take().expect("not polled after its end"));
            }
            State::Waiting(waiting) => ready!(waiting.poll(cx)),
        };
        self.0 = State::Ready(None);
        Poll::Ready(outcome)
    }
}

impl<K: LimiterKey> Unpin for Queued<K> {}

impl<K: LimiterKey> Drop for Queued<K> {
    fn drop(&mut self) {
        if let State::Waiting(waiting) = &self.0 {
            waiting.give_up();
        }
    }
}
