//! What waits: tokio's semaphore and time-out, and backon's retries.

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use tokio::sync::Semaphore;

use super::work;
use crate::peer::repeat;
use crate::scenario::{Bench, policy};

pub(super) fn benches() -> Vec<Bench> {
    vec![
        Bench {
            peer: "tokio",
            scenario: &policy::BULKHEAD,
            run: |runtime, times| {
                policy::timed(runtime, times, async || Arc::new(Semaphore::new(10)), acquire_many)
            },
        },
        Bench {
            peer: "tokio",
            scenario: &policy::TIMEOUT,
            run: |runtime, times| policy::timed(runtime, times, async || (), time_many),
        },
        Bench {
            peer: "backon",
            scenario: &policy::RETRY,
            run: |runtime, times| {
                policy::timed(runtime, times, async || ExponentialBuilder::default(), retry_many)
            },
        },
    ]
}

async fn acquire_many(semaphore: Arc<Semaphore>, times: u64) {
    repeat!(times, {
        let permit = semaphore.acquire().await.expect("it is open");
        let done = async { work(1) }.await;
        drop(permit);
        done.expect("it succeeds")
    });
}

async fn time_many((): (), times: u64) {
    let limit = Duration::from_secs(5);
    repeat!(
        times,
        tokio::time::timeout(limit, async { work(1) }).await.expect("it is ready").expect("it succeeds")
    );
}

async fn retry_many(backoff: ExponentialBuilder, times: u64) {
    repeat!(times, (async || work(1)).retry(backoff).await.expect("it succeeds"));
}
