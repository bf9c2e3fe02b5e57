//! The user's impl block, without the attributes that are ours.

use crate::model::handler::Handler;
use crate::model::server::{Header, Member, Server};
use crate::model::types::{self, Fault};
use crate::names::is_given;
use crate::syntax::block::Item;
use crate::syntax::method::Method;
use proc_macro2::TokenStream;
use quote::quote;

// Input:   #[genserver] impl Account { #[call] pub fn withdraw(..) -> i64 { .. } fn helper() { .. } }
// Output:  impl Account { pub fn withdraw(..) -> i64 { .. } fn helper() { .. } }
pub(crate) fn block(server: &Server) -> TokenStream {
    let mut handlers = server.handlers.iter().map(handler);
    let mut helpers = server.helpers.iter().map(helper);
    let mut others = server.others.iter().map(item);
    let items = server.order.iter().filter_map(|member| match member {
        Member::Handler => handlers.next(),
        Member::Helper => helpers.next(),
        Member::Other => others.next(),
    });
    around(&server.header, &items.collect())
}

pub(crate) fn helper(method: &Method) -> TokenStream {
    if is_given(&method.ident) {
        return TokenStream::new();
    }
    let (attributes, original) = (&method.attributes, &method.original);
    quote!(#(#attributes)* #original)
}

/// The header as far as it is right, around `items`.
pub(crate) fn around(header: &Header, items: &TokenStream) -> TokenStream {
    let Header { attributes, inner, impl_, generics, self_ty, .. } = header;
    let where_ = &generics.where_clause;
    quote!(#(#attributes)* #impl_ #generics #self_ty #where_ { #(#inner)* #items })
}

pub(crate) fn handler(handler: &Handler) -> TokenStream {
    let (own, original) = (&handler.carried.own, &handler.method.original);
    if is_error_again(handler) {
        return TokenStream::new();
    }
    // What clippy would rather have, a handler cannot give: it has a receiver, and its arguments come by value.
    let allowed = quote!(#[allow(clippy::needless_pass_by_value, clippy::unused_self)]);
    quote!(#own #allowed #original)
}

/// Whether rustc would have an error of its own for the signature, at the same place.
fn is_error_again(handler: &Handler) -> bool {
    let is_no_type = |ty| matches!(types::fault(ty), Some(Fault::Unsized(_) | Fault::Infer(_)));
    handler.method.variadic.is_some()
        || is_given(handler.ident())
        || handler.arguments.iter().any(|argument| is_no_type(&argument.ty))
        || handler.output().is_some_and(is_no_type)
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
