//! Figures as JSON lines or as tables.

use crate::peers::BASELINES;
use crate::runtime::Runtime;
use crate::scenario::Unit;

/// One measured figure.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) peer: &'static str,
    pub(crate) scenario: String,
    pub(crate) runtime: Runtime,
    /// The median of its rounds.
    pub(crate) value: f64,
    /// The least and the greatest of them.
    pub(crate) spread: (f64, f64),
    pub(crate) unit: Unit,
}

/// One line a figure. Names hold no character that JSON escapes.
pub(crate) fn json(figures: &[Figure]) -> String {
    let mut lines = String::new();
    for Figure { peer, scenario, runtime, value, spread: (min, max), unit } in figures {
        lines.push_str(&format!(
            "{{\"peer\":\"{peer}\",\"scenario\":\"{scenario}\",\"runtime\":\"{runtime}\",\
             \"value\":{value:.3},\"min\":{min:.3},\"max\":{max:.3},\"unit\":\"{}\"}}\n",
            unit.name()
        ));
    }
    lines
}

/// One table a scenario and runtime, best figure first, with the least and the greatest of its rounds and with how
/// many times as good as the first of [`BASELINES`] it is: 2.00 is twice as fast, or half as many bytes.
pub(crate) fn table(figures: &[Figure]) {
    for table in tables(figures) {
        let first = &table[0].0;
        println!("{}, {} ({})", first.scenario, first.runtime, first.unit.name());
        for (figure, ratio) in &table {
            let ratio = ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
            let spread = spread(figure);
            println!("  {:<16} {:>16} {ratio:>8}   {spread}", figure.peer, readable(figure.value));
        }
        println!();
    }
}

/// What belongs together, best figure first, each with how many times as good as the baseline it is.
pub(crate) fn tables(figures: &[Figure]) -> Vec<Vec<(Figure, Option<f64>)>> {
    let mut tables = Vec::new();
    let mut rest = figures.to_vec();
    while let Some(first) = rest.first().cloned() {
        let (mut table, others): (Vec<Figure>, Vec<Figure>) =
            rest.into_iter().partition(|figure| is_in_table_of(&first, figure));
        rest = others;
        table.sort_by(|a, b| quality(a).total_cmp(&quality(b)).reverse());
        let baseline = BASELINES.iter().find_map(|name| table.iter().find(|figure| figure.peer == *name));
        let baseline = baseline.map(quality).filter(|baseline| *baseline > 0.0);
        let ratio = |figure: &Figure| baseline.map(|it| quality(figure) / it).filter(|it| it.is_finite());
        tables.push(table.into_iter().map(|figure| (figure.clone(), ratio(&figure))).collect());
    }
    tables
}

/// Nothing where all rounds agree.
fn spread(Figure { spread: (min, max), .. }: &Figure) -> String {
    if min == max { String::new() } else { format!("{}..{}", readable(*min), readable(*max)) }
}

fn is_in_table_of(first: &Figure, figure: &Figure) -> bool {
    figure.scenario == first.scenario && figure.runtime == first.runtime
}

/// The figure turned so that more is better.
fn quality(figure: &Figure) -> f64 {
    if figure.unit.less_is_better() { 1.0 / figure.value } else { figure.value }
}

/// With thousands apart, and decimals where they matter.
pub(crate) fn readable(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(peer: &'static str, value: f64) -> Figure {
        Figure {
            peer,
            scenario: "cast".to_owned(),
            runtime: Runtime::OneThread,
            value,
            spread: (value, value + 1.0),
            unit: Unit::PerSecond("messages/s"),
        }
    }

    #[test]
    fn a_line_says_how_far_the_rounds_were_apart() {
        let line = "{\"peer\":\"noex\",\"scenario\":\"cast\",\"runtime\":\"one thread\",\"value\":8.000,\
                    \"min\":8.000,\"max\":9.000,\"unit\":\"messages/s\"}\n";
        assert_eq!(json(&[figure("noex", 8.0)]), line);
    }

    #[test]
    fn a_table_has_the_best_first_and_ratios_to_its_baseline() {
        let tables = tables(&[figure("tokio_unbounded", 4.0), figure("noex", 8.0)]);
        let table: Vec<_> = tables[0].iter().map(|(figure, ratio)| (figure.peer, *ratio)).collect();
        assert_eq!(table, [("noex", Some(2.0)), ("tokio_unbounded", Some(1.0))]);
    }

    #[test]
    fn large_figures_have_their_thousands_apart() {
        assert_eq!(readable(0.5), "0.50");
        assert_eq!(readable(999.4), "999");
        assert_eq!(readable(1_234_567.0), "1,234,567");
    }
}
