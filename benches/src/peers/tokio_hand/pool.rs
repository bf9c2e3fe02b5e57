//! A pool by hand: a task for each job, and a semaphore that says how many run.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::TokioHand;
use super::channel::Channel;
use crate::peer::{Pools, repeat};
use crate::work::Total;

/// Runs `job` as soon as fewer than the pool's number run, and waits for its outcome.
async fn run<F>(pool: &Arc<Semaphore>, job: F) -> i64
where
    F: Future<Output = i64> + Send + 'static,
{
    let permit = pool.clone().acquire_owned().await.expect("it is never closed");
    let job = tokio::spawn(async move {
        let outcome = job.await;
        drop(permit);
        outcome
    });
    job.await.expect("no job panics")
}

impl<C: Channel> Pools for TokioHand<C> {
    type Pool = Arc<Semaphore>;

    async fn pool(workers: usize) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(workers))
    }

    async fn run_many(pool: &Arc<Semaphore>, times: u64) {
        repeat!(times, run(pool, async { Total::default().add(1) }).await);
    }

    async fn run_many_yielding(pool: &Arc<Semaphore>, times: u64) {
        repeat!(times, run(pool, async { Total::default().add_yielding(1).await }).await);
    }
}
