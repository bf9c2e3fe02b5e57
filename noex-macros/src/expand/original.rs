//! The user's impl block, without the attributes that are ours.

use crate::model::handler::Handler;
use crate::model::server::{Header, Server};
use crate::syntax::block::Item;
use proc_macro2::TokenStream;
use quote::quote;

// Input:   #[genserver] impl Account { #[call] pub fn withdraw(..) -> i64 { .. } fn helper() { .. } }
// Output:  impl Account { pub fn withdraw(..) -> i64 { .. } fn helper() { .. } }
pub(crate) fn block(server: &Server) -> TokenStream {
    let handlers = server.handlers.iter().map(handler);
    let helpers = server.helpers.iter().map(|helper| {
        let (attributes, original) = (&helper.attributes, &helper.original);
        quote!(#(#attributes)* #original)
    });
    let others = server.others.iter().map(item);
    let items = quote!(#(#handlers)* #(#helpers)* #(#others)*);
    around(&server.header, &items)
}

/// The header as far as it is right, around `items`.
pub(crate) fn around(header: &Header, items: &TokenStream) -> TokenStream {
    let Header { attributes, inner, impl_, generics, self_ty, .. } = header;
    let where_ = &generics.where_clause;
    quote!(#(#attributes)* #impl_ #generics #self_ty #where_ { #(#inner)* #items })
}

fn handler(handler: &Handler) -> TokenStream {
    let (own, original) = (&handler.carried.own, &handler.method.original);
    // Of a variadic handler even rustc's parser gives up the body: the signature is no longer one.
    if handler.method.variadic.is_some() {
        return TokenStream::new();
    }
    quote!(#own #original)
}

/// An item that is no method: as written.
pub(crate) fn item(item: &Item) -> TokenStream {
    match item {
        Item::Other(tokens) | Item::Macro(tokens, _) => tokens.clone(),
        // Its signature is an error already, and would be one again.
        Item::Broken(..) => TokenStream::new(),
        Item::Method(method) => {
            let original = &method.original;
            let own = method
                .attributes
                .iter()
                .filter(|attribute| attribute.word().and_then(crate::model::kind::Kind::from_word).is_none());
            quote!(#(#own)* #original)
        }
    }
}
