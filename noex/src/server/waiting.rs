//! A call that has been sent: its caller waits for the reply, no longer than its limit.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

use super::{
    CallError, GenServer, Message, Overflow,
    error::Failure,
    slot::{
        Slot,
        envelope::Pushed,
        kept, refuse,
        reply::ReplyCell,
        right::QUEUED,
        serving::{self, Until},
        turn,
        waits::{self, Awaited},
    },
};
use crate::{
    observer::EventKind,
    process::door::{let_go, sleep_until},
};

/// What a caller asked, without the message.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) limit: Option<Duration>,
    /// The caller's own limit, around all policies of the handler.
    pub(super) whole: Option<Duration>,
    pub(super) overflow: Overflow,
    pub(super) variant: usize,
    /// It matters how long the call is queued.
    pub(super) is_timed: bool,
}

impl Asked {
    fn handler<S: GenServer>(&self) -> &'static str {
        S::Call::VARIANTS.get(self.variant).copied().unwrap_or("?")
    }

    #[cold]
    pub(super) fn explain<S: GenServer, E>(&self, slot: &Slot<S>, failure: Failure) -> CallError<E> {
        failure.at(slot.core().target(self.handler::<S>()))
    }
}

/// The reply is awaited.
pub(super) struct Waiting<S: GenServer> {
    cell: Arc<ReplyCell<S::Reply>>,
    /// The caller polls its handler itself.
    is_kept: bool,
    /// It has done so, and is asked again before its task is woken.
    was_polled: bool,
    /// The cell came with the place in the queue.
    queued: bool,
    /// The caller's waker went with the call.
    waker_is_there: bool,
    clock: Option<Pin<Box<Sleep>>>,
    /// The clock runs, and whoever has to know of the wait does.
    settled: bool,
    /// A handler waits: its server's edges have this call.
    noted: bool,
    /// Its place among the senders that wait for room, if it had to wait for that.
    ticket: Option<u64>,
}

/// How a wait is over.
#[derive(Clone, Copy)]
pub(super) enum Over {
    Answered,
    /// Without a reply; its address may be about still.
    Failed,
    GivenUp,
}

impl Over {
    pub(super) fn with<R>(answer: &Result<R, Failure>) -> Self {
        match answer {
            Ok(_) => Over::Answered,
            Err(Failure::Timeout { .. }) => Over::GivenUp,
            Err(_) => Over::Failed,
        }
    }
}

pub(super) type Polled<S> = Poll<Result<<S as GenServer>::Reply, Failure>>;

impl<S: GenServer> Waiting<S> {
    /// Its handler was begun by the caller, who keeps it or does not.
    pub(super) fn begun(cell: Arc<ReplyCell<S::Reply>>, is_kept: bool) -> Self {
        Waiting { is_kept, ..Waiting::new(cell, false) }
    }

    fn new(cell: Arc<ReplyCell<S::Reply>>, queued: bool) -> Self {
        Waiting {
            cell,
            is_kept: false,
            was_polled: false,
            queued,
            waker_is_there: false,
            clock: None,
            settled: false,
            noted: false,
            ticket: None,
        }
    }

    /// Queues the call.
    pub(super) fn queue(
        slot: &Arc<Slot<S>>,
        call: S::Call,
        asked: Asked,
        waker: Option<std::task::Waker>,
    ) -> Result<Self, Failure> {
        let (mut summoned, waker_is_there) = (false, waker.is_some());
        let how = (asked.overflow, Until::limit(asked.limit));
        let (cell, pushed) = slot.inbox().push_call(call, how, waker, || summoned = slot.raise(QUEUED));
        if summoned {
            turn::summon(slot);
        }
        match pushed {
            Pushed::Queued => Ok(Waiting { waker_is_there, ..Waiting::new(cell, true) }),
            Pushed::Parked { ticket, first } => {
                if first {
                    refuse::announce(slot, || EventKind::MailboxHigh);
                }
                Ok(Waiting { ticket: Some(ticket), waker_is_there, ..Waiting::new(cell, true) })
            }
            Pushed::Dropped { lost } => {
                refuse::overflowed(slot, lost);
                Ok(Waiting::new(cell, true))
            }
            Pushed::Full(message) => {
                drop(message);
                let capacity = S::MAILBOX.capacity().unwrap_or(usize::MAX);
                Err(Failure::MailboxFull { capacity })
            }
            Pushed::Closed(message) => {
                drop(message);
                Err(Failure::NotRunning(slot.core().last_reason()))
            }
        }
    }

    /// The reply is not there and the waker is in its place: starts the clock, and leaves word of the wait.
    fn settle(&mut self, slot: &Arc<Slot<S>>, asked: &mut Asked, cx: &mut Context<'_>) -> Polled<S> {
        self.settled = true;
        let_go(cx.waker());
        // The server ends with its runtime and says so; that clock does not go any more.
        if slot.core().door().is_some_and(|door| door.is_closed()) {
            return self.cell.poll(cx.waker());
        }
        self.start_clock(slot, asked, serving::patience(asked.limit));
        let wakers = if self.clock.is_some() { 2 } else { 1 };
        let weak = || Arc::downgrade(&self.cell) as Weak<dyn Awaited>;
        self.noted = waits::wait_for(|| (slot.clone(), asked.handler::<S>(), weak()), cx.waker(), wakers);
        self.tick(slot, asked, cx)
    }

    /// Starts the clock, unless it runs; what it is set to is the limit from then on.
    pub(super) fn start_clock(
        &mut self,
        slot: &Arc<Slot<S>>,
        asked: &mut Asked,
        patience: Option<(Instant, Duration)>,
    ) {
        if let (None, Some((at, limit))) = (&self.clock, patience) {
            self.cell.until().set(Until::At(at));
            self.clock = Some(sleep_until(at, slot.core().door()));
            asked.limit = Some(limit);
        }
    }

    /// Polls the handler that the caller keeps, if it is there still.
    fn poll_kept(&mut self, slot: &Arc<Slot<S>>, asked: &mut Asked, cx: &mut Context<'_>) -> kept::Step {
        if self.settled {
            let is_enough = std::mem::take(&mut self.was_polled);
            return if is_enough { kept::Step::Kept } else { kept::go_on(slot, self.cell.key(), cx) };
        }
        if slot.core().door().is_some_and(|door| door.is_closed()) {
            return kept::Step::Gone;
        }
        // It has taken its first step just now. Its caller is no handler, so that nobody is to know of the wait.
        self.settled = true;
        self.start_clock(slot, asked, serving::patience(asked.limit));
        kept::Step::Kept
    }

    pub(super) fn poll(&mut self, slot: &Arc<Slot<S>>, asked: &mut Asked, cx: &mut Context<'_>) -> Polled<S> {
        if self.is_kept {
            if self.poll_kept(slot, asked, cx) == kept::Step::Kept {
                return self.tick(slot, asked, cx);
            }
            // From here on it waits as any other call does.
            (self.is_kept, self.settled) = (false, false);
        }
        // A call that was just queued has its waker in its place, and nothing to look at.
        if (self.settled || !self.waker_is_there)
            && let Poll::Ready(answer) = self.cell.poll(cx.waker())
        {
            return Poll::Ready(answer);
        }
        if !self.settled {
            return self.settle(slot, asked, cx);
        }
        if self.noted {
            let wakers = if self.clock.is_some() { 2 } else { 1 };
            waits::still_waits(Arc::as_ptr(&self.cell).cast(), cx.waker(), wakers);
        }
        self.tick(slot, asked, cx)
    }

    fn tick(&mut self, slot: &Arc<Slot<S>>, asked: &Asked, cx: &mut Context<'_>) -> Polled<S> {
        let (Some(clock), Some(after)) = (&mut self.clock, asked.limit) else { return Poll::Pending };
        ready!(clock.as_mut().poll(cx));
        refuse::announce(slot, || EventKind::CallTimedOut { handler: asked.handler::<S>(), after });
        // Only who may try again asks.
        let began = S::Call::GUARDED.is_empty() || self.withdraw();
        Poll::Ready(Err(Failure::Timeout { after, began }))
    }

    /// The caller gives up; whether the call may have been begun.
    pub(super) fn withdraw(&self) -> bool {
        !self.queued || !self.cell.withdraw()
    }

    /// Notes when it was queued, for whoever minds. A server that was quicker did not let it wait.
    #[cold]
    pub(super) fn note_queued(&self, since: u64) {
        self.cell.note_queued(since);
    }

    /// It goes on elsewhere, and is polled there at once.
    #[cold]
    pub(super) fn move_on(&mut self) {
        self.was_polled = self.is_kept;
    }

    /// Nobody waits for now; the reply, if it comes, is there for the next one who polls.
    #[cold]
    pub(super) fn pause(&mut self, slot: &Arc<Slot<S>>) {
        if std::mem::take(&mut self.is_kept) {
            kept::let_go(slot);
        }
        if std::mem::take(&mut self.noted) {
            waits::wait_is_over(&(Arc::downgrade(&self.cell) as Weak<dyn Awaited>));
        }
        (self.clock, self.settled, self.waker_is_there) = (None, false, false);
    }

    /// The wait is over.
    pub(super) fn let_go(self, slot: &Arc<Slot<S>>, over: Over) {
        if self.noted {
            waits::wait_is_over(&(Arc::downgrade(&self.cell) as Weak<dyn Awaited>));
        }
        match over {
            Over::Answered if self.queued => slot.inbox().give_back(self.cell),
            Over::Answered => self.cell.keep(),
            Over::Failed => {}
            Over::GivenUp => self.give_up(slot),
        }
    }

    #[cold]
    fn give_up(&self, slot: &Arc<Slot<S>>) {
        self.cell.abandon();
        if self.is_kept {
            kept::let_go(slot);
        }
        let Some(ticket) = self.ticket else { return };
        let (call, low) = slot.inbox().withdraw(ticket);
        if let Some(call) = call {
            refuse::discard(slot, call);
        }
        if low {
            refuse::announce(slot, || EventKind::MailboxLow);
        }
    }
}
