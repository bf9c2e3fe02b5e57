//! States as they are written: `Locked, Closed: drop` where they are declared, `Locked | Closed => Open` where they
//! are meant.

use proc_macro2::{Ident, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::{Token, Type, ext::IdentExt};

/// `Closed: drop`
pub(crate) struct Declared {
    pub(crate) ty: Type,
    /// What becomes of an event without a handler.
    pub(crate) default: Option<Ident>,
}

/// `Locked | Closed => Open`
pub(crate) struct Arrow {
    pub(crate) from: Vec<Source>,
    /// `None` where no arrow is written.
    pub(crate) to: Option<Vec<Ident>>,
}

/// Where an arrow begins.
pub(crate) enum Source {
    /// `_`: the states that nobody else names.
    Rest,
    State(Ident),
}

/// One of the states in `states(..)`.
pub(crate) fn parse_declared(tokens: TokenStream) -> syn::Result<Declared> {
    let parse = |input: ParseStream<'_>| {
        let ty = Type::Path(syn::TypePath { attrs: Vec::new(), qself: None, path: input.parse()? });
        let colon: Option<Token![:]> = input.parse()?;
        let default = if colon.is_some() { Some(Ident::parse_any(input)?) } else { None };
        Ok(Declared { ty, default })
    };
    parse.parse2(tokens)
}

/// What stands in `#[on(..)]`.
pub(crate) fn parse_arrow(tokens: TokenStream) -> syn::Result<Arrow> {
    let parse = |input: ParseStream<'_>| {
        let mut from = Vec::new();
        if !input.peek(Token![=>]) {
            from.push(Source::parse(input)?);
            while input.parse::<Option<Token![|]>>()?.is_some() {
                from.push(Source::parse(input)?);
            }
        }
        let arrow: Option<Token![=>]> = input.parse()?;
        let to = if arrow.is_some() { Some(alternatives(input)?) } else { None };
        Ok(Arrow { from, to })
    };
    parse.parse2(tokens)
}

/// What stands in `#[enter(..)]` and the like: `Locked | Closed`.
pub(crate) fn parse_states(tokens: TokenStream) -> syn::Result<Vec<Ident>> {
    alternatives.parse2(tokens)
}

fn alternatives(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    let mut states: Vec<Ident> = vec![input.parse()?];
    while input.parse::<Option<Token![|]>>()?.is_some() {
        states.push(input.parse()?);
    }
    Ok(states)
}

impl Source {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![_]) {
            input.parse::<Token![_]>()?;
            Ok(Source::Rest)
        } else {
            Ok(Source::State(input.parse()?))
        }
    }
}
