//! Elixir on the BEAM: `beam/bench.exs` runs the same scenarios, each sample in a process of its own.
//!
//! A peer only where `elixir` is installed. It has as many schedulers as the runtime it stands beside has threads. The
//! start of its process is no part of a figure.

use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::runtime::Runtime;
use crate::scenario::{
    Bench, Sample, Scenario, call, cast, children, fanout, publish, registry, restart, ring, spawn,
};

/// What it is called.
pub(crate) const NAME: &str = "elixir";

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/beam/bench.exs");

/// Its benches, or none where it is not installed.
pub(crate) fn benches() -> Vec<Bench> {
    macro_rules! bench {
        ($scenario:path, $name:literal) => {
            bench(&$scenario, |runtime, operations| timed($name, runtime, operations))
        };
    }
    if !is_there() {
        return Vec::new();
    }
    vec![
        bench!(call::SEQ, "call_seq"),
        bench!(call::TIMEOUT, "call_timeout"),
        bench!(call::CONC, "call_conc"),
        bench!(cast::CAST, "cast"),
        bench!(ring::RING, "ring"),
        bench!(spawn::SPAWN, "spawn"),
        bench!(registry::REGISTRY_CALL, "registry_call"),
        bench!(restart::RESTART, "restart"),
        bench!(fanout::FANOUT, "fanout"),
        bench!(publish::PUBLISH, "publish"),
        bench(&children::CHILDREN, |runtime, most| {
            let text = printed("children", runtime, most);
            Sample::Figures(children::SIZES.map(|(_, size)| (size, figure(&text, size))).to_vec())
        }),
        bench!(children::STOP, "children_stop"),
    ]
}

fn bench(scenario: &'static Scenario, run: fn(Runtime, u64) -> Sample) -> Bench {
    Bench { peer: NAME, scenario, run }
}

fn is_there() -> bool {
    static IS_THERE: OnceLock<bool> = OnceLock::new();
    *IS_THERE
        .get_or_init(|| Command::new("elixir").arg("--version").output().is_ok_and(|it| it.status.success()))
}

fn timed(scenario: &str, runtime: Runtime, operations: u64) -> Sample {
    let each = figure(&printed(scenario, runtime, operations), "");
    Sample::Timed { operations, took: Duration::from_secs_f64(each * operations as f64 / 1e9) }
}

/// What the script prints: a line such as `{"figures": {"": 1234.500}}`.
fn printed(scenario: &str, runtime: Runtime, operations: u64) -> String {
    let schedulers = match runtime {
        Runtime::OneThread => "+S 1:1",
        Runtime::TwoWorkers => "+S 2:2",
    };
    let operations = operations.to_string();
    let output = Command::new("elixir")
        .args(["--erl", schedulers, SCRIPT, scenario, &operations])
        .output()
        .expect("elixir starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "elixir {scenario}: {}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The figure of this name.
fn figure(text: &str, name: &str) -> f64 {
    let value = text.split_once(&format!("\"{name}\": ")).map(|(_, rest)| rest);
    let value = value.and_then(|rest| rest.split([',', '}']).next());
    value.and_then(|it| it.trim().parse().ok()).unwrap_or_else(|| panic!("elixir printed {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_by_their_names() {
        let text = "{\"figures\": {\"_100\": 12.500, \"_1k\": 7.000}}\n";
        assert_eq!((figure(text, "_100"), figure(text, "_1k")), (12.5, 7.0));
        assert_eq!(figure("{\"figures\": {\"\": 3.000}}", ""), 3.0);
    }
}
