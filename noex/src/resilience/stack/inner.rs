//! The layers that never refuse: time-out, retry, fallback.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    layer::{Deadline, Entry, Held, Judge, Late, Layer, Left, Outcome},
    place::Place,
};
use crate::resilience::{
    Class, Identity, NamedError, Policy, PolicyEvent, PolicyKind, PolicyStatus, Retry, RetryOptions, Timeout,
    TimeoutOptions,
    retry::{Attempts, Next},
};

/// A limit on the time of what is further in.
pub(crate) struct TimeoutLayer {
    timeout: Timeout,
}

impl TimeoutLayer {
    pub(crate) fn new(place: &Place, handler: &str, options: TimeoutOptions) -> Result<Self, NamedError> {
        Ok(TimeoutLayer::of(Timeout::within(place.own(PolicyKind::Timeout, handler), options)?))
    }

    pub(crate) fn of(timeout: Timeout) -> Self {
        TimeoutLayer { timeout }
    }
}

impl<R, O: Outcome> Layer<R, O> for TimeoutLayer {
    fn enter(&self, _: &R, _: &mut Option<O>) -> Entry {
        Entry::Passed(Held::Deadline(Deadline::of(self.timeout.own_limit())))
    }

    fn leave(&self, _: Held, _: &O) -> Left {
        self.timeout.was_met();
        Left::Done
    }

    fn expired(&self, late: Late) -> O {
        O::timed_out(self.timeout.was_missed(late.limit, late.elapsed), late.began)
    }
}

/// Further attempts of what is further in.
pub(crate) struct RetryLayer<R, O> {
    retry: Retry,
    judge: Judge<O>,
    copy: fn(&R) -> R,
}

impl<R, O> RetryLayer<R, O> {
    pub(crate) fn new(
        place: &Place,
        handler: &str,
        options: RetryOptions,
        judge: Judge<O>,
        copy: fn(&R) -> R,
    ) -> Result<Self, NamedError> {
        Ok(RetryLayer::of(Retry::within(place.own(PolicyKind::Retry, handler), options)?, judge, copy))
    }

    pub(crate) fn of(retry: Retry, judge: Judge<O>, copy: fn(&R) -> R) -> Self {
        RetryLayer { retry, judge, copy }
    }
}

impl<R, O> Layer<R, O> for RetryLayer<R, O> {
    fn enter(&self, _: &R, _: &mut Option<O>) -> Entry {
        Entry::Passed(Held::Attempts(self.retry.attempts()))
    }

    fn leave(&self, held: Held, outcome: &O) -> Left {
        let Held::Attempts(attempts) = held else { unreachable!("a retry holds its attempts") };
        match (self.judge)(outcome) {
            Class::Success if attempts.is_first() => Left::Done,
            class => Left::Failed(attempts, class),
        }
    }

    fn again(&self, attempts: &mut Attempts, class: Class) -> Option<Duration> {
        attempts.hurry();
        match self.retry.next(attempts, class) {
            Next::After(after) => Some(after),
            Next::Stop => None,
        }
    }

    fn copy(&self, held: &Held, request: &R) -> Option<R> {
        match held {
            Held::Attempts(attempts) if !self.retry.is_last(attempts) => Some((self.copy)(request)),
            _ => None,
        }
    }
}

/// Something in the place of an error.
pub(crate) struct FallbackLayer<O> {
    core: Arc<FallbackCore>,
    judge: Judge<O>,
    says: Says<O>,
    instead: Box<dyn Fn(O) -> O + Send + Sync>,
}

/// What an error says, for those who listen; `None`: it has no words.
pub(crate) type Says<O> = Box<dyn Fn(&O) -> Option<String> + Send + Sync>;

struct FallbackCore {
    identity: Identity,
    fell_back: AtomicU64,
}

impl<O> FallbackLayer<O> {
    pub(crate) fn new(
        identity: Identity,
        judge: Judge<O>,
        says: Says<O>,
        instead: impl Fn(O) -> O + Send + Sync + 'static,
    ) -> Self {
        let core = Arc::new(FallbackCore { identity, fell_back: AtomicU64::new(0) });
        if let Some(system) = core.identity.system() {
            system.book().list(&core);
        }
        FallbackLayer { core, judge, says, instead: Box::new(instead) }
    }
}

impl<R, O> Layer<R, O> for FallbackLayer<O> {
    fn enter(&self, _: &R, _: &mut Option<O>) -> Entry {
        Entry::Passed(Held::Nothing)
    }

    fn leave(&self, _: Held, outcome: &O) -> Left {
        let class = (self.judge)(outcome);
        if class == Class::Success {
            return Left::Done;
        }
        self.core.fell_back.fetch_add(1, Ordering::Relaxed);
        self.core.identity.tell(|| PolicyEvent::FellBack {
            error: (self.says)(outcome).unwrap_or_else(|| format!("{class:?}")).into(),
        });
        Left::Replaced
    }

    fn instead(&self, outcome: O) -> O {
        (self.instead)(outcome)
    }
}

impl Policy for FallbackCore {
    fn kind(&self) -> PolicyKind {
        self.identity.kind
    }

    fn name(&self) -> &Arc<str> {
        &self.identity.name
    }

    fn status(&self) -> PolicyStatus {
        let counters = vec![("fell_back", self.fell_back.load(Ordering::Relaxed))];
        PolicyStatus { kind: self.kind(), name: self.name().clone(), state: "", counters }
    }
}
