//! A call: a message with a reply, as a future.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use super::{
    CallError, GenServer, Message, Overflow, Request, ServerRef, Target,
    attempt::{self, Attempt, Step},
    error::Failure,
    guarded::{self, Unserved, is_guarded},
    slot::inline::Inline,
    waiting::Asked,
};
use crate::resilience::stack::Refusal;

/// A call under way; a future of the reply. Nothing happens before it is polled.
///
/// When the server is idle and the handler is a plain `fn`, the first poll runs the handler on the
/// caller's own task and is ready: no message, no task switch, and no time-out either, because such a
/// handler cannot be interrupted. An async handler of an idle server begins there as well, and stays with
/// the caller's task as long as that polls the call; when it does not for a millisecond or two, or somebody
/// else has something for the server, the handler goes on without it. Otherwise the call is queued. The
/// time-out counts from the first poll.
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
    read: fn(S::Reply) -> Result<T, E>,
    stage: Stage<'a, S>,
}

enum Stage<'a, S: GenServer> {
    Plain(Attempt<'a, S>),
    /// Its handler has policies, and one of them has to wait. Without its type there is next to nothing to be dropped
    /// with every call that has none.
    Guarded(&'a ServerRef<S>, guarded::Delay<'a, S>),
}

impl<'a, S: GenServer, T, E> Call<'a, S, T, E> {
    #[inline]
    pub(crate) fn new(server: &'a ServerRef<S>, call: S::Call, read: fn(S::Reply) -> Result<T, E>) -> Self {
        let (limit, overflow) = (S::CALL_TIMEOUT, S::OVERFLOW);
        let asked = Asked { limit, whole: None, overflow, variant: 0, is_timed: false };
        Call::again(server, call, asked, read)
    }

    /// One with what is asked already.
    #[inline]
    pub(super) fn again(
        server: &'a ServerRef<S>,
        call: S::Call,
        asked: Asked,
        read: fn(S::Reply) -> Result<T, E>,
    ) -> Self {
        Call { read, stage: Stage::Plain(Attempt::new(server, call, asked)) }
    }

    /// Asks for more, unless it is under way.
    fn ask(mut self, more: impl FnOnce(&mut Asked)) -> Self {
        if let Stage::Plain(attempt) = &mut self.stage {
            more(&mut attempt.asked);
        }
        self
    }

    /// Waits at most `limit` for the reply, counted from the first poll, instead of the server's
    /// `call_timeout`. Where the handler has policies, that is all attempts together, and `call_timeout` is the limit of
    /// each.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit_to(Some(limit));
        self
    }

    /// The limit of each attempt.
    pub(crate) fn limited(self, limit: Option<Duration>) -> Self {
        self.ask(|asked| asked.limit = limit)
    }

    /// As [`timeout`](Call::timeout), or [`no_timeout`](Call::no_timeout), where it is.
    pub(crate) fn limit_to(&mut self, limit: Option<Duration>) {
        if let Stage::Plain(attempt) = &mut self.stage {
            match limit {
                Some(_) if meets_policies(attempt) => attempt.asked.whole = limit,
                limit => attempt.asked.limit = limit,
            }
        }
    }

    /// Waits without limit.
    pub fn no_timeout(mut self) -> Self {
        self.limit_to(None);
        self
    }

    /// Fails at once with [`CallError::MailboxFull`] where it would have to wait for room in the mailbox.
    pub fn try_call(self) -> Self {
        self.ask(|asked| {
            if asked.overflow == Overflow::Wait {
                asked.overflow = Overflow::Fail;
            }
        })
    }

    /// Sends the call now and gives what stands for its reply: a future that owns all it needs, to be
    /// awaited later, elsewhere, or together with others. Its limit counts from here. Where the handler has policies,
    /// they are asked, and the call is sent, when the request is first polled.
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
        let Stage::Plain(attempt) = &mut self.stage else {
            panic!("a call that was polled is no request any more")
        };
        let (server, asked) = (attempt.server, attempt.asked);
        let Some(call) = attempt.take() else { panic!("a call that was polled is no request any more") };
        if is_guarded::<S>(asked.variant) {
            return Request::guarded(server, call, asked, self.read);
        }
        Request::send(server, call, asked, self.read)
    }
}

impl<S: GenServer, T, E> Unpin for Call<'_, S, T, E> {}

impl<'a, S: GenServer, T, E> Call<'a, S, T, E> {
    /// The call of a server whose handlers have policies. Only one that has to wait needs memory of its own.
    fn poll_guarded(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, CallError<E>>> {
        let mut answer = None;
        if let Stage::Plain(attempt) = &mut self.stage
            && let Some(guarded) = guarded::begin(attempt, cx, &mut answer)
        {
            self.stage = Stage::Guarded(attempt.server, guarded);
        }
        if let Stage::Guarded(server, guarded) = &mut self.stage {
            answer = Some(ready!(guarded.poll(cx)));
            self.stage = Stage::Plain(Attempt::over(server, guarded.asked()));
        }
        match answer {
            Some(Ok(reply)) => Poll::Ready((self.read)(reply).map_err(CallError::Handler)),
            // Errors are large: the two that come in storms are moved once, to where they are read.
            Some(Err(Unserved::Refused(Refusal::CircuitOpen(open)))) => {
                Poll::Ready(Err(CallError::CircuitOpen { target: self.guarded_target(), open }))
            }
            Some(Err(Unserved::Refused(Refusal::RateLimited(limited)))) => {
                Poll::Ready(Err(CallError::RateLimited { target: self.guarded_target(), limited }))
            }
            Some(Err(unserved)) => Poll::Ready(Err(unserved.at(self.guarded_target()))),
            None => unreachable!("what does not go on has an answer"),
        }
    }

    /// What most calls do not come to.
    #[inline(never)]
    fn poll_slowly(&mut self, is_idle: bool, cx: &mut Context<'_>) -> Poll<Result<T, CallError<E>>> {
        let Stage::Plain(attempt) = &mut self.stage else { unreachable!("it meets no policies") };
        match ready!(attempt.poll_slowly(is_idle, cx)) {
            Ok(reply) => Poll::Ready((self.read)(reply).map_err(CallError::Handler)),
            Err(failure) => Poll::Ready(Err(self.fail(*failure))),
        }
    }

    #[cold]
    fn fail(&self, failure: Failure) -> CallError<E> {
        let Stage::Plain(attempt) = &self.stage else { unreachable!("it meets no policies") };
        attempt.asked.explain(attempt.slot(), failure)
    }

    /// Whom its errors are about, without a look into the slot.
    #[inline]
    fn guarded_target(&self) -> Target {
        let Stage::Plain(attempt) = &self.stage else { unreachable!("it is over") };
        let handler = S::Call::VARIANTS.get(attempt.asked.variant).copied().unwrap_or("?");
        attempt.slot().policies().target(handler)
    }
}

impl<S: GenServer, T, E> Future for Call<'_, S, T, E> {
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Stage::Plain(attempt) = &mut this.stage
            && (S::Call::GUARDED.is_empty() || !meets_policies(attempt))
        {
            match ready!(attempt.run_at_once(cx)) {
                Inline::Done(reply) => Poll::Ready((this.read)(reply).map_err(CallError::Handler)),
                Inline::Crashed(reason) => Poll::Ready(Err(this.fail(attempt::crashed(reason)))),
                Inline::Later => this.poll_slowly(true, cx),
                Inline::Busy => this.poll_slowly(false, cx),
            }
        } else {
            this.poll_guarded(cx)
        }
    }
}

/// Whether a call that was not polled meets policies.
#[inline]
fn meets_policies<S: GenServer>(attempt: &Attempt<'_, S>) -> bool {
    attempt.message().is_some_and(|call| is_guarded::<S>(call.variant()))
}

/// A call without its server, for whoever keeps both; it is polled with the server it was made for.
pub(crate) struct Calling<S: GenServer, T, E>(Way<S, T, E>);

enum Way<S: GenServer, T, E> {
    Plain {
        read: fn(S::Reply) -> Result<T, E>,
        asked: Asked,
        step: Step<S>,
    },
    /// Its handler has policies.
    Guarded(Request<T, E>),
}

impl<S: GenServer, T: 'static, E: 'static> Calling<S, T, E> {
    pub(crate) fn new(call: Call<'_, S, T, E>) -> Self {
        match call {
            Call { read, stage: Stage::Plain(attempt) } if !meets_policies(&attempt) => {
                let (asked, step) = attempt.into_parts();
                Calling(Way::Plain { read, asked, step })
            }
            call => Calling(Way::Guarded(call.request())),
        }
    }

    /// As of the call itself.
    pub(crate) fn poll(
        &mut self,
        server: &ServerRef<S>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, CallError<E>>> {
        match &mut self.0 {
            Way::Guarded(request) => Pin::new(request).poll(cx),
            Way::Plain { read, asked, step } => {
                let slot = server.slot();
                match ready!(attempt::poll(slot, asked, step, false, cx)) {
                    Ok(reply) => Poll::Ready(read(reply).map_err(CallError::Handler)),
                    Err(failure) => Poll::Ready(Err(asked.explain(slot, *failure))),
                }
            }
        }
    }
}

impl<S: GenServer, T, E> fmt::Debug for Call<'_, S, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Call");
        match &self.stage {
            Stage::Plain(attempt) => f.field("attempt", attempt),
            Stage::Guarded(..) => f.field("attempt", &"waiting for a policy"),
        };
        f.finish_non_exhaustive()
    }
}
