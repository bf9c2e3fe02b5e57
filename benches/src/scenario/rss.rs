//! What an idle server occupies.

use super::{Load, Sample, Scenario, Unit};
use crate::peer::Calls;
use crate::runtime::{ONE_THREAD, Runtime};

/// Resident bytes of a server that has answered one call and idles, its handle included.
///
/// Measured in a process of its own, because an allocator keeps what earlier samples freed.
pub(crate) const RSS: Scenario = Scenario {
    name: "rss",
    about: "resident bytes of an idle server that answered one call",
    unit: Unit::Fewer("bytes"),
    runtimes: ONE_THREAD,
    load: Load::Fixed(100_000, 10_000),
    fresh_process: true,
};

/// Resident megabytes of a whole process with a million servers that have each answered one call and idle, their
/// handles included: the program, its runtime and all.
pub(crate) const MILLION: Scenario = Scenario {
    name: "million",
    about: "resident MB of a process with 1,000,000 idle servers that answered one call",
    unit: Unit::Fewer("MB"),
    load: Load::Few { rounds: 1, full: 1_000_000, short: 10_000 },
    ..RSS
};

pub(crate) fn rss<P: Calls>(runtime: Runtime, servers: u64) -> Sample {
    let grown = P::run(runtime, async move {
        // The first server pays for what a process needs once.
        let first = P::start().await;
        P::call(&first, 1).await;
        let mut counters = Vec::with_capacity(servers as usize);
        let before = resident_bytes();
        start_and_call::<P>(&mut counters, servers).await;
        let grown = resident_bytes().saturating_sub(before);
        drop(counters);
        grown
    });
    Sample::Figures(vec![("", grown as f64 / servers as f64)])
}

pub(crate) fn million<P: Calls>(runtime: Runtime, servers: u64) -> Sample {
    let resident = P::run(runtime, async move {
        let mut counters = Vec::with_capacity(servers as usize);
        start_and_call::<P>(&mut counters, servers).await;
        let resident = resident_bytes();
        drop(counters);
        resident
    });
    Sample::Figures(vec![("", resident as f64 / 1e6)])
}

/// Starts so many servers, each of which answers a call: some make room for messages only then.
pub(super) async fn start_and_call<P: Calls>(counters: &mut Vec<P::Counter>, servers: u64) {
    for _ in 0..servers {
        let counter = P::start().await;
        P::call(&counter, 1).await;
        counters.push(counter);
    }
}

/// Resident set of this process.
pub(super) fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("rss needs Linux's /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line VmRSS");
    let kilobytes = line.trim().trim_end_matches("kB").trim();
    kilobytes.parse::<u64>().expect("a number of kilobytes") * 1_024
}
