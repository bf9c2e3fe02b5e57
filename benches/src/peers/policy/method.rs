//! Methods with policies: what the attributes cost a call that passes, and a call that is refused.

use noex::prelude::*;

use super::{Failed, work};
use crate::peer::repeat;
use crate::scenario::{Bench, policy};

#[genserver(call_timeout = infinity)]
pub(crate) struct Account {}

#[genserver]
impl Account {
    #[init]
    fn open() -> Self {
        Account {}
    }

    #[call]
    pub(crate) fn bare(&mut self, number: i64) -> Result<i64, Failed> {
        work(number)
    }

    #[call]
    #[circuit_breaker]
    pub(crate) fn breaker(&mut self, number: i64) -> Result<i64, Failed> {
        work(number)
    }

    #[call]
    #[rate_limit(1_000_000_000 per 1s, algorithm = token_bucket, burst = 1_000_000_000)]
    pub(crate) fn bucket(&mut self, number: i64) -> Result<i64, Failed> {
        work(number)
    }

    #[call]
    #[rate_limit(1_000 per 10us)]
    pub(crate) fn window(&mut self, number: i64) -> Result<i64, Failed> {
        work(number)
    }

    /// All of them, in the order that is recommended.
    #[call]
    #[fallback(0)]
    #[timeout(30s)]
    #[retry]
    #[circuit_breaker]
    #[rate_limit(1_000_000_000 per 1s, algorithm = token_bucket, burst = 1_000_000_000)]
    #[bulkhead]
    #[timeout(5s)]
    pub(crate) fn stack(&mut self, number: i64) -> Result<i64, Failed> {
        work(number)
    }

    /// Refused after the first call.
    #[call]
    #[circuit_breaker(failure_threshold = 1, reset_timeout = 1h)]
    pub(crate) fn open_circuit(&mut self) -> Result<i64, Failed> {
        Err(Failed)
    }

    /// As well.
    #[call]
    #[rate_limit(1 per 1h)]
    pub(crate) fn spent_window(&mut self) -> Result<i64, Failed> {
        work(1)
    }

    /// As well.
    #[call]
    #[rate_limit(1 per 1h, algorithm = token_bucket, burst = 1)]
    pub(crate) fn spent_bucket(&mut self) -> Result<i64, Failed> {
        work(1)
    }
}

/// A peer that is a method, timed and counted.
macro_rules! method {
    ($peer:literal, $scenarios:ident, $many:ident) => {
        [
            Bench {
                peer: $peer,
                scenario: $scenarios.0,
                run: |runtime, times| policy::timed(runtime, times, start, $many),
            },
            Bench {
                peer: $peer,
                scenario: $scenarios.1,
                run: |runtime, times| policy::allocs(runtime, times, start, $many),
            },
        ]
    };
}

pub(super) fn benches() -> Vec<Bench> {
    let passed = (&policy::METHOD, &policy::METHOD_ALLOCS);
    let refused = (&policy::REFUSAL, &policy::REFUSAL_ALLOCS);
    [
        method!("noex_bare", passed, bare),
        method!("noex_breaker", passed, breaker),
        method!("noex_bucket", passed, bucket),
        method!("noex_window", passed, window),
        method!("noex_stack", passed, stack),
        method!("noex_breaker", refused, open_circuit),
        method!("noex_bucket", refused, spent_bucket),
        method!("noex_window", refused, spent_window),
    ]
    .concat()
}

async fn start() -> AccountRef {
    Account::start().await.expect("the server starts")
}

/// A function that calls the method many times over.
macro_rules! many {
    ($($method:ident),*) => {$(
        async fn $method(account: AccountRef, times: u64) {
            repeat!(times, account.$method(1).await.expect("it succeeds"));
        }
    )*};
}

many!(bare, breaker, bucket, window, stack);

/// The same, of one that is refused; the first one of all may not be.
macro_rules! refused {
    ($($method:ident),*) => {$(
        async fn $method(account: AccountRef, times: u64) {
            // Looked at where it is, as a `match` does.
            repeat!(times, matches!(&account.$method().await, Err(error) if !matches!(error, CallError::Handler(_))));
        }
    )*};
}

refused!(open_circuit, spent_window, spent_bucket);
