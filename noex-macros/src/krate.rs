//! Where the runtime crate is found.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};

/// The path every generated path begins with: `::noex`, or what `crate = ..` says.
#[derive(Clone)]
pub(crate) struct Krate(TokenStream);

impl Default for Krate {
    fn default() -> Self {
        Krate(quote!(::noex))
    }
}

impl Krate {
    /// An absolute path: `::name`, `crate::name` or `$crate`. A relative one would mean something else in every
    /// module.
    pub(crate) fn parse(tokens: &TokenStream) -> Option<Self> {
        let is_absolute = match tokens.clone().into_iter().next()? {
            TokenTree::Punct(punct) => punct.as_char() == ':',
            TokenTree::Ident(first) => first == "crate" || first == "$crate",
            // What a `macro_rules!` hands over as `$path:path` comes in an invisible group.
            TokenTree::Group(group) => return Krate::parse(&group.stream()),
            TokenTree::Literal(_) => false,
        };
        let is_path = Krate::segments.parse2(tokens.clone()).is_ok();
        (is_absolute && is_path).then(|| Krate(tokens.clone()))
    }

    fn segments(input: ParseStream<'_>) -> syn::Result<()> {
        input.parse::<Option<syn::Token![::]>>()?;
        Ident::parse_any(input)?;
        while !input.is_empty() {
            input.parse::<syn::Token![::]>()?;
            Ident::parse_any(input)?;
        }
        Ok(())
    }
}

impl ToTokens for Krate {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}
