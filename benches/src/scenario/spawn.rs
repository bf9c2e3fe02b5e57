//! The life of a server: start it, stop it, wait until it is gone.

use std::time::Instant;

use super::{Load, Sample, Scenario, Unit};
use crate::peer::Lifecycle;
use crate::runtime::{ONE_THREAD, Runtime};

const WARM_UP: u64 = 10;

/// One server after the other, each waited for when it starts (where that can be waited for) and
/// when it stops.
pub(crate) const SPAWN: Scenario = Scenario {
    name: "spawn",
    about: "start a server, stop it, wait until it is gone",
    unit: Unit::Microseconds,
    runtimes: ONE_THREAD,
    load: Load::Time(100),
    fresh_process: false,
};

pub(crate) fn spawn<P: Lifecycle>(runtime: Runtime, servers: u64) -> Sample {
    let took = P::run(runtime, async move {
        for _ in 0..WARM_UP {
            P::start_and_stop().await;
        }
        let begun = Instant::now();
        for _ in 0..servers {
            P::start_and_stop().await;
        }
        begun.elapsed()
    });
    Sample::Timed { operations: servers, took }
}
