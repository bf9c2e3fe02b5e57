//! The command line.

use std::path::PathBuf;

use crate::runtime::Runtime;

pub(crate) const HELP: &str = "\
Measures noex beside other ways of writing a server.

Usage: noex-bench [OPTIONS]
       noex-bench --one PEER SCENARIO RUNTIME ITERATIONS

  --scenario A,B   only these scenarios
  --peer X,Y       only these peers
  --runtime R      only `one` (thread) or `two` (workers)
  --rounds N       samples of each figure, of which the median counts (default 7)
  --quick          three rounds of short samples, all within a minute: enough to see that everything runs
  --json           one JSON line a figure instead of tables
  --out DIR        besides, in DIR: results.json (first the machine, then a line a figure), tables.md, results.svg
  --instructions   instructions per operation instead of time, counted by valgrind
  --compile        instead, the seconds of processor time that cargo check, build and build --release take for a
                   program of 50 servers, with macros and by hand; seven minutes, and two with --quick, which leaves
                   --release out
  --one            run one sample and print its figures; RUNTIME is `one` or `two`
  --list           names of scenarios and peers
  --help           this text

Figures go to stdout, progress to stderr. Behind each figure stand the least and the greatest of its rounds.
";

/// What to do.
#[derive(Debug)]
pub(crate) enum Command {
    Measure(Selection),
    Instructions(Selection),
    Compile(Selection),
    One { peer: String, scenario: String, runtime: Runtime, iterations: u64 },
    List,
    Help,
}

/// What to measure, and how to print it.
#[derive(Debug)]
pub(crate) struct Selection {
    /// All of them if empty.
    pub(crate) scenarios: Vec<String>,
    /// All of them if empty.
    pub(crate) peers: Vec<String>,
    pub(crate) runtime: Option<Runtime>,
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
    pub(crate) json: bool,
    /// Where to leave the figures and their picture.
    pub(crate) out: Option<PathBuf>,
}

/// Reads the arguments behind the program's name.
pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut selection = Selection {
        scenarios: Vec::new(),
        peers: Vec::new(),
        runtime: None,
        rounds: 0,
        quick: false,
        json: false,
        out: None,
    };
    let mut what: fn(Selection) -> Command = Command::Measure;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("`{argument}` needs a value"));
        match argument.as_str() {
            "--scenario" => selection.scenarios.extend(value()?.split(',').map(str::to_owned)),
            "--peer" => selection.peers.extend(value()?.split(',').map(str::to_owned)),
            "--runtime" => selection.runtime = Some(runtime(&value()?)?),
            "--rounds" => selection.rounds = number(&value()?)? as usize,
            "--quick" => selection.quick = true,
            "--json" => selection.json = true,
            "--out" => selection.out = Some(value()?.into()),
            "--instructions" => what = Command::Instructions,
            "--compile" => what = Command::Compile,
            "--one" => {
                return Ok(Command::One {
                    peer: value()?,
                    scenario: value()?,
                    runtime: runtime(&value()?)?,
                    iterations: number(&value()?)?,
                });
            }
            "--list" => return Ok(Command::List),
            "--help" | "-h" => return Ok(Command::Help),
            _ => return Err(format!("`{argument}` is no option; see --help")),
        }
    }
    if selection.rounds == 0 {
        selection.rounds = if selection.quick { 3 } else { 7 };
    }
    Ok(what(selection))
}

fn runtime(name: &str) -> Result<Runtime, String> {
    Runtime::named(name).ok_or(format!("`{name}` is no runtime; use `one` or `two`"))
}

fn number(digits: &str) -> Result<u64, String> {
    digits.parse().map_err(|_| format!("`{digits}` is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_selection_is_read() {
        let Ok(Command::Measure(selection)) =
            parsed("--scenario cast,ring --peer noex --quick --json --out here")
        else {
            panic!("a selection is no measurement")
        };
        assert_eq!(selection.scenarios, ["cast", "ring"]);
        assert_eq!(selection.peers, ["noex"]);
        assert_eq!(selection.out, Some(PathBuf::from("here")));
        assert_eq!((selection.rounds, selection.quick, selection.json), (3, true, true));
    }

    #[test]
    fn one_sample_is_read() {
        let Ok(Command::One { runtime, iterations, .. }) = parsed("--one noex cast two 10") else {
            panic!("one sample is no sample")
        };
        assert_eq!((runtime, iterations), (Runtime::TwoWorkers, 10));
    }

    #[test]
    fn mistakes_are_told() {
        assert_eq!(parsed("--rounds").unwrap_err(), "`--rounds` needs a value");
        assert_eq!(parsed("--rounds x").unwrap_err(), "`x` is no number");
        assert_eq!(parsed("--fast").unwrap_err(), "`--fast` is no option; see --help");
    }
}
