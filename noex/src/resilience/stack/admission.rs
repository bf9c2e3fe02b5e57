//! The layers that let in or refuse: circuit breaker, rate limit, bulkhead.

use std::sync::Arc;

use super::{
    layer::{Entry, Held, Judge, Layer, Left, Outcome, Refusal, Reset, refuse},
    place::{Place, Scope},
};
use crate::{
    process::door::now,
    resilience::{
        Again, Bulkhead, BulkheadFull, BulkheadOptions, CircuitBreaker, CircuitBreakerOptions, Class, Counts,
        Demand, Disposed, FullBy, KeyedCircuitBreaker, KeyedRateLimiter, LimitedBy, LimiterKey, NamedError,
        PolicyKind, RateLimitOptions, RateLimited, RateLimiter,
        circuit_breaker::{self, Admission, Pass},
        rate_limit::{Denied, Grant},
    },
    rules::policy::Key,
};

type KeyOf<R, K> = fn(&R) -> &K;

/// A circuit breaker around what is further in.
pub(crate) struct BreakerLayer<R, O> {
    breakers: Breakers<R>,
    judge: Judge<O>,
}

/// The breaker of a request's key.
type OfKey<R> = Box<dyn Fn(&R) -> Result<CircuitBreaker, Refusal> + Send + Sync>;

enum Breakers<R> {
    One(CircuitBreaker),
    /// One for each key, and what resets them all.
    Keyed(OfKey<R>, Arc<dyn Fn() + Send + Sync>),
}

impl<R: 'static, O> BreakerLayer<R, O> {
    pub(crate) fn new(
        place: &Place,
        handler: &str,
        options: CircuitBreakerOptions,
        scope: Scope,
        judge: Judge<O>,
    ) -> Result<Self, NamedError> {
        let breaker = match place.shared(scope, handler) {
            Some(name) => CircuitBreaker::shared(&place.system, &name, options)?,
            None => CircuitBreaker::within(place.own(PolicyKind::CircuitBreaker, handler), options)?,
        };
        Ok(BreakerLayer::of(breaker, judge))
    }

    pub(crate) fn of(breaker: CircuitBreaker, judge: Judge<O>) -> Self {
        BreakerLayer { breakers: Breakers::One(breaker), judge }
    }

    pub(crate) fn keyed<K: Key>(
        place: &Place,
        handler: &str,
        options: CircuitBreakerOptions,
        scope: Scope,
        judge: Judge<O>,
        key: KeyOf<R, K>,
    ) -> Result<Self, NamedError> {
        let breakers = match place.shared(scope, handler) {
            Some(name) => KeyedCircuitBreaker::<K>::shared(&place.system, &name, options)?,
            None => {
                KeyedCircuitBreaker::<K>::within(place.own(PolicyKind::CircuitBreaker, handler), options)?
            }
        };
        let all = breakers.clone();
        let reset =
            move || all.keys().iter().filter_map(|key| all.breaker(key).ok()).for_each(|it| it.reset());
        let keyed = move |request: &R| breakers.breaker(key(request)).map_err(Refusal::Disposed);
        Ok(BreakerLayer { breakers: Breakers::Keyed(Box::new(keyed), Arc::new(reset)), judge })
    }

    fn finish(&self, held: Held, class: Class) {
        let Held::Pass { pass, since, of } = held else { return };
        let breaker = match (&of, &self.breakers) {
            (Some(breaker), _) | (None, Breakers::One(breaker)) => breaker,
            (None, Breakers::Keyed(..)) => unreachable!("a pass of a key has its breaker"),
        };
        let hint = match class.again() {
            Again::After(hint) => Some(hint),
            _ => None,
        };
        breaker.finish(pass, class.counts(), since.map(|since| now() - since), hint);
    }
}

impl<R: 'static, O: Outcome> Layer<R, O> for BreakerLayer<R, O> {
    fn enter(&self, request: &R, refused: &mut Option<O>) -> Entry {
        let of = match &self.breakers {
            Breakers::One(_) => None,
            Breakers::Keyed(of, _) => match of(request) {
                Ok(breaker) => Some(breaker),
                Err(refusal) => return refuse(refusal, refused),
            },
        };
        let breaker = match (&of, &self.breakers) {
            (Some(breaker), _) | (None, Breakers::One(breaker)) => breaker,
            (None, Breakers::Keyed(..)) => unreachable!("it has one by now"),
        };
        let (times, admission) = (breaker.times_calls(), breaker.admit());
        if let Admission::Refused(denied) = admission {
            return refuse(breaker.refusal(denied), refused);
        }
        let hold = move |pass: Pass| Held::Pass { pass, since: times.then(now), of };
        match admission {
            Admission::Pass(pass) => Entry::Passed(hold(pass)),
            Admission::Refused(_) => unreachable!("it has returned"),
            Admission::Wait(verdict) => {
                Entry::Wait(Box::pin(async move { verdict.await.map(hold).map_err(Refusal::from) }))
            }
        }
    }

    fn leave(&self, held: Held, outcome: &O) -> Left {
        let class = (self.judge)(outcome);
        match (&held, &self.breakers, class) {
            (&Held::Pass { pass, since: None, of: None }, Breakers::One(breaker), Class::Success) => {
                breaker.finish(pass, Counts::Success, None, None);
            }
            _ => self.finish(held, class),
        }
        Left::Done
    }

    fn cancel(&self, held: Held, panicked: bool) {
        self.finish(held, if panicked { Class::Panicked } else { Class::Cancelled });
    }

    fn reset(&self) -> Option<Reset> {
        Some(match &self.breakers {
            Breakers::One(breaker) => {
                let breaker = breaker.clone();
                Box::new(move || breaker.reset())
            }
            Breakers::Keyed(_, reset) => {
                let reset = reset.clone();
                Box::new(move || reset())
            }
        })
    }
}

impl From<circuit_breaker::Refusal> for Refusal {
    #[inline(always)]
    fn from(refusal: circuit_breaker::Refusal) -> Self {
        match refusal {
            circuit_breaker::Refusal::Open(open) => Refusal::CircuitOpen(open),
            circuit_breaker::Refusal::Disposed(disposed) => Refusal::Disposed(disposed),
        }
    }
}

/// A rate limit in front of what is further in.
pub(crate) struct LimitLayer<L, O> {
    limit: L,
    judge: Judge<O>,
    drains: bool,
}

impl<R, O> LimitLayer<Plain<R>, O> {
    pub(crate) fn new(
        place: &Place,
        handler: &str,
        options: RateLimitOptions,
        scope: Scope,
        cost: Option<fn(&R) -> u32>,
        judge: Judge<O>,
    ) -> Result<Self, NamedError> {
        let limiter = limiter::<()>(place, handler, options, scope)?;
        Ok(LimitLayer::plain(limiter, cost, judge))
    }

    pub(crate) fn of(limiter: RateLimiter, judge: Judge<O>) -> Self {
        LimitLayer::plain(limiter.into_keyed(), None, judge)
    }

    fn plain(limiter: KeyedRateLimiter<()>, cost: Option<fn(&R) -> u32>, judge: Judge<O>) -> Self {
        let (waits, drains) = (limiter.has_queue(), limiter.drains());
        LimitLayer { limit: Plain { limiter, cost, waits }, judge, drains }
    }
}

impl<R, K: LimiterKey, O> LimitLayer<Keyed<R, K>, O> {
    #[allow(clippy::too_many_arguments, reason = "what a handler's attribute says, in its order")]
    pub(crate) fn keyed(
        place: &Place,
        handler: &str,
        options: RateLimitOptions,
        scope: Scope,
        cost: Option<fn(&R) -> u32>,
        judge: Judge<O>,
        key: KeyOf<R, K>,
    ) -> Result<Self, NamedError> {
        let limiter = limiter::<K>(place, handler, options, scope)?;
        let (waits, drains) = (limiter.has_queue(), limiter.drains());
        Ok(LimitLayer { limit: Keyed { limiter, key, cost, waits }, judge, drains })
    }
}

fn limiter<K: LimiterKey>(
    place: &Place,
    handler: &str,
    options: RateLimitOptions,
    scope: Scope,
) -> Result<KeyedRateLimiter<K>, NamedError> {
    Ok(match place.shared(scope, handler) {
        Some(name) => KeyedRateLimiter::shared(&place.system, &name, options)?,
        None => KeyedRateLimiter::within(place.own(PolicyKind::RateLimiter, handler), options)?,
    })
}

/// A limiter, asked with a request. On the way out the request may be gone, and its key is known by its hash.
pub(crate) trait Limit<R>: Send + Sync {
    fn enter<O: Outcome>(&self, request: &R, refused: &mut Option<O>) -> Entry;
    fn refund(&self, grant: Grant, key: u64);
    fn drain(&self, key: u64);
    fn reset(&self) -> Option<Reset>;
}

/// One budget for all.
pub(crate) struct Plain<R> {
    limiter: KeyedRateLimiter<()>,
    cost: Option<fn(&R) -> u32>,
    waits: bool,
}

impl<R> Limit<R> for Plain<R> {
    fn enter<O: Outcome>(&self, request: &R, refused: &mut Option<O>) -> Entry {
        enter(&self.limiter, &(), 0, self.cost.map_or(1, |cost| cost(request)), self.waits, refused)
    }

    fn refund(&self, grant: Grant, _: u64) {
        self.limiter.refund(self.limiter.hash(&()), grant);
    }

    fn drain(&self, _: u64) {
        self.limiter.drain(&());
    }

    fn reset(&self) -> Option<Reset> {
        let limiter = self.limiter.clone();
        Some(Box::new(move || {
            limiter.reset(&());
        }))
    }
}

/// A budget for each key, which is part of the request.
pub(crate) struct Keyed<R, K: LimiterKey> {
    limiter: KeyedRateLimiter<K>,
    key: KeyOf<R, K>,
    cost: Option<fn(&R) -> u32>,
    waits: bool,
}

impl<R, K: LimiterKey> Limit<R> for Keyed<R, K> {
    fn enter<O: Outcome>(&self, request: &R, refused: &mut Option<O>) -> Entry {
        let (key, cost) = ((self.key)(request), self.cost.map_or(1, |cost| cost(request)));
        enter(&self.limiter, key, self.limiter.hash(key), cost, self.waits, refused)
    }

    fn refund(&self, grant: Grant, key: u64) {
        self.limiter.refund(key, grant);
    }

    fn drain(&self, key: u64) {
        self.limiter.drain_known(key);
    }

    fn reset(&self) -> Option<Reset> {
        let limiter = self.limiter.clone();
        Some(Box::new(move || {
            for key in limiter.keys() {
                limiter.reset(&key);
            }
        }))
    }
}

#[inline]
fn enter<K: LimiterKey, O: Outcome>(
    limiter: &KeyedRateLimiter<K>,
    key: &K,
    hash: u64,
    cost: u32,
    waits: bool,
    refused: &mut Option<O>,
) -> Entry {
    if !waits {
        return match limiter.try_consume(key, cost) {
            Ok(grant) => Entry::Passed(Held::Grant(grant, hash)),
            Err(denied @ Denied::Disposed) => refuse(limiter.refusal(denied), refused),
            Err(denied) => refuse(Refusal::RateLimited(limiter.refusal(denied)), refused),
        };
    }
    match limiter.queue(key, cost).decided() {
        Ok(Ok(grant)) => Entry::Passed(Held::Grant(grant, hash)),
        Ok(Err(limited)) => refuse(limited, refused),
        Err(queued) => Entry::Wait(Box::pin(async move {
            queued.await.map(|grant| Held::Grant(grant, hash)).map_err(Refusal::from)
        })),
    }
}

impl From<RateLimited> for Refusal {
    #[inline]
    fn from(limited: RateLimited) -> Self {
        match limited.why {
            LimitedBy::Disposed => Refusal::Disposed(Disposed { policy: limited.policy }),
            _ => Refusal::RateLimited(limited),
        }
    }
}

impl<R: 'static, O: Outcome, L: Limit<R>> Layer<R, O> for LimitLayer<L, O> {
    fn enter(&self, request: &R, refused: &mut Option<O>) -> Entry {
        self.limit.enter(request, refused)
    }

    /// What was not used comes back.
    fn leave(&self, held: Held, outcome: &O) -> Left {
        let Held::Grant(grant, key) = held else { return Left::Done };
        match (self.judge)(outcome) {
            Class::Throttled { .. } if self.drains => self.limit.drain(key),
            class if class.is_unspent() => self.limit.refund(grant, key),
            _ => {}
        }
        Left::Done
    }

    fn reset(&self) -> Option<Reset> {
        self.limit.reset()
    }
}

/// A bulkhead around what is further in.
pub(crate) struct BulkheadLayer<R, O> {
    bulkhead: Bulkhead,
    /// What each asks for, one slot without.
    demand: Option<fn(&R) -> Demand>,
    judge: Judge<O>,
}

impl<R, O> BulkheadLayer<R, O> {
    pub(crate) fn new(
        place: &Place,
        handler: &str,
        options: BulkheadOptions,
        scope: Scope,
        demand: Option<fn(&R) -> Demand>,
        judge: Judge<O>,
    ) -> Result<Self, NamedError> {
        let bulkhead = match place.shared(scope, handler) {
            Some(name) => Bulkhead::shared(&place.system, &name, options)?,
            None => Bulkhead::within(place.own(PolicyKind::Bulkhead, handler), options)?,
        };
        Ok(BulkheadLayer { bulkhead, demand, judge })
    }

    pub(crate) fn of(bulkhead: Bulkhead, judge: Judge<O>) -> Self {
        BulkheadLayer { bulkhead, demand: None, judge }
    }
}

impl<R, O: Outcome> Layer<R, O> for BulkheadLayer<R, O> {
    fn enter(&self, request: &R, refused: &mut Option<O>) -> Entry {
        let demand = self.demand.map_or(Demand::new(), |demand| demand(request));
        match self.bulkhead.enter_as(demand).decided() {
            Ok(Ok(permit)) => Entry::Passed(Held::Permit(permit)),
            Ok(Err(full)) => refuse(full, refused),
            Err(waiting) => {
                Entry::Wait(Box::pin(async move { waiting.await.map(Held::Permit).map_err(Refusal::from) }))
            }
        }
    }

    fn leave(&self, held: Held, outcome: &O) -> Left {
        if let Held::Permit(permit) = held {
            permit.finish((self.judge)(outcome));
        }
        Left::Done
    }
}

impl From<BulkheadFull> for Refusal {
    fn from(full: BulkheadFull) -> Self {
        match full.why {
            FullBy::Disposed => Refusal::Disposed(Disposed { policy: full.policy }),
            _ => Refusal::BulkheadFull(full),
        }
    }
}
