//! Casts: a million messages nobody waits for, and a call that waits for them all.

use std::time::Instant;

use super::{Load, Sample, Scenario, Unit};
use crate::alloc::allocations;
use crate::peer::Casts;
use crate::runtime::{BOTH, ONE_THREAD, Runtime};

/// One sender and one server; the clock stops when a call behind the last cast is answered.
///
/// An unbounded mailbox takes all messages before the server sees the first on one thread; a bounded
/// one makes the sender give way.
pub(crate) const CAST: Scenario = Scenario {
    name: "cast",
    about: "1 M casts and a call behind them",
    unit: Unit::PerSecond("messages/s"),
    runtimes: BOTH,
    load: Load::Fixed(1_000_000, 100_000),
    fresh_process: false,
};

/// Allocations of a cast of [`CAST`], sender and server together.
pub(crate) const ALLOCS: Scenario = Scenario {
    name: "cast_allocs",
    about: "allocations of a cast",
    unit: Unit::Fewer("allocations"),
    runtimes: ONE_THREAD,
    load: Load::Fixed(100_000, 10_000),
    fresh_process: false,
};

pub(crate) fn cast<P: Casts>(runtime: Runtime, casts: u64) -> Sample {
    let took = P::run(runtime, async move {
        let counter = P::start().await;
        P::call(&counter, 0).await;
        let begun = Instant::now();
        flood::<P>(&counter, casts).await;
        begun.elapsed()
    });
    Sample::Timed { operations: casts, took }
}

pub(crate) fn allocs<P: Casts>(runtime: Runtime, casts: u64) -> Sample {
    let allocated = P::run(runtime, async move {
        let counter = P::start().await;
        P::call(&counter, 0).await;
        let before = allocations();
        flood::<P>(&counter, casts).await;
        allocations() - before
    });
    Sample::Figures(vec![("", allocated as f64 / casts as f64)])
}

async fn flood<P: Casts>(counter: &P::Counter, casts: u64) {
    P::cast_many(counter, casts).await;
    assert_eq!(P::call(counter, 0).await, casts as i64, "{} lost casts", P::NAME);
}
