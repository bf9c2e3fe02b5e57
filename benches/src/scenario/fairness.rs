//! Whether 64 callers of one server are all served.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::call::CALLERS;
use super::{Load, Sample, Scenario, Unit};
use crate::peer::Calls;
use crate::runtime::{Runtime, TWO_WORKERS};

/// 64 callers in closed loops for a fixed time: calls answered to the worst, the middle and the
/// best-served caller. The load is the time in milliseconds.
///
/// A server that prefers whoever asks first lets two callers take everything on two workers: the
/// median tells more than the sum.
pub(crate) const SHORT: Scenario = Scenario {
    name: "fairness",
    about: "calls served to each of 64 callers in 300 ms: min, median, max",
    unit: Unit::More("calls"),
    runtimes: TWO_WORKERS,
    load: Load::Fixed(300, 100),
    fresh_process: false,
};

/// As [`SHORT`], with a handler that is busy for a few microseconds.
pub(crate) const LONG: Scenario =
    Scenario { name: "fairness_long", about: "as fairness, with a handler of a few microseconds", ..SHORT };

/// Lets 64 tasks call `$call` on one server of `$peer` for `$milliseconds`.
macro_rules! closed_loops {
    ($peer:ident, $runtime:expr, $milliseconds:expr, $call:path) => {{
        let (runtime, time) = ($runtime, Duration::from_millis($milliseconds));
        $peer::run(runtime, async move {
            let counter = $peer::start().await;
            let stop = Arc::new(AtomicBool::new(false));
            let callers: Vec<_> = (0..CALLERS)
                .map(|_| {
                    let (counter, stop) = (counter.clone(), stop.clone());
                    tokio::spawn(async move {
                        let mut served = 0_u64;
                        while !stop.load(Ordering::Relaxed) {
                            black_box($call(&counter, 1).await);
                            served += 1;
                        }
                        served
                    })
                })
                .collect();
            // A thread of its own: callers that never give way would starve a timer as well.
            let alarm = thread::spawn(move || {
                thread::sleep(time);
                stop.store(true, Ordering::Relaxed);
            });
            let mut served = Vec::new();
            for caller in callers {
                served.push(caller.await.expect("a caller does not panic"));
            }
            alarm.join().expect("the alarm does not panic");
            spread(served)
        })
    }};
}

pub(crate) fn short<P: Calls>(runtime: Runtime, milliseconds: u64) -> Sample {
    closed_loops!(P, runtime, milliseconds, P::call)
}

pub(crate) fn long<P: Calls>(runtime: Runtime, milliseconds: u64) -> Sample {
    closed_loops!(P, runtime, milliseconds, P::call_slow)
}

fn spread(mut served: Vec<u64>) -> Sample {
    served.sort_unstable();
    let last = served.len() - 1;
    Sample::Figures(vec![
        ("_min", served[0] as f64),
        ("_median", served[last / 2] as f64),
        ("_max", served[last] as f64),
    ])
}
