//! Policies around something that succeeds at once, so that their own cost is all there is.
//!
//! On one thread one task runs its operations one after the other. On two workers two tasks do, at the same
//! time and with the same policy; a figure is what one of them waits for an operation.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{Load, Sample, Scenario, Unit};
use crate::alloc::allocations;
use crate::runtime::{BOTH, ONE_THREAD, Runtime};

/// Operations before the clock starts; constant, so that two runs differ by their operations only.
const WARM_UP: u64 = 100;

/// How many keys the keyed limiters meet in turn.
pub(crate) const KEYS: u64 = 1_000;

pub(crate) const BREAKER: Scenario = Scenario {
    name: "policy_breaker",
    about: "a closed circuit breaker around an operation that succeeds",
    unit: Unit::Nanoseconds,
    runtimes: BOTH,
    load: Load::Time(1_000),
    fresh_process: false,
};

pub(crate) const LIMITER: Scenario = Scenario {
    name: "policy_limiter",
    about: "a token bucket that is never empty, or what the peer has nearest to it",
    ..BREAKER
};

pub(crate) const WINDOW: Scenario =
    Scenario { name: "policy_window", about: "an exact sliding window that is never full", ..BREAKER };

pub(crate) const KEYED: Scenario =
    Scenario { name: "policy_keyed", about: "a rate limit for each of 1,000 strings, in turn", ..BREAKER };

pub(crate) const BULKHEAD: Scenario =
    Scenario { name: "policy_bulkhead", about: "a bulkhead with room, entered and left", ..BREAKER };

pub(crate) const RETRY: Scenario = Scenario {
    name: "policy_retry",
    about: "retries around an operation that succeeds",
    runtimes: ONE_THREAD,
    ..BREAKER
};

pub(crate) const TIMEOUT: Scenario = Scenario {
    name: "policy_timeout",
    about: "a time-out around an operation that is ready",
    runtimes: ONE_THREAD,
    ..BREAKER
};

pub(crate) const METHOD: Scenario = Scenario {
    name: "policy_method",
    about: "call_seq of a method with policies, beside the same method without",
    ..BREAKER
};

pub(crate) const METHOD_ALLOCS: Scenario = Scenario {
    name: "policy_method_allocs",
    about: "allocations of a call of such a method",
    unit: Unit::Fewer("allocations"),
    runtimes: ONE_THREAD,
    load: Load::Fixed(10_000, 1_000),
    fresh_process: false,
};

pub(crate) const REFUSAL: Scenario = Scenario {
    name: "policy_refusal",
    about: "a call that a policy of the method refuses: the error made and dropped",
    ..BREAKER
};

pub(crate) const REFUSAL_ALLOCS: Scenario = Scenario {
    name: "policy_refusal_allocs",
    about: "allocations of a call that is refused",
    ..METHOD_ALLOCS
};

pub(crate) const KEY_BYTES: Scenario = Scenario {
    name: "policy_key_bytes",
    about: "resident bytes a key in a limiter of 10,000 keys, each used once, its string included",
    unit: Unit::Fewer("bytes"),
    runtimes: ONE_THREAD,
    load: Load::Fixed(10_000, 10_000),
    fresh_process: true,
};

/// How long an operation takes: `make` gives the policy, `many` runs operations in it.
pub(crate) fn timed<M, T, R>(
    runtime: Runtime,
    times: u64,
    make: impl FnOnce() -> M + Send + 'static,
    many: impl Fn(T, u64) -> R + Copy + Send + 'static,
) -> Sample
where
    M: Future<Output = T> + Send,
    T: Clone + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let took = runtime.run(async move {
        let policy = make().await;
        many(policy.clone(), WARM_UP).await;
        if runtime == Runtime::OneThread {
            let begun = Instant::now();
            many(policy, times).await;
            return begun.elapsed();
        }
        let there = Arc::new(AtomicUsize::new(0));
        let contenders = [(); 2].map(|()| {
            let (policy, there) = (policy.clone(), there.clone());
            tokio::spawn(async move {
                there.fetch_add(1, Ordering::Release);
                while there.load(Ordering::Acquire) < 2 {
                    tokio::task::yield_now().await;
                }
                let begun = Instant::now();
                many(policy, times).await;
                begun.elapsed()
            })
        });
        let mut longest = Duration::ZERO;
        for contender in contenders {
            longest = longest.max(contender.await.expect("the operations succeed"));
        }
        longest
    });
    Sample::Timed { operations: times, took }
}

/// How often an operation allocates.
pub(crate) fn allocs<M, T, R>(
    runtime: Runtime,
    times: u64,
    make: impl FnOnce() -> M + Send + 'static,
    many: impl Fn(T, u64) -> R + Copy + Send + 'static,
) -> Sample
where
    M: Future<Output = T> + Send,
    T: Clone + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let made = runtime.run(async move {
        let policy = make().await;
        many(policy.clone(), WARM_UP).await;
        let before = allocations();
        many(policy, times).await;
        allocations() - before
    });
    Sample::Figures(vec![("", made as f64 / times as f64)])
}

/// The names of so many keys.
pub(crate) fn keys(count: u64) -> Arc<[String]> {
    (0..count).map(|number| format!("user:{number:06}")).collect()
}

/// What a limiter takes for each of its keys; `make` has it meet all of them.
pub(crate) fn key_bytes<T>(count: u64, make: impl FnOnce(&[String]) -> T) -> Sample {
    let keys = keys(count);
    let before = super::rss::resident_bytes();
    let limiter = make(&keys);
    let grown = super::rss::resident_bytes().saturating_sub(before);
    drop(limiter);
    Sample::Figures(vec![("", grown as f64 / count as f64)])
}
