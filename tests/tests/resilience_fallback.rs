//! Fallbacks. Rows FB-1 to FB-4 of the reference.
#![allow(missing_docs)]

use std::{
    cell::Cell,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use noex::resilience::{
    CircuitBreaker, CircuitBreakerOptions, Class, Classify, Fallback, PolicyError, PolicyEvent, judge,
};
use tokio::time::timeout;

const MS: Duration = Duration::from_millis(1);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Down(&'static str);

impl std::fmt::Display for Down {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is down", self.0)
    }
}

impl Error for Down {}

#[tokio::test]
async fn a_value_stands_in_for_an_error() {
    // FB-1
    let fallback = Fallback::value("fb-1", 7);
    let mut events = fallback.events();
    assert_eq!(fallback.execute(async || Err(Down("site"))).await, Ok(7));
    assert_eq!(events.next().await.unwrap(), PolicyEvent::FellBack { error: "site is down".into() });
    assert_eq!((fallback.status().counter("calls"), fallback.status().counter("fell_back")), (1, 1));
}

#[tokio::test]
async fn nothing_stands_in_for_success() {
    // FB-2
    let asked = Arc::new(AtomicU32::new(0));
    let asks = asked.clone();
    let fallback = Fallback::function("fb-2", move |_: &Down| asks.fetch_add(1, Ordering::Relaxed));
    assert_eq!(fallback.execute(async || Ok(3)).await, Ok(3));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert_eq!(fallback.execute(async || Err(Down("site"))).await, Ok(0));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn outside_of_a_policy_it_sees_the_refusal() {
    // FB-3
    let inner = CircuitBreaker::new("fb-3", CircuitBreakerOptions::new().failure_threshold(1)).unwrap();
    assert!(inner.execute(async || Err::<&str, _>(Down("site"))).await.is_err());
    let fallback = Fallback::function("fb-3", |error: &PolicyError<Down>| match error {
        PolicyError::CircuitOpen(_) => "refused",
        _ => "failed",
    });
    let runs = Cell::new(0);
    let operation = async || {
        runs.set(runs.get() + 1);
        Ok("done")
    };
    assert_eq!(fallback.execute(|| inner.execute(operation)).await, Ok("refused"));
    assert_eq!(runs.get(), 0);
}

#[tokio::test]
async fn a_fallback_that_fails_keeps_what_it_was_to_stand_in_for() {
    // FB-4
    let fallback = Fallback::operation("fb-4", |error: &Down| {
        assert_eq!(*error, Down("site"));
        async { Err::<u32, _>(Down("mirror")) }
    });
    let error = fallback.execute(async || Err(Down("site"))).await.unwrap_err();
    assert_eq!(error.to_string(), "mirror is down, after: site is down");
    assert_eq!(error.source().unwrap().to_string(), "site is down");
    let PolicyError::FallbackFailed { fallback: second, original } = error else { panic!("{error}") };
    assert_eq!(
        (*second, *original),
        (PolicyError::Failed(Down("mirror")), PolicyError::Failed(Down("site")))
    );
    assert_eq!(fallback.status().counter("failed"), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_stands_in_for_a_caller_that_left() {
    let fallback = Fallback::<u32, Down>::value("left", 7);
    assert!(timeout(MS, fallback.execute(std::future::pending)).await.is_err());
    assert_eq!(fallback.status().counter("fell_back"), 0);
}

/// Whether there is no such thing is an answer.
struct NoSuchThing;

impl Classify for NoSuchThing {
    fn class(&self) -> Class {
        Class::Ignored
    }
}

impl std::fmt::Display for NoSuchThing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no such thing")
    }
}

#[tokio::test]
async fn nothing_stands_in_for_an_answer() {
    let fallback = Fallback::value("answer", 7);
    let answer = fallback.execute_with(judge::classified, async || Err(NoSuchThing)).await;
    assert!(matches!(answer, Err(PolicyError::Failed(NoSuchThing))));
    // And a value is never an error.
    assert!(matches!(fallback.execute_with(|_| Class::Transient, async || Ok(3)).await, Ok(3)));

    fallback.dispose();
    assert!(matches!(fallback.execute(async || Ok(3)).await, Err(PolicyError::Disposed(_))));
}
