//! A call: a message with a reply, as a future.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{task::coop, time::Sleep};

use super::{
    CallError, GenServer, Message, ServerRef,
    error::Failure,
    slot::{
        Slot,
        envelope::{Envelope, Pushed},
        inline::{self, Inline},
        refuse,
        reply::ReplyCell,
        right::QUEUED,
        turn,
        waits::{self, Awaited},
    },
};
use crate::{
    observer::EventKind,
    process::door::{now, sleep_until},
};

/// How often a caller looks again at a server that is in another caller's hands before it queues.
const SPINS: usize = 64;
/// How deep async handlers may run inside one another on one task's stack.
const DEPTH: usize = 8;

/// A call under way; a future of the reply. Nothing happens before it is polled.
///
/// When the server is idle and the handler is a plain `fn`, the first poll runs the handler on the
/// caller's own task and is ready: no message, no task switch, and no time-out either, because such a
/// handler cannot be interrupted. Otherwise the call is queued and its time-out counts from here.
///
/// # Cancel safety
///
/// Dropped before the first poll nothing was sent. Dropped later, the call is skipped if the server has
/// not begun it (and counted as a dead letter); if it has, the handler runs to its end and the reply
/// vanishes.
///
/// # Errors
///
/// [`CallError`] says what happened and whether the handler ran.
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<'a, S: GenServer, T = <S as GenServer>::Reply, E = Infallible> {
    server: &'a ServerRef<S>,
    read: fn(S::Reply) -> Result<T, E>,
    limit: Option<Duration>,
    variant: usize,
    step: Step<S>,
}

enum Step<S: GenServer> {
    New(S::Call),
    Waiting(Waiting<S>),
    Over,
}

impl<'a, S: GenServer, T, E> Call<'a, S, T, E> {
    pub(crate) fn new(server: &'a ServerRef<S>, call: S::Call, read: fn(S::Reply) -> Result<T, E>) -> Self {
        Call { server, read, limit: S::CALL_TIMEOUT, variant: 0, step: Step::New(call) }
    }

    /// Waits at most `limit` for the reply, counted from the first poll, instead of the server's
    /// `call_timeout`.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Waits without limit.
    pub fn no_timeout(mut self) -> Self {
        self.limit = None;
        self
    }

    fn slot(&self) -> &'a Arc<Slot<S>> {
        self.server.slot()
    }

    /// The server is not idle, or the handler is async.
    fn go_the_long_way(&mut self, call: S::Call, idle: bool, cx: &mut Context<'_>) -> Polled<S> {
        let slot = self.slot();
        let mut call = call;
        let mut idle = idle;
        if S::INLINE && !idle {
            for _ in 0..SPINS {
                if !inline::is_worth_spinning(slot) {
                    break;
                }
                std::hint::spin_loop();
                call = match inline::call_inline(slot, call) {
                    Inline::Busy(call) => call,
                    Inline::Later(call) => {
                        idle = true;
                        call
                    }
                    Inline::Done(reply) => return Poll::Ready(Ok(reply)),
                    Inline::Crashed(reason) => return Poll::Ready(Err(crashed(reason))),
                };
            }
            if !idle && inline::is_worth_helping(slot) {
                inline::help(slot);
                call = match inline::call_inline(slot, call) {
                    Inline::Busy(call) => call,
                    Inline::Later(call) => {
                        idle = true;
                        call
                    }
                    Inline::Done(reply) => return Poll::Ready(Ok(reply)),
                    Inline::Crashed(reason) => return Poll::Ready(Err(crashed(reason))),
                };
            }
        }
        if idle && waits::depth() < DEPTH {
            call = match self.start_async(call, cx) {
                Ok(polled) => return polled,
                Err(call) => call,
            };
        }
        self.queue(call, cx)
    }

    /// The first step of an async handler on the caller's task; the call is given back when the server
    /// is not idle after all.
    fn start_async(&mut self, call: S::Call, cx: &mut Context<'_>) -> Result<Polled<S>, S::Call> {
        let slot = self.slot();
        let cell = ReplyCell::spare();
        let mut call = Some(call);
        let reply = cell.open(None);
        let mut reply = Some(reply);
        let started = inline::start_async(slot, || match (call.take(), reply.take()) {
            (Some(call), Some(reply)) => Envelope::Call(call, reply),
            _ => unreachable!("asked for once"),
        });
        match call {
            Some(call) if !started => Err(call),
            _ => {
                self.step = Step::Waiting(Waiting::new(cell, false));
                Ok(self.wait(cx))
            }
        }
    }

    fn queue(&mut self, call: S::Call, cx: &mut Context<'_>) -> Polled<S> {
        let slot = self.slot();
        let mut summoned = false;
        let (cell, pushed) =
            slot.inbox.push_call(call, Some(cx.waker().clone()), || summoned = slot.raise(QUEUED));
        if summoned {
            turn::summon(slot);
        }
        match pushed {
            Pushed::Queued | Pushed::Parked { .. } => {
                if matches!(pushed, Pushed::Parked { first: true, .. }) {
                    refuse::announce(slot, || EventKind::MailboxHigh);
                }
                let ticket = match pushed {
                    Pushed::Parked { ticket, .. } => Some(ticket),
                    _ => None,
                };
                self.step = Step::Waiting(Waiting { ticket, ..Waiting::new(cell, true) });
                self.begin_to_wait(cx)
            }
            Pushed::Dropped { lost } => {
                refuse::overflowed(slot, lost);
                self.step = Step::Waiting(Waiting::new(cell, true));
                self.wait(cx)
            }
            Pushed::Full(message) => {
                drop(message);
                let capacity = S::MAILBOX.capacity().unwrap_or(usize::MAX);
                Poll::Ready(Err(Failure::MailboxFull { capacity }))
            }
            Pushed::Closed(message) => {
                drop(message);
                Poll::Ready(Err(Failure::NotRunning(slot.core().last_reason())))
            }
        }
    }

    /// The reply is not there and the waker is in its place: starts the clock, and leaves word of the wait.
    fn begin_to_wait(&mut self, cx: &mut Context<'_>) -> Polled<S> {
        let slot = self.slot();
        let limit = self.limit;
        let Step::Waiting(waiting) = &mut self.step else { return Poll::Pending };
        waiting.settled = true;
        if let Some(door) = slot.core().door() {
            door.let_go();
        }
        let weak = Arc::downgrade(&waiting.cell) as Weak<dyn Awaited>;
        let wakers = if limit.is_some() { 2 } else { 1 };
        let handler = S::Call::VARIANTS.get(self.variant).copied().unwrap_or("?");
        waiting.noted = waits::wait_for(|| slot.clone(), handler, || weak, cx.waker(), wakers);
        if let Some(limit) = limit {
            let clock = waiting.clock.insert(sleep_until(now() + limit, slot.core().door()));
            if clock.as_mut().poll(cx).is_ready() {
                return self.too_late(limit);
            }
        }
        Poll::Pending
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Polled<S> {
        let Step::Waiting(waiting) = &mut self.step else { panic!("a call was polled after it was ready") };
        if let Poll::Ready(answer) = waiting.cell.poll(cx.waker()) {
            self.let_go(true);
            return Poll::Ready(answer);
        }
        if !waiting.settled {
            return self.begin_to_wait(cx);
        }
        if waiting.noted {
            let wakers = if waiting.clock.is_some() { 2 } else { 1 };
            waits::still_waits(Arc::as_ptr(&waiting.cell).cast(), cx.waker(), wakers);
        }
        match (&mut waiting.clock, self.limit) {
            (Some(clock), Some(limit)) => {
                ready!(clock.as_mut().poll(cx));
                self.too_late(limit)
            }
            _ => Poll::Pending,
        }
    }

    fn too_late(&mut self, limit: Duration) -> Polled<S> {
        self.let_go(false);
        let handler = S::Call::VARIANTS.get(self.variant).copied().unwrap_or("?");
        refuse::announce(self.slot(), || EventKind::CallTimedOut { handler, after: limit });
        Poll::Ready(Err(Failure::Timeout(limit)))
    }

    fn let_go(&mut self, answered: bool) {
        if let Step::Waiting(waiting) = std::mem::replace(&mut self.step, Step::Over) {
            if waiting.noted {
                waits::wait_is_over(&(Arc::downgrade(&waiting.cell) as Weak<dyn Awaited>));
            }
            if answered {
                if waiting.queued {
                    self.slot().inbox.give_back(waiting.cell);
                } else {
                    waiting.cell.keep();
                }
            } else if let Some(call) = waiting.ticket.and_then(|ticket| self.slot().inbox.withdraw(ticket)) {
                refuse::discard(self.slot(), call);
            }
        }
    }

    #[cold]
    fn explain(&self, failure: Failure) -> CallError<E> {
        let handler = S::Call::VARIANTS.get(self.variant).copied().unwrap_or("?");
        failure.at(self.slot().core().target(handler))
    }
}

/// The reply is awaited.
struct Waiting<S: GenServer> {
    cell: Arc<ReplyCell<S::Reply>>,
    /// The cell came with the place in the queue.
    queued: bool,
    clock: Option<Pin<Box<Sleep>>>,
    /// The clock runs, and word of the wait is left.
    settled: bool,
    /// A handler waits: its server's edges have this call.
    noted: bool,
    /// Its place among the senders that wait for room, if it had to wait for that.
    ticket: Option<u64>,
}

impl<S: GenServer> Waiting<S> {
    fn new(cell: Arc<ReplyCell<S::Reply>>, queued: bool) -> Self {
        Waiting { cell, queued, clock: None, settled: false, noted: false, ticket: None }
    }
}

type Polled<S> = Poll<Result<<S as GenServer>::Reply, Failure>>;

#[cold]
fn crashed(reason: crate::ExitReason) -> Failure {
    Failure::Crashed { reason, may_have_run: true }
}

/// The message is moved out before it is used: nothing here is pinned.
impl<S: GenServer, T, E> Unpin for Call<'_, S, T, E> {}

impl<S: GenServer, T, E> Future for Call<'_, S, T, E> {
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let polled = if matches!(this.step, Step::New(_)) {
            // A tight loop of calls must let the runtime's other tasks run.
            ready!(coop::poll_proceed(cx)).made_progress();
            let Step::New(call) = std::mem::replace(&mut this.step, Step::Over) else {
                unreachable!("looked at above")
            };
            this.variant = call.variant();
            let tried = if S::INLINE { inline::call_inline(this.slot(), call) } else { Inline::Busy(call) };
            match tried {
                Inline::Done(reply) => Poll::Ready(Ok(reply)),
                Inline::Crashed(reason) => Poll::Ready(Err(crashed(reason))),
                Inline::Later(call) => this.go_the_long_way(call, true, cx),
                Inline::Busy(call) => this.go_the_long_way(call, false, cx),
            }
        } else {
            this.wait(cx)
        };
        match ready!(polled) {
            Ok(reply) => Poll::Ready((this.read)(reply).map_err(CallError::Handler)),
            Err(failure) => Poll::Ready(Err(this.explain(failure))),
        }
    }
}

impl<S: GenServer, T, E> Drop for Call<'_, S, T, E> {
    fn drop(&mut self) {
        if matches!(self.step, Step::Waiting(_)) {
            self.let_go(false);
        }
    }
}

impl<S: GenServer, T, E> fmt::Debug for Call<'_, S, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.step {
            Step::New(_) => "new",
            Step::Waiting(_) => "waiting",
            Step::Over => "over",
        };
        f.debug_struct("Call").field("server", self.server).field("step", &step).finish_non_exhaustive()
    }
}
