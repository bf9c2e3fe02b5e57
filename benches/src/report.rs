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
    pub(crate) value: f64,
    pub(crate) unit: Unit,
}

/// One line a figure. Names hold no character that JSON escapes.
pub(crate) fn json(figures: &[Figure]) {
    for Figure { peer, scenario, runtime, value, unit } in figures {
        println!(
            "{{\"peer\":\"{peer}\",\"scenario\":\"{scenario}\",\"runtime\":\"{runtime}\",\
             \"value\":{value:.3},\"unit\":\"{}\"}}",
            unit.name()
        );
    }
}

/// One table a scenario and runtime, best figure first, with how many times as good as
/// the first of [`BASELINES`] it is: 2.00 is twice as fast, or half as many bytes.
pub(crate) fn table(figures: &[Figure]) {
    let mut rest = figures.to_vec();
    while let Some(first) = rest.first().cloned() {
        let (mut table, others): (Vec<Figure>, Vec<Figure>) =
            rest.into_iter().partition(|figure| is_in_table_of(&first, figure));
        rest = others;
        table.sort_by(|a, b| quality(a).total_cmp(&quality(b)).reverse());
        println!("{}, {} ({})", first.scenario, first.runtime, first.unit.name());
        let baseline = BASELINES.iter().find_map(|name| table.iter().find(|figure| figure.peer == *name));
        let baseline = baseline.map(quality);
        for figure in &table {
            let ratio = baseline.filter(|baseline| *baseline > 0.0).map(|it| quality(figure) / it);
            let ratio = ratio.filter(|ratio| ratio.is_finite());
            let ratio = ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
            println!("  {:<16} {:>16} {ratio:>8}", figure.peer, readable(figure.value));
        }
        println!();
    }
}

fn is_in_table_of(first: &Figure, figure: &Figure) -> bool {
    figure.scenario == first.scenario && figure.runtime == first.runtime
}

/// The figure turned so that more is better.
fn quality(figure: &Figure) -> f64 {
    if figure.unit.less_is_better() { 1.0 / figure.value } else { figure.value }
}

/// With thousands apart, and decimals where they matter.
fn readable(value: f64) -> String {
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

    #[test]
    fn large_figures_have_their_thousands_apart() {
        assert_eq!(readable(0.5), "0.50");
        assert_eq!(readable(999.4), "999");
        assert_eq!(readable(1_234_567.0), "1,234,567");
    }
}
