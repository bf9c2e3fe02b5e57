//! What can go wrong between a caller and a server.

use std::{convert::Infallible, fmt, sync::Arc, time::Duration};

use thiserror::Error;

use crate::{
    Name,
    process::{ExitReason, Pid},
    registry::AlreadyRegistered,
    resilience::{BulkheadFull, CircuitOpen, Disposed, NamedError, RateLimited, Shed},
};

/// Which server and handler an error is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// The server's name, or its type and pid when it has none.
    pub server: Name,
    /// The handler, as the user wrote it.
    pub handler: &'static str,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of {}", self.handler, self.server)
    }
}

/// Whether the handler ran, as far as the caller can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Executed {
    /// It did not run and will not.
    No,
    /// It ran to its end.
    Yes,
    /// It may have run, in part or whole, or may still.
    Unknown,
}

/// Why a call has no reply; `E` is the handler's own error.
///
/// One `?` takes either away:
///
/// # Examples
///
/// ```
/// use noex::prelude::*;
///
/// #[genserver]
/// struct Account { cents: i64 }
///
/// #[genserver]
/// impl Account {
///     #[init]
///     fn open(cents: i64) -> Self { Account { cents } }
///
///     /// Takes `amount` out and returns what is left.
///     #[call]
///     pub fn withdraw(&mut self, amount: i64) -> Result<i64, String> {
///         if amount > self.cents { return Err("overdrawn".into()) }
///         self.cents -= amount;
///         Ok(self.cents)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let account = Account::start(100).await?;
/// assert_eq!(account.withdraw(30).await?, 70);
/// assert_eq!(account.withdraw(500).await, Err(CallError::Handler("overdrawn".into())));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CallError<E = Infallible> {
    /// The handler ran and returned this error; the server lives on.
    #[error("{0}")]
    Handler(E),
    /// No reply came in time. The handler may still run; its reply will be dropped.
    #[error("{target} did not reply within {after:?}")]
    Timeout {
        /// Whom was called.
        target: Target,
        /// The limit that was exceeded, counted from the call.
        after: Duration,
    },
    /// The server ended before it came to this call.
    #[error("{target} was not run: the server stopped ({reason})")]
    Stopped {
        /// Whom was called.
        target: Target,
        /// Why the server ended.
        #[source]
        reason: Reason,
    },
    /// The server crashed, or ended while it had the call; or a `#[call(concurrent)]` handler panicked, and the
    /// server lives on.
    #[error("{target} has no reply: the {} ({reason})", who_ended(target, reason))]
    Crashed {
        /// Whom was called.
        target: Target,
        /// Why the server ended.
        #[source]
        reason: Reason,
        /// This call was in the server's hands: what it did before the crash is done.
        may_have_run: bool,
    },
    /// There is no such server (any more).
    #[error("{target} cannot be called: the server is not running ({reason})")]
    NotRunning {
        /// Whom was called.
        target: Target,
        /// Why it ended, or `NoProc`.
        #[source]
        reason: Reason,
    },
    /// The mailbox is full, and the server does not let senders wait.
    #[error("{target} cannot be called: the mailbox is full ({capacity} messages)")]
    MailboxFull {
        /// Whom was called.
        target: Target,
        /// The mailbox's bound, in messages.
        capacity: usize,
    },
    /// The reply could never come: somebody in this chain waits for the handler that made this call.
    #[error("{target} can never reply: {path}")]
    Deadlock {
        /// Whom was called.
        target: Target,
        /// Who waits for whom, from the caller and back to it.
        path: DeadlockPath,
    },
    /// The server dropped the call without a reply.
    #[error("{target} dropped the call without a reply")]
    ReplyDropped {
        /// Whom was called.
        target: Target,
    },
    /// Its circuit breaker lets nothing through: no message was sent.
    #[error("{target} was not called: {open}")]
    CircuitOpen {
        /// Whom was called.
        target: Target,
        /// Why, and for how long.
        #[source]
        open: CircuitOpen,
    },
    /// Its rate limit is used up: no message was sent.
    #[error("{target} was not called: {limited}")]
    RateLimited {
        /// Whom was called.
        target: Target,
        /// Which limit, and for how long.
        #[source]
        limited: RateLimited,
    },
    /// Its bulkhead is full: no message was sent.
    #[error("{target} was not called: {full}")]
    BulkheadFull {
        /// Whom was called.
        target: Target,
        /// How full.
        #[source]
        full: BulkheadFull,
    },
    /// Its load shedder turned the call away: no message was sent, or it was queued for too long and not run.
    #[error("{target} was not run: {shed}")]
    Shed {
        /// Whom was called.
        target: Target,
        /// By whom.
        #[source]
        shed: Shed,
    },
    /// One of its policies was disposed of: no message was sent.
    #[error("{target} was not called: {disposed}")]
    Disposed {
        /// Whom was called.
        target: Target,
        /// Which policy.
        #[source]
        disposed: Disposed,
    },
}

/// A panic of the handler that was called need not be the server's end: it may be a concurrent one.
fn who_ended(target: &Target, reason: &ExitReason) -> &'static str {
    match reason {
        ExitReason::Panic(panic) if panic.handler == target.handler => "handler crashed",
        reason if reason.is_orderly() => "server ended",
        _ => "server crashed",
    }
}

impl<E> CallError<E> {
    /// Whether the handler ran.
    pub fn was_executed(&self) -> Executed {
        match self {
            CallError::Handler(_) => Executed::Yes,
            CallError::Stopped { .. } | CallError::NotRunning { .. } | CallError::MailboxFull { .. } => {
                Executed::No
            }
            CallError::Crashed { may_have_run, .. } if !may_have_run => Executed::No,
            CallError::Deadlock { .. }
            | CallError::CircuitOpen { .. }
            | CallError::RateLimited { .. }
            | CallError::BulkheadFull { .. }
            | CallError::Shed { .. }
            | CallError::Disposed { .. } => Executed::No,
            CallError::Timeout { .. } | CallError::Crashed { .. } | CallError::ReplyDropped { .. } => {
                Executed::Unknown
            }
        }
    }

    /// The same with another error of the handler's.
    pub fn map<F>(self, map: impl FnOnce(E) -> F) -> CallError<F> {
        match self {
            CallError::Handler(error) => CallError::Handler(map(error)),
            CallError::Timeout { target, after } => CallError::Timeout { target, after },
            CallError::Stopped { target, reason } => CallError::Stopped { target, reason },
            CallError::Crashed { target, reason, may_have_run } => {
                CallError::Crashed { target, reason, may_have_run }
            }
            CallError::NotRunning { target, reason } => CallError::NotRunning { target, reason },
            CallError::MailboxFull { target, capacity } => CallError::MailboxFull { target, capacity },
            CallError::Deadlock { target, path } => CallError::Deadlock { target, path },
            CallError::ReplyDropped { target } => CallError::ReplyDropped { target },
            CallError::CircuitOpen { target, open } => CallError::CircuitOpen { target, open },
            CallError::RateLimited { target, limited } => CallError::RateLimited { target, limited },
            CallError::BulkheadFull { target, full } => CallError::BulkheadFull { target, full },
            CallError::Shed { target, shed } => CallError::Shed { target, shed },
            CallError::Disposed { target, disposed } => CallError::Disposed { target, disposed },
        }
    }

    /// After how long a new try can succeed, where a policy refused the call and knows it.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            CallError::CircuitOpen { open, .. } => open.retry_after,
            CallError::RateLimited { limited, .. } => Some(limited.retry_after),
            _ => None,
        }
    }

    /// The handler's own error, if it is one.
    pub fn into_handler(self) -> Result<E, Self> {
        match self {
            CallError::Handler(error) => Ok(error),
            other => Err(other),
        }
    }
}

impl<E> CallError<CallError<E>> {
    /// One error of two, for a handler that passes on the outcome of a call of its own: its caller need not
    /// tell which of the two calls failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::prelude::*;
    /// # #[genserver] struct Bank {}
    /// # #[genserver] impl Bank {
    /// #     #[init] fn init() -> Self { Bank {} }
    /// #     #[call] fn rate(&self) -> Result<u32, String> { Err("closed".into()) }
    /// # }
    ///
    /// #[genserver]
    /// struct Shop { bank: BankRef }
    ///
    /// #[genserver]
    /// impl Shop {
    ///     #[init]
    ///     fn init(bank: BankRef) -> Self { Shop { bank } }
    ///
    ///     #[call]
    ///     async fn price(&mut self) -> Result<u32, CallError<String>> { self.bank.rate().await }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let shop = Shop::start(Bank::start().await?).await?;
    /// let error: CallError<String> = shop.price().await.map_err(CallError::flatten).unwrap_err();
    /// assert!(matches!(error, CallError::Handler(why) if why == "closed"));
    /// # Ok(()) }
    /// ```
    pub fn flatten(self) -> CallError<E> {
        match self {
            CallError::Handler(inner) => inner,
            outer => outer.map(|_| unreachable!("it is no handler's")),
        }
    }
}

/// A server's exit reason, as the source of an error.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Reason(pub ExitReason);

impl std::ops::Deref for Reason {
    type Target = ExitReason;

    fn deref(&self) -> &ExitReason {
        &self.0
    }
}

/// Who waits for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadlockPath(Arc<[DeadlockStep]>);

impl DeadlockPath {
    /// The steps: the first and the last are the same server.
    pub fn steps(&self) -> &[DeadlockStep] {
        &self.0
    }
}

impl From<Vec<DeadlockStep>> for DeadlockPath {
    fn from(steps: Vec<DeadlockStep>) -> Self {
        DeadlockPath(steps.into())
    }
}

impl fmt::Display for DeadlockPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            let arrow = if at == 0 { "" } else { " waits for " };
            write!(f, "{arrow}{}.{}", step.server, step.handler)?;
        }
        Ok(())
    }
}

/// One server on a [`DeadlockPath`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadlockStep {
    /// The incarnation.
    pub pid: Pid,
    /// Its name, or its type and pid.
    pub server: Name,
    /// The handler that waits there; at the end of the path, the one that was called.
    pub handler: &'static str,
}

/// Why a cast was not queued. The message is given back.
#[derive(Clone, PartialEq, Eq, Error)]
#[error("{why}")]
#[non_exhaustive]
pub struct CastError<M> {
    /// The message, as it was.
    pub message: M,
    /// Why.
    #[source]
    pub why: NotSent,
}

impl<M> fmt::Debug for CastError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CastError").field("why", &self.why).finish_non_exhaustive()
    }
}

/// Why a message was not queued.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotSent {
    /// There is no such server (any more).
    #[error("{target} cannot be sent: the server is not running ({reason})")]
    NotRunning {
        /// For whom it was.
        target: Target,
        /// Why it ended, or `NoProc`.
        #[source]
        reason: Reason,
    },
    /// The mailbox is full.
    #[error("{target} cannot be sent: the mailbox is full ({capacity} messages)")]
    MailboxFull {
        /// For whom it was.
        target: Target,
        /// The mailbox's bound, in messages.
        capacity: usize,
    },
    /// The mailbox is full, and there could never be room: somebody in this chain waits for the handler
    /// that sent the message.
    #[error("{target} can never be sent: {path}")]
    Deadlock {
        /// For whom it was.
        target: Target,
        /// Who waits for whom, from the sender and back to it.
        path: DeadlockPath,
    },
    /// The handler's circuit breaker lets nothing through.
    #[error("{target} was not sent: {open}")]
    CircuitOpen {
        /// For whom it was.
        target: Target,
        /// Why, and for how long.
        #[source]
        open: CircuitOpen,
    },
    /// The handler's rate limit is used up.
    #[error("{target} was not sent: {limited}")]
    RateLimited {
        /// For whom it was.
        target: Target,
        /// Which limit, and for how long.
        #[source]
        limited: RateLimited,
    },
    /// One of the handler's policies was disposed of.
    #[error("{target} was not sent: {disposed}")]
    Disposed {
        /// For whom it was.
        target: Target,
        /// Which policy.
        #[source]
        disposed: Disposed,
    },
}

/// Why a server did not start; `E` is what its `#[init]` returns as its error.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StartError<E = Infallible> {
    /// `init` refused.
    #[error("{server} refused to start: {error}")]
    Init {
        /// The server's name or type.
        server: Name,
        /// What `init` returned.
        error: E,
    },
    /// `init` asked not to be started, which is no failure.
    #[error("{server} asked to be ignored")]
    Ignored {
        /// The server's name or type.
        server: Name,
    },
    /// `init` panicked.
    #[error("{server} crashed while it started: {reason}")]
    Crashed {
        /// The server's name or type.
        server: Name,
        /// The panic.
        #[source]
        reason: Reason,
    },
    /// `init` took longer than the limit and was given up.
    #[error("{server} was not ready within {after:?}")]
    Timeout {
        /// The server's name or type.
        server: Name,
        /// The limit.
        after: Duration,
    },
    /// Another server has the name; `init` was not run.
    #[error("the name `{name}` is taken by {holder}")]
    NameTaken {
        /// The name.
        name: Name,
        /// Who has it.
        holder: Pid,
    },
    /// A policy that its handlers share by name is not to be had; `init` was not run.
    #[error("{server} cannot have its policies: {error}")]
    Policy {
        /// The server's name or type.
        server: Name,
        /// The policy, and why.
        #[source]
        error: NamedError,
    },
    /// A key that the server was to be registered under is held; `init` was not run.
    #[error(transparent)]
    AlreadyRegistered(AlreadyRegistered),
    /// There is no tokio runtime here.
    #[error("{server} cannot start outside a tokio runtime")]
    NoRuntime {
        /// The server's name or type.
        server: Name,
    },
}

/// The server asked for is not there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{server} is not running ({reason})")]
#[non_exhaustive]
pub struct NotRunning {
    /// The server's name, or its type and pid.
    pub server: Name,
    /// Why it ended, or `NoProc`.
    #[source]
    pub reason: Reason,
}

/// A call's failure before it knows whom it called.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Stopped(ExitReason),
    Crashed {
        reason: ExitReason,
        may_have_run: bool,
    },
    NotRunning(ExitReason),
    MailboxFull {
        capacity: usize,
    },
    Deadlock(DeadlockPath),
    Timeout {
        after: Duration,
        /// It may have run; `false`: it did not and will not.
        began: bool,
    },
    ReplyDropped,
    /// It was queued for too long, and was not run.
    Shed(Shed),
}

impl Failure {
    pub(crate) fn is_timeout(&self) -> bool {
        matches!(self, Failure::Timeout { .. })
    }

    /// Its time was over when it may have been begun.
    pub(crate) fn may_go_on(&self) -> bool {
        matches!(self, Failure::Timeout { began: true, .. })
    }

    /// A server that ended with `reason` never came to a message.
    pub(crate) fn never_run(reason: &ExitReason) -> Self {
        if reason.is_panic() {
            Failure::Crashed { reason: reason.clone(), may_have_run: false }
        } else {
            Failure::Stopped(reason.clone())
        }
    }

    #[cold]
    pub(crate) fn at<E>(self, target: Target) -> CallError<E> {
        match self {
            Failure::Stopped(reason) => CallError::Stopped { target, reason: Reason(reason) },
            Failure::Crashed { reason, may_have_run } => {
                CallError::Crashed { target, reason: Reason(reason), may_have_run }
            }
            Failure::NotRunning(reason) => CallError::NotRunning { target, reason: Reason(reason) },
            Failure::MailboxFull { capacity } => CallError::MailboxFull { target, capacity },
            Failure::Deadlock(path) => CallError::Deadlock { target, path },
            Failure::Timeout { after, .. } => CallError::Timeout { target, after },
            Failure::ReplyDropped => CallError::ReplyDropped { target },
            Failure::Shed(shed) => CallError::Shed { target, shed },
        }
    }
}
