//! Servers: a value with its state that handles one message at a time.
//!
//! `#[genserver]` writes the impls of the traits here; everything works by hand as well.
//!
//! | life | what runs | on whose task |
//! |---|---|---|
//! | start | `init` | the starter's |
//! | call to an idle server, plain `fn` handler | the handler | the caller's |
//! | call to an idle server, `async fn` handler | its first step | the caller's, then a runner's |
//! | anything else: casts, infos, busy servers | the handler | a runner's |
//! | end | `terminate` | a runner's, or that of whoever stops an idle server |

mod attempt;
mod call;
mod cast;
mod config;
mod context;
mod deferred;
pub(crate) mod error;
mod guarded;
mod held;
mod init;
mod many;
mod reference;
mod request;
pub(crate) mod slot;
mod start;
mod waiting;

use std::{any::Any, fmt, future::Future};

pub use call::Call;
pub(crate) use call::Calling;
pub use cast::{Cast, Send as SendInfo};
pub(crate) use cast::{deliver, tell};
pub use config::{Mailbox, OnRestart, Overflow, ServerConfig};
pub use context::Context;
pub use deferred::{Answer, Dropped, ReplyTo};
pub use error::{
    CallError, CastError, DeadlockPath, DeadlockStep, Executed, NotRunning, NotSent, Reason, StartError,
    Target,
};
pub use guarded::{CallPolicies, CastPolicies, Protection};
pub(crate) use held::Held;
pub use init::{Init, IntoInit};
pub use many::{Answers, abcast, multi_call};
pub use reference::{ServerRef, WeakRef};
pub use request::{NotYet, Request, Requests};
pub(crate) use start::adopt;
pub use start::{Start, StartMonitored};

/// A server: state, and handlers for four kinds of messages.
///
/// `#[genserver]` on an impl block writes this; by hand it is a message enum and a few functions. For each
/// kind there are two: `_now` runs a handler that is a plain `fn` and hands the message back if the handler
/// is async; `handle_` is async. A hand-written server implements either.
///
/// The ideas are OTP's `gen_server`.
///
/// # Examples
///
/// ```
/// use noex::prelude::*;
///
/// struct Counter(u64);
///
/// enum Ask { Add(u64), Get }
///
/// impl ServerConfig for Counter {}
/// impl Message for Ask {}
///
/// impl GenServer for Counter {
///     type Args = u64;
///     type InitError = std::convert::Infallible;
///     type Call = Ask;
///     type Reply = u64;
///     type Cast = Never;
///     type Info = Never;
///     type Continue = Never;
///     type Ref = ServerRef<Self>;
///
///     async fn init(from: u64, _: &mut Context<Self>) -> Result<Init<Self>, Self::InitError> {
///         Ok(Init::ready(Counter(from)))
///     }
///
///     fn call_now(&mut self, call: Ask, _: &mut Context<Self>) -> Now<u64, Ask> {
///         if let Ask::Add(by) = call { self.0 += by }
///         Now::Done(self.0)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let counter = Start::<Counter>::new(40).await?;
/// assert_eq!(counter.call(Ask::Add(2)).await?, 42);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a server",
    label = "no `#[genserver]` impl block",
    note = "write `#[genserver] impl {Self} {{ .. }}` with an `#[init]` method"
)]
pub trait GenServer: ServerConfig + Sized + Send + 'static {
    /// What `init` takes; a tuple when the macro writes it.
    type Args: Send + 'static;
    /// Why `init` refuses.
    type InitError: fmt::Debug + fmt::Display + Send + Sync + 'static;
    /// Requests that want a reply.
    type Call: Message + Send;
    /// The replies.
    type Reply: Send + 'static;
    /// Messages without a reply.
    type Cast: Message + Send;
    /// Anything else that arrives.
    type Info: Message + Send;
    /// What runs before anything queued.
    type Continue: Message + Send;
    /// The typed reference; `ServerRef<Self>` when there is none.
    type Ref: From<ServerRef<Self>> + Clone + Send + Sync + 'static;

    /// The policies of its handlers; those of [`Message::GUARDED`] have some. Asked once for each server, when it
    /// starts or is first called.
    fn protect(_policies: &mut Protection<Self>) {}

    /// Makes the state. Runs on the starter's task; start returns when it is done.
    fn init(
        args: Self::Args,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = Result<Init<Self>, Self::InitError>> + Send;

    /// Handles a call whose handler is a plain `fn`.
    fn call_now(&mut self, call: Self::Call, _cx: &mut Context<Self>) -> Now<Self::Reply, Self::Call> {
        Now::Later(call)
    }

    /// Handles a call whose handler is async. `None`: the reply comes later, from the address that
    /// [`Context::reply_to`] gave; [`Message::is_deferred`] says of which calls.
    fn handle_call(
        &mut self,
        call: Self::Call,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = Option<Self::Reply>> + Send {
        async move { Some(done(self.call_now(call, cx))) }
    }

    /// Handles a cast whose handler is a plain `fn`.
    fn cast_now(&mut self, cast: Self::Cast, _cx: &mut Context<Self>) -> Now<(), Self::Cast> {
        Now::Later(cast)
    }

    /// Handles a cast whose handler is async.
    fn handle_cast(&mut self, cast: Self::Cast, cx: &mut Context<Self>) -> impl Future<Output = ()> + Send {
        async move { done(self.cast_now(cast, cx)) }
    }

    /// Handles an info whose handler is a plain `fn`.
    fn info_now(&mut self, info: Self::Info, _cx: &mut Context<Self>) -> Now<(), Self::Info> {
        Now::Later(info)
    }

    /// Handles an info whose handler is async.
    fn handle_info(&mut self, info: Self::Info, cx: &mut Context<Self>) -> impl Future<Output = ()> + Send {
        async move { done(self.info_now(info, cx)) }
    }

    /// The info that an erased message is; given back by a server without a handler for its type.
    ///
    /// So messages come in whose senders do not know the server's type: [`Exit`](crate::Exit) and
    /// [`StreamEnded`](crate::StreamEnded). The macro tries each `#[info]` handler's type.
    fn info_from(message: Box<dyn Any + Send>) -> Result<Self::Info, Box<dyn Any + Send>> {
        Err(message)
    }

    /// Handles a continuation whose handler is a plain `fn`.
    fn continue_now(&mut self, message: Self::Continue, _cx: &mut Context<Self>) -> Now<(), Self::Continue> {
        Now::Later(message)
    }

    /// Handles a continuation whose handler is async.
    fn handle_continue(
        &mut self,
        message: Self::Continue,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = ()> + Send {
        async move { done(self.continue_now(message, cx)) }
    }

    /// The last callback, if it is a plain `fn`. It runs after a stop, a crash, and a supervisor's shutdown
    /// of a server that traps exits; not after a kill.
    fn terminate_now(&mut self, _reason: &crate::ExitReason, _cx: &mut Context<Self>) -> Now<(), ()> {
        Now::Later(())
    }

    /// The last callback, if it is async.
    fn terminate(
        &mut self,
        _reason: &crate::ExitReason,
        _cx: &mut Context<Self>,
    ) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// The life is over: gives back what was taken from the mailbox and is not handled yet.
    #[doc(hidden)]
    fn give_back(&mut self, _held: &mut Held<Self>) {}

    /// The type that the server is known by.
    #[doc(hidden)]
    fn type_name() -> &'static str {
        std::any::type_name::<Self>()
    }
}

/// A message without its type.
#[doc(hidden)]
pub type Erased = Box<dyn Any + Send>;

/// What a `_now` function answers.
#[derive(Debug)]
pub enum Now<R, M> {
    /// The handler has run.
    Done(R),
    /// The handler is async; here is its message.
    Later(M),
}

/// Unwraps what a `_now` function did; a message that neither form handles is a bug in a hand-written server.
#[doc(hidden)]
pub fn done<R, M>(now: Now<R, M>) -> R {
    match now {
        Now::Done(reply) => reply,
        Now::Later(_) => {
            let message = std::any::type_name::<M>();
            panic!("`{message}` is handled neither in a `_now` nor in a `handle_` function of its server")
        }
    }
}

/// What travels in a mailbox: plain owned data, one variant a handler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    note = "`impl Message for {Self} {{}}` is enough for a message type of one's own"
)]
pub trait Message: 'static {
    /// The names of the variants, for counters and errors.
    const VARIANTS: &'static [&'static str] = &["message"];

    /// Which of the first 64 variants have async handlers: a bit each, the lowest for the first. A hint
    /// that spares them the attempt of the `_now` function; right without it.
    const ASYNC: u64 = 0;

    /// Which of them have policies: their places, in order. A message that is not among them never meets one.
    const GUARDED: &'static [usize] = &[];

    /// Which of them this is.
    fn variant(&self) -> usize {
        0
    }

    /// Whether this is a call whose reply does not come from its handler's return: `handle_call` handles it,
    /// and may take its [`ReplyTo`].
    fn is_deferred(&self) -> bool {
        false
    }
}

/// What [`Message::ASYNC`] says of this message.
#[inline]
pub(crate) fn is_async<M: Message>(message: &M) -> bool {
    M::ASYNC != 0 && {
        let variant = message.variant();
        variant < 64 && M::ASYNC >> variant & 1 == 1
    }
}

/// A message that cannot exist, for servers without messages of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {}

impl Message for Never {
    const VARIANTS: &'static [&'static str] = &[];

    fn variant(&self) -> usize {
        match *self {}
    }
}

/// The server has an `#[info]` handler for `M`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `#[info]` handler for `{M}`",
    note = "add `#[info] fn handle(&mut self, message: {M})` to its `#[genserver]` impl block"
)]
pub trait HandlesInfo<M>: GenServer {
    /// The message as the server's info type.
    fn info(message: M) -> Self::Info;
}

/// A message that the server has an `#[info]` handler for: [`HandlesInfo`] from the message's side.
///
/// A bound on the message waits until its type is known, so that an error names it.
pub trait InfoOf<S: GenServer> {
    /// The message as the server's info type.
    fn into_info(self) -> S::Info;
}

impl<M, S: HandlesInfo<M>> InfoOf<S> for M {
    fn into_info(self) -> S::Info {
        S::info(self)
    }
}

/// The server has a `#[continuation]` for `M`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `#[continuation]` for `{M}`",
    note = "add `#[continuation] fn go_on(&mut self, message: {M})` to its `#[genserver]` impl block"
)]
pub trait HandlesContinue<M>: GenServer {
    /// The message as the server's continuation type.
    fn continuation(message: M) -> Self::Continue;
}

/// A message that the server has a `#[continuation]` for: [`HandlesContinue`] from the message's side, as
/// [`InfoOf`] is of [`HandlesInfo`].
pub trait ContinuationOf<S: GenServer> {
    /// The message as the server's continuation type.
    fn into_continuation(self) -> S::Continue;
}

impl<M, S: HandlesContinue<M>> ContinuationOf<S> for M {
    fn into_continuation(self) -> S::Continue {
        S::continuation(self)
    }
}
