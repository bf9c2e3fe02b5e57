//! Rounds: the peers take turns within each, so that a noisy minute disturbs all of them alike.

use std::process;
use std::time::Duration;

use crate::cli::Selection;
use crate::peers::beam;
use crate::report::Figure;
use crate::runtime::Runtime;
use crate::scenario::{Bench, Load, Sample};

/// How long a timed sample takes, about.
const SAMPLE: Duration = Duration::from_millis(60);
const QUICK_SAMPLE: Duration = Duration::from_millis(10);

/// Measures `benches`, all of one scenario, on one runtime: a median of each figure.
pub(crate) fn rounds(benches: &[Bench], runtime: Runtime, selection: &Selection) -> Vec<Figure> {
    eprint!("{} on {runtime} ", benches[0].scenario.name);
    let most = match benches[0].scenario.load {
        Load::Few { rounds, .. } => rounds,
        Load::Time(_) | Load::Fixed(..) => usize::MAX,
    };
    // A sample on the BEAM takes half a second before it begins.
    let is_left_out = |bench: &Bench, round| selection.quick && bench.peer == beam::NAME && round >= 2;
    let loads: Vec<u64> = benches.iter().map(|bench| load(bench, runtime, selection.quick)).collect();
    let mut samples: Vec<Vec<Figures>> = vec![Vec::new(); benches.len()];
    for round in 0..selection.rounds.min(most) {
        eprint!(".");
        // Whoever begins a round finds other caches than whoever ends it: begin with the next.
        for turn in 0..benches.len() {
            let index = (turn + round) % benches.len();
            if is_left_out(&benches[index], round) {
                continue;
            }
            samples[index].push(sample(&benches[index], runtime, loads[index]));
        }
    }
    eprintln!();
    benches.iter().zip(samples).flat_map(|(bench, samples)| medians(bench, runtime, samples)).collect()
}

/// The figures of one sample, each with what to append to the scenario's name.
type Figures = Vec<(String, f64)>;

/// Runs one sample, in a process of its own if the scenario wants that.
fn sample(bench: &Bench, runtime: Runtime, iterations: u64) -> Figures {
    if !bench.scenario.fresh_process {
        let figures = (bench.run)(runtime, iterations).figures(bench.scenario.unit);
        return figures.into_iter().map(|(suffix, value)| (suffix.to_owned(), value)).collect();
    }
    let program = std::env::current_exe().expect("the path of this program");
    let output = process::Command::new(program)
        .arg("--one")
        .args([bench.peer, bench.scenario.name, &runtime.to_string(), &iterations.to_string()])
        .output()
        .expect("this program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    printed(bench.scenario.name, &text)
        .unwrap_or_else(|| panic!("{} {} printed {text:?}", bench.peer, bench.scenario.name))
}

/// The figures of a scenario in lines such as `rss 377.000 bytes`, at least one.
fn printed(scenario: &str, text: &str) -> Option<Figures> {
    let figures = text.lines().map(|line| {
        let mut words = line.split_whitespace();
        let suffix = words.next()?.strip_prefix(scenario)?.to_owned();
        Some((suffix, words.next()?.parse().ok()?))
    });
    figures.collect::<Option<Figures>>().filter(|figures| !figures.is_empty())
}

/// How many operations make a sample of this peer.
fn load(bench: &Bench, runtime: Runtime, quick: bool) -> u64 {
    let step = match bench.scenario.load {
        Load::Fixed(full, short) | Load::Few { full, short, .. } => return if quick { short } else { full },
        // For the same reason: to find out how fast it is would take longer than to measure it.
        Load::Time(step) if quick && bench.peer == beam::NAME => return step * 8,
        Load::Time(step) => step,
    };
    let wanted = if quick { QUICK_SAMPLE } else { SAMPLE };
    let mut steps = 1;
    loop {
        // The best of a few: one that was interrupted would make every sample too small.
        let took = (0..3).map(|_| timed(bench, runtime, step * steps)).min().expect("three runs");
        if took * 8 >= wanted {
            let factor = wanted.as_secs_f64() / took.as_secs_f64();
            return step * ((steps as f64 * factor) as u64).max(1);
        }
        // Too short a run tells little about the speed.
        steps *= 4;
    }
}

fn timed(bench: &Bench, runtime: Runtime, operations: u64) -> Duration {
    match (bench.run)(runtime, operations) {
        Sample::Timed { took, .. } => took,
        Sample::Figures(_) => unreachable!("{} has a load by time but is not timed", bench.scenario.name),
    }
}

fn medians(bench: &Bench, runtime: Runtime, samples: Vec<Figures>) -> Vec<Figure> {
    let names = samples.first().map(|sample| sample.iter().map(|figure| &figure.0)).into_iter().flatten();
    names
        .enumerate()
        .map(|(position, suffix)| {
            let mut values: Vec<f64> = samples.iter().map(|sample| sample[position].1).collect();
            values.sort_by(f64::total_cmp);
            Figure {
                peer: bench.peer,
                scenario: format!("{}{suffix}", bench.scenario.name),
                runtime,
                value: median(&values),
                spread: (values[0], values[values.len() - 1]),
                unit: bench.scenario.unit,
            }
        })
        .collect()
}

/// The middle of what is in order.
pub(crate) fn median(values: &[f64]) -> f64 {
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_another_process_are_read() {
        let figures = printed("crowd", "crowd_1k 50.000 ns\ncrowd_1m 9.5 ns\n").unwrap();
        assert_eq!(figures, [("_1k".to_owned(), 50.0), ("_1m".to_owned(), 9.5)]);
        assert_eq!(printed("rss", "rss 377.000 bytes\n"), Some(vec![(String::new(), 377.0)]));
        assert_eq!(printed("rss", ""), None);
        assert_eq!(printed("rss", "no figures here\n"), None);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[1.0, 5.0, 9.0]), 5.0);
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), 3.0);
    }
}
