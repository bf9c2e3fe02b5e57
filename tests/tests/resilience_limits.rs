//! Limiters, bulkheads and load shedders from configuration files, and as layers of tower services.
#![allow(missing_docs)]

use std::time::Duration;

use noex::resilience::{
    Adaptive, Algorithm, Bulkhead, BulkheadOptions, LimitAlgorithm, LoadShedder, LoadShedderOptions, OnFull,
    PolicyError, QueueOrder, RateLimitOptions, RateLimiter,
};
use tower::{Layer, ServiceExt, service_fn};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// What a text says, or why it says nothing.
macro_rules! read {
    ($text:expr) => {
        serde_json::from_str($text).map_err(|error| error.to_string())
    };
}

#[test]
fn options_are_read_as_the_seeds_write_them() {
    let expected = RateLimitOptions::new().limit(100).period(ms(60_000)).max_queue_size(50);
    let seed = r#"{ "requestsPerPeriod": 100, "periodInMs": 60000, "maxQueueSize": 50 }"#;
    assert_eq!(read!(seed), Ok(expected));
    assert_eq!(read!(r#"{ "maxRequests": 100, "windowMs": 60000, "max_queue_size": 50 }"#), Ok(expected));
    let seed = r#"{ "maxConcurrent": 10, "maxQueue": 20, "queueTimeout": 30000 }"#;
    assert_eq!(read!(seed), Ok(BulkheadOptions::new().max_queue(20)));
}

#[test]
fn every_option_is_read() {
    let text = r#"{
        "limit": 10, "period": "1s", "windows": [{ "limit": 100, "period": "1min" }],
        "algorithm": { "token_bucket": { "burst": 5 } }, "queue_timeout": "2s",
        "max_keys": 1000, "on_full": "evict_oldest"
    }"#;
    let expected = RateLimitOptions::new()
        .and(100, ms(60_000))
        .algorithm(Algorithm::TokenBucket { burst: 5 })
        .queue_timeout(ms(2000))
        .max_keys(1000)
        .on_full(OnFull::EvictOldest);
    assert_eq!(read!(text), Ok(expected));
    assert_eq!(
        read!(r#"{ "exact": true, "algorithm": "sliding_window" }"#),
        Ok(RateLimitOptions::new().exact(true))
    );

    let text = r#"{
        "queue": { "codel": { "target": "5ms", "interval": "100ms" } },
        "adaptive": { "algorithm": { "aimd": { "timeout": "1s" } }, "max": 50 }
    }"#;
    let adaptive = Adaptive::new().algorithm(LimitAlgorithm::Aimd { timeout: ms(1000) }).max(50);
    let codel = QueueOrder::Codel { target: ms(5), interval: ms(100) };
    assert_eq!(read!(text), Ok(BulkheadOptions::new().queue(codel).adaptive(adaptive)));

    let text =
        r#"{ "ratio": 1.5, "window": "1min", "queue_delay": { "target": "5ms", "interval": "100ms" } }"#;
    let expected = LoadShedderOptions::new().ratio(1.5).window(ms(60_000)).queue_delay(ms(5), ms(100));
    assert_eq!(read!(text), Ok(expected));
}

#[test]
fn what_is_no_option_is_an_error() {
    let error: Result<RateLimitOptions, String> = read!(r#"{ "requests": 1 }"#);
    let error = error.unwrap_err();
    assert!(error.contains("unknown field `requests`"), "{error}");
    let five: Vec<_> = (0..5).map(|_| r#"{ "limit": 1, "period": "1s" }"#).collect();
    let many: Result<RateLimitOptions, String> = read!(&format!(r#"{{ "windows": [{}] }}"#, five.join(",")));
    let many = many.unwrap();
    assert_eq!(many.fault().map(|fault| fault.option), Some("and"));
}

#[tokio::test(start_paused = true)]
async fn a_service_waits_for_its_turn() {
    let limiter = RateLimiter::new("layer", RateLimitOptions::new().limit(1).period(ms(100))).unwrap();
    let service = limiter.layer(service_fn(async |request: u32| Ok::<_, String>(request * 2)));
    let start = tokio::time::Instant::now();
    assert_eq!(service.clone().oneshot(1).await, Ok(2));
    assert_eq!(service.clone().oneshot(2).await, Ok(4));
    assert_eq!(start.elapsed(), ms(100));
    limiter.dispose();
    assert!(matches!(service.oneshot(3).await, Err(PolicyError::Disposed(_))));
}

#[tokio::test]
async fn a_service_waits_for_a_slot() {
    let bulkhead = Bulkhead::new("layer", BulkheadOptions::new().max_concurrent(1).max_queue(0)).unwrap();
    let service = bulkhead.layer(service_fn(async |request: u32| Ok::<_, String>(request * 2)));
    assert_eq!(service.clone().oneshot(1).await, Ok(2));
    let _inside = bulkhead.try_enter().unwrap();
    assert!(matches!(service.oneshot(1).await, Err(PolicyError::BulkheadFull(_))));
}

#[tokio::test]
async fn some_requests_to_a_service_are_turned_away() {
    let shedder = LoadShedder::new("layer", LoadShedderOptions::new().seed(7)).unwrap();
    let service = shedder.layer(service_fn(async |(): ()| Err::<(), _>("busy")));
    let mut shed = 0;
    for _ in 0..100 {
        shed += u32::from(matches!(service.clone().oneshot(()).await, Err(PolicyError::Shed(_))));
    }
    assert!(shed > 50, "{shed}");
}
