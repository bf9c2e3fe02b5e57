//! Requests through a chain of servers.

use std::time::Instant;

use super::{Load, Sample, Scenario, Unit};
use crate::peer::Lines;
use crate::runtime::{BOTH, Runtime};

/// Servers in the chain.
pub(crate) const STAGES: u64 = 4;

/// One caller sends numbers through four servers, one number after the other; an operation is one stage. By hand that
/// is one message there and one back, over channels.
pub(crate) const PIPELINE: Scenario = Scenario {
    name: "pipeline",
    about: "one caller, four stages, per stage",
    unit: Unit::Nanoseconds,
    runtimes: BOTH,
    load: Load::Time(STAGES * 100),
    fresh_process: false,
};

pub(crate) fn pipeline<P: Lines>(runtime: Runtime, stages: u64) -> Sample {
    let requests = stages.div_ceil(STAGES);
    let took = P::run(runtime, async move {
        let line = P::line().await;
        P::process_many(&line, 10).await;
        let begun = Instant::now();
        P::process_many(&line, requests).await;
        begun.elapsed()
    });
    Sample::Timed { operations: requests * STAGES, took }
}
