//! A tree drawn in text and as a Mermaid graph, for its docs.

use crate::model::child::Child;
use crate::model::child_kind::ChildKind;
use crate::model::child_options::Shutdown;
use crate::model::pace::{Intensity, Pauses};
use crate::model::tree::{Strategy, Tree};
use crate::model::types::text;
use proc_macro2::TokenStream;
use quote::quote;
use std::fmt::Write;
use syn::Type;

// Output:  #[doc = "```text .. ```"] #[doc = ""] #[doc = "```mermaid .. ```"] #[doc = "Trees below it: .."]
//
// rustdoc takes neither block for Rust.
pub(crate) fn docs(tree: &Tree) -> TokenStream {
    let (picture, graph) = (picture(tree), graph(tree));
    let links = links(tree).map(|links| {
        // A macro cannot know which of the two is private.
        quote!(#[doc = ""] #[doc = #links] #[allow(rustdoc::private_intra_doc_links)])
    });
    quote!(#[doc = #picture] #[doc = ""] #[doc = #graph] #links)
}

/// ```text
/// Bank: rest_for_one, at most 5 restarts in 30s
/// ├─ ledger: Ledger
/// ├─ account: Account (transient), uses ledger
/// └─ books: supervisor Books
/// ```
fn picture(tree: &Tree) -> String {
    let mut drawn = format!("```text\n{}", root(tree));
    for (index, child) in tree.children.iter().enumerate() {
        let branch = if index + 1 == tree.children.len() { "└─" } else { "├─" };
        let _ = write!(drawn, "\n{branch} {}", line(child));
        let used: Vec<String> =
            used(&tree.children[..index], child).map(|(_, used)| used.name.to_string()).collect();
        if !used.is_empty() {
            let _ = write!(drawn, ", uses {}", used.join(", "));
        }
    }
    drawn.push_str("\n```");
    drawn
}

/// ```mermaid
/// graph TD
///     n0["Bank: rest_for_one"]
///     n1("ledger: Ledger")
///     n0 --> n1
/// ```
///
/// Servers are round, supervisors are boxes; who uses another points to it.
fn graph(tree: &Tree) -> String {
    let mut drawn = format!("```mermaid\ngraph TD\n    n0[\"{}\"]", label(&root(tree)));
    for (index, child) in tree.children.iter().enumerate() {
        let number = index + 1;
        let (open, close) = if child.kind == ChildKind::Server { ("(", ")") } else { ("[", "]") };
        let _ = write!(drawn, "\n    n{number}{open}\"{}\"{close}", label(&line(child)));
        let _ = write!(drawn, "\n    n0 --> n{number}");
        for (used, _) in used(&tree.children[..index], child) {
            let _ = write!(drawn, "\n    n{number} -. uses .-> n{}", used + 1);
        }
    }
    drawn.push_str("\n```");
    drawn
}

/// The text of a node, which Mermaid would read as HTML.
fn label(text: &str) -> String {
    text.replace('"', "'").replace('<', "#lt;").replace('>', "#gt;")
}

/// Where the trees below are drawn.
fn links(tree: &Tree) -> Option<String> {
    let mut links: Vec<String> = Vec::new();
    for child in tree.children.iter().filter(|child| child.kind == ChildKind::Supervisor) {
        let Type::Path(path) = &child.ty else { continue };
        let segments: Vec<String> =
            path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let (Some(last), whole) = (segments.last(), segments.join("::")) else { continue };
        let link = if *last == whole { format!("[`{last}`]") } else { format!("[`{last}`]({whole})") };
        if !links.contains(&link) {
            links.push(link);
        }
    }
    (!links.is_empty()).then(|| format!("Trees below it: {}.", links.join(", ")))
}

fn root(tree: &Tree) -> String {
    let mut root = tree.ident.to_string();
    if let Strategy::Known(strategy) = &tree.strategy {
        let _ = write!(root, ": {strategy}");
    }
    for part in pace(tree.intensity.as_ref(), tree.pauses.as_ref()) {
        let _ = write!(root, ", {part}");
    }
    if let Some(word) = tree.auto_shutdown.as_ref().filter(|word| *word != "never") {
        let _ = write!(root, ", ends with {word}");
    }
    root
}

fn pace(intensity: Option<&Intensity>, pauses: Option<&Pauses>) -> impl Iterator<Item = String> {
    let restarts = intensity.map(|intensity| {
        format!("at most {} restarts in {}", intensity.restarts, text(&intensity.written_window))
    });
    let pauses = pauses.map(|pauses| format!("pauses of {:?} to {:?}", pauses.min, pauses.max));
    restarts.into_iter().chain(pauses)
}

fn line(child: &Child) -> String {
    let mut line = format!("{}: {}{}", child.name, child.kind.row().prefix, text(&child.ty));
    let kept = &child.options;
    let mut options: Vec<String> = Vec::new();
    options.extend(kept.by.as_ref().map(|key| format!("by {}", text(key))));
    options.extend(kept.count.as_ref().map(|count| format!("count: {}", text(count))));
    options.extend(kept.size.as_ref().map(|size| format!("size: {}", text(size))));
    options.extend(kept.queue.as_ref().map(|queue| format!("queue: {}", text(queue))));
    options.extend(kept.retries.as_ref().map(|retries| format!("retries: {}", text(retries))));
    options.extend(kept.deadline.map(|limit| format!("deadline: {limit:?}")));
    options.extend(kept.drain.map(|limit| format!("drain: {limit:?}")));
    options.extend(kept.max.as_ref().map(|max| format!("at most {}", text(max))));
    options.extend(kept.restart.iter().map(ToString::to_string));
    options.extend(kept.shutdown.as_ref().map(|shutdown| match shutdown {
        Shutdown::BrutalKill => "shutdown: brutal_kill".to_string(),
        Shutdown::Infinity => "shutdown: infinity".to_string(),
        Shutdown::After { limit, .. } => format!("shutdown: {limit:?}"),
    }));
    options.extend(kept.significant.as_ref().map(|_| "significant".to_string()));
    options.extend(kept.ready_within.map(|limit| format!("ready within {limit:?}")));
    options.extend(pace(kept.intensity.as_ref(), kept.pauses.as_ref()));
    if !options.is_empty() {
        let _ = write!(line, " ({})", options.join(", "));
    }
    line
}

/// Those of the children above that this one uses, and their places.
fn used<'a>(earlier: &'a [Child], child: &'a Child) -> impl Iterator<Item = (usize, &'a Child)> {
    child
        .mentions
        .iter()
        .filter_map(|mention| earlier.iter().enumerate().find(|(_, earlier)| earlier.name == mention.name))
}
