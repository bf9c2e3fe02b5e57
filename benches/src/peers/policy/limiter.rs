//! Rate limits: governor, direct and keyed.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::{Clock, DefaultClock, MonotonicClock};
use governor::middleware::{NoOpMiddleware, StateInformationMiddleware};
use governor::state::{InMemoryState, NotKeyed};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::peer::repeat;
use crate::scenario::{Bench, policy};

/// One cell a nanosecond.
const QUOTA: Quota = Quota::per_second(NonZeroU32::new(1_000_000_000).expect("not zero"));

/// Of each key: none is used up.
const KEY_QUOTA: Quota = Quota::per_hour(NonZeroU32::new(60_000).expect("not zero"))
    .allow_burst(NonZeroU32::new(1_000_000).expect("not zero"));

pub(super) fn benches() -> Vec<Bench> {
    let peer = "governor";
    vec![
        Bench {
            peer,
            scenario: &policy::LIMITER,
            run: |runtime, times| {
                policy::timed(runtime, times, async || Arc::new(RateLimiter::direct(QUOTA)), check_many)
            },
        },
        Bench {
            peer: "governor_std",
            scenario: &policy::LIMITER,
            run: |runtime, times| policy::timed(runtime, times, async || with_std_clock(), check_many),
        },
        Bench {
            peer: "governor_quota",
            scenario: &policy::LIMITER,
            run: |runtime, times| policy::timed(runtime, times, async || telling(), quota_many),
        },
        Bench {
            peer,
            scenario: &policy::KEYED,
            run: |runtime, times| policy::timed(runtime, times, async || keyed(), check_key_many),
        },
        Bench { peer, scenario: &policy::KEY_BYTES, run: |_, count| policy::key_bytes(count, meet) },
    ]
}

/// With the clock that noex's limiters read, which a test can pause; governor's own reads the processor's counter.
fn with_std_clock() -> Arc<Direct<MonotonicClock>> {
    Arc::new(RateLimiter::direct_with_clock(QUOTA, MonotonicClock))
}

type Direct<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

async fn check_many<C: Clock>(limiter: Arc<Direct<C>>, times: u64) {
    repeat!(times, limiter.check().expect("the limit is high"));
}

type Telling = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// One that says how it stands.
fn telling() -> Arc<Telling> {
    Arc::new(RateLimiter::direct(QUOTA).with_middleware())
}

async fn quota_many(limiter: Arc<Telling>, times: u64) {
    repeat!(times, limiter.check().expect("the limit is high").remaining_burst_capacity());
}

type Keyed = (Arc<DefaultKeyedRateLimiter<String>>, Arc<[String]>);

fn keyed() -> Keyed {
    (Arc::new(RateLimiter::keyed(KEY_QUOTA)), policy::keys(policy::KEYS))
}

async fn check_key_many((limiter, keys): Keyed, times: u64) {
    let mut keys = keys.iter().cycle();
    repeat!(times, limiter.check_key(keys.next().expect("a cycle")).expect("the limit is high"));
}

fn meet(keys: &[String]) -> DefaultKeyedRateLimiter<String> {
    let limiter = RateLimiter::keyed(KEY_QUOTA);
    for key in keys {
        limiter.check_key(key).expect("it is the first");
    }
    limiter
}
