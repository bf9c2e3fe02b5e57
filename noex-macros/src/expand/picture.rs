//! A tree drawn in text, for its docs.

use crate::model::tree::{Child, Shutdown, Strategy, Tree};
use crate::model::types::text;
use std::fmt::Write;

/// ```text
/// Bank: rest_for_one, at most 5 restarts in 30s
/// ├─ ledger: Ledger
/// └─ account: Account (transient), uses ledger
/// ```
pub(crate) fn picture(tree: &Tree) -> String {
    let mut drawn = format!("```text\n{}", tree.ident);
    if let Strategy::Known(strategy) = &tree.strategy {
        let _ = write!(drawn, ": {strategy}");
    }
    if let Some(intensity) = &tree.intensity {
        let _ =
            write!(drawn, ", at most {} restarts in {}", intensity.restarts, text(&intensity.written_window));
    }
    if let Some(word) = tree.auto_shutdown.as_ref().filter(|word| *word != "never") {
        let _ = write!(drawn, ", ends with {word}");
    }
    for (index, child) in tree.children.iter().enumerate() {
        let branch = if index + 1 == tree.children.len() { "└─" } else { "├─" };
        let _ = write!(drawn, "\n{branch} {}", line(&tree.children[..index], child));
    }
    drawn.push_str("\n```");
    drawn
}

fn line(earlier: &[Child], child: &Child) -> String {
    let mut line = format!("{}: {}", child.name, text(&child.ty));
    let mut options: Vec<String> = child.restart.iter().map(ToString::to_string).collect();
    options.extend(child.shutdown.as_ref().map(|shutdown| match shutdown {
        Shutdown::BrutalKill => "shutdown: brutal_kill".to_string(),
        Shutdown::Infinity => "shutdown: infinity".to_string(),
        Shutdown::After(after) => format!("shutdown: {after:?}"),
    }));
    options.extend(child.significant.as_ref().map(|_| "significant".to_string()));
    options.extend(child.ready_within.map(|limit| format!("ready within {limit:?}")));
    if !options.is_empty() {
        let _ = write!(line, " ({})", options.join(", "));
    }
    let used: Vec<String> = (child.mentions.iter())
        .filter(|mention| earlier.iter().any(|earlier| earlier.name == mention.name))
        .map(|mention| mention.name.to_string())
        .collect();
    if !used.is_empty() {
        let _ = write!(line, ", uses {}", used.join(", "));
    }
    line
}
