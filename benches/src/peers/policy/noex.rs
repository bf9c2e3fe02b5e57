//! noex's policies as plain values.

use std::sync::Arc;
use std::time::Duration;

use noex::resilience::{
    Algorithm, Bulkhead, BulkheadOptions, CircuitBreaker, CircuitBreakerOptions, KeyedRateLimiter,
    RateLimitOptions, RateLimiter, Retry, RetryOptions, Timeout, TimeoutOptions,
};

use super::work;
use crate::peer::repeat;
use crate::scenario::{Bench, policy};

/// One token a nanosecond.
pub(super) const BUCKET: RateLimitOptions =
    RateLimitOptions::new().limit(1_000_000_000).algorithm(Algorithm::TokenBucket { burst: 1_000_000_000 });

/// Holds some hundred grants while it is measured.
pub(super) const WINDOW: RateLimitOptions =
    RateLimitOptions::new().limit(1_000).period(Duration::from_micros(10));

/// Of each key: none is used up, and none is whole again before it is used again.
const KEY_BUCKET: RateLimitOptions = RateLimitOptions::new()
    .limit(1_000_000)
    .period(Duration::from_secs(60_000))
    .algorithm(Algorithm::TokenBucket { burst: 1_000_000 });
const KEY_WINDOW: RateLimitOptions = RateLimitOptions::new().limit(1_000).period(Duration::from_millis(10));

/// A quota for a user; none is used up.
const QUOTA: RateLimitOptions = RateLimitOptions::new().limit(100).period(Duration::from_secs(60));

pub(super) fn benches() -> Vec<Bench> {
    let peer = "noex";
    vec![
        Bench {
            peer,
            scenario: &policy::BREAKER,
            run: |runtime, times| policy::timed(runtime, times, async || breaker(), break_many),
        },
        Bench {
            peer,
            scenario: &policy::LIMITER,
            run: |runtime, times| policy::timed(runtime, times, async || limiter(BUCKET), limit_many),
        },
        Bench {
            peer: "noex_quota",
            scenario: &policy::LIMITER,
            run: |runtime, times| policy::timed(runtime, times, async || limiter(BUCKET), quota_many),
        },
        Bench {
            peer,
            scenario: &policy::WINDOW,
            run: |runtime, times| policy::timed(runtime, times, async || limiter(WINDOW), limit_many),
        },
        Bench {
            peer,
            scenario: &policy::KEYED,
            run: |runtime, times| policy::timed(runtime, times, async || keyed(KEY_BUCKET), key_many),
        },
        Bench {
            peer: "noex_window",
            scenario: &policy::KEYED,
            run: |runtime, times| policy::timed(runtime, times, async || keyed(KEY_WINDOW), key_many),
        },
        Bench {
            peer,
            scenario: &policy::BULKHEAD,
            run: |runtime, times| policy::timed(runtime, times, async || bulkhead(), enter_many),
        },
        Bench {
            peer,
            scenario: &policy::RETRY,
            run: |runtime, times| policy::timed(runtime, times, async || retry(), retry_many),
        },
        Bench {
            peer,
            scenario: &policy::TIMEOUT,
            run: |runtime, times| policy::timed(runtime, times, async || timeout(), time_many),
        },
        Bench {
            peer,
            scenario: &policy::KEY_BYTES,
            run: |_, count| {
                policy::key_bytes(count, |keys| {
                    meet(keys, QUOTA.algorithm(Algorithm::TokenBucket { burst: 10 }))
                })
            },
        },
        Bench {
            peer: "noex_window",
            scenario: &policy::KEY_BYTES,
            run: |_, count| policy::key_bytes(count, |keys| meet(keys, QUOTA)),
        },
    ]
}

fn breaker() -> CircuitBreaker {
    CircuitBreaker::new("bench", CircuitBreakerOptions::new()).expect("the options make sense")
}

async fn break_many(breaker: CircuitBreaker, times: u64) {
    repeat!(times, breaker.execute(async || work(1)).await.expect("it is closed"));
}

fn limiter(options: RateLimitOptions) -> RateLimiter {
    RateLimiter::new("bench", options).expect("the options make sense")
}

/// Asks whether it may go on, as a caller of governor does.
async fn limit_many(limiter: RateLimiter, times: u64) {
    repeat!(times, limiter.consume().map(drop).expect("the limit is high"));
}

/// Asks how it stands as well.
async fn quota_many(limiter: RateLimiter, times: u64) {
    repeat!(times, limiter.consume().expect("the limit is high"));
}

fn keyed(options: RateLimitOptions) -> (KeyedRateLimiter, Arc<[String]>) {
    let limiter = KeyedRateLimiter::new("bench", options).expect("the options make sense");
    (limiter, policy::keys(policy::KEYS))
}

async fn key_many((limiter, keys): (KeyedRateLimiter, Arc<[String]>), times: u64) {
    let mut keys = keys.iter().cycle();
    repeat!(
        times,
        limiter.consume(keys.next().expect("a cycle").as_str()).map(drop).expect("the limit is high")
    );
}

fn bulkhead() -> Bulkhead {
    Bulkhead::new("bench", BulkheadOptions::new()).expect("the options make sense")
}

async fn enter_many(bulkhead: Bulkhead, times: u64) {
    repeat!(times, bulkhead.execute(async || work(1)).await.expect("there is room"));
}

fn retry() -> Retry {
    Retry::new("bench", RetryOptions::new()).expect("the options make sense")
}

async fn retry_many(retry: Retry, times: u64) {
    repeat!(times, retry.execute(async || work(1)).await.expect("it succeeds"));
}

fn timeout() -> Timeout {
    Timeout::new("bench", TimeoutOptions::new()).expect("the options make sense")
}

async fn time_many(timeout: Timeout, times: u64) {
    repeat!(times, timeout.execute(async || work(1)).await.expect("it is ready"));
}

fn meet(keys: &[String], options: RateLimitOptions) -> KeyedRateLimiter {
    let limiter = KeyedRateLimiter::new("bench", options).expect("the options make sense");
    for key in keys {
        limiter.consume(key.as_str()).expect("it is the first");
    }
    limiter
}
