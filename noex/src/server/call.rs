//! A call: a message with a reply, as a future.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::task::coop;

use super::{
    CallError, GenServer, Message, Overflow, Request, ServerRef,
    error::Failure,
    slot::{
        Slot,
        envelope::Envelope,
        inline::{self, Inline},
        reply::ReplyCell,
        serving::Until,
        waits,
    },
    waiting::{Asked, Over, Polled, Waiting},
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
    asked: Asked,
    step: Step<S>,
}

enum Step<S: GenServer> {
    New(S::Call),
    Waiting(Waiting<S>),
    Over,
}

impl<'a, S: GenServer, T, E> Call<'a, S, T, E> {
    pub(crate) fn new(server: &'a ServerRef<S>, call: S::Call, read: fn(S::Reply) -> Result<T, E>) -> Self {
        let asked = Asked { limit: S::CALL_TIMEOUT, overflow: S::OVERFLOW, variant: 0 };
        Call { server, read, asked, step: Step::New(call) }
    }

    /// Waits at most `limit` for the reply, counted from the first poll, instead of the server's
    /// `call_timeout`.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.asked.limit = Some(limit);
        self
    }

    /// Waits without limit.
    pub fn no_timeout(mut self) -> Self {
        self.asked.limit = None;
        self
    }

    /// Fails at once with [`CallError::MailboxFull`] where it would have to wait for room in the mailbox.
    pub fn try_call(mut self) -> Self {
        if self.asked.overflow == Overflow::Wait {
            self.asked.overflow = Overflow::Fail;
        }
        self
    }

    /// Sends the call now and gives what stands for its reply: a future that owns all it needs, to be
    /// awaited later, elsewhere, or together with others. Its limit counts from here.
    ///
    /// # Panics
    ///
    /// When the call was polled before.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::prelude::*;
    /// # #[genserver] struct Counter { count: u64 }
    /// # #[genserver] impl Counter {
    /// #     #[init] fn init() -> Self { Counter { count: 0 } }
    /// #     #[call] fn add(&mut self, by: u64) -> u64 { self.count += by; self.count }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let counter = Counter::start().await?;
    /// let request = counter.add(2).request();
    /// let task = tokio::spawn(request);             // it is `'static`
    /// assert_eq!(task.await??, 2);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "send_request")]
    pub fn request(mut self) -> Request<T, E>
    where
        T: 'static,
        E: 'static,
    {
        let Step::New(call) = std::mem::replace(&mut self.step, Step::Over) else {
            panic!("a call that was polled is no request any more")
        };
        self.asked.variant = call.variant();
        Request::send(self.server, call, self.asked, self.read)
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
        let mut reply = Some(cell.open(None, Until::limit(self.asked.limit)));
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
        match Waiting::queue(self.slot(), call, self.asked, Some(cx.waker().clone())) {
            Ok(waiting) => {
                self.step = Step::Waiting(waiting);
                self.wait(cx)
            }
            Err(failure) => Poll::Ready(Err(failure)),
        }
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Polled<S> {
        let slot = self.slot();
        let Step::Waiting(waiting) = &mut self.step else { panic!("a call was polled after it was ready") };
        let polled = waiting.poll(slot, &mut self.asked, cx);
        if let Poll::Ready(answer) = &polled {
            self.let_go(Over::with(answer));
        }
        polled
    }

    fn let_go(&mut self, over: Over) {
        if let Step::Waiting(waiting) = std::mem::replace(&mut self.step, Step::Over) {
            waiting.let_go(self.slot(), over);
        }
    }
}

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
            this.asked.variant = call.variant();
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
            Err(failure) => Poll::Ready(Err(this.asked.explain(this.slot(), failure))),
        }
    }
}

impl<S: GenServer, T, E> Drop for Call<'_, S, T, E> {
    fn drop(&mut self) {
        if matches!(self.step, Step::Waiting(_)) {
            self.let_go(Over::GivenUp);
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
