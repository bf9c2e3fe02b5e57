//! A crash and the way back.

use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::{Load, Sample, Scenario, Unit};
use crate::peer::Restarts;
use crate::runtime::{Runtime, TWO_WORKERS};

/// From telling a supervised child to panic until a fresh one answers a call.
///
/// The caller asks again at once, giving way in between, until somebody answers. The unwinding
/// is part of every crash and of every figure; the panic message is not printed.
pub(crate) const RESTART: Scenario = Scenario {
    name: "restart",
    about: "crash a supervised child until a fresh one answers",
    unit: Unit::Microseconds,
    runtimes: TWO_WORKERS,
    load: Load::Time(50),
    fresh_process: false,
};

/// Whether panics are expected.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// Keeps expected panics off the terminal. Comes first in the program, so that a peer's own hook
/// goes on top of this one and does its work for every crash.
pub(crate) fn quieten_panics() {
    let loud = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !IS_QUIET.load(Ordering::Relaxed) {
            loud(panic);
        }
    }));
}

pub(crate) fn restart<P: Restarts>(runtime: Runtime, crashes: u64) -> Sample {
    IS_QUIET.store(true, Ordering::Relaxed);
    let took = P::run(runtime, async move {
        let child = P::supervise().await;
        crash_and_wait::<P>(&child).await;
        let begun = Instant::now();
        for _ in 0..crashes {
            crash_and_wait::<P>(&child).await;
        }
        begun.elapsed()
    });
    IS_QUIET.store(false, Ordering::Relaxed);
    Sample::Timed { operations: crashes, took }
}

async fn crash_and_wait<P: Restarts>(child: &P::Child) {
    P::crash(child).await;
    loop {
        match P::try_call(child, 1).await {
            Some(sum) => break assert_eq!(sum, 1, "{}: the child that answers is fresh", P::NAME),
            None => tokio::task::yield_now().await,
        }
    }
}
