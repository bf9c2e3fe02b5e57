//! How much code a handler costs: what is longer than a call belongs in the runtime.

use crate::diag::Diag;
use crate::genserver;
use proc_macro2::{TokenStream, TokenTree};
use quote::{format_ident, quote};

fn count(tokens: TokenStream) -> usize {
    tokens
        .into_iter()
        .map(|token| if let TokenTree::Group(group) = token { 2 + count(group.stream()) } else { 1 })
        .sum()
}

/// The tokens that one more of these handlers adds.
fn cost(handler: impl Fn(usize) -> TokenStream) -> usize {
    let size = |handlers: usize| {
        let handlers = (0..handlers).map(&handler);
        let mut diag = Diag::new();
        let block = quote!(impl Counter { #[init] fn init() -> Self { Counter } #(#handlers)* });
        let expansion = genserver::expansion(quote!(), &block, &mut diag);
        assert_eq!(diag.into_messages(), [""; 0]);
        count(expansion)
    };
    size(11) - size(10)
}

#[test]
fn a_call_stays_small() {
    let tokens = cost(|index| {
        let name = format_ident!("handler_{index}");
        quote!(#[call] pub fn #name(&mut self, amount: i64) -> Result<i64, Overdrawn> { Ok(1) })
    });
    assert!(tokens < 280, "{tokens} tokens a call");
}

#[test]
fn an_async_call_stays_small() {
    let tokens = cost(|index| {
        let name = format_ident!("handler_{index}");
        quote!(#[call] pub async fn #name(&mut self, amount: i64) -> Result<i64, Overdrawn> { Ok(1) })
    });
    assert!(tokens < 360, "{tokens} tokens an async call");
}

#[test]
fn a_cast_stays_small() {
    let tokens = cost(|index| {
        let name = format_ident!("handler_{index}");
        quote!(#[cast] pub fn #name(&mut self, amount: i64) {})
    });
    assert!(tokens < 170, "{tokens} tokens a cast");
}

#[test]
fn an_info_handler_stays_small() {
    let tokens = cost(|index| {
        let (name, ty) = (format_ident!("handler_{index}"), format_ident!("Message{index}"));
        quote!(#[info] fn #name(&mut self, message: #ty) {})
    });
    assert!(tokens < 150, "{tokens} tokens an info handler");
}
