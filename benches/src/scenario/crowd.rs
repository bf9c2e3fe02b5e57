//! What a call costs, depending on how many servers there are.

use std::hint::black_box;
use std::time::Instant;

use super::rss::start_and_call;
use super::{Load, Sample, Scenario, Unit};
use crate::peer::Calls;
use crate::runtime::{ONE_THREAD, Runtime};

/// How many servers there are, and what the figure is called.
const SIZES: [(u64, &str); 4] = [(1_000, "_1k"), (10_000, "_10k"), (100_000, "_100k"), (1_000_000, "_1m")];

/// A call for each server there is, and for few servers more than one.
const AT_LEAST: u64 = 200_000;

/// From a server to the next one in turn. A prime that divides no number of servers, so that each has its turn, and
/// large, so that who is next was not started next: no cache has it because it had the one before.
const STEP: u64 = 7_368_787;

/// One caller, which calls all servers in turn, each of which was idle. The more there are, the fewer of them are in
/// the processor's caches, whoever wrote the servers: `std_mutex`, a number and its lock, shows what that alone comes
/// to.
///
/// In a process of its own, because an allocator that has freed much puts neighbours far apart.
pub(crate) const CROWD: Scenario = Scenario {
    name: "crowd",
    about: "calls to 1,000 to 1,000,000 servers in turn",
    unit: Unit::Nanoseconds,
    runtimes: ONE_THREAD,
    load: Load::Few { rounds: 3, full: 1_000_000, short: 10_000 },
    fresh_process: true,
};

pub(crate) fn crowd<P: Calls>(runtime: Runtime, most: u64) -> Sample {
    let figures = P::run(runtime, async move {
        let mut counters = Vec::with_capacity(most as usize);
        let mut figures = Vec::new();
        for (size, name) in SIZES {
            // A short run is without the large ones, but never without any.
            if size > most && !figures.is_empty() {
                break;
            }
            let size = size.min(most);
            let more = size - counters.len() as u64;
            start_and_call::<P>(&mut counters, more).await;
            let rounds = AT_LEAST.min(most).div_ceil(size);
            let begun = Instant::now();
            for turn in 0..rounds * size {
                black_box(P::call(&counters[(turn * STEP % size) as usize], 1).await);
            }
            figures.push((name, begun.elapsed().as_secs_f64() * 1e9 / (rounds * size) as f64));
        }
        figures
    });
    Sample::Figures(figures)
}
