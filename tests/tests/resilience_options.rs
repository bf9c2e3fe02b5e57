//! Every option that an attribute has, as a value that makes sense: it compiles, its server starts, its calls pass.
#![allow(missing_docs)]

use std::time::Duration;

use noex::{System, prelude::*};

#[derive(Clone, Debug)]
struct Request {
    user: u64,
    size: u32,
}

fn is_worth_it(error: &String) -> bool {
    error == "busy"
}

fn instead(_: CallError<String>) -> Result<u32, String> {
    Ok(0)
}

#[genserver]
#[derive(Clone)]
struct Api;

#[genserver]
impl Api {
    #[init]
    fn open() -> Self {
        Api
    }

    #[call]
    #[retry(
        max_attempts = 4, initial_delay = 10ms, max_delay = 1s, backoff_factor = 1.5, jitter = ratio, ratio = 0.1,
        max_elapsed = 5s, budget, retryable_errors = ["busy", "/5\\d\\d/"], when_ok = |n| *n == 0, idempotent,
        dedupe = 30s, retry_rejected, seed = 7
    )]
    fn retried(&self, request: Request) -> Result<u32, String> {
        Ok(request.size)
    }

    #[call]
    #[retry(jitter = none, budget = "options", when = is_worth_it)]
    #[timeout]
    fn retried_otherwise(&self) -> Result<u32, String> {
        Ok(1)
    }

    #[call]
    #[retry(jitter = full)]
    fn jittered(&self) -> Result<u32, String> {
        Ok(1)
    }

    #[call]
    #[retry(jitter = equal)]
    fn jittered_less(&self) -> Result<u32, String> {
        Ok(1)
    }

    #[call]
    #[retry(jitter = decorrelated)]
    fn jittered_more(&self) -> Result<u32, String> {
        Ok(1)
    }

    #[call]
    #[circuit_breaker(
        failure_threshold = 4, success_threshold = 2, reset_timeout = 5s, half_open_timeout = 2s, monitor_interval = 1s,
        half_open_max_calls = 1, half_open = wait, window = 20, failure_rate = 0.4, min_calls = 5, slow_call = 1s,
        slow_rate = 0.5, reset_backoff = 2, max_reset_timeout = 1min, reset_jitter = 0.1, trip_on_hint, warm_up = 1ms,
        max_keys = 10, when = is_worth_it, when_ok = |n| *n == 0, ignore = String::is_empty, key = request.user,
        reset_on_restart
    )]
    fn broken(&self, request: Request) -> Result<u32, String> {
        Ok(request.size)
    }

    #[call]
    #[circuit_breaker(half_open = reject, window = 10s, scope = type)]
    fn broken_by_type(&self) -> Result<u32, String> {
        Ok(1)
    }

    #[call]
    #[circuit_breaker(name = "options")]
    #[rate_limit(100 per 1min, name = "options")]
    #[bulkhead(name = "options")]
    #[load_shed(name = "options")]
    fn by_name(&self) -> Result<u32, String> {
        Ok(1)
    }

    #[call]
    #[rate_limit(
        100 per 1min, key = request.user, cost = request.size, queue = 3, queue_timeout = 1s, algorithm = sliding, exact,
        max_keys = 10, on_full = refuse, drain, scope = server, reset_on_restart, allow = order
    )]
    fn limited(&self, request: Request) -> Result<u32, String> {
        Ok(request.size)
    }

    #[call]
    #[rate_limit(100 per 1min, cost = 2, algorithm = token_bucket, burst = 5, on_full = evict_oldest)]
    fn limited_by_tokens(&self) -> u32 {
        1
    }

    #[call]
    #[rate_limit(100 per 1min, algorithm = fixed, scope = type)]
    fn limited_by_the_minute(&self) -> u32 {
        1
    }

    #[call]
    #[rate_limit(100 per 1s, algorithm = smooth)]
    fn limited_evenly(&self) -> u32 {
        1
    }

    #[call]
    #[bulkhead(
        max_concurrent = 4, max_queue = 3, queue_timeout = 1s, queue = codel, adaptive = vegas, weight = request.size,
        priority = request.size, hold_during_backoff, scope = type, allow = order
    )]
    fn bounded(&self, request: Request) -> u32 {
        request.size
    }

    #[call]
    #[bulkhead(queue = fifo, adaptive, weight = 2, priority = 7)]
    fn bounded_in_order(&self) -> u32 {
        1
    }

    #[call]
    #[bulkhead(queue = lifo, adaptive = gradient)]
    fn bounded_the_other_way(&self) -> u32 {
        1
    }

    #[call]
    #[load_shed(
        ratio = 1.5, window = 1min, cap = 0.5, queue_delay = 10ms, queue_interval = 200ms, scope = type, seed = 7
    )]
    fn shed(&self) -> u32 {
        1
    }

    #[call(concurrent)]
    #[hedge(delay = 50ms, quantile = 0.95, warm_up = 20, max_extra = 2, budget = "options", idempotent)]
    async fn hedged(&self) -> Result<u32, String> {
        Ok(1)
    }

    #[call(concurrent)]
    #[hedge(budget, idempotent)]
    async fn hedged_otherwise(&self) -> Result<u32, String> {
        Ok(1)
    }

    #[call]
    #[fallback(with = instead)]
    #[timeout(2s)]
    fn covered(&self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[fallback(Duration::from_secs(1).as_secs() as u32)]
    fn covered_by_a_value(&self) -> Result<u32, String> {
        Err("no".into())
    }
}

#[tokio::test(start_paused = true)]
async fn every_option_of_every_attribute_makes_a_policy() {
    let system = System::new();
    let api = Api::start().name("api").system(&system).await.unwrap();
    let request = Request { user: 7, size: 1 };
    let passed = [
        api.retried(request.clone()).await.unwrap(),
        api.retried_otherwise().await.unwrap(),
        api.jittered().await.unwrap(),
        api.jittered_less().await.unwrap(),
        api.jittered_more().await.unwrap(),
        api.broken(request.clone()).await.unwrap(),
        api.broken_by_type().await.unwrap(),
        api.by_name().await.unwrap(),
        api.limited(request.clone()).await.unwrap(),
        api.limited_by_tokens().await.unwrap(),
        api.limited_by_the_minute().await.unwrap(),
        api.limited_evenly().await.unwrap(),
        api.bounded(request).await.unwrap(),
        api.bounded_in_order().await.unwrap(),
        api.bounded_the_other_way().await.unwrap(),
        api.shed().await.unwrap(),
        api.hedged().await.unwrap(),
        api.hedged_otherwise().await.unwrap(),
        api.covered_by_a_value().await.unwrap(),
    ];
    assert_eq!(passed, [1; 19]);
    assert_eq!(api.covered().await.unwrap(), 0);
    // Each of them is a line, and those with a name are one for all that name it.
    let table = system.policies();
    assert_eq!(table.iter().filter(|line| line.name.starts_with("api.")).count(), 17);
    assert_eq!(table.iter().filter(|line| line.name.starts_with("Api.")).count(), 4);
    assert_eq!(table.iter().filter(|line| &*line.name == "options").count(), 5);
}
