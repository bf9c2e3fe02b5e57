//! Erlang's fuse, told with a circuit breaker: a melt is a failure, a blown fuse an open circuit.
//!
//! A fuse that tolerates R melts is a breaker that opens at failure R + 1. It half-opens where a fuse heals, and melts
//! are undone by successes.
#![allow(missing_docs)]

use std::{cell::Cell, time::Duration};

use noex::resilience::{
    CircuitBreaker, CircuitBreakerOptions, CircuitState, Class, NamedError, PolicyError, PolicyEvent,
};
use tokio::time::advance;

const RESET: Duration = Duration::from_secs(60);

/// Tolerates two melts.
const fn two() -> CircuitBreakerOptions {
    CircuitBreakerOptions::new().failure_threshold(3).success_threshold(1).reset_timeout(RESET)
}

fn install(name: &str) -> CircuitBreaker {
    CircuitBreaker::get_or_create(name, two()).unwrap()
}

type Asked = Result<u32, PolicyError<&'static str>>;

async fn melt(fuse: &CircuitBreaker, times: usize) {
    for _ in 0..times {
        assert_eq!(fuse.execute(async || Err::<u32, _>("melt")).await, Err(PolicyError::Failed("melt")));
    }
}

async fn ask(fuse: &CircuitBreaker) -> Asked {
    fuse.execute(async || Ok(7)).await
}

#[track_caller]
fn assert_blown(asked: &Asked) {
    assert!(matches!(asked, Err(PolicyError::CircuitOpen(_))), "{asked:?}");
}

/// FUSE-1, FUSE-2: a look at the state changes nothing; a call that succeeds would undo the melts.
#[tokio::test(start_paused = true)]
async fn it_tolerates_so_many_melts() {
    let fuse = install("fuse 1");
    assert_eq!(fuse.state(), CircuitState::Closed);
    melt(&fuse, 2).await;
    assert_eq!(fuse.state(), CircuitState::Closed);
    melt(&fuse, 1).await;
    assert_blown(&ask(&fuse).await);
}

/// FUSE-4, FUSE-5: what counts as a melt, a judge says; its value is given all the same.
#[tokio::test(start_paused = true)]
async fn a_run_reports_how_it_went() {
    let fuse = install("fuse 4");
    assert_eq!(ask(&fuse).await, Ok(7));
    assert_eq!(fuse.status().counter("failed"), 0);
    let runs = Cell::new(0);
    let report_melt = async || {
        let run = async || {
            runs.set(runs.get() + 1);
            Ok::<u32, &str>(8)
        };
        fuse.execute_with(|_| Class::Transient, run).await
    };
    assert_eq!(report_melt().await, Ok(8));
    assert_eq!(fuse.status().counter("failed"), 1);

    report_melt().await.unwrap();
    report_melt().await.unwrap();
    assert_blown(&report_melt().await);
    assert_eq!(runs.get(), 3);
}

/// FUSE-6: at the end of the time a first call passes, and heals it.
#[tokio::test(start_paused = true)]
async fn it_heals_by_itself() {
    let fuse = install("fuse 6");
    melt(&fuse, 3).await;
    advance(RESET - Duration::from_millis(1)).await;
    assert_blown(&ask(&fuse).await);
    advance(Duration::from_millis(1)).await;
    assert_eq!(ask(&fuse).await, Ok(7));
    assert_eq!(fuse.state(), CircuitState::Closed);
}

/// FUSE-7
#[tokio::test(start_paused = true)]
async fn it_is_reset_by_hand() {
    let fuse = install("fuse 7");
    melt(&fuse, 3).await;
    advance(RESET / 2).await;
    fuse.force_close();
    assert_eq!(fuse.state(), CircuitState::Closed);
    melt(&fuse, 2).await;
    advance(RESET / 2).await;
    assert_eq!(fuse.state(), CircuitState::Closed);
    melt(&fuse, 1).await;
    assert_eq!(fuse.state(), CircuitState::Open, "the old time-out has healed nothing");
}

/// FUSE-3, FUSE-8: what is removed refuses, and what is installed anew is new.
#[tokio::test(start_paused = true)]
async fn it_is_removed_and_installed_again() {
    let old = install("fuse 8");
    melt(&old, 3).await;
    old.dispose();
    assert!(matches!(ask(&old).await, Err(PolicyError::Disposed(gone)) if &*gone.policy == "fuse 8"));
    let fuse = install("fuse 8");
    assert_eq!((fuse.state(), fuse.status().counter("failed")), (CircuitState::Closed, 0));
    assert_eq!(ask(&fuse).await, Ok(7));
}

/// FUSE-9: other settings for a name that is in use are an error, until the old ones are removed.
#[tokio::test(start_paused = true)]
async fn other_settings_want_another_fuse() {
    let old = install("fuse 9");
    melt(&old, 3).await;
    let other = two().failure_threshold(1);
    let conflict = CircuitBreaker::get_or_create("fuse 9", other);
    assert!(matches!(conflict, Err(NamedError::Conflict { policy }) if &*policy == "fuse 9"));
    old.dispose();
    let fuse = CircuitBreaker::get_or_create("fuse 9", other).unwrap();
    assert_eq!(ask(&fuse).await, Ok(7));
    melt(&fuse, 1).await;
    assert_blown(&ask(&fuse).await);
}

/// FUSE-10: `disable` of a fuse is `force_open`; a breaker's own `disable` lets everything through.
#[tokio::test(start_paused = true)]
async fn it_is_blown_by_hand() {
    let fuse = install("fuse 10");
    fuse.force_open();
    advance(10 * RESET).await;
    assert_blown(&ask(&fuse).await);
    fuse.force_close();
    assert_eq!(ask(&fuse).await, Ok(7));
}

/// FUSE-11: with the half-open state between.
#[tokio::test(start_paused = true)]
async fn listeners_hear_of_it() {
    use CircuitState::{Closed, HalfOpen, Open};

    let fuse = install("fuse 11");
    let mut events = fuse.events();
    melt(&fuse, 3).await;
    advance(RESET).await;
    ask(&fuse).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 3 {
        if let PolicyEvent::StateChanged { from, to } = events.next().await.unwrap() {
            seen.push((from, to));
        }
    }
    assert_eq!(seen, [(Closed, Open), (Open, HalfOpen), (HalfOpen, Closed)]);
}

/// FUSE-12
#[tokio::test(start_paused = true)]
async fn outcomes_are_counted() {
    let fuse = install("fuse 12");
    ask(&fuse).await.unwrap();
    melt(&fuse, 3).await;
    assert_blown(&ask(&fuse).await);
    fuse.force_close();
    ask(&fuse).await.unwrap();
    let status = fuse.status();
    let counted = ["succeeded", "failed", "refused"].map(|counter| status.counter(counter));
    assert_eq!(counted, [2, 3, 1]);
}
