//! Calls: one after the other, timed, from many callers, to asynchronous handlers.

use std::time::{Duration, Instant};

use super::{Load, Sample, Scenario, Unit};
use crate::alloc::allocations;
use crate::peer::{AsyncCalls, Calls, TimedCalls};
use crate::runtime::{BOTH, ONE_THREAD, Runtime, TWO_WORKERS};

/// Calls before the clock starts; constant, so that two runs differ by their operations only.
const WARM_UP: u64 = 100;

/// Callers of the concurrent scenarios.
pub(crate) const CALLERS: u64 = 64;

/// One caller and one server: the next call is made when the last is answered.
pub(crate) const SEQ: Scenario = Scenario {
    name: "call_seq",
    about: "one caller, one server, one call after the other",
    unit: Unit::Nanoseconds,
    runtimes: BOTH,
    load: Load::Time(1_000),
    fresh_process: false,
};

/// As [`SEQ`], each call with a time-out of 5 s that never runs out.
pub(crate) const TIMEOUT: Scenario =
    Scenario { name: "call_timeout", about: "as call_seq, with a time-out of 5 s on each call", ..SEQ };

/// As [`SEQ`], the handler is an `async fn` that is ready at once.
pub(crate) const ASYNC: Scenario =
    Scenario { name: "call_async", about: "as call_seq, to an async handler that is ready at once", ..SEQ };

/// As [`SEQ`], the handler is an `async fn` that yields once before it answers.
pub(crate) const ASYNC_YIELD: Scenario =
    Scenario { name: "call_async_yield", about: "as call_seq, to an async handler that yields once", ..SEQ };

/// As [`SEQ`], the handler is an `async fn` that waits for a task that it starts.
pub(crate) const ASYNC_WAIT: Scenario = Scenario {
    name: "call_async_wait",
    about: "as call_seq, to an async handler that waits for a task that it starts",
    ..SEQ
};

/// 64 callers in closed loops on one server, until each has made its share of the calls.
pub(crate) const CONC: Scenario = Scenario {
    name: "call_conc",
    about: "64 callers, one server",
    unit: Unit::PerSecond("calls/s"),
    runtimes: TWO_WORKERS,
    load: Load::Time(CALLERS * 100),
    fresh_process: false,
};

/// Allocations of a call of [`SEQ`], caller and server together.
pub(crate) const ALLOCS: Scenario = Scenario {
    name: "call_allocs",
    about: "allocations of a call",
    unit: Unit::Fewer("allocations"),
    runtimes: ONE_THREAD,
    load: Load::Fixed(10_000, 1_000),
    fresh_process: false,
};

/// What `$calls` calls of `$call_many` take on a fresh server of `$peer`; checks that all arrived.
macro_rules! one_after_the_other {
    ($peer:ident, $runtime:expr, $calls:expr, $call_many:path) => {{
        let calls = $calls;
        $peer::run($runtime, async move {
            let counter = $peer::start().await;
            $call_many(&counter, WARM_UP).await;
            let before = Mark::now();
            $call_many(&counter, calls).await;
            let spent = before.elapsed();
            let sum = $peer::call(&counter, 0).await;
            assert_eq!(sum, (WARM_UP + calls) as i64, "{} lost calls", $peer::NAME);
            spent
        })
    }};
}

/// Where clock and allocation counter stood.
struct Mark {
    clock: Instant,
    allocations: u64,
}

impl Mark {
    fn now() -> Mark {
        Mark { allocations: allocations(), clock: Instant::now() }
    }

    fn elapsed(&self) -> (Duration, u64) {
        // On two workers the task may be on another thread by now, with a count of its own that nobody reads.
        (self.clock.elapsed(), allocations().saturating_sub(self.allocations))
    }
}

pub(crate) fn seq<P: Calls>(runtime: Runtime, calls: u64) -> Sample {
    let (took, _) = one_after_the_other!(P, runtime, calls, P::call_many);
    Sample::Timed { operations: calls, took }
}

pub(crate) fn timeout<P: TimedCalls>(runtime: Runtime, calls: u64) -> Sample {
    let (took, _) = one_after_the_other!(P, runtime, calls, P::call_many_timed);
    Sample::Timed { operations: calls, took }
}

pub(crate) fn ready<P: AsyncCalls>(runtime: Runtime, calls: u64) -> Sample {
    let (took, _) = one_after_the_other!(P, runtime, calls, P::call_many_async);
    Sample::Timed { operations: calls, took }
}

pub(crate) fn yielding<P: AsyncCalls>(runtime: Runtime, calls: u64) -> Sample {
    let (took, _) = one_after_the_other!(P, runtime, calls, P::call_many_yielding);
    Sample::Timed { operations: calls, took }
}

pub(crate) fn waiting<P: AsyncCalls>(runtime: Runtime, calls: u64) -> Sample {
    let (took, _) = one_after_the_other!(P, runtime, calls, P::call_many_waiting);
    Sample::Timed { operations: calls, took }
}

pub(crate) fn allocs<P: Calls>(runtime: Runtime, calls: u64) -> Sample {
    let (_, allocated) = one_after_the_other!(P, runtime, calls, P::call_many);
    Sample::Figures(vec![("", allocated as f64 / calls as f64)])
}

pub(crate) fn conc<P: Calls>(runtime: Runtime, calls: u64) -> Sample {
    let share = calls.div_ceil(CALLERS);
    let took = P::run(runtime, async move {
        let counter = P::start().await;
        P::call(&counter, 0).await;
        let begun = Instant::now();
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let counter = counter.clone();
                tokio::spawn(async move { P::call_many(&counter, share).await })
            })
            .collect();
        for caller in callers {
            caller.await.expect("a caller does not panic");
        }
        let took = begun.elapsed();
        assert_eq!(P::call(&counter, 0).await, (share * CALLERS) as i64, "{} lost calls", P::NAME);
        took
    });
    Sample::Timed { operations: share * CALLERS, took }
}
