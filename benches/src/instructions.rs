//! Instructions per operation, which do not vary with the noise of the machine.
//!
//! valgrind's callgrind runs this program twice, with a small and a larger number of operations of
//! one scenario; what they differ by is the operations' alone. Only user-space instructions count.

use std::process::Command;

use crate::cli::Selection;
use crate::peers;
use crate::report::Figure;
use crate::runtime::Runtime;
use crate::scenario::{Bench, Unit};

/// The scenarios worth counting, each with the two numbers of operations. A policy's clock compares itself with another
/// one when it is first read, which takes now more and now less: there have to be many.
const COUNTED: &[(&str, u64, u64)] = &[
    ("call_seq", 1_000, 6_000),
    ("call_timeout", 1_000, 6_000),
    ("call_async_yield", 1_000, 6_000),
    ("call_async_wait", 1_000, 6_000),
    ("cast", 2_000, 22_000),
    ("ring", 2_000, 12_000),
    ("spawn", 200, 1_200),
    ("policy_breaker", 2_000, 202_000),
    ("policy_limiter", 2_000, 202_000),
    ("policy_window", 2_000, 202_000),
    ("policy_keyed", 2_000, 202_000),
    ("policy_bulkhead", 2_000, 202_000),
    ("policy_retry", 2_000, 202_000),
    ("policy_timeout", 2_000, 202_000),
    ("policy_method", 2_000, 202_000),
    ("policy_refusal", 2_000, 202_000),
];

/// Counts each of `benches` that is worth it, on one thread.
pub(crate) fn count(benches: &[Bench], selection: &Selection) -> Result<Vec<Figure>, String> {
    let mut figures = Vec::new();
    for &(scenario, few, many) in COUNTED {
        // What runs in a process of its own has its instructions there.
        let here = benches.iter().filter(|bench| bench.peer != peers::beam::NAME);
        for bench in here.filter(|bench| bench.scenario.name == scenario) {
            if selection.runtime == Some(Runtime::TwoWorkers) {
                continue;
            }
            eprintln!("{scenario}: {}", bench.peer);
            let difference = instructions(bench, many)?.saturating_sub(instructions(bench, few)?);
            let each = difference as f64 / (many - few) as f64;
            figures.push(Figure {
                peer: bench.peer,
                scenario: format!("{scenario}_instructions"),
                runtime: Runtime::OneThread,
                value: each,
                spread: (each, each),
                unit: Unit::Fewer("instructions"),
            });
        }
    }
    Ok(figures)
}

/// The instructions of a whole process that runs `bench` once.
fn instructions(bench: &Bench, iterations: u64) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .arg("--one")
        .args([bench.peer, bench.scenario.name, "one", &iterations.to_string()])
        .output()
        .map_err(|error| format!("valgrind does not start: {error}"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    // A child that it waited for, as to ask for a peer that is not installed, has reported before.
    let collected = log.lines().rev().find_map(|line| line.split_once("Collected :"));
    collected
        .and_then(|(_, count)| count.trim().parse().ok())
        .ok_or_else(|| format!("valgrind counted nothing for {}:\n{log}", bench.peer))
}
