//! The README's figures are those of the run that is in the tree.
#![allow(missing_docs)]

use std::{fs, path::Path};

const TABLES: &str = "benches/results/tables.md";

#[test]
fn the_readme_shows_the_tables_of_the_run_in_the_tree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let read = |name: &str| fs::read_to_string(root.join(name)).expect(name);
    let (readme, tables) = (read("README.md"), read(TABLES));
    let (_, shown) = readme.split_once(&format!("<!-- {TABLES} -->\n")).expect("where the tables begin");
    let (shown, _) = shown.split_once("<!-- the end of it -->").expect("where they end");
    assert_eq!(shown.trim(), tables.trim(), "copy {TABLES} into the README");
}
