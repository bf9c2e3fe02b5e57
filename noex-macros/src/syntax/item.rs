//! Which half of a server stands under the attribute.

use crate::syntax::attribute::Attribute;
use crate::syntax::block::Block;
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Generics, Visibility, WhereClause, ext::IdentExt, token};

/// What stands under `#[genserver]`.
pub(crate) enum Item {
    Struct(State),
    Impl(Box<Block>),
    /// Neither, with the keyword that says what it is, and the name and parameters where it is a type.
    Other(Ident, Option<State>),
    /// No item at all.
    Junk(syn::Error),
}

/// The head of a type: all that the configuration needs.
pub(crate) struct State {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
}

pub(crate) fn parse(tokens: TokenStream) -> Item {
    parse_item.parse2(tokens).unwrap_or_else(Item::Junk)
}

fn parse_item(input: ParseStream<'_>) -> syn::Result<Item> {
    let attributes = Attribute::parse_outer(input)?;
    let ahead = input.fork();
    ahead.parse::<Visibility>()?;
    let keyword = loop {
        let word = Ident::parse_any(&ahead)?;
        // `unsafe impl`, `async fn`, `const fn`: the word that counts comes later.
        if word == "impl" {
            input.parse::<Visibility>()?;
            return Ok(Item::Impl(Box::new(Block::parse(attributes, input)?)));
        }
        let is_qualifier =
            ["unsafe", "async", "default", "extern", "const"].iter().any(|other| word == other);
        ahead.parse::<Option<syn::LitStr>>()?;
        if !is_qualifier || !ahead.peek(Ident::peek_any) {
            break word;
        }
        // `const CAPACITY: usize` is a constant, not a qualifier.
        if word == "const"
            && !["fn", "unsafe", "async", "extern", "impl"].iter().any(|next| next_is(&ahead, next))
        {
            break word;
        }
    };
    let is_type = keyword == "struct" || keyword == "enum" || keyword == "union";
    let state = if is_type { State::parse(&ahead).ok() } else { None };
    input.parse::<TokenStream>()?;
    match state {
        Some(state) if keyword == "struct" => Ok(Item::Struct(state)),
        state => Ok(Item::Other(keyword, state)),
    }
}

fn next_is(input: ParseStream<'_>, word: &str) -> bool {
    Ident::parse_any(&input.fork()).is_ok_and(|next| next == word)
}

impl State {
    /// `Account<T>(u8) where ..;`, `Account<T> where .. { .. }`
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ident: Ident = input.parse()?;
        let mut generics: Generics = input.parse()?;
        if input.peek(token::Paren) {
            input.parse::<TokenTree>()?;
        }
        generics.where_clause = input.parse::<Option<WhereClause>>()?;
        input.parse::<TokenStream>()?;
        Ok(State { ident, generics })
    }
}
