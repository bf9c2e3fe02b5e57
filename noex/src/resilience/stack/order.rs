//! In which order the policies of a stack make sense: the rules that handlers are held to when they are compiled.

use std::{sync::Arc, time::Duration};

use thiserror::Error;

use crate::resilience::PolicyKind;

/// What the order is checked by.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) kind: PolicyKind,
    /// A policy's own: two of one name have each one of theirs.
    pub(super) name: Arc<str>,
    /// Of a time-out its limit, of a retry the first pause, where that is known.
    pub(super) time: Option<Duration>,
}

/// The first order among these that defeats itself; the first policy is outermost.
pub(super) fn check(said: &[Said]) -> Result<(), OrderError> {
    for (at, inner) in said.iter().enumerate() {
        for (outer_at, outer) in said[..at].iter().enumerate() {
            if let Some(rule) = defeats(outer, &said[outer_at + 1..at], inner) {
                return Err(OrderError { outer: outer.kind, inner: inner.kind, rule });
            }
        }
    }
    Ok(())
}

/// What makes one policy around another one senseless: the rules that handlers are held to as well.
fn defeats(outer: &Said, between: &[Said], inner: &Said) -> Option<&'static str> {
    let retries = between.iter().any(|said| said.kind == PolicyKind::Retry);
    let is_over = outer.time.zip(inner.time).is_some_and(|(total, time)| total <= time);
    Some(match (outer.kind, inner.kind) {
        (PolicyKind::Retry, PolicyKind::Fallback) => "a retry around a fallback never sees a failure",
        (PolicyKind::Retry, PolicyKind::Retry) => "a retry of retries multiplies the attempts",
        (PolicyKind::Timeout, PolicyKind::Timeout) if !retries => {
            "of two time-outs around the same attempt one can never fire"
        }
        (PolicyKind::Timeout, PolicyKind::Timeout) if is_over => {
            "the time-out around all attempts is over before that of one can be"
        }
        (PolicyKind::Timeout, PolicyKind::Retry) if is_over => {
            "the time-out is over before the first attempt after another"
        }
        (
            PolicyKind::CircuitBreaker
            | PolicyKind::RateLimiter
            | PolicyKind::Bulkhead
            | PolicyKind::LoadShedder,
            kind,
        ) if kind == outer.kind && Arc::ptr_eq(&inner.name, &outer.name) => "it is the same policy twice",
        _ => return None,
    })
}

/// An order of policies that defeats itself.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
#[error("{outer} around {inner}: {rule}")]
pub struct OrderError {
    /// The policy further out.
    pub outer: PolicyKind,
    /// The policy further in.
    pub inner: PolicyKind,
    /// What is wrong.
    pub rule: &'static str,
}
