//! Every row of the behaviour reference is a test, or stands in `ROWS.md` with the reason why not.
#![allow(missing_docs)]

use std::{collections::BTreeSet, fs, path::Path};

/// The areas of the reference that are claimed whole, with how many rows each has.
const AREAS: &[(&str, u32)] = &[
    ("START", 13),
    ("CALL", 17),
    ("CAST", 8),
    ("LOOP", 10),
    ("STOP", 12),
    ("LINK", 11),
    ("MON", 6),
    ("TIMER", 10),
    ("REG", 20),
    ("AGENT", 3),
    ("FUSE", 12),
    ("SUP", 10),
    ("RESTART", 6),
    ("STRAT", 10),
    ("INTENS", 10),
    ("SHUT", 9),
    ("ADMIN", 10),
    ("AUTO", 7),
    ("DYN", 14),
    ("PART", 8),
    ("TASK", 19),
    ("PUB", 9),
    ("BH", 10),
    ("CO", 8),
    ("GS", 11),
    ("CT", 9),
    ("RT", 18),
    ("TO", 8),
    ("RL", 20),
    ("STM", 20),
    ("FB", 4),
    ("HG", 3),
    ("CB", 26),
    ("PP", 5),
    ("FLOW", 11),
];

/// Words such as `CALL-07` or `CALL-7` in a text, as `CALL-7`.
fn rows_in(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|it: char| !it.is_ascii_alphanumeric() && it != '-').filter_map(|word| {
        let (area, number) = word.split_once('-')?;
        let number: u32 = number.parse().ok()?;
        AREAS.iter().any(|(known, _)| *known == area).then(|| format!("{area}-{number}"))
    })
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_row_is_tested_or_explained() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tested = BTreeSet::new();
    // What does not compile is a test as well.
    let folders = ["tests", "tests/ui/policy"].map(|folder| fs::read_dir(here.join(folder)).unwrap());
    for entry in folders.into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("rows.rs") {
            tested.extend(rows_in(&read(&path)));
        }
    }
    let table = read(&here.join("ROWS.md"));
    let explained: BTreeSet<String> =
        table.lines().filter(|it| it.starts_with("| ")).flat_map(rows_in).collect();

    let rows = AREAS.iter().flat_map(|(area, rows)| (1..=*rows).map(move |row| format!("{area}-{row}")));
    let missing: Vec<String> = rows.filter(|it| !tested.contains(it) && !explained.contains(it)).collect();
    assert!(missing.is_empty(), "neither tested nor explained: {missing:?}");

    let both: Vec<_> = explained.intersection(&tested).collect();
    assert!(both.is_empty(), "explained away and tested: {both:?}");
}
