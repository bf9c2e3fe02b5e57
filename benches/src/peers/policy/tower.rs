//! Policies as services: tower's own limit, and tower-resilience.

use std::future::{Ready, ready};
use std::task::{Context, Poll};
use std::time::Duration;

use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimit};
use tower_resilience::bulkhead::BulkheadLayer;
use tower_resilience::circuitbreaker::CircuitBreakerLayer;
use tower_resilience::ratelimiter::{RateLimiterLayer, WindowType};
use tower_resilience::retry::RetryLayer;
use tower_resilience::timelimiter::TimeLimiterLayer;

use super::{Failed, work};
use crate::peer::repeat;
use crate::scenario::{Bench, policy};

pub(super) fn benches() -> Vec<Bench> {
    let peer = "tower_resilience";
    vec![
        Bench {
            peer: "tower",
            scenario: &policy::BULKHEAD,
            run: |runtime, times| {
                policy::timed(runtime, times, async || ConcurrencyLimit::new(Inner, 10), call_many)
            },
        },
        Bench {
            peer,
            scenario: &policy::BREAKER,
            run: |runtime, times| {
                let breaker = || CircuitBreakerLayer::standard().build().expect("the options make sense");
                policy::timed(runtime, times, async move || breaker().layer(Inner), call_many)
            },
        },
        Bench {
            peer,
            scenario: &policy::LIMITER,
            run: |runtime, times| {
                let limit = || RateLimiterLayer::burst(1_000_000_000, 1_000_000_000).build();
                policy::timed(
                    runtime,
                    times,
                    async move || limit().expect("the options make sense").layer(Inner),
                    call_many,
                )
            },
        },
        Bench {
            peer,
            scenario: &policy::WINDOW,
            run: |runtime, times| {
                let window = || {
                    RateLimiterLayer::builder()
                        .limit_for_period(1_000)
                        .refresh_period(Duration::from_micros(10))
                        .window_type(WindowType::SlidingLog)
                        .build()
                };
                policy::timed(
                    runtime,
                    times,
                    async move || window().expect("the options make sense").layer(Inner),
                    call_many,
                )
            },
        },
        Bench {
            peer,
            scenario: &policy::BULKHEAD,
            run: |runtime, times| {
                let bulkhead = || BulkheadLayer::builder().max_concurrent_calls(10).build();
                policy::timed(
                    runtime,
                    times,
                    async move || bulkhead().expect("the options make sense").layer(Inner),
                    call_many,
                )
            },
        },
        Bench {
            peer,
            scenario: &policy::RETRY,
            run: |runtime, times| {
                let retry = || RetryLayer::<i64, i64, Failed>::exponential_backoff().build();
                policy::timed(runtime, times, async move || retry().layer(Inner), call_many)
            },
        },
        Bench {
            peer,
            scenario: &policy::TIMEOUT,
            run: |runtime, times| {
                let limit = || TimeLimiterLayer::standard().build();
                policy::timed(runtime, times, async move || limit().layer(Inner), call_many)
            },
        },
    ]
}

async fn call_many<S>(mut service: S, times: u64)
where
    S: Service<i64, Response = i64, Error: std::fmt::Debug>,
{
    repeat!(times, service.ready().await.expect("it is ready").call(1).await.expect("it succeeds"));
}

/// [`work`] as a service.
#[derive(Clone)]
struct Inner;

impl Service<i64> for Inner {
    type Response = i64;
    type Error = Failed;
    type Future = Ready<Result<i64, Failed>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, number: i64) -> Self::Future {
        ready(work(number))
    }
}
