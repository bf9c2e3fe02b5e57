//! One call's attempts: whether there is another, and when. No future and no lock, so that everything that
//! retries is built on it.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::time::Instant;

use super::{Core, RetryOptions, backoff::Backoff};
use crate::{
    process::door::now,
    resilience::{Again, Class, PolicyEvent, deadline},
};

/// What is known of one call.
#[derive(Debug)]
pub(crate) struct Attempts {
    /// How many are done.
    made: u32,
    backoff: Backoff,
    /// When whoever asked for it waits no longer.
    deadline: Option<Instant>,
    /// After this, no attempt begins.
    last_begin: Option<Instant>,
}

/// What comes after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another one, after so long; with 0, after other tasks have run.
    After(Duration),
    /// Nothing: its outcome is that of the call.
    Stop,
}

impl Core {
    /// For one call, in its first poll: the deadline is that of whoever polls. Without a deadline and
    /// `max_elapsed` it reads no clock.
    pub(crate) fn attempts(&self) -> Attempts {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if let Some(budget) = &self.budget {
            budget.deposit();
        }
        let backoff = Backoff::new(&self.options);
        let deadline = deadline::after(None).map(|(at, _)| at);
        let last_begin = self.options.max_elapsed.and_then(|limit| now().checked_add(limit));
        Attempts { made: 0, backoff, deadline, last_begin }
    }

    /// After each attempt of `attempts`, with how it counts.
    #[inline]
    pub(crate) fn next(&self, attempts: &mut Attempts, class: Class) -> Next {
        attempts.made += 1;
        if matches!(class, Class::Success) && attempts.made == 1 {
            return Next::Stop;
        }
        self.decide(attempts, class)
    }

    #[cold]
    fn decide(&self, attempts: &mut Attempts, class: Class) -> Next {
        let attempt = attempts.made;
        let hint = match class.again() {
            Again::Yes => Duration::ZERO,
            Again::After(hint) => hint,
            Again::IfIdempotent if self.options.idempotent => Duration::ZERO,
            Again::No if class == Class::Refused && self.options.retry_rejected => Duration::ZERO,
            Again::No if class == Class::Success => {
                self.recovered.fetch_add(1, Ordering::Relaxed);
                self.identity.tell(|| PolicyEvent::Recovered { attempts: attempt });
                return Next::Stop;
            }
            Again::IfIdempotent | Again::No => {
                self.not_retryable.fetch_add(1, Ordering::Relaxed);
                self.identity.tell(|| PolicyEvent::NotRetryable { attempt });
                return Next::Stop;
            }
        };
        let after = attempts.backoff.next(&self.options, &self.dice).max(hint);
        if attempt >= self.options.max_attempts || !attempts.has_time_for(after) {
            self.exhausted.fetch_add(1, Ordering::Relaxed);
            self.identity.tell(|| PolicyEvent::Exhausted { attempts: attempt });
            return Next::Stop;
        }
        // Whatever timed out may still be at work.
        let cost = if matches!(class, Class::TimedOut { .. }) { 2 } else { 1 };
        if self.budget.as_ref().is_some_and(|budget| !budget.withdraw(cost)) {
            self.budget_spent.fetch_add(1, Ordering::Relaxed);
            self.identity.tell(|| PolicyEvent::BudgetSpent { attempt });
            return Next::Stop;
        }
        self.retries.fetch_add(1, Ordering::Relaxed);
        self.identity.tell(|| PolicyEvent::Retrying { attempt, after });
        Next::After(after)
    }
}

impl Attempts {
    /// Whether the attempt about to begin is the last one.
    pub(super) fn is_last(&self, options: &RetryOptions) -> bool {
        self.made + 1 >= options.max_attempts
    }

    /// Whether none is done yet.
    #[inline]
    pub(crate) fn is_first(&self) -> bool {
        self.made == 0
    }

    /// Somebody further out has begun to look at the clock.
    pub(crate) fn hurry(&mut self) {
        self.deadline = deadline::after(None).map(|(at, _)| at);
    }

    /// Whether an attempt can begin after this delay. Nobody sleeps only to be late.
    fn has_time_for(&self, delay: Duration) -> bool {
        // A hint of `Duration::MAX` means never.
        let Some(begin) = now().checked_add(delay) else { return false };
        self.deadline.is_none_or(|deadline| begin < deadline)
            && self.last_begin.is_none_or(|last| begin <= last)
    }
}
