//! One publisher, many subscribers.

use std::time::Instant;

use super::{Load, Sample, Scenario, Unit};
use crate::peer::Casts;
use crate::runtime::{Runtime, TWO_WORKERS};

const SUBSCRIBERS: u64 = 1_000;

/// One task casts each number to each of 1,000 servers; an operation is one delivery. The clock
/// stops when each server has answered a call behind its last cast.
pub(crate) const FANOUT: Scenario = Scenario {
    name: "fanout",
    about: "one publisher, 1,000 subscribers",
    unit: Unit::PerSecond("deliveries/s"),
    runtimes: TWO_WORKERS,
    load: Load::Time(SUBSCRIBERS * 20),
    fresh_process: false,
};

pub(crate) fn fanout<P: Casts>(runtime: Runtime, deliveries: u64) -> Sample {
    let numbers = deliveries.div_ceil(SUBSCRIBERS);
    let took = P::run(runtime, async move {
        let mut subscribers = Vec::new();
        for _ in 0..SUBSCRIBERS {
            let subscriber = P::start().await;
            P::call(&subscriber, 0).await;
            subscribers.push(subscriber);
        }
        let begun = Instant::now();
        for _ in 0..numbers {
            for subscriber in &subscribers {
                P::cast(subscriber, 1).await;
            }
        }
        for subscriber in &subscribers {
            assert_eq!(P::call(subscriber, 0).await, numbers as i64, "{} lost deliveries", P::NAME);
        }
        begun.elapsed()
    });
    Sample::Timed { operations: numbers * SUBSCRIBERS, took }
}
