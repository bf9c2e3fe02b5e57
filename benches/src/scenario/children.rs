//! Children that come and go: what one costs, depending on how many there are.

use std::time::{Duration, Instant};

use super::{Load, Sample, Scenario, Unit};
use crate::peer::Children;
use crate::runtime::{ONE_THREAD, Runtime};

/// How many children there are in the end, and what the figure is called.
pub(crate) const SIZES: [(u64, &str); 4] =
    [(100, "_100"), (1_000, "_1k"), (10_000, "_10k"), (100_000, "_100k")];

/// So many children are added one by one and removed one by one, each waited for, the oldest first; the figure is
/// what one costs. A supervisor whose cost is flat has four figures that are much the same.
pub(crate) const CHILDREN: Scenario = Scenario {
    name: "children",
    about: "add and remove 100 to 100,000 dynamic children, one by one",
    unit: Unit::Nanoseconds,
    runtimes: ONE_THREAD,
    load: Load::Fixed(100_000, 1_000),
    fresh_process: false,
};

/// A supervisor with so many children is stopped; the figure is what that costs for each of them.
pub(crate) const STOP: Scenario = Scenario {
    name: "children_stop",
    about: "stop a supervisor with 10,000 dynamic children",
    unit: Unit::Nanoseconds,
    runtimes: ONE_THREAD,
    load: Load::Fixed(10_000, 1_000),
    fresh_process: false,
};

pub(crate) fn children<P: Children>(runtime: Runtime, most: u64) -> Sample {
    let figures = SIZES.into_iter().map(|(size, name)| {
        // A fifth of the time of the largest for each of the small ones.
        let size = size.min(most);
        let rounds = (most / 5 / size).max(1);
        let took = P::run(runtime, async move {
            let supervisor = P::open().await;
            let mut took = Duration::ZERO;
            for _ in 0..rounds {
                let mut children = Vec::with_capacity(size as usize);
                let begun = Instant::now();
                for _ in 0..size {
                    children.push(P::add(&supervisor).await);
                }
                for child in children {
                    P::remove(&supervisor, child).await;
                }
                took += begun.elapsed();
            }
            P::close(supervisor).await;
            took
        });
        (name, took.as_secs_f64() * 1e9 / (size * rounds) as f64)
    });
    Sample::Figures(figures.collect())
}

pub(crate) fn stop<P: Children>(runtime: Runtime, children: u64) -> Sample {
    let took = P::run(runtime, async move {
        let supervisor = P::open().await;
        let mut kept = Vec::with_capacity(children as usize);
        for _ in 0..children {
            kept.push(P::add(&supervisor).await);
        }
        let begun = Instant::now();
        P::close(supervisor).await;
        begun.elapsed()
    });
    Sample::Timed { operations: children, took }
}
