//! Jobs for a pool of workers.

use std::time::Instant;

use super::{Load, Sample, Scenario, Unit, call::CALLERS};
use crate::peer::Pools;
use crate::runtime::{BOTH, Runtime};

const WORKERS: usize = 4;

/// 64 callers in closed loops on a pool of 4 workers: each submits a job and waits for its outcome. What the jobs do is
/// next to nothing, so that the pool itself is measured.
pub(crate) const POOL: Scenario = Scenario {
    name: "pool",
    about: "64 callers, a pool of 4 workers",
    unit: Unit::PerSecond("jobs/s"),
    runtimes: BOTH,
    load: Load::Time(CALLERS * 100),
    fresh_process: false,
};

/// As [`POOL`], the jobs are asynchronous and yield once.
pub(crate) const POOL_YIELD: Scenario =
    Scenario { name: "pool_yield", about: "as pool, with async jobs that yield once", ..POOL };

/// What `$jobs` jobs by `$run_many` take, from all callers together.
macro_rules! from_all_callers {
    ($peer:ident, $runtime:expr, $jobs:expr, $run_many:path) => {{
        let share = $jobs.div_ceil(CALLERS);
        let took = $peer::run($runtime, async move {
            let pool = $peer::pool(WORKERS).await;
            $run_many(&pool, CALLERS).await;
            let begun = Instant::now();
            let callers: Vec<_> = (0..CALLERS)
                .map(|_| {
                    let pool = pool.clone();
                    tokio::spawn(async move { $run_many(&pool, share).await })
                })
                .collect();
            for caller in callers {
                caller.await.expect("a caller does not panic");
            }
            begun.elapsed()
        });
        Sample::Timed { operations: share * CALLERS, took }
    }};
}

pub(crate) fn pool<P: Pools>(runtime: Runtime, jobs: u64) -> Sample {
    from_all_callers!(P, runtime, jobs, P::run_many)
}

pub(crate) fn yielding<P: Pools>(runtime: Runtime, jobs: u64) -> Sample {
    from_all_callers!(P, runtime, jobs, P::run_many_yielding)
}
