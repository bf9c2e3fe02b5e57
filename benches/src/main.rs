//! Measures noex beside the other ways of writing a server: by hand on tokio, behind a mutex, with
//! kameo, ractor, actix and xtra, and, where `elixir` is installed, on the BEAM.
//!
//! ```text
//! cargo run --release -p noex-bench                # tables, with ratios against tokio by hand
//! cargo run --release -p noex-bench -- --json      # one line a figure
//! cargo run --release -p noex-bench -- --out DIR   # and files: figures with the machine, a picture
//! cargo run --release -p noex-bench -- --instructions
//! cargo run --release -p noex-bench -- --compile
//! ```
//!
//! [`scenario`] says what is measured and how, [`peer`] what a peer has to provide, [`peers`] holds
//! them, [`measure`] the rounds. A figure is the median of several rounds in which the peers take
//! turns; ratios within one run mean more than figures of two runs.
//!
//! The build is cargo's plain release profile, as a user's would be. With the environment variables
//! `CARGO_PROFILE_RELEASE_LTO=fat` and `CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1` every peer that is
//! built on tokio needs about a fifth fewer instructions; say which build a figure is from.

use std::{fs, process::ExitCode};

use crate::cli::{Command, Selection};
use crate::report::Figure;
use crate::runtime::Runtime;
use crate::scenario::Bench;

mod alloc;
mod cli;
mod compile;
mod instructions;
mod machine;
mod markdown;
mod measure;
mod peer;
mod peers;
mod picture;
mod report;
mod runtime;
mod scenario;
mod work;

fn main() -> ExitCode {
    scenario::restart::quieten_panics();
    match cli::parse(std::env::args().skip(1)).and_then(obey) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn obey(command: Command) -> Result<(), String> {
    match command {
        Command::Measure(selection) => {
            let benches = select(&selection)?;
            let figures = measure_all(&benches, &selection);
            leave(&figures, &selection)?;
        }
        Command::Instructions(selection) => {
            let figures = instructions::count(&select(&selection)?, &selection)?;
            print(&figures, &selection);
            leave(&figures, &selection)?;
        }
        Command::Compile(selection) => {
            let figures = compile::measure(&selection)?;
            print(&figures, &selection);
            leave(&figures, &selection)?;
        }
        Command::One { peer, scenario, runtime, iterations } => {
            run_one(&peer, &scenario, runtime, iterations)?;
        }
        Command::List => list(),
        Command::Help => print!("{}", cli::HELP),
    }
    Ok(())
}

/// Measures scenario after scenario; JSON lines appear as they are known, tables at the end.
fn measure_all(benches: &[Bench], selection: &Selection) -> Vec<Figure> {
    let mut figures = Vec::new();
    for scenario in scenario::ALL {
        let same: Vec<Bench> =
            benches.iter().copied().filter(|bench| bench.scenario.name == scenario.name).collect();
        for &runtime in scenario.runtimes {
            if same.is_empty() || selection.runtime.is_some_and(|wanted| wanted != runtime) {
                continue;
            }
            let measured = measure::rounds(&same, runtime, selection);
            if selection.json {
                print!("{}", report::json(&measured));
            }
            figures.extend(measured);
        }
    }
    if !selection.json {
        report::table(&figures);
    }
    figures
}

fn print(figures: &[Figure], selection: &Selection) {
    if selection.json {
        print!("{}", report::json(figures));
    } else {
        report::table(figures);
    }
}

/// Writes the files of `--out`.
fn leave(figures: &[Figure], selection: &Selection) -> Result<(), String> {
    let Some(folder) = &selection.out else { return Ok(()) };
    let machine = machine::describe();
    let lines = format!("{}{}", machine.json(selection), report::json(figures));
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    write("results.json", &lines)?;
    write("tables.md", &markdown::tables_of(figures))?;
    // Instructions and odd selections have nothing that belongs into the picture.
    picture::draw(figures, &machine).map_or(Ok(()), |picture| write("results.svg", &picture))
}

/// Runs one sample in this process and prints a line `name value unit` for each figure.
fn run_one(peer: &str, scenario: &str, runtime: Runtime, iterations: u64) -> Result<(), String> {
    let benches = peers::all();
    let bench = benches
        .iter()
        .find(|bench| bench.peer == peer && bench.scenario.name == scenario)
        .ok_or_else(|| format!("no peer `{peer}` with a scenario `{scenario}`; see --list"))?;
    let unit = bench.scenario.unit;
    for (suffix, value) in (bench.run)(runtime, iterations).figures(unit) {
        println!("{scenario}{suffix} {value:.3} {}", unit.name());
    }
    Ok(())
}

/// The benches of the chosen scenarios and peers.
fn select(selection: &Selection) -> Result<Vec<Bench>, String> {
    let benches = peers::all();
    for name in &selection.scenarios {
        if !scenario::ALL.iter().any(|scenario| scenario.name == name) {
            return Err(format!("no scenario is called `{name}`; see --list"));
        }
    }
    for name in &selection.peers {
        if !benches.iter().any(|bench| bench.peer == name) {
            return Err(format!("no peer is called `{name}`; see --list"));
        }
    }
    let is_wanted = |wanted: &[String], name: &str| wanted.is_empty() || wanted.iter().any(|it| it == name);
    Ok(benches
        .into_iter()
        .filter(|bench| is_wanted(&selection.scenarios, bench.scenario.name))
        .filter(|bench| is_wanted(&selection.peers, bench.peer))
        .collect())
}

fn list() {
    let benches = peers::all();
    for scenario in scenario::ALL {
        println!("{:<18} {}", scenario.name, scenario.about);
        let peers: Vec<_> =
            benches.iter().filter(|it| it.scenario.name == scenario.name).map(|it| it.peer).collect();
        println!("{:<18}   {}", "", peers.join(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scenarios check their own sums: none of them may lose a message.
    #[test]
    fn every_peer_does_what_its_scenarios_count() {
        scenario::restart::quieten_panics();
        for bench in peers::all() {
            for &runtime in bench.scenario.runtimes {
                let figures = (bench.run)(runtime, 50).figures(bench.scenario.unit);
                assert!(!figures.is_empty(), "{} {}", bench.peer, bench.scenario.name);
            }
        }
    }

    #[test]
    fn every_scenario_has_a_baseline() {
        let benches = peers::all();
        for scenario in scenario::ALL {
            let is_there = benches
                .iter()
                .filter(|bench| bench.scenario.name == scenario.name)
                .any(|bench| peers::BASELINES.contains(&bench.peer));
            assert!(is_there, "{}", scenario.name);
        }
    }
}
