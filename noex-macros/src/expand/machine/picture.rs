//! A state machine drawn, for its docs and for run time.

use crate::expand::machine::Shown;
use crate::model::coverage::Cover;
use crate::model::machine::Fate;
use std::fmt::Write;

/// ```text
/// stateDiagram-v2
///     [*] --> Locked
///     Locked --> Closed: unlock
/// ```
pub(crate) fn diagram(shown: &Shown<'_>) -> String {
    let machine = shown.machine;
    let mut drawn = String::from("stateDiagram-v2\n");
    let name = |state: usize| machine.states[state].ident.to_string();
    for state in machine.states.iter() {
        let _ = writeln!(drawn, "    {}", state.ident);
    }
    for first in machine.init.iter().flat_map(|init| machine.targets(init)) {
        let _ = writeln!(drawn, "    [*] --> {}", first.ident);
    }
    for coverage in &shown.coverage {
        let event = machine.server.handlers[coverage.event].ident();
        for step in machine.steps_of(coverage.event) {
            for from in machine.sources(coverage, step) {
                for to in machine.targets(step) {
                    let _ = writeln!(drawn, "    {} --> {}: {event}", name(from), to.ident);
                }
            }
        }
    }
    drawn
}

/// What becomes of each event in each state, as a table.
pub(crate) fn table(shown: &Shown<'_>) -> String {
    let machine = shown.machine;
    let names: Vec<String> = machine.state_names().iter().map(|name| format!("`{name}`")).collect();
    let mut table = format!("| event | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for coverage in &shown.coverage {
        let handler = &machine.server.handlers[coverage.event];
        let cells = coverage.of.iter().map(|cover| match cover {
            Cover::By(step) if step.to.is_empty() => "handled".to_string(),
            Cover::By(step) => {
                let to: Vec<String> = step.to.iter().map(|state| format!("`{state}`")).collect();
                format!("→ {}", to.join(", "))
            }
            Cover::Fate(Fate::Drop) => "dropped".to_string(),
            Cover::Fate(Fate::Postpone) => "postponed".to_string(),
            Cover::Missing => "–".to_string(),
        });
        let cells: Vec<String> = cells.collect();
        let _ =
            writeln!(table, "| `{}` ({}) | {} |", handler.ident(), handler.kind.word(), cells.join(" | "));
    }
    table
}
