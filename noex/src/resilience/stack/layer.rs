//! One policy as a layer of a stack: what happens on the way in, and on the way out.

use std::{future::Future, pin::Pin, time::Duration};

use tokio::time::Instant;

use crate::resilience::{
    BulkheadFull, CircuitBreaker, CircuitOpen, Class, Disposed, RateLimited, Shed, TimedOut,
    bulkhead::Permit, circuit_breaker::Pass, rate_limit::Grant, retry::Attempts,
};

/// A policy around something that is asked with an `R` and has an `O` as its outcome.
///
/// ```text
/// enter ─▶ what it holds ─▶ (the layers further in, the operation) ─▶ leave ─▶ the outcome, or once more
///    └──▶ a refusal                                                     cancel: the caller has left
/// ```
///
/// Whatever `enter` gave is handed to exactly one `leave` or `cancel`.
pub(crate) trait Layer<R, O>: Send + Sync {
    /// The way in. A refusal is an outcome, put where it is asked for: it is large, and not to be moved about.
    fn enter(&self, request: &R, refused: &mut Option<O>) -> Entry;

    /// The way out, with what was held and the outcome.
    fn leave(&self, held: Held, outcome: &O) -> Left;

    /// Whether to try once more what failed, and after which pause; only of layers that hold attempts. It is asked
    /// under the deadlines that are held.
    fn again(&self, _attempts: &mut Attempts, _class: Class) -> Option<Duration> {
        unreachable!("only a retry tries again")
    }

    /// What is put in the place of the outcome; only of layers that said so.
    fn instead(&self, _outcome: O) -> O {
        unreachable!("only a fallback has something to put there")
    }

    /// The caller has left, or a time-out further out is over; `panicked`: the operation did.
    fn cancel(&self, held: Held, panicked: bool) {
        drop((held, panicked));
    }

    /// Its time is over; only of layers that hold a deadline.
    fn expired(&self, _late: Late) -> O {
        unreachable!("only a time-out holds a deadline")
    }

    /// The request for the attempt about to begin, if there may be another one after it.
    fn copy(&self, _held: &Held, _request: &R) -> Option<R> {
        None
    }

    /// What puts the layer's policy back to its beginning.
    fn reset(&self) -> Option<Reset> {
        None
    }
}

/// What a layer says on the way in.
pub(crate) enum Entry {
    /// Go on in.
    Passed(Held),
    /// Wait for this first.
    Wait(Wait),
    /// No.
    Refused,
}

/// Says no, and why.
#[inline(always)]
pub(super) fn refuse<O: Outcome>(refusal: impl Into<Refusal>, refused: &mut Option<O>) -> Entry {
    *refused = Some(O::refused(refusal.into()));
    Entry::Refused
}

/// A wait for admission.
pub(crate) type Wait = Pin<Box<dyn Future<Output = Result<Held, Refusal>> + Send>>;

/// What a layer holds while the operation runs.
#[derive(Default)]
pub(crate) enum Held {
    #[default]
    Nothing,
    Pass {
        pass: Pass,
        /// When it was given, where the breaker times calls.
        since: Option<Instant>,
        /// The breaker, where there is one for each key.
        of: Option<CircuitBreaker>,
    },
    /// With what stands for its key.
    Grant(Grant, u64),
    Permit(Permit),
    Attempts(Attempts),
    Deadline(Deadline),
}

/// What ran out of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Late {
    /// The limit.
    pub(crate) limit: Duration,
    /// How long it was since the limit was set.
    pub(crate) elapsed: Duration,
    /// The operation may have run; `false`: it did not and will not.
    pub(crate) began: bool,
}

/// The limit of a time-out; nobody looks at the clock before there is something to wait for.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    pub(super) limit: Duration,
    pub(super) set: Option<Set>,
}

/// A deadline from when somebody has looked at the clock.
#[derive(Clone, Copy)]
pub(crate) struct Set {
    pub(super) start: Instant,
    /// When it is over: no later than the caller around it waits.
    pub(super) at: Instant,
    /// How long that is.
    pub(super) limit: Duration,
}

impl Deadline {
    pub(super) fn of(limit: Duration) -> Self {
        Deadline { limit, set: None }
    }
}

/// What a layer says on the way out.
pub(crate) enum Left {
    /// The outcome stays as it is.
    Done,
    /// It failed: see whether there is [another attempt](Layer::again).
    Failed(Attempts, Class),
    /// There is [something else](Layer::instead).
    Replaced,
}

/// Why a layer lets nothing in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    CircuitOpen(CircuitOpen),
    RateLimited(RateLimited),
    BulkheadFull(BulkheadFull),
    Shed(Shed),
    Disposed(Disposed),
}

/// What an operation ends with.
pub(crate) trait Outcome: Sized {
    /// A layer did not let it in.
    fn refused(refusal: Refusal) -> Self;
    /// A layer, or the caller's own limit, did not let it end.
    fn timed_out(timed_out: TimedOut, began: bool) -> Self;
    /// Whether the operation itself ran out of time, and if so, whether it may have run.
    fn is_late(&self) -> Option<bool> {
        None
    }
}

/// What puts a policy back to its beginning.
pub(crate) type Reset = Box<dyn Fn() + Send + Sync>;

/// How a layer judges an outcome.
pub(crate) type Judge<O> = Box<dyn Fn(&O) -> Class + Send + Sync>;
