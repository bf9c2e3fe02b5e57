//! How the policies of a cast or info handler are declared.

use std::fmt;

use super::{Unserved, call_policies::KeyOf, protection::BoxedSent};
use crate::{
    Message,
    resilience::{
        CircuitBreakerOptions, Class, NamedError, RateLimitOptions, Scope,
        stack::{BreakerLayer, Layer, LimitLayer, Place, Reset},
    },
    rules::policy::Key,
};

/// The policies of one cast or info handler, the outermost first: those that need no reply to judge.
pub struct CastPolicies<'a, M> {
    pub(super) place: &'a Place,
    pub(super) handler: &'static str,
    pub(super) layers: &'a mut Vec<BoxedSent<M>>,
    pub(super) resets: &'a mut Vec<Reset>,
    /// Of the last policy.
    pub(super) reset: Option<Reset>,
    pub(super) fault: &'a mut Option<NamedError>,
}

impl<M: Message> CastPolicies<'_, M> {
    /// Refuses messages while the breaker of this name is open. It learns from the calls of other handlers.
    pub fn circuit_breaker(self, options: CircuitBreakerOptions, scope: Scope) -> Self {
        let judge = Box::new(|_: &_| Class::Cancelled);
        let layer = BreakerLayer::new(self.place, self.handler, options, scope, judge);
        self.push(layer)
    }

    /// Limits the rate of messages; `cost`: what each takes, 1 without.
    pub fn rate_limit(self, options: RateLimitOptions, scope: Scope, cost: Option<fn(&M) -> u32>) -> Self {
        let layer = LimitLayer::new(self.place, self.handler, options, scope, cost, Box::new(refused));
        self.push(layer)
    }

    /// Limits the rate of messages for each key.
    pub fn rate_limit_by<K: Key>(
        self,
        options: RateLimitOptions,
        scope: Scope,
        cost: Option<fn(&M) -> u32>,
        key: KeyOf<M, K>,
    ) -> Self {
        let layer = LimitLayer::keyed(self.place, self.handler, options, scope, cost, Box::new(refused), key);
        self.push(layer)
    }

    /// Has each life of the server begin with the last policy as it was made.
    pub fn reset_on_restart(mut self) -> Self {
        self.resets.extend(self.reset.take());
        self
    }

    fn push<L>(mut self, layer: Result<L, NamedError>) -> Self
    where
        L: Layer<M, Result<(), Unserved>> + 'static,
    {
        match layer {
            Ok(layer) => {
                self.reset = layer.reset();
                self.layers.push(Box::new(layer));
            }
            Err(fault) => drop(self.fault.get_or_insert(fault)),
        }
        self
    }
}

/// What a layer further in refused was never sent.
fn refused(outcome: &Result<(), Unserved>) -> Class {
    match outcome {
        Ok(()) => Class::Success,
        Err(unserved) => unserved.class(),
    }
}

impl<M> fmt::Debug for CastPolicies<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CastPolicies").field("handler", &self.handler).finish_non_exhaustive()
    }
}
