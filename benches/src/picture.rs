//! The headline figures as bars, in an SVG a page can show.
//!
//! Bars are true to scale and begin at zero. What belongs to noex is orange, the baseline blue, everybody else grey;
//! all of them, and the letters, are of a middle brightness that reads on white and on black alike.

use std::fmt::{self, Write};

use crate::machine::Machine;
use crate::peers::BASELINES;
use crate::report::{Figure, readable, tables};
use crate::runtime::Runtime::{self, OneThread, TwoWorkers};
use crate::scenario;

/// What a reader should see first, in this order.
const HEADLINES: &[(&str, Runtime)] = &[
    ("call_seq", OneThread),
    ("call_seq", TwoWorkers),
    ("call_conc", TwoWorkers),
    ("call_timeout", OneThread),
    ("cast", OneThread),
    ("cast", TwoWorkers),
    ("ring", OneThread),
    ("ring", TwoWorkers),
    ("spawn", OneThread),
    ("rss", OneThread),
    ("restart", TwoWorkers),
    ("registry_call", OneThread),
    ("fanout", TwoWorkers),
    ("publish", OneThread),
    ("policy_breaker", OneThread),
    ("policy_limiter", OneThread),
    ("policy_window", OneThread),
    ("policy_keyed", OneThread),
    ("policy_bulkhead", OneThread),
    ("policy_refusal", OneThread),
];

const COLUMNS: usize = 2;
const COLUMN: usize = 560;
const LINE: usize = 17;
const HEAD: usize = 44;
/// Where bars begin, and the longest of them.
const START: usize = 126;
const LONGEST: f64 = 240.0;

const STYLE: &str = "text{font:12px sans-serif;fill:#77808a}.t{font-weight:bold;font-size:13px}\
                     .n{font-weight:bold;fill:#d9622b}.e{text-anchor:end}rect{fill:#8b949e;opacity:.6}\
                     rect.o{fill:#e0692f;opacity:1}rect.b{fill:#4a86cf;opacity:.8}line{stroke:#59636e}";

type Table = Vec<(Figure, Option<f64>)>;

/// A chart for each headline that was measured; nothing if none was.
pub(crate) fn draw(figures: &[Figure], machine: &Machine) -> Option<String> {
    let tables = tables(figures);
    let charts: Vec<&Table> = HEADLINES
        .iter()
        .filter_map(|(name, runtime)| {
            tables.iter().find(|table| table[0].0.scenario == *name && table[0].0.runtime == *runtime)
        })
        .collect();
    if charts.is_empty() {
        return None;
    }
    let mut body = String::new();
    let mut top = 0;
    for row in charts.chunks(COLUMNS) {
        for (column, table) in row.iter().enumerate() {
            chart(&mut body, table, column * COLUMN, top).expect("a string takes all that is written");
        }
        let lines = row.iter().map(|table| table.len()).max().unwrap_or(0);
        top += HEAD + lines * LINE + LINE;
    }
    let (width, height) = (COLUMNS * COLUMN, top + 2 * LINE);
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n<style>{STYLE}</style>\n{body}\
         <text x=\"8\" y=\"{}\">{}</text>\n</svg>\n",
        top + LINE,
        escaped(&machine.line())
    ))
}

/// One scenario: a line of heading, a line of explanation, a bar for each peer.
fn chart(out: &mut String, table: &Table, left: usize, top: usize) -> fmt::Result {
    let Figure { scenario, runtime, unit, .. } = &table[0].0;
    let better = if unit.less_is_better() { "shorter is better" } else { "longer is better" };
    let about = scenario::ALL.iter().find(|it| it.name == scenario).map_or("", |it| it.about);
    writeln!(out, "<g transform=\"translate({left} {top})\">")?;
    let unit = escaped(unit.name());
    writeln!(out, "<text class=\"t\" x=\"8\" y=\"18\">{scenario}, {runtime}: {unit}, {better}</text>")?;
    writeln!(out, "<text x=\"8\" y=\"34\">{}</text>", escaped(about))?;
    let greatest = table.iter().map(|(figure, _)| figure.spread.1).fold(f64::MIN_POSITIVE, f64::max);
    let baseline = BASELINES.iter().find(|name| table.iter().any(|(figure, _)| figure.peer == **name));
    for (index, (figure, ratio)) in table.iter().enumerate() {
        let y = HEAD + index * LINE;
        let peer = figure.peer;
        let is_ours = peer.starts_with("noex");
        let (bar, letters) = match (is_ours, baseline == Some(&peer)) {
            (true, _) => ("o", "n"),
            (false, true) => ("b", ""),
            (false, false) => ("", ""),
        };
        // A bar one cannot see would look like a figure one does not have.
        let length = |value: f64| (value / greatest * LONGEST).max(1.0);
        let (min, max) = figure.spread;
        let (min, max) = (START as f64 + length(min), START as f64 + length(max));
        let (text, middle) = (y + 12, y + 8);
        writeln!(out, "<text class=\"e {letters}\" x=\"{}\" y=\"{text}\">{peer}</text>", START - 6)?;
        let long = length(figure.value);
        writeln!(
            out,
            "<rect class=\"{bar}\" x=\"{START}\" y=\"{}\" width=\"{long:.1}\" height=\"12\"/>",
            y + 2
        )?;
        writeln!(out, "<line x1=\"{min:.1}\" y1=\"{middle}\" x2=\"{max:.1}\" y2=\"{middle}\"/>")?;
        let ratio = ratio.map_or_else(String::new, |ratio| format!(" ({ratio:.2}×)"));
        let value = readable(figure.value);
        writeln!(out, "<text class=\"{letters}\" x=\"{:.1}\" y=\"{text}\">{value}{ratio}</text>", max + 5.0)?;
    }
    writeln!(out, "</g>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        let [cpu, os, rustc, date] = ["a & b", "an OS", "rustc 1", "2026-01-01"].map(str::to_owned);
        Machine { cpu, cores: 2, os, rustc, date }
    }

    fn figure(peer: &'static str, scenario: &str, value: f64) -> Figure {
        let unit = scenario::Unit::Nanoseconds;
        let scenario = scenario.to_owned();
        Figure { peer, scenario, runtime: OneThread, value, spread: (value, value), unit }
    }

    #[test]
    fn bars_are_true_to_scale_and_ours_stand_out() {
        let figures = [figure("noex", "call_seq", 50.0), figure("tokio_unbounded", "call_seq", 200.0)];
        let picture = draw(&figures, &machine()).expect("a headline");
        assert!(picture.contains("<rect class=\"o\" x=\"126\" y=\"46\" width=\"60.0\""), "{picture}");
        assert!(picture.contains("<rect class=\"b\" x=\"126\" y=\"63\" width=\"240.0\""), "{picture}");
        assert!(picture.contains("50.00 (4.00×)") && picture.contains("a &amp; b"), "{picture}");
    }

    #[test]
    fn without_a_headline_there_is_no_picture() {
        assert!(draw(&[figure("noex", "call_seq_instructions", 150.0)], &machine()).is_none());
    }

    #[test]
    fn each_headline_is_a_scenario() {
        for (name, runtime) in HEADLINES {
            let is_there = |it: &&&scenario::Scenario| it.name == *name && it.runtimes.contains(runtime);
            assert!(scenario::ALL.iter().find(is_there).is_some(), "{name} on {runtime}");
        }
    }
}
