//! A policy by name is made once, however many threads ask for it at the same moment.
#![allow(missing_docs)]

use std::sync::Barrier;

use noex::{
    System,
    resilience::{
        Bulkhead, BulkheadOptions, CircuitBreaker, CircuitBreakerOptions, Hedge, KeyedRateLimiter,
        LoadShedder, PolicyKind, RateLimiter, Retry, RetryOptions, Timeout,
    },
};

const THREADS: usize = 8;

/// Of each name, one line in the table of all policies, while all that were given out are still held.
fn is_made_once<P: Send>(tag: &str, kind: PolicyKind, get: impl Fn(&str) -> P + Sync) {
    for round in 0..25 {
        let name = format!("{tag} {kind} {round}");
        let all_here = Barrier::new(THREADS);
        let held: Vec<P> = std::thread::scope(|threads| {
            let ask = || {
                all_here.wait();
                get(&name)
            };
            let asking: Vec<_> = (0..THREADS).map(|_| threads.spawn(ask)).collect();
            asking.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let lines = System::global().policies();
        let count = lines.iter().filter(|line| line.kind == kind && *line.name == name).count();
        assert_eq!((count, held.len()), (1, THREADS), "{name}");
    }
}

#[test]
fn each_kind_by_name_with_the_defaults() {
    is_made_once("defaults", PolicyKind::CircuitBreaker, CircuitBreaker::get);
    is_made_once("defaults", PolicyKind::Retry, Retry::get);
    is_made_once("defaults", PolicyKind::RateLimiter, RateLimiter::get);
    is_made_once("defaults", PolicyKind::Bulkhead, Bulkhead::get);
    is_made_once("defaults", PolicyKind::Timeout, Timeout::get);
    is_made_once("defaults", PolicyKind::Hedge, Hedge::get);
    is_made_once("defaults", PolicyKind::LoadShedder, LoadShedder::get);
}

#[test]
fn each_kind_by_name_with_options() {
    let breaker = CircuitBreakerOptions::new().failure_threshold(2);
    is_made_once("options", PolicyKind::CircuitBreaker, |name| {
        CircuitBreaker::get_or_create(name, breaker).unwrap()
    });
    let retry = RetryOptions::new().max_attempts(7);
    is_made_once("options", PolicyKind::Retry, |name| Retry::get_or_create(name, retry).unwrap());
    let bulkhead = BulkheadOptions::new().max_concurrent(3);
    is_made_once("options", PolicyKind::Bulkhead, |name| Bulkhead::get_or_create(name, bulkhead).unwrap());
    is_made_once("keys", PolicyKind::RateLimiter, KeyedRateLimiter::<u64>::get);
}
