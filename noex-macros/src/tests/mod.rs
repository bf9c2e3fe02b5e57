//! Tables and snapshots of the macros, without a compiler.

mod budget;
mod checks;
mod classes;
mod expansions;
mod fuzz;
mod machines;
mod names;
mod options;
mod pipelines;
mod policies;
mod syntax;
mod trees;

use crate::diag::Diag;
use crate::{genserver, pipeline, state_machine, supervisor};
use proc_macro2::TokenStream;

/// What `#[genserver(options)] item` is told.
fn messages(options: TokenStream, item: TokenStream) -> Vec<String> {
    let mut diag = Diag::new();
    genserver::expansion(options, &item, &mut diag);
    diag.into_messages()
}

/// What an impl block with a right `#[init]` and these items is told.
fn in_block(items: TokenStream) -> Vec<String> {
    messages(quote::quote!(), quote::quote!(impl Counter { #[init] fn init() -> Self { Counter } #items }))
}

/// What `supervisor! { tree }` is told.
fn of_tree(tree: TokenStream) -> Vec<String> {
    let mut diag = Diag::new();
    supervisor::expansion(tree, &mut diag);
    diag.into_messages()
}

/// What `pipeline! { pipeline }` is told.
fn of_pipeline(tokens: TokenStream) -> Vec<String> {
    let mut diag = Diag::new();
    pipeline::expansion(tokens, &mut diag);
    diag.into_messages()
}

/// Each input is told its message, with its help where one is given, and nothing else.
fn assert_each(table: Vec<(TokenStream, &str, &str)>, told: impl Fn(TokenStream) -> Vec<String>) {
    for (input, message, help) in table {
        let shown = input.to_string();
        let found = told(input);
        let expected =
            if help.is_empty() { message.to_string() } else { format!("{message}\n= help: {help}") };
        assert_eq!(found, [expected], "{shown}");
    }
}

/// What a machine of the states `Locked`, `Closed` and `Open` with these items is told.
fn of_machine(items: TokenStream) -> Vec<String> {
    let block = quote::quote!(impl Door { #[init] fn new() -> (Self, Locked) { x } #items });
    of_machine_with(quote::quote!(states(Locked, Closed, Open)), block)
}

/// What `#[state_machine(options)] item` is told.
fn of_machine_with(options: TokenStream, item: TokenStream) -> Vec<String> {
    let mut diag = Diag::new();
    state_machine::expansion(options, &item, &mut diag);
    diag.into_messages()
}
