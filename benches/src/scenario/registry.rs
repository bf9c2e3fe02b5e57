//! Calls by name.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::{Load, Sample, Scenario, Unit};
use crate::peer::Registry;
use crate::runtime::{ONE_THREAD, Runtime};

const NAMES: u64 = 1_000;

/// 1,000 servers, each under a name; an operation looks one up and calls it.
pub(crate) const REGISTRY_CALL: Scenario = Scenario {
    name: "registry_call",
    about: "look up one of 1,000 names and call",
    unit: Unit::Nanoseconds,
    runtimes: ONE_THREAD,
    load: Load::Time(NAMES),
    fresh_process: false,
};

pub(crate) fn registry_call<P: Registry>(runtime: Runtime, calls: u64) -> Sample {
    // Some registries belong to the process: no sample may find the names of another.
    static SAMPLES: AtomicU64 = AtomicU64::new(0);
    let sample = SAMPLES.fetch_add(1, Ordering::Relaxed);
    let names: Vec<String> = (0..NAMES).map(|index| format!("counter-{sample}-{index}")).collect();
    let took = P::run(runtime, async move {
        let registered = P::register(&names).await;
        for name in &names {
            black_box(P::call_by_name(&registered, name, 1).await);
        }
        let begun = Instant::now();
        for name in names.iter().cycle().take(calls as usize) {
            black_box(P::call_by_name(&registered, name, 1).await);
        }
        let took = begun.elapsed();
        P::forget(registered).await;
        took
    });
    Sample::Timed { operations: calls, took }
}
