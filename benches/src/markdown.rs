//! Figures as the tables of the README.
//!
//! Servers stand in one table, a column for each peer; everything else in another, a line for each scenario with its
//! peers, best first. A test of the README holds it to the file that a run leaves.

use std::fmt::Write;

use crate::report::{Figure, readable, tables};
use crate::runtime::Runtime;
use crate::scenario::Unit;

/// Peers as columns, with what they are called there. Where noex stands twice, it is once with casts that never wait.
const COLUMNS: &[(&[&str], &str)] = &[
    (&["noex_try_cast", "noex"], "noex"),
    (&["tokio_unbounded"], "tokio by hand, unbounded"),
    (&["tokio_bounded"], "bounded 64"),
    (&["std_mutex", "tokio_broadcast"], "a mutex; a broadcast channel"),
    (&["ractor"], "ractor"),
    (&["kameo"], "kameo"),
    (&["actix"], "actix"),
    (&["xtra"], "xtra"),
    (&["elixir"], "Elixir"),
];

/// A scenario that so many peers take part in is one of servers.
const MANY: usize = 6;

/// All tables, with an empty line behind each.
pub(crate) fn tables_of(figures: &[Figure]) -> String {
    let (servers, others): (Vec<_>, Vec<_>) =
        by_scenario(figures).into_iter().partition(|rows| is_of_servers(rows));
    let mut text = String::new();
    if !servers.is_empty() {
        servers_table(&mut text, &servers);
    }
    if !others.is_empty() {
        others_table(&mut text, &others);
    }
    text
}

/// The figures of one scenario, whatever runtime they are of.
fn by_scenario(figures: &[Figure]) -> Vec<Vec<Figure>> {
    let mut scenarios: Vec<Vec<Figure>> = Vec::new();
    for figure in figures {
        match scenarios.iter_mut().find(|known| known[0].scenario == figure.scenario) {
            Some(known) => known.push(figure.clone()),
            None => scenarios.push(vec![figure.clone()]),
        }
    }
    scenarios
}

fn is_of_servers(figures: &[Figure]) -> bool {
    let column = |figure: &Figure| COLUMNS.iter().any(|(peers, _)| peers.contains(&figure.peer));
    figures.iter().all(|figure| column(figure) || figure.peer == "tokio_mutex")
        && tables(figures)[0].len() >= MANY
}

fn servers_table(text: &mut String, scenarios: &[Vec<Figure>]) {
    line(
        text,
        std::iter::once("scenario".to_owned()).chain(COLUMNS.iter().map(|(_, name)| (*name).to_owned())),
    );
    line(text, std::iter::repeat_n("---".to_owned(), COLUMNS.len() + 1));
    for figures in scenarios {
        for runtime in [Runtime::OneThread, Runtime::TwoWorkers] {
            let here: Vec<&Figure> = figures.iter().filter(|figure| figure.runtime == runtime).collect();
            let Some(first) = here.first() else { continue };
            let cell = |peers: &[&str]| {
                let of_peer =
                    |peer: &&str| here.iter().find(|figure| figure.peer == *peer).map(|it| written(it));
                let all: Vec<_> = peers.iter().filter_map(of_peer).collect();
                match (all.is_empty(), peers.contains(&"noex")) {
                    (true, _) => "–".to_owned(),
                    (false, true) => format!("**{}**", all.join(" / ")),
                    (false, false) => all.join(" / "),
                }
            };
            let name = format!("{}, {runtime}", first.scenario);
            line(text, std::iter::once(name).chain(COLUMNS.iter().map(|(peers, _)| cell(peers))));
        }
    }
    text.push('\n');
}

fn others_table(text: &mut String, scenarios: &[Vec<Figure>]) {
    line(text, ["scenario", "one thread", "2 workers"].map(str::to_owned).into_iter());
    line(text, std::iter::repeat_n("---".to_owned(), 3));
    for figures in scenarios {
        let tables = tables(figures);
        let cell = |runtime: Runtime| {
            let table = tables.iter().find(|table| table[0].0.runtime == runtime);
            let peers = table.into_iter().flatten().map(|(figure, _)| {
                let (name, value) = (figure.peer.replace('_', " "), written(figure));
                if figure.peer.starts_with("noex") {
                    format!("**{name} {value}**")
                } else {
                    format!("{name} {value}")
                }
            });
            let peers: Vec<_> = peers.collect();
            if peers.is_empty() { "–".to_owned() } else { peers.join(", ") }
        };
        let cells = [figures[0].scenario.clone(), cell(Runtime::OneThread), cell(Runtime::TwoWorkers)];
        line(text, cells.into_iter());
    }
    text.push('\n');
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    let cells: Vec<_> = cells.collect();
    // A `String` takes all that it is given.
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// As people read it.
fn written(Figure { value, unit, .. }: &Figure) -> String {
    match unit {
        Unit::PerSecond(_) if *value >= 1e6 => format!("{:.1} M/s", value / 1e6),
        Unit::PerSecond(_) => format!("{:.0} k/s", value / 1e3),
        unit if *value < 100.0 => format!("{value:.1} {}", unit.name()),
        unit => format!("{} {}", readable(*value), unit.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(peer: &'static str, scenario: &str, value: f64, unit: Unit) -> Figure {
        let runtime = Runtime::OneThread;
        Figure { peer, scenario: scenario.to_owned(), runtime, value, spread: (value, value), unit }
    }

    #[test]
    fn servers_have_columns_and_others_a_line() {
        let servers = ["tokio_unbounded", "tokio_bounded", "noex", "noex_try_cast", "kameo", "ractor"];
        let mut figures: Vec<_> =
            servers.iter().map(|peer| figure(peer, "cast", 2e6, Unit::PerSecond("messages/s"))).collect();
        figures.push(figure("governor", "policy_limiter", 30.0, Unit::Fewer("ns")));
        figures.push(figure("noex", "policy_limiter", 26.0, Unit::Fewer("ns")));
        let text = tables_of(&figures);
        let cast = "| cast, one thread | **2.0 M/s / 2.0 M/s** | 2.0 M/s | 2.0 M/s | – | 2.0 M/s | 2.0 M/s | – | – | – |";
        assert!(text.contains(cast), "{text}");
        assert!(text.contains("| policy_limiter | **noex 26.0 ns**, governor 30.0 ns | – |"), "{text}");
    }
}
