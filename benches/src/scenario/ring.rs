//! A token round a circle of servers: a message wakes a server that was idle, again and again.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Notify;

use super::{Load, Sample, Scenario, Unit};
use crate::peer::Rings;
use crate::runtime::{BOTH, Runtime};

const SIZE: u64 = 1_000;

/// One token round 1,000 servers; an operation is one hop.
pub(crate) const RING: Scenario = Scenario {
    name: "ring",
    about: "a token round 1,000 servers",
    unit: Unit::PerSecond("messages/s"),
    runtimes: BOTH,
    load: Load::Time(SIZE),
    fresh_process: false,
};

pub(crate) fn ring<P: Rings>(runtime: Runtime, messages: u64) -> Sample {
    let messages = messages.max(1);
    let took = P::run(runtime, async move {
        let done = Arc::new(Notify::new());
        let ring = P::ring(SIZE as usize, done.clone()).await;
        P::pass(&ring, SIZE - 1).await;
        done.notified().await;
        let begun = Instant::now();
        P::pass(&ring, messages - 1).await;
        done.notified().await;
        begun.elapsed()
    });
    Sample::Timed { operations: messages, took }
}
