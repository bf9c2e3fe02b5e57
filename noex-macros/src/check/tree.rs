//! Rules over a tree: which children may use which.

use crate::diag::Diag;
use crate::model::child::Child;
use crate::model::tree::{Strategy, Tree};
use crate::model::types::text;

/// Functions that every tree has, so that no child can be called like them.
const GIVEN: [&str; 1] = ["start"];

/// Which children are there at all, and which arguments can be evaluated, in the order of `Tree::children`.
pub(crate) struct Verdict {
    pub(crate) is_kept: Vec<bool>,
    pub(crate) has_arguments: Vec<bool>,
}

pub(crate) fn check(tree: &Tree, diag: &mut Diag) -> Verdict {
    check_parameters(tree, diag);
    if let Strategy::Missing = tree.strategy {
        diag.error(&tree.ident, format!("`{}` has no strategy", tree.ident))
            .help("add `strategy: one_for_one`");
    }
    if tree.children.is_empty() && !tree.has_lost_child {
        diag.error(&tree.ident, "a supervisor needs at least one child")
            .help(format!("add one to `{}`, such as `cache: Cache(64)`", tree.ident));
    }
    let mut verdict = Verdict { is_kept: Vec::new(), has_arguments: Vec::new() };
    for (index, child) in tree.children.iter().enumerate() {
        if child.is_glued {
            diag.error(&child.name, "children are separated by `,`")
                .help(format!("write a `,` before `{}`", child.name));
        }
        check_significant(tree, child, diag);
        verdict.is_kept.push(check_name(tree, index, diag));
        let before = diag.count();
        check_mentions(tree, index, diag);
        verdict.has_arguments.push(diag.count() == before && tree.children[index].is_complete());
    }
    verdict
}

fn check_parameters(tree: &Tree, diag: &mut Diag) {
    for parameter in &tree.parameters {
        if parameter.name.is_none() {
            diag.error(&parameter.pattern, "a parameter of a tree needs a name")
                .help(format!("write `config: {}`", text(&parameter.ty)));
        }
    }
}

/// A significant child must be able to end for good, and the tree must care.
fn check_significant(tree: &Tree, child: &Child, diag: &mut Diag) {
    let Some(significant) = &child.options.significant else { return };
    let name = &child.name;
    if child.options.restart.as_ref().is_none_or(|restart| restart == "permanent") {
        diag.error(significant, format!("`{name}` is permanent: it always comes back, so it ends nothing"))
            .help("add `restart: transient` or `restart: temporary`, or leave `significant` out");
    } else if tree.auto_shutdown.as_ref().is_none_or(|word| word == "never") {
        diag.error(
            significant,
            format!("`{name}` is significant, but `{}` never ends by itself", tree.ident),
        )
        .help("add `auto_shutdown: any_significant` or `auto_shutdown: all_significant` to the tree");
    }
}

/// Whether the child has its name for itself.
fn check_name(tree: &Tree, index: usize, diag: &mut Diag) -> bool {
    let name = &tree.children[index].name;
    if GIVEN.iter().any(|given| name == given) {
        diag.error(
            name,
            format!("`{}::{name}` starts the tree, so no child can be called `{name}`", tree.ident),
        )
        .help("choose another name");
        return false;
    }
    // Two that exclude each other by `cfg` may share a name; rustc sees the one that is left.
    let is_taken = tree.children[..index].iter().any(|earlier| earlier.name == *name);
    if is_taken && tree.children[index].carried.cfg.is_empty() {
        diag.error(name, format!("`{name}` is already a child of `{}`", tree.ident))
            .help("choose another name");
        return false;
    }
    true
}

/// A child can use those that started before it.
fn check_mentions(tree: &Tree, index: usize, diag: &mut Diag) {
    let child = &tree.children[index];
    let earlier = &tree.children[..index];
    for mention in child.mentions.iter().filter(|mention| mention.is_certain) {
        let name = &mention.name;
        let is_parameter = tree.has_parameter(name);
        let is_there = is_parameter || earlier.iter().any(|earlier| earlier.name == *name);
        if child.is_number(mention) {
            if is_there {
                let what = if is_parameter { "the parameter" } else { "the child" };
                diag.error(name, format!("`{name}` is the number of the partition here"))
                    .help(format!("choose another name for {what} `{name}`"));
            }
            continue;
        }
        if is_there {
            continue;
        }
        if child.name == *name {
            diag.error(name, format!("child `{name}` uses itself, before it exists"))
                .help("inside of the server, `cx.me()` is its own reference");
        } else if let Some(later) = tree.children[index..].iter().find(|later| later.name == *name) {
            report_later(child, later, name, diag);
        }
    }
}

fn report_later(child: &Child, later: &Child, at: &proc_macro2::Ident, diag: &mut Diag) {
    let (first, second) = (&child.name, &later.name);
    if later.mentions.iter().any(|mention| mention.is_certain && mention.name == *first) {
        diag.error(at, format!("`{first}` and `{second}` need one another, so neither can start first"))
            .help("let one look the other up by name at run time");
    } else {
        diag.error(at, format!("child `{first}` uses `{second}`, which starts after it"))
            .help(format!("children start in the order they are written: move `{second}` above `{first}`"));
    }
}
