//! Several policies around a closure: rows CO, and what holds of any nesting.
#![allow(clippy::unwrap_used)]

use std::{
    cell::Cell,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use noex::resilience::{
    Bulkhead, BulkheadOptions, CircuitBreaker, CircuitBreakerOptions, CircuitState, LoadShedder,
    LoadShedderOptions, PolicyError, PolicyKind, RateLimitOptions, RateLimiter, Retry, RetryOptions, Stack,
    StackBuilder, Timeout, TimeoutOptions,
};
use tokio::time::{Instant, advance, sleep};

type Ended = Result<u32, PolicyError<&'static str>>;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn stack() -> StackBuilder<u32, &'static str> {
    Stack::builder()
}

fn retry(attempts: u32, delay: Duration) -> Retry {
    let options = RetryOptions::new().max_attempts(attempts).initial_delay(delay).backoff_factor(1.0);
    Retry::new("retry", options).unwrap()
}

fn breaker(threshold: u32) -> CircuitBreaker {
    CircuitBreaker::new("breaker", CircuitBreakerOptions::new().failure_threshold(threshold)).unwrap()
}

fn timeout(limit: Duration) -> Timeout {
    Timeout::new("timeout", TimeoutOptions::new().timeout(limit)).unwrap()
}

fn bulkhead(most: u32, queue: usize) -> Bulkhead {
    Bulkhead::new("bulkhead", BulkheadOptions::new().max_concurrent(most).max_queue(queue)).unwrap()
}

/// Runs what fails so often and then succeeds, and how often it ran.
async fn failing(stack: &Stack<u32, &'static str>, failures: u32) -> (Ended, u32) {
    let runs = Cell::new(0);
    let outcome = stack
        .execute(|| {
            runs.set(runs.get() + 1);
            let fails = runs.get() <= failures;
            async move { if fails { Err("down") } else { Ok(7) } }
        })
        .await;
    (outcome, runs.get())
}

// CO-1
#[tokio::test(start_paused = true)]
async fn layers_are_entered_from_outside_and_left_from_inside() {
    // What is held tells the order: the place of the outer one is taken before, and given back after the inner one's.
    let log = Arc::new(Mutex::new(Vec::new()));
    let (outer, inner) = (bulkhead(1, 0), bulkhead(1, 0));
    let stack = stack().bulkhead(outer.clone()).bulkhead(inner.clone()).build().unwrap();
    let noted = |what: &str| log.lock().unwrap().push((what.to_string(), outer.active(), inner.active()));
    noted("before");
    stack
        .execute(|| {
            noted("operation");
            async { Ok(1) }
        })
        .await
        .unwrap();
    noted("after");
    // A full outer one is refused before the inner one is asked.
    let held = outer.try_enter().unwrap();
    assert!(matches!(failing(&stack, 0).await.0, Err(PolicyError::BulkheadFull(_))));
    assert_eq!(inner.status().counter("refused"), 0);
    drop(held);
    // A full inner one gives the outer place back.
    let held = inner.try_enter().unwrap();
    assert!(matches!(failing(&stack, 0).await.0, Err(PolicyError::BulkheadFull(_))));
    assert_eq!(outer.active(), 0);
    drop(held);
    let seen = log.lock().unwrap().clone();
    let expected = [("before", 0, 0), ("operation", 1, 1), ("after", 0, 0)];
    assert_eq!(seen, expected.map(|(what, outer, inner)| (what.to_string(), outer, inner)));
}

// CO-2
#[tokio::test(start_paused = true)]
async fn a_breaker_inside_a_retry_sees_each_attempt() {
    let breaker = breaker(3);
    let stack = stack().retry(retry(3, ms(10))).circuit_breaker(breaker.clone()).build().unwrap();
    assert_eq!(failing(&stack, 2).await, (Ok(7), 3));
    assert_eq!(breaker.state(), CircuitState::Closed);
    assert_eq!((breaker.status().counter("failed"), breaker.status().counter("succeeded")), (2, 1));
}

// CO-3
#[tokio::test(start_paused = true)]
async fn a_breaker_outside_a_retry_sees_calls() {
    let breaker = breaker(5);
    let stack = stack().circuit_breaker(breaker.clone()).retry(retry(3, ms(10))).build().unwrap();
    assert_eq!(failing(&stack, 9).await, (Err(PolicyError::Failed("down")), 3));
    assert_eq!(breaker.status().counter("failed"), 1);
}

// CO-4
#[tokio::test(start_paused = true)]
async fn a_fallback_stands_in_for_the_last_attempt() {
    let breaker = breaker(5);
    let stack = stack()
        .fallback(|error| if error == PolicyError::Failed("down") { Ok(0) } else { Err(error) })
        .retry(retry(3, ms(10)))
        .circuit_breaker(breaker.clone())
        .build()
        .unwrap();
    assert_eq!(failing(&stack, 9).await, (Ok(0), 3));
    assert_eq!(breaker.status().counter("failed"), 3);
}

// CO-5
#[tokio::test(start_paused = true)]
async fn a_time_out_inside_a_breaker_is_a_failure() {
    let breaker = breaker(1);
    let stack = stack().circuit_breaker(breaker.clone()).timeout(timeout(ms(50))).build().unwrap();
    let start = Instant::now();
    let late = stack.execute(pending).await;
    assert!(matches!(late, Err(PolicyError::TimedOut(ref late)) if late.limit == ms(50)), "{late:?}");
    assert_eq!((start.elapsed(), breaker.state()), (ms(50), CircuitState::Open));
}

#[tokio::test(start_paused = true)]
async fn a_time_out_outside_a_breaker_is_neither_success_nor_failure() {
    let breaker = breaker(1);
    let stack = stack().timeout(timeout(ms(50))).circuit_breaker(breaker.clone()).build().unwrap();
    assert!(matches!(stack.execute(pending).await, Err(PolicyError::TimedOut(_))));
    assert_eq!(breaker.state(), CircuitState::Closed);
}

// CO-6
#[tokio::test(start_paused = true)]
async fn a_full_bulkhead_is_no_failure_of_the_breaker() {
    let (breaker, bulkhead) = (breaker(1), bulkhead(1, 0));
    let stack = stack().circuit_breaker(breaker.clone()).bulkhead(bulkhead.clone()).build().unwrap();
    let first = tokio::spawn({
        let stack = stack.clone();
        async move {
            stack
                .execute(|| async {
                    sleep(ms(100)).await;
                    Ok(1)
                })
                .await
        }
    });
    tokio::task::yield_now().await;
    assert!(matches!(failing(&stack, 0).await, (Err(PolicyError::BulkheadFull(_)), 0)));
    assert_eq!((breaker.state(), breaker.status().counter("failed")), (CircuitState::Closed, 0));
    assert_eq!(first.await.unwrap(), Ok(1));
}

// CO-7
#[tokio::test(start_paused = true)]
async fn a_slot_is_free_between_two_attempts() {
    let bulkhead = bulkhead(1, 0);
    let stack = stack().retry(retry(3, ms(1000))).bulkhead(bulkhead.clone()).build().unwrap();
    let trying = tokio::spawn({
        let stack = stack.clone();
        async move { stack.execute(|| async { Err("down") }).await }
    });
    sleep(ms(500)).await;
    assert_eq!(bulkhead.execute(async || Ok::<_, &str>(2)).await, Ok(2));
    assert_eq!(trying.await.unwrap(), Err(PolicyError::Failed("down")));
}

// CO-8
#[tokio::test(start_paused = true)]
async fn a_refused_rate_ends_a_retry() {
    let options = RateLimitOptions::new().limit(2).period(ms(1000)).max_queue_size(0);
    let limiter = RateLimiter::new("limiter", options).unwrap();
    let stack = stack().retry(retry(3, ms(10))).rate_limiter(limiter).build().unwrap();
    assert!(matches!(failing(&stack, 9).await, (Err(PolicyError::RateLimited(_)), 2)));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_further_in_gives_the_rate_back() {
    let limiter = RateLimiter::new("limiter", RateLimitOptions::new().limit(1).max_queue_size(0)).unwrap();
    let breaker = breaker(1);
    let stack = stack().rate_limiter(limiter.clone()).circuit_breaker(breaker.clone()).build().unwrap();
    breaker.force_open();
    assert!(matches!(failing(&stack, 0).await, (Err(PolicyError::CircuitOpen(_)), 0)));
    breaker.force_close();
    assert_eq!(failing(&stack, 0).await, (Ok(7), 1));
    assert!(matches!(failing(&stack, 0).await, (Err(PolicyError::RateLimited(_)), 0)));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_gives_everything_back() {
    let options = CircuitBreakerOptions::new().failure_threshold(1).reset_timeout(ms(10));
    let (breaker, bulkhead) = (CircuitBreaker::new("breaker", options).unwrap(), bulkhead(1, 5));
    let stack = stack().circuit_breaker(breaker.clone()).bulkhead(bulkhead.clone()).build().unwrap();
    assert!(failing(&stack, 1).await.0.is_err());
    advance(ms(10)).await;
    // A probe that is dropped while it runs, and one that is dropped in the queue.
    for _ in 0..3 {
        assert!(tokio::time::timeout(ms(1), stack.execute(pending)).await.is_err());
        assert_eq!((breaker.state(), bulkhead.active(), bulkhead.queued()), (CircuitState::HalfOpen, 0, 0));
        let held = bulkhead.try_enter().unwrap();
        assert!(tokio::time::timeout(ms(1), stack.execute(pending)).await.is_err());
        drop(held);
        assert_eq!((breaker.state(), bulkhead.active(), bulkhead.queued()), (CircuitState::HalfOpen, 0, 0));
    }
    assert_eq!(failing(&stack, 0).await, (Ok(7), 1));
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_and_gives_everything_back() {
    let (breaker, bulkhead) = (breaker(1), bulkhead(1, 0));
    let stack = stack().circuit_breaker(breaker.clone()).bulkhead(bulkhead.clone()).build().unwrap();
    let task = tokio::spawn(async move { stack.execute(|| async { panic!("oh") }).await });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!((breaker.state(), bulkhead.active()), (CircuitState::Open, 0));
}

#[tokio::test(start_paused = true)]
async fn a_retry_stops_when_the_time_around_it_is_too_short() {
    let stack = stack().timeout(timeout(ms(25))).retry(retry(9, ms(10))).build().unwrap();
    let start = Instant::now();
    assert_eq!(failing(&stack, 99).await, (Err(PolicyError::Failed("down")), 3));
    assert_eq!(start.elapsed(), ms(20));
}

#[test]
fn an_order_that_defeats_itself_is_an_error() {
    let error = stack().retry(retry(3, ms(1))).fallback(|_| Ok(1)).build().unwrap_err();
    assert_eq!((error.outer, error.inner), (PolicyKind::Retry, PolicyKind::Fallback));
    assert_eq!(error.to_string(), "retry around fallback: a retry around a fallback never sees a failure");
    assert!(stack().timeout(timeout(ms(9))).timeout(timeout(ms(5))).build().is_err());
    assert!(stack().timeout(timeout(ms(9))).retry(retry(3, ms(1))).timeout(timeout(ms(5))).build().is_ok());
    let rule = |builder: StackBuilder<u32, &'static str>| builder.build().unwrap_err().rule;
    assert_eq!(
        rule(stack().timeout(timeout(ms(9))).retry(retry(3, ms(1))).timeout(timeout(ms(9)))),
        "the time-out around all attempts is over before that of one can be"
    );
    assert_eq!(
        rule(stack().timeout(timeout(ms(9))).retry(retry(3, ms(9)))),
        "the time-out is over before the first attempt after another"
    );
    let limiter = RateLimiter::get("twice");
    assert_eq!(
        rule(stack().rate_limiter(limiter.clone()).bulkhead(bulkhead(1, 1)).rate_limiter(limiter)),
        "it is the same policy twice"
    );
    let (second, minute) = (RateLimiter::get("a second"), RateLimiter::get("a minute"));
    assert!(stack().rate_limiter(second).rate_limiter(minute).build().is_ok());
}

// A refusal of the limiter says nothing of the service.
#[tokio::test(start_paused = true)]
async fn an_exceeded_rate_is_no_failure_of_the_breaker() {
    let (breaker, limiter) =
        (breaker(1), RateLimiter::new("rate", RateLimitOptions::new().limit(1).max_queue_size(0)));
    let stack = stack().circuit_breaker(breaker.clone()).rate_limiter(limiter.unwrap()).build().unwrap();
    assert_eq!(failing(&stack, 0).await, (Ok(7), 1));
    for _ in 0..5 {
        assert!(matches!(failing(&stack, 0).await, (Err(PolicyError::RateLimited(_)), 0)));
    }
    let status = breaker.status();
    assert_eq!((breaker.state(), status.counter("failed")), (CircuitState::Closed, 0));
    assert_eq!((status.counter("neutral"), status.counter("succeeded")), (5, 1));
}

#[tokio::test(start_paused = true)]
async fn a_load_shedder_is_a_layer_as_well() {
    let shedder = LoadShedder::new("shedder", LoadShedderOptions::new().seed(7)).unwrap();
    let stack = stack().load_shedder(shedder.clone()).build().unwrap();
    let mut shed = 0;
    for _ in 0..200 {
        shed += u32::from(matches!(failing(&stack, 9).await.0, Err(PolicyError::Shed(_))));
    }
    assert!((140..190).contains(&shed), "{shed}");
    assert_eq!(shedder.status().counter("shed"), shed.into());
}
