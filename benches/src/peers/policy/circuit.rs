//! Circuit breakers around plain functions: failsafe and recloser.

use std::sync::Arc;

use failsafe::CircuitBreaker;
use recloser::Recloser;

use super::work;
use crate::peer::repeat;
use crate::scenario::{Bench, policy};

pub(super) fn benches() -> Vec<Bench> {
    vec![
        Bench {
            peer: "failsafe",
            scenario: &policy::BREAKER,
            run: |runtime, times| {
                policy::timed(runtime, times, async || failsafe::Config::new().build(), failsafe_many)
            },
        },
        Bench {
            peer: "recloser",
            scenario: &policy::BREAKER,
            run: |runtime, times| {
                policy::timed(runtime, times, async || Arc::new(Recloser::default()), recloser_many)
            },
        },
    ]
}

async fn failsafe_many(breaker: impl CircuitBreaker, times: u64) {
    repeat!(times, breaker.call(|| work(1)).expect("it is closed"));
}

async fn recloser_many(breaker: Arc<Recloser>, times: u64) {
    repeat!(times, breaker.call(|| work(1)).expect("it is closed"));
}
