//! Which of a handler's attributes go along to what is generated from it.

use crate::syntax::attribute::{Attribute, Conditional};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

/// The attributes of a handler, by where they belong.
pub(crate) struct Carried {
    /// For everything made from the handler: `cfg`. One forgotten `cfg` breaks a handler that is configured out.
    pub(crate) cfg: TokenStream,
    /// The same as predicates, all of which hold where the handler is there.
    pub(crate) conditions: Vec<TokenStream>,
    /// For the method of the reference: docs, `deprecated`, `must_use`, lint levels.
    pub(crate) interface: TokenStream,
    pub(crate) has_docs: bool,
    /// For the handler itself: all of the user's own.
    pub(crate) own: TokenStream,
}

impl Carried {
    /// From the attributes that are not ours.
    pub(crate) fn of(attributes: &[Attribute]) -> Self {
        let mut carried = Carried {
            cfg: TokenStream::new(),
            conditions: Vec::new(),
            interface: TokenStream::new(),
            has_docs: attributes.iter().any(|attribute| attribute.is("doc")),
            own: TokenStream::new(),
        };
        let has_doctest = attributes.iter().any(has_code);
        for attribute in attributes {
            if has_doctest && attribute.is("doc") {
                // The reference has a copy of these docs; rustdoc would run their examples twice.
                // Located at the docs, because clippy takes docs of a macro's for none.
                let rest = &attribute.rest;
                let span = attribute.to_token_stream().span();
                carried.own.extend(quote_spanned!(span=> #[cfg_attr(not(doctest), doc #rest)]));
            } else {
                carried.own.extend(quote!(#attribute));
            }
            match attribute.conditional() {
                Some((predicate, added)) => carried.add_conditional(&predicate, &added),
                None => carried.add(attribute),
            }
        }
        carried
    }

    fn add(&mut self, attribute: &Attribute) {
        if attribute.is("cfg") {
            self.cfg.extend(quote!(#attribute));
            self.conditions.push(attribute.arguments());
        } else if let [word] = attribute.path.as_slice()
            && let Some(attribute) = interface(word, &attribute.rest)
        {
            self.interface.extend(quote!(#[#attribute]));
        }
    }

    fn add_conditional(&mut self, predicate: &TokenStream, added: &[Conditional]) {
        for Conditional { tokens, path, rest } in added {
            let [word] = path.as_slice() else { continue };
            if word == "cfg" {
                self.cfg.extend(quote!(#[cfg_attr(#predicate, #tokens)]));
                let condition = match rest.clone().into_iter().next() {
                    Some(TokenTree::Group(group)) => group.stream(),
                    _ => TokenStream::new(),
                };
                self.conditions.push(quote!(any(not(#predicate), #condition)));
            } else if let Some(attribute) = interface(word, rest) {
                self.interface.extend(quote!(#[cfg_attr(#predicate, #attribute)]));
            }
        }
    }
}

/// The attribute as it belongs on the method of the reference, if it does.
fn interface(word: &Ident, rest: &TokenStream) -> Option<TokenStream> {
    if word == "doc" || word == "deprecated" || word == "allow" {
        Some(quote!(#word #rest))
    } else if word == "expect" {
        // What the user expects of the handler need not come true of the generated method.
        Some(quote!(allow #rest))
    } else if word == "must_use" && !rest.is_empty() {
        // The returned future is `must_use` by itself; only a reason adds to that.
        Some(quote!(#word #rest))
    } else {
        None
    }
}

fn has_code(attribute: &Attribute) -> bool {
    attribute.is("doc") && attribute.rest.to_string().contains("```")
}
