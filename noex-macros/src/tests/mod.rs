//! Tables and snapshots of the macros, without a compiler.

mod budget;
mod checks;
mod expansions;
mod fuzz;
mod names;
mod syntax;
mod trees;

use crate::diag::Diag;
use crate::{genserver, supervisor};
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
