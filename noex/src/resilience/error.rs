//! What can go wrong with a protected operation.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use thiserror::Error as Derive;

use super::{Class, Classify};
use crate::Name;

/// Why a protected operation has no value; `E` is the operation's own error.
// By hand, because a derive asks for `Box<PolicyError<E>>: Display` where it implements `PolicyError<E>: Display`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyError<E> {
    /// The operation ran and failed.
    Failed(E),
    /// The circuit is open: the operation was not run.
    CircuitOpen(CircuitOpen),
    /// The rate is exceeded: the operation was not run.
    RateLimited(RateLimited),
    /// The bulkhead is full: the operation was not run.
    BulkheadFull(BulkheadFull),
    /// The operation took too long and was dropped.
    TimedOut(TimedOut),
    /// The load is too high: the operation was not run.
    Shed(Shed),
    /// The policy was disposed of.
    Disposed(Disposed),
    /// The fallback failed as well. The source is what it was to stand in for.
    FallbackFailed {
        /// What the fallback said.
        fallback: Box<PolicyError<E>>,
        /// What it was to stand in for.
        original: Box<PolicyError<E>>,
    },
}

impl<E: fmt::Display> fmt::Display for PolicyError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyError::Failed(error) => error.fmt(f),
            PolicyError::CircuitOpen(it) => it.fmt(f),
            PolicyError::RateLimited(it) => it.fmt(f),
            PolicyError::BulkheadFull(it) => it.fmt(f),
            PolicyError::TimedOut(it) => it.fmt(f),
            PolicyError::Shed(it) => it.fmt(f),
            PolicyError::Disposed(it) => it.fmt(f),
            PolicyError::FallbackFailed { fallback, original } => write!(f, "{fallback}, after: {original}"),
        }
    }
}

impl<E: Error + 'static> Error for PolicyError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // It is shown as the error itself, so that its source comes next.
            PolicyError::Failed(error) => error.source(),
            PolicyError::FallbackFailed { original, .. } => Some(&**original),
            _ => None,
        }
    }
}

/// Each refusal is a variant of its own name.
macro_rules! from_refusals {
    ($($refusal:ident)*) => {$(
        impl<E> From<$refusal> for PolicyError<E> {
            fn from(refusal: $refusal) -> Self {
                PolicyError::$refusal(refusal)
            }
        }
    )*};
}

from_refusals!(CircuitOpen RateLimited BulkheadFull TimedOut Shed Disposed);

impl<E> PolicyError<E> {
    /// The operation's own error, if it is one.
    ///
    /// # Errors
    ///
    /// Anything else comes back as it was.
    pub fn into_failed(self) -> Result<E, Self> {
        match self {
            PolicyError::Failed(error) => Ok(error),
            other => Err(other),
        }
    }

    /// The same with another error of the operation's.
    pub fn map<F>(self, map: impl FnOnce(E) -> F + Copy) -> PolicyError<F> {
        match self {
            PolicyError::Failed(error) => PolicyError::Failed(map(error)),
            PolicyError::CircuitOpen(it) => PolicyError::CircuitOpen(it),
            PolicyError::RateLimited(it) => PolicyError::RateLimited(it),
            PolicyError::BulkheadFull(it) => PolicyError::BulkheadFull(it),
            PolicyError::TimedOut(it) => PolicyError::TimedOut(it),
            PolicyError::Shed(it) => PolicyError::Shed(it),
            PolicyError::Disposed(it) => PolicyError::Disposed(it),
            PolicyError::FallbackFailed { fallback, original } => PolicyError::FallbackFailed {
                fallback: Box::new(fallback.map(map)),
                original: Box::new(original.map(map)),
            },
        }
    }

    /// How it counts, given how the operation's own error does.
    pub fn class_with(&self, failed: impl FnOnce(&E) -> Class) -> Class {
        match self {
            PolicyError::Failed(error) => failed(error),
            PolicyError::TimedOut(_) => Class::TimedOut { began: true },
            PolicyError::FallbackFailed { .. } => Class::Permanent,
            PolicyError::CircuitOpen(_)
            | PolicyError::RateLimited(_)
            | PolicyError::BulkheadFull(_)
            | PolicyError::Shed(_)
            | PolicyError::Disposed(_) => Class::Refused,
        }
    }
}

impl<E> PolicyError<PolicyError<E>> {
    /// One error of two, where one policy's operation is another policy's `execute`.
    pub fn flatten(self) -> PolicyError<E> {
        match self {
            PolicyError::Failed(inner) => inner,
            PolicyError::CircuitOpen(it) => PolicyError::CircuitOpen(it),
            PolicyError::RateLimited(it) => PolicyError::RateLimited(it),
            PolicyError::BulkheadFull(it) => PolicyError::BulkheadFull(it),
            PolicyError::TimedOut(it) => PolicyError::TimedOut(it),
            PolicyError::Shed(it) => PolicyError::Shed(it),
            PolicyError::Disposed(it) => PolicyError::Disposed(it),
            PolicyError::FallbackFailed { fallback, original } => PolicyError::FallbackFailed {
                fallback: Box::new(fallback.flatten()),
                original: Box::new(original.flatten()),
            },
        }
    }
}

/// A refusal is none of the operation's: a policy around it counts neither success nor failure.
impl<E: Classify> Classify for PolicyError<E> {
    fn class(&self) -> Class {
        self.class_with(Classify::class)
    }
}

/// A circuit breaker lets nothing through.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitOpen {
    /// The breaker's name.
    pub policy: Name,
    /// The state that it is in.
    pub state: CircuitState,
    /// After how long a new try can succeed; `None` when only a person can close it, and in half-open, where
    /// nobody knows.
    pub retry_after: Option<Duration>,
    /// What opened it last.
    pub cause: Option<TripCause>,
}

impl fmt::Display for CircuitOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "circuit `{}` is {}", self.policy, self.state)?;
        if let Some(cause) = self.cause {
            write!(f, " ({cause})")?;
        }
        match self.retry_after {
            Some(after) => write!(f, ", try again in {after:?}"),
            None => Ok(()),
        }
    }
}

impl Error for CircuitOpen {}

/// The state of a circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CircuitState {
    /// Calls pass and are counted.
    Closed,
    /// Calls are refused until the reset time-out is over.
    Open,
    /// A few calls pass as probes.
    HalfOpen,
    /// Opened by hand: calls are refused until it is closed by hand.
    ForcedOpen,
    /// Switched off: calls pass and are not counted.
    Disabled,
    /// Only watched: calls pass and are counted, and what would have been refused is told.
    Observed,
}

impl fmt::Display for CircuitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CircuitState::Closed => "closed",
            CircuitState::Open => "open",
            CircuitState::HalfOpen => "half-open",
            CircuitState::ForcedOpen => "forced open",
            CircuitState::Disabled => "disabled",
            CircuitState::Observed => "observed",
        })
    }
}

/// What opened a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TripCause {
    /// So many failures in a row.
    Failures {
        /// How many.
        count: u32,
    },
    /// Too many failures in the window.
    FailureRate {
        /// Failures among a thousand calls.
        per_mille: u32,
    },
    /// Too many slow calls in the window.
    SlowRate {
        /// Slow calls among a thousand.
        per_mille: u32,
    },
    /// A probe failed.
    Probe,
    /// The half-open time was over and no probe had succeeded.
    NoVerdict,
    /// The service asked to be left alone.
    Hint,
}

impl fmt::Display for TripCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |per_mille: u32| f64::from(per_mille) / 10.0;
        match *self {
            TripCause::Failures { count } => write!(f, "{count} failures in a row"),
            TripCause::FailureRate { per_mille } => write!(f, "{} % of the calls failed", percent(per_mille)),
            TripCause::SlowRate { per_mille } => write!(f, "{} % of the calls were slow", percent(per_mille)),
            TripCause::Probe => f.write_str("a probe failed"),
            TripCause::NoVerdict => f.write_str("no probe succeeded in time"),
            TripCause::Hint => f.write_str("the service asked for a pause"),
        }
    }
}

/// A rate limiter has nothing left.
#[derive(Clone, Debug, PartialEq, Eq, Derive)]
#[non_exhaustive]
#[error("rate limit `{policy}` {why} ({limit} per {period:?}){}", Again(*.retry_after))]
pub struct RateLimited {
    /// The limiter's name.
    pub policy: Name,
    /// What it allows, in each period.
    pub limit: u32,
    /// The period.
    pub period: Duration,
    /// After how long a new try can succeed; [`Duration::MAX`] when never.
    pub retry_after: Duration,
    /// What there was too much of.
    pub why: LimitedBy,
}

/// When it is worth trying again, if ever.
struct Again(Duration);

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Duration::MAX => Ok(()),
            after => write!(f, ", try again in {after:?}"),
        }
    }
}

/// What there was too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Derive)]
#[non_exhaustive]
pub enum LimitedBy {
    /// The rate.
    #[error("is used up")]
    Rate,
    /// Those that wait.
    #[error("has too many waiting")]
    Queue,
    /// The wait would be longer than the queue's time-out, or the caller's deadline.
    #[error("would take too long to wait for")]
    Wait,
    /// The cost of this one call is above the limit.
    #[error("is smaller than the cost of this call")]
    Cost,
    /// The call costs nothing: it would always pass.
    #[error("is not for calls of cost 0")]
    NoCost,
    /// The keys: no new one can be taken in.
    #[error("has too many keys")]
    Keys,
    /// The limiter was disposed of.
    #[error("was disposed of")]
    Disposed,
}

/// A bulkhead has no place.
#[derive(Clone, Debug, PartialEq, Eq, Derive)]
#[non_exhaustive]
#[error("bulkhead `{policy}` {why} ({active} running, {queued} waiting)")]
pub struct BulkheadFull {
    /// The bulkhead's name.
    pub policy: Name,
    /// Operations that run.
    pub active: usize,
    /// Operations that wait.
    pub queued: usize,
    /// What the operation met.
    pub why: FullBy,
}

/// What an operation met at a full bulkhead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Derive)]
#[non_exhaustive]
pub enum FullBy {
    /// Neither a slot nor a place in the queue was free.
    #[error("is full")]
    Slots,
    /// It waited for a slot, and none came free in time.
    #[error("had no free slot in time")]
    QueueTimeout,
    /// It waited, and had to give way: to one of a higher priority, or because all wait for too long.
    #[error("sheds those who wait")]
    Shed,
    /// Its weight is above the limit.
    #[error("is smaller than the weight of this operation, or that is 0")]
    Weight,
    /// The bulkhead was disposed of.
    #[error("was disposed of")]
    Disposed,
}

/// An operation took too long.
#[derive(Clone, Debug, PartialEq, Eq, Derive)]
#[non_exhaustive]
#[error("`{policy}` was not done within {limit:?}")]
pub struct TimedOut {
    /// The name of the time-out.
    pub policy: Name,
    /// The limit.
    pub limit: Duration,
    /// How long the operation had run: the limit, or a little more.
    pub elapsed: Duration,
}

/// A load shedder turned an operation away.
#[derive(Clone, Debug, PartialEq, Eq, Derive)]
#[non_exhaustive]
#[error("`{policy}` sheds load")]
pub struct Shed {
    /// The shedder's name.
    pub policy: Name,
}

/// A policy was used after it was disposed of.
#[derive(Clone, Debug, PartialEq, Eq, Derive)]
#[non_exhaustive]
#[error("policy `{policy}` was disposed of")]
pub struct Disposed {
    /// Its name.
    pub policy: Name,
}

/// Options that make no sense.
#[derive(Clone, Debug, PartialEq, Eq, Derive)]
#[non_exhaustive]
#[error("`{option}` of `{policy}`: {rule}")]
pub struct ConfigError {
    /// The policy's name.
    pub policy: Name,
    /// The option.
    pub option: &'static str,
    /// What it must be.
    pub rule: &'static str,
}

/// An option that breaks a rule, before it is known whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The option.
    pub option: &'static str,
    /// What it must be.
    pub rule: &'static str,
}

impl Fault {
    pub(crate) fn of(self, policy: &Arc<str>) -> ConfigError {
        ConfigError { policy: Name::of(policy), option: self.option, rule: self.rule }
    }
}

/// Why a policy of this name is not to be had.
#[derive(Clone, Debug, PartialEq, Eq, Derive)]
#[non_exhaustive]
pub enum NamedError {
    /// Its options make no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is one already, with other options.
    #[error("`{policy}` exists with other options")]
    Conflict {
        /// The name.
        policy: Name,
    },
}
