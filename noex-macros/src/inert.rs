//! The attributes of handlers where no `#[genserver]` consumes them.
//!
//! They exist so that the mistake has a sentence, and for their docs in editors: inside of a `#[genserver]` block
//! they are gone before anything resolves them.

use crate::diag::Diag;
use crate::syntax::method::begins_method;
use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseStream, Parser};

/// `word`: what the attribute is called.
pub(crate) fn outside(word: &str, item: TokenStream) -> TokenStream {
    let mut diag = Diag::new();
    let is_method = |input: ParseStream<'_>| {
        crate::syntax::attribute::Attribute::parse_outer(input)?;
        let is_method = begins_method(input);
        input.parse::<TokenStream>()?;
        Ok(is_method)
    };
    let help = match is_method.parse2(item.clone()) {
        Ok(true) => "add `#[genserver]` above this `impl`",
        _ => "it marks a method of that block",
    };
    // The call site of an attribute is the attribute itself.
    diag.error_at(Span::call_site(), format!("`#[{word}]` only works inside a `#[genserver]` impl block"))
        .help(help);
    diag.finish(item)
}
