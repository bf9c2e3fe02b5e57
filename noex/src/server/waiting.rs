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

/// A kept handler whose call may wait for so long needs no clock at first: most are done before anybody looks after it.
/// Whoever looks wakes the caller of one that is not, whether a runner comes soon or not; or its caller polls it again.
/// Then the clock is started, and set to the same time. To start and to stop one takes as long as all the rest.
const SOON: Duration = Duration::from_millis(10);

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
    /// It has a limit and no clock yet: the last look after kept handlers before it began.
    due: Option<u32>,
    /// The clock runs, or need not yet, and whoever has to know of the wait does.
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
    pub(super) fn with(answer: &Result<(), Box<Failure>>) -> Self {
        match answer {
            Ok(_) => Over::Answered,
            Err(failure) if failure.is_timeout() => Over::GivenUp,
            Err(_) => Over::Failed,
        }
    }
}

/// Whether there is an answer; a reply lies where it was wanted.
pub(super) type Told = Poll<Result<(), Box<Failure>>>;

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
            due: None,
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
    fn settle(
        &mut self,
        slot: &Arc<Slot<S>>,
        asked: &mut Asked,
        reply: &mut Option<S::Reply>,
        cx: &mut Context<'_>,
    ) -> Told {
        self.settled = true;
        let_go(cx.waker());
        // The server ends with its runtime and says so; that clock does not go any more.
        if slot.core().door().is_some_and(|door| door.is_closed()) {
            return self.cell.poll_into(reply, cx.waker());
        }
        match self.due {
            Some(_) => self.start_when_due(slot),
            None => self.start_clock(slot, asked, serving::patience(asked.limit)),
        }
        let wakers = if self.clock.is_some() { 2 } else { 1 };
        let weak = || Arc::downgrade(&self.cell) as Weak<dyn Awaited>;
        self.noted = waits::wait_for(|| (slot.clone(), asked.handler::<S>(), weak()), cx.waker(), wakers);
        self.tick(slot, asked, cx)
    }

    /// Starts the clock, unless it runs; what it is set to is the limit from then on.
    #[inline]
    pub(super) fn start_clock(
        &mut self,
        slot: &Arc<Slot<S>>,
        asked: &mut Asked,
        patience: Option<(Instant, Duration)>,
    ) {
        if let (None, Some(patience)) = (&self.clock, patience) {
            self.set_clock(slot, asked, patience);
        }
    }

    #[inline(never)]
    fn set_clock(&mut self, slot: &Slot<S>, asked: &mut Asked, (at, limit): (Instant, Duration)) {
        self.set_limit(asked, (at, limit));
        self.clock = Some(sleep_until(at, slot.core().door()));
    }

    fn set_limit(&mut self, asked: &mut Asked, (at, limit): (Instant, Duration)) {
        self.cell.until().set(Until::At(at));
        asked.limit = Some(limit);
    }

    /// Starts the clock of a handler that was kept at first: that of its server, in which it began.
    #[cold]
    fn start_when_due(&mut self, slot: &Slot<S>) {
        let _home = slot.core().door().map(|door| door.home());
        self.due = None;
        self.clock = self.cell.until().at().map(|at| sleep_until(at, slot.core().door()));
    }

    /// Polls the handler that the caller keeps, if it is there still.
    #[inline]
    fn poll_kept(
        &mut self,
        slot: &Arc<Slot<S>>,
        asked: &mut Asked,
        reply: &mut Option<S::Reply>,
        cx: &mut Context<'_>,
    ) -> kept::Step {
        if self.settled {
            if std::mem::take(&mut self.was_polled) {
                return kept::Step::Kept;
            }
            let step = kept::go_on(slot, self.cell.key(), reply, cx);
            // A caller that is polled all the time keeps it for long.
            if let (kept::Step::Kept, Some(since)) = (step, self.due)
                && kept::last_look(slot) != since
            {
                self.start_when_due(slot);
            }
            return step;
        }
        if slot.core().door().is_some_and(|door| door.is_closed()) {
            kept::let_go(slot);
            return kept::Step::Gone;
        }
        // It has taken its first step just now. Its caller is no handler, so that nobody is to know of the wait.
        self.settled = true;
        match serving::patience(asked.limit) {
            Some(patience) if patience.1 < SOON => self.set_clock(slot, asked, patience),
            Some(patience) => {
                self.set_limit(asked, patience);
                self.due = Some(kept::last_look(slot));
            }
            None => {}
        }
        kept::Step::Kept
    }

    #[inline]
    pub(super) fn poll(
        &mut self,
        slot: &Arc<Slot<S>>,
        asked: &mut Asked,
        reply: &mut Option<S::Reply>,
        cx: &mut Context<'_>,
    ) -> Told {
        if self.is_kept {
            match self.poll_kept(slot, asked, reply, cx) {
                kept::Step::Answered => return Poll::Ready(Ok(())),
                kept::Step::Kept => return self.tick(slot, asked, cx),
                // From here on it waits as any other call does.
                kept::Step::Gone => (self.is_kept, self.settled) = (false, false),
            }
        }
        // A call that was just queued has its waker in its place, and nothing to look at.
        if (self.settled || !self.waker_is_there)
            && let Poll::Ready(answer) = self.cell.poll_into(reply, cx.waker())
        {
            return Poll::Ready(answer);
        }
        if !self.settled {
            return self.settle(slot, asked, reply, cx);
        }
        if self.noted {
            let wakers = if self.clock.is_some() { 2 } else { 1 };
            waits::still_waits(Arc::as_ptr(&self.cell).cast(), cx.waker(), wakers);
        }
        self.tick(slot, asked, cx)
    }

    fn tick(&mut self, slot: &Arc<Slot<S>>, asked: &Asked, cx: &mut Context<'_>) -> Told {
        let (Some(clock), Some(after)) = (&mut self.clock, asked.limit) else { return Poll::Pending };
        ready!(clock.as_mut().poll(cx));
        refuse::announce(slot, || EventKind::CallTimedOut { handler: asked.handler::<S>(), after });
        // Only who may try again asks.
        let began = S::Call::GUARDED.is_empty() || self.withdraw();
        Poll::Ready(Err(Failure::Timeout { after, began }.into()))
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
        (self.clock, self.due, self.settled, self.waker_is_there) = (None, None, false, false);
    }

    /// The wait is over, and this with it.
    pub(super) fn let_go(mut self, slot: &Arc<Slot<S>>, over: Over) {
        self.leave(slot, over);
        if let Over::Answered = over {
            self.pass_on(slot);
        }
    }

    /// The wait is over.
    #[inline]
    pub(super) fn leave(&mut self, slot: &Arc<Slot<S>>, over: Over) {
        if self.noted {
            waits::wait_is_over(&(Arc::downgrade(&self.cell) as Weak<dyn Awaited>));
        }
        if let Over::GivenUp = over {
            self.give_up(slot);
        }
    }

    /// The answer was taken: the next call has the cell.
    #[inline]
    pub(super) fn pass_on(self, slot: &Slot<S>) {
        let Waiting { cell, queued, .. } = self;
        if queued { slot.inbox().give_back(cell) } else { cell.keep() }
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
