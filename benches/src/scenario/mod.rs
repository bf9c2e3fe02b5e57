//! What is measured: one module a scenario, each generic over the peers that can do it.

use std::time::Duration;

use crate::peer::Peer;
use crate::runtime::Runtime;

pub(crate) mod call;
pub(crate) mod cast;
pub(crate) mod children;
pub(crate) mod crowd;
pub(crate) mod fairness;
pub(crate) mod fanout;
pub(crate) mod pipeline;
pub(crate) mod policy;
pub(crate) mod pool;
pub(crate) mod publish;
pub(crate) mod registry;
pub(crate) mod restart;
pub(crate) mod ring;
pub(crate) mod rss;
pub(crate) mod spawn;

/// A scenario: its name, its unit and how much of it to run.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// As on the command line and in results.
    pub(crate) name: &'static str,
    /// What one line of help says.
    pub(crate) about: &'static str,
    /// What its figures count.
    pub(crate) unit: Unit,
    /// Where it is measured.
    pub(crate) runtimes: &'static [Runtime],
    /// How many operations make a sample.
    pub(crate) load: Load,
    /// Whether each sample needs a process of its own.
    pub(crate) fresh_process: bool,
}

/// The unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Wall-clock time of one operation.
    Nanoseconds,
    /// Wall-clock time of one operation.
    Microseconds,
    /// Operations in a second of wall-clock time; named after the operation.
    PerSecond(&'static str),
    /// A plain count of the named things, of which fewer are better.
    Fewer(&'static str),
    /// A plain count of the named things, of which more are better.
    More(&'static str),
}

/// How many operations make a sample.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Load {
    /// As many as fill a sample's time, a multiple of this many.
    Time(u64),
    /// This many, or the second number of them in a quick run.
    Fixed(u64, u64),
    /// As `Fixed`, in so many rounds at the most: a sample takes seconds.
    Few { rounds: usize, full: u64, short: u64 },
}

/// What one sample of a scenario found.
#[derive(Clone, Debug)]
pub(crate) enum Sample {
    /// So many operations took so long.
    Timed { operations: u64, took: Duration },
    /// Figures in the scenario's unit, each with what to append to the scenario's name.
    Figures(Vec<(&'static str, f64)>),
}

/// A scenario with a peer to run it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bench {
    pub(crate) peer: &'static str,
    pub(crate) scenario: &'static Scenario,
    /// Runs that many operations on that runtime.
    pub(crate) run: fn(Runtime, u64) -> Sample,
}

impl Bench {
    pub(crate) fn new<P: Peer>(scenario: &'static Scenario, run: fn(Runtime, u64) -> Sample) -> Bench {
        Bench { peer: P::NAME, scenario, run }
    }
}

/// Every scenario, in the order of the report.
pub(crate) const ALL: &[&Scenario] = &[
    &call::SEQ,
    &call::TIMEOUT,
    &call::CONC,
    &call::ASYNC,
    &call::ASYNC_YIELD,
    &call::ASYNC_WAIT,
    &cast::CAST,
    &ring::RING,
    &spawn::SPAWN,
    &rss::RSS,
    &rss::MILLION,
    &crowd::CROWD,
    &registry::REGISTRY_CALL,
    &restart::RESTART,
    &children::CHILDREN,
    &children::STOP,
    &pool::POOL,
    &pool::POOL_YIELD,
    &pipeline::PIPELINE,
    &fanout::FANOUT,
    &publish::PUBLISH,
    &fairness::SHORT,
    &fairness::LONG,
    &call::ALLOCS,
    &cast::ALLOCS,
    &policy::BREAKER,
    &policy::LIMITER,
    &policy::WINDOW,
    &policy::KEYED,
    &policy::BULKHEAD,
    &policy::RETRY,
    &policy::TIMEOUT,
    &policy::METHOD,
    &policy::METHOD_ALLOCS,
    &policy::REFUSAL,
    &policy::REFUSAL_ALLOCS,
    &policy::KEY_BYTES,
];

impl Unit {
    /// As in results.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Nanoseconds => "ns",
            Unit::Microseconds => "µs",
            Unit::PerSecond(name) | Unit::Fewer(name) | Unit::More(name) => name,
        }
    }

    /// Whether the smaller of two figures is the better one.
    pub(crate) fn less_is_better(self) -> bool {
        match self {
            Unit::Nanoseconds | Unit::Microseconds | Unit::Fewer(_) => true,
            Unit::PerSecond(_) | Unit::More(_) => false,
        }
    }

    /// The figure of a timed sample.
    fn figure(self, operations: u64, took: Duration) -> f64 {
        let seconds = took.as_secs_f64() / operations as f64;
        match self {
            Unit::Nanoseconds => seconds * 1e9,
            Unit::Microseconds => seconds * 1e6,
            Unit::PerSecond(_) => 1.0 / seconds,
            Unit::Fewer(_) | Unit::More(_) => unreachable!("a count is not timed"),
        }
    }
}

impl Sample {
    /// The sample's figures in `unit`, each with what to append to the scenario's name.
    pub(crate) fn figures(self, unit: Unit) -> Vec<(&'static str, f64)> {
        match self {
            Sample::Timed { operations, took } => vec![("", unit.figure(operations, took))],
            Sample::Figures(figures) => figures,
        }
    }
}
