//! Retry, time-out, fallback and hedge as layers of tower services.
#![allow(missing_docs)]

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use noex::resilience::{
    Fallback, Hedge, HedgeOptions, PolicyError, Retry, RetryOptions, Timeout, TimeoutOptions, judge,
};
use tower::{Layer, Service, ServiceExt, service_fn};

const MS: Duration = Duration::from_millis(1);

/// Fails the first times.
fn flaky(
    failures: u32,
) -> (impl Service<u32, Response = u32, Error = String, Future: Send> + Clone + Send, Arc<AtomicU32>) {
    let runs = Arc::new(AtomicU32::new(0));
    let counts = runs.clone();
    let service = service_fn(move |request: u32| {
        let run = counts.fetch_add(1, Ordering::Relaxed);
        async move { if run < failures { Err(format!("failure {run}")) } else { Ok(request * 2) } }
    });
    (service, runs)
}

fn limit() -> Timeout {
    Timeout::new("limit", TimeoutOptions::new().timeout(MS * 50)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_request_is_sent_again() {
    let (service, runs) = flaky(2);
    let retry = Retry::new("layer", RetryOptions::new()).unwrap();
    let service = retry.layer(service);
    // As tower's own services, it is spawned.
    let response = tokio::spawn(service.clone().oneshot(21)).await.unwrap();
    assert_eq!((response, runs.load(Ordering::Relaxed)), (Ok(42), 3));
    assert_eq!(retry.status().counter("retries"), 2, "the layer is the policy");
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_dropped() {
    let service = limit().layer(service_fn(|_: ()| pending::<Result<(), String>>()));
    assert!(matches!(service.oneshot(()).await, Err(PolicyError::TimedOut(_))));
}

#[tokio::test(start_paused = true)]
async fn layers_nest_and_a_judge_tells_refusals_apart() {
    let (service, runs) = flaky(1);
    let inner = limit();
    let retry = Retry::new("layer", RetryOptions::new()).unwrap().layer_with(judge::nested);
    let mut service = retry.layer(inner.layer(service));
    assert_eq!(service.ready().await.unwrap().call(1).await, Ok(2));
    inner.dispose();
    let refused = service.ready().await.unwrap().call(1).await.map_err(PolicyError::flatten);
    assert!(matches!(refused, Err(PolicyError::Disposed(_))));
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn something_stands_in_for_a_service() {
    let (service, _) = flaky(1);
    let service = Fallback::value("seven", 7).layer(service);
    assert_eq!(service.clone().oneshot(1).await, Ok(7));
    assert_eq!(service.oneshot(1).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_slow_request_is_sent_once_more() {
    let runs = Arc::new(AtomicU32::new(0));
    let counts = runs.clone();
    let service = service_fn(move |request: u32| {
        let run = counts.fetch_add(1, Ordering::Relaxed);
        async move { if run == 0 { pending().await } else { Ok::<_, String>(request) } }
    });
    let hedge = Hedge::new("layer", HedgeOptions::new()).unwrap();
    assert_eq!(hedge.layer(service).oneshot(3).await, Ok(3));
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}
