//! How the outcome of an attempt counts: one classification for every policy.

use std::time::Duration;

/// How the outcome of one attempt counts.
///
/// One classification feeds every policy of a stack:
///
/// | class | breaker | retry | rate limit | ran? |
/// |---|---|---|---|---|
/// | `Success` | success | stop | spent | yes |
/// | `Transient`: any `Err`, unless something says otherwise | failure | again | spent | yes |
/// | `Permanent` | failure | stop | spent | yes |
/// | `Ignored` | neutral | stop | spent | yes |
/// | `Throttled` | failure | again, not before the hint | spent | yes |
/// | `TimedOut`, before it began | failure | again | spent | no |
/// | `TimedOut`, begun | failure | again if idempotent | spent | perhaps |
/// | `Crashed` | failure | again if idempotent | spent | perhaps |
/// | `Absent`: no server, or it ended first | failure | again | given back | no |
/// | `Busy`: the mailbox is full | neutral | again | given back | no |
/// | `Refused` by a policy further in | neutral | stop | given back | no |
/// | `Cancelled`: the caller dropped it | neutral | – | spent | perhaps |
/// | `Panicked`, in a closure | failure | stop, the panic goes on | spent | perhaps |
///
/// The classes and the table are those of the big libraries (resilience4j, Polly, gRPC's retry design), with one
/// addition: noex knows of a call that timed out whether its handler ever began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// It is what was asked for.
    Success,
    /// It failed and may work a moment later.
    Transient,
    /// It failed and will fail again.
    Permanent,
    /// It answered, and what it answered says nothing about its health: not found, not allowed.
    Ignored,
    /// It asks to be left alone for a while.
    Throttled {
        /// For how long.
        retry_after: Duration,
    },
    /// No answer in time.
    TimedOut {
        /// It may have run in part or whole; `false`: it did not and will not.
        began: bool,
    },
    /// The server crashed while it had the call.
    Crashed,
    /// There is no server, or it ended before it came to the call.
    Absent,
    /// The server takes no more for now.
    Busy,
    /// A policy further in refused: open circuit, exceeded rate, full bulkhead.
    Refused,
    /// The caller no longer waits.
    Cancelled,
    /// A closure panicked.
    Panicked,
}

/// What a circuit breaker makes of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// For it.
    Success,
    /// Against it.
    Failure,
    /// Neither: a probe's permit comes back.
    Neutral,
}

/// What a retry makes of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Again {
    /// Try again.
    Yes,
    /// Try again, not before so long.
    After(Duration),
    /// Try again if it does no harm that it may have run already.
    IfIdempotent,
    /// Stop.
    No,
}

impl Class {
    /// What a circuit breaker makes of it.
    pub const fn counts(self) -> Counts {
        match self {
            Class::Success => Counts::Success,
            Class::Transient
            | Class::Permanent
            | Class::Throttled { .. }
            | Class::TimedOut { .. }
            | Class::Crashed
            | Class::Absent
            | Class::Panicked => Counts::Failure,
            Class::Ignored | Class::Busy | Class::Refused | Class::Cancelled => Counts::Neutral,
        }
    }

    /// What a retry makes of it.
    pub const fn again(self) -> Again {
        match self {
            Class::Transient | Class::Absent | Class::Busy | Class::TimedOut { began: false } => Again::Yes,
            Class::Throttled { retry_after } => Again::After(retry_after),
            Class::TimedOut { began: true } | Class::Crashed => Again::IfIdempotent,
            Class::Success
            | Class::Permanent
            | Class::Ignored
            | Class::Refused
            | Class::Cancelled
            | Class::Panicked => Again::No,
        }
    }

    /// Whether nothing ran and nothing was used up, so that a rate limiter gives its grant back.
    pub const fn is_unspent(self) -> bool {
        matches!(self, Class::Absent | Class::Busy | Class::Refused)
    }

    /// `Success` for `Ok`, `Transient` for any `Err`: how an outcome counts that nobody judges.
    pub const fn of<T, E>(outcome: &Result<T, E>) -> Self {
        match outcome {
            Ok(_) => Class::Success,
            Err(_) => Class::Transient,
        }
    }
}

/// An error that knows how it counts.
///
/// A handler's error type that implements it is asked by every policy of that handler; other errors count as
/// [`Class::Transient`]. `when` and `ignore` on an attribute come first.
///
/// # Examples
///
/// ```
/// use noex::resilience::{Class, Classify};
/// use std::time::Duration;
///
/// enum BankError { Closed, NoSuchAccount, Busy { seconds: u64 } }
///
/// impl Classify for BankError {
///     fn class(&self) -> Class {
///         match self {
///             BankError::Closed => Class::Transient,
///             BankError::NoSuchAccount => Class::Ignored,
///             BankError::Busy { seconds } => Class::Throttled { retry_after: Duration::from_secs(*seconds) },
///         }
///     }
/// }
/// ```
pub trait Classify {
    /// How it counts.
    fn class(&self) -> Class;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_certainly_did_not_run_may_be_tried_again_or_was_refused() {
        for class in [Class::Absent, Class::Busy, Class::TimedOut { began: false }] {
            assert_eq!(class.again(), Again::Yes, "{class:?}");
        }
        assert_eq!(Class::Refused.again(), Again::No);
    }

    #[test]
    fn a_refusal_and_a_caller_that_left_are_neither_success_nor_failure() {
        for class in [Class::Refused, Class::Cancelled, Class::Ignored, Class::Busy] {
            assert_eq!(class.counts(), Counts::Neutral, "{class:?}");
        }
    }
}
