//! How the policies of a call handler are declared.

use std::{convert::Infallible, fmt, time::Duration};

use super::{Answered, Hedging, Protection, protection::Boxed};
use crate::{
    CallError, GenServer, Name, Target,
    resilience::{
        BulkheadOptions, CircuitBreakerOptions, Class, Demand, Fault, Hedge, HedgeOptions,
        LoadShedderOptions, NamedError, PolicyKind, RateLimitOptions, RetryOptions, Scope, TimeoutOptions,
        stack::{
            BreakerLayer, BulkheadLayer, FallbackLayer, Judge, Layer, LimitLayer, Reset, RetryLayer,
            ShedLayer, TimeoutLayer,
        },
    },
    rules::policy::Key,
};

/// The policies of one call handler, the outermost first.
pub struct CallPolicies<'a, S: GenServer> {
    pub(super) protection: &'a mut Protection<S>,
    pub(super) handler: &'static str,
    pub(super) variant: usize,
    pub(super) class: fn(&S::Reply) -> Class,
    /// Of the last policy.
    pub(super) reset: Option<Reset>,
}

/// What a key of a policy is: part of the message.
pub(super) type KeyOf<M, K> = fn(&M) -> &K;

impl<S: GenServer> CallPolicies<'_, S> {
    /// Puts what `instead` gives in the place of an error. `read` and `write` take the reply apart and put it together;
    /// `says`: the words of an error, for events.
    pub fn fallback<T: 'static, E: 'static>(
        self,
        says: fn(&S::Reply) -> Option<String>,
        read: fn(S::Reply) -> Result<T, E>,
        instead: fn(CallError<E>) -> Result<T, E>,
        write: fn(Result<T, E>) -> S::Reply,
    ) -> Self {
        let target = Target { server: Name::of(&self.protection.place.server), handler: self.handler };
        let judge = self.judge(None);
        let identity = self.protection.place.own(PolicyKind::Fallback, self.handler);
        let of = target.clone();
        let says = Box::new(move |answer: &Answered<S>| match answer {
            Ok(reply) => says(reply),
            Err(unserved) => Some(unserved.clone().at::<Infallible>(of.clone()).to_string()),
        });
        let layer = FallbackLayer::new(identity, judge, says, move |outcome: Answered<S>| {
            let error = match outcome {
                Ok(reply) => match read(reply) {
                    Ok(value) => return Ok(write(Ok(value))),
                    Err(error) => CallError::Handler(error),
                },
                Err(unserved) => unserved.at(target.clone()),
            };
            Ok(write(instead(error)))
        });
        self.push(layer)
    }

    /// Limits the time of what is further in.
    pub fn timeout(self, options: TimeoutOptions) -> Self {
        let layer = TimeoutLayer::new(&self.protection.place, self.handler, options);
        self.push_or_note(layer)
    }

    /// Tries again what fails. `when`: how replies count, in place of the handler's `class`; `copy`: one more of the
    /// message.
    pub fn retry(
        self,
        options: RetryOptions,
        when: Option<fn(&S::Reply) -> Class>,
        copy: fn(&S::Call) -> S::Call,
    ) -> Self {
        let judge = self.judge(when);
        let layer = RetryLayer::new(&self.protection.place, self.handler, options, judge, copy);
        self.push_or_note(layer)
    }

    /// As [`retry`](CallPolicies::retry), and what was begun and is late is not run again: the next attempt waits for
    /// its reply, for no longer than `dedupe` after it was late.
    pub fn retry_deduped(
        self,
        options: RetryOptions,
        when: Option<fn(&S::Reply) -> Class>,
        copy: fn(&S::Call) -> S::Call,
        dedupe: Duration,
    ) -> Self {
        let judge = self.judge(when);
        // To ask once more does no harm: as if it had not begun.
        let judge = Box::new(move |answer: &Answered<S>| match judge(answer) {
            Class::TimedOut { .. } => Class::TimedOut { began: false },
            class => class,
        });
        self.protection.calls[self.variant].dedupe = Some(dedupe);
        let place = &self.protection.place;
        let layer = match dedupe.is_zero() {
            true => {
                let fault =
                    Fault { option: "dedupe", rule: "a reply that is kept for no time answers nobody" };
                Err(fault.of(&place.own(PolicyKind::Retry, self.handler).name).into())
            }
            false => RetryLayer::new(place, self.handler, options, judge, copy),
        };
        self.push_or_note(layer)
    }

    /// Refuses calls while too many fail.
    pub fn circuit_breaker(
        self,
        options: CircuitBreakerOptions,
        scope: Scope,
        when: Option<fn(&S::Reply) -> Class>,
    ) -> Self {
        let judge = self.judge(when);
        let layer = BreakerLayer::new(&self.protection.place, self.handler, options, scope, judge);
        self.push_or_note(layer)
    }

    /// A circuit breaker for each key.
    pub fn circuit_breaker_by<K: Key>(
        self,
        options: CircuitBreakerOptions,
        scope: Scope,
        when: Option<fn(&S::Reply) -> Class>,
        key: KeyOf<S::Call, K>,
    ) -> Self {
        let judge = self.judge(when);
        let layer = BreakerLayer::keyed(&self.protection.place, self.handler, options, scope, judge, key);
        self.push_or_note(layer)
    }

    /// Limits the rate of calls; `cost`: what each takes, 1 without.
    pub fn rate_limit(
        self,
        options: RateLimitOptions,
        scope: Scope,
        cost: Option<fn(&S::Call) -> u32>,
    ) -> Self {
        let judge = self.judge(None);
        let layer = LimitLayer::new(&self.protection.place, self.handler, options, scope, cost, judge);
        self.push_or_note(layer)
    }

    /// Limits the rate of calls for each key.
    pub fn rate_limit_by<K: Key>(
        self,
        options: RateLimitOptions,
        scope: Scope,
        cost: Option<fn(&S::Call) -> u32>,
        key: KeyOf<S::Call, K>,
    ) -> Self {
        let judge = self.judge(None);
        let layer = LimitLayer::keyed(&self.protection.place, self.handler, options, scope, cost, judge, key);
        self.push_or_note(layer)
    }

    /// Limits how many calls run at once; `demand`: how many slots each takes and how soon, one in its turn without.
    pub fn bulkhead(
        self,
        options: BulkheadOptions,
        scope: Scope,
        demand: Option<fn(&S::Call) -> Demand>,
    ) -> Self {
        let (place, judge) = (&self.protection.place, self.judge(None));
        let layer = BulkheadLayer::new(place, self.handler, options, scope, demand, judge);
        self.push_or_note(layer)
    }

    /// Turns some away while the server does not keep up: before they are sent, and when they were queued for too long.
    pub fn load_shed(self, options: LoadShedderOptions, scope: Scope) -> Self {
        let layer = ShedLayer::new(&self.protection.place, self.handler, options, scope, self.judge(None));
        if let Ok(layer) = &layer
            && layer.shedder().minds_queues()
        {
            self.protection.calls[self.variant].shedders.push(layer.shedder().clone());
        }
        self.push_or_note(layer)
    }

    /// Has each attempt be several runs when the first one is slow: innermost, wherever it is said.
    pub fn hedge(self, options: HedgeOptions, copy: fn(&S::Call) -> S::Call) -> Self {
        match Hedge::within(self.protection.place.own(PolicyKind::Hedge, self.handler), options) {
            Ok(hedge) => {
                let hedging = Hedging { hedge, copy, class: self.class };
                self.protection.calls[self.variant].hedging = Some(hedging);
            }
            Err(fault) => drop(self.protection.fault.get_or_insert(fault.into())),
        }
        self
    }

    /// Has each life of the server begin with the last policy as it was made.
    pub fn reset_on_restart(mut self) -> Self {
        self.protection.resets.extend(self.reset.take());
        self
    }

    /// How this layer judges outcomes.
    fn judge(&self, when: Option<fn(&S::Reply) -> Class>) -> Judge<Answered<S>> {
        let class = when.unwrap_or(self.class);
        Box::new(move |answer| match answer {
            Ok(reply) => class(reply),
            Err(unserved) => unserved.class(),
        })
    }

    fn push(mut self, layer: impl Layer<S::Call, Answered<S>> + 'static) -> Self {
        self.reset = layer.reset();
        let layer = Box::new(layer) as Boxed<S::Call, Answered<S>>;
        self.protection.calls[self.variant].layers.push(layer);
        self
    }

    fn push_or_note<L: Layer<S::Call, Answered<S>> + 'static>(self, layer: Result<L, NamedError>) -> Self {
        match layer {
            Ok(layer) => self.push(layer),
            Err(fault) => {
                self.protection.fault.get_or_insert(fault);
                self
            }
        }
    }
}

impl<S: GenServer> fmt::Debug for CallPolicies<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallPolicies").field("handler", &self.handler).finish_non_exhaustive()
    }
}
