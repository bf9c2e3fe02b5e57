//! One event to all who subscribed to its topic.

use std::time::Instant;

use super::{Load, Sample, Scenario, Unit};
use crate::peer::Publishes;
use crate::runtime::{BOTH, Runtime};

pub(crate) const SUBSCRIBERS: u64 = 1_000;

/// One task publishes numbers, each to 1,000 servers that subscribed; an operation is one delivery. The clock stops
/// when each server has answered a call behind the last number. Peers without a bus of their own that keeps every
/// event send to each of their servers in a loop, as in `fanout`; Elixir's are registered under one key, and its
/// `Registry.dispatch` sends to them.
pub(crate) const PUBLISH: Scenario = Scenario {
    name: "publish",
    about: "one publisher, 1,000 subscribers of its topic",
    unit: Unit::PerSecond("deliveries/s"),
    runtimes: BOTH,
    load: Load::Time(SUBSCRIBERS * 20),
    fresh_process: false,
};

pub(crate) fn publish<P: Publishes>(runtime: Runtime, deliveries: u64) -> Sample {
    let numbers = deliveries.div_ceil(SUBSCRIBERS);
    let took = P::run(runtime, async move {
        let bus = P::open(SUBSCRIBERS).await;
        let begun = Instant::now();
        for _ in 0..numbers {
            P::publish(&bus, 1).await;
        }
        let sums = P::sums(&bus).await;
        let took = begun.elapsed();
        assert_eq!(sums, vec![numbers as i64; SUBSCRIBERS as usize], "{} lost events", P::NAME);
        took
    });
    Sample::Timed { operations: numbers * SUBSCRIBERS, took }
}
