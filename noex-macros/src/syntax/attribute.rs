//! An attribute: its path, and tokens that are read only if it is ours.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Token, ext::IdentExt, token};

/// `#[path args]`, outer or inner.
///
/// Not `syn::Attribute`, which reads the value as an expression: an attribute of somebody else may hold anything.
#[derive(Clone)]
pub(crate) struct Attribute {
    tokens: TokenStream,
    /// The segments of the path: `noex`, `call`.
    pub(crate) path: Vec<Ident>,
    /// What follows the path: `(timeout = 2s)`, `= "text"` or nothing.
    pub(crate) rest: TokenStream,
}

impl Attribute {
    pub(crate) fn parse_outer(input: ParseStream<'_>) -> syn::Result<Vec<Self>> {
        let mut attributes = Vec::new();
        while input.peek(Token![#]) && input.peek2(token::Bracket) {
            attributes.push(Attribute::parse(input)?);
        }
        Ok(attributes)
    }

    pub(crate) fn parse_inner(input: ParseStream<'_>) -> syn::Result<Vec<Self>> {
        let mut attributes = Vec::new();
        while input.peek(Token![#]) && input.peek2(Token![!]) && input.peek3(token::Bracket) {
            attributes.push(Attribute::parse(input)?);
        }
        Ok(attributes)
    }

    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let pound: Token![#] = input.parse()?;
        let bang: Option<Token![!]> = input.parse()?;
        let group: Group = input.parse()?;
        let (path, rest) = split_path(group.stream());
        Ok(Attribute { tokens: quote!(#pound #bang #group), path, rest })
    }

    /// Whether the path is the single word `word`.
    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(self.path.as_slice(), [only] if only == word)
    }

    /// The word that could be one of ours: of `call`, `noex::call` and `::noex::call` the `call`.
    pub(crate) fn word(&self) -> Option<&Ident> {
        match self.path.as_slice() {
            [word] => Some(word),
            [krate, word] if krate == "noex" => Some(word),
            _ => None,
        }
    }

    /// Whether something other than parentheses follows the path: `#[call = ..]`.
    pub(crate) fn has_odd_rest(&self) -> bool {
        let mut rest = self.rest.clone().into_iter();
        match rest.next() {
            Some(TokenTree::Group(group)) => {
                group.delimiter() != Delimiter::Parenthesis || rest.next().is_some()
            }
            Some(_) => true,
            None => false,
        }
    }

    /// What stands between the parentheses, or nothing.
    pub(crate) fn arguments(&self) -> TokenStream {
        match self.rest.clone().into_iter().next() {
            Some(TokenTree::Group(group)) => group.stream(),
            _ => TokenStream::new(),
        }
    }

    /// The attributes that `cfg_attr(predicate, a, b(..))` may add, and the predicate.
    pub(crate) fn conditional(&self) -> Option<(TokenStream, Vec<Conditional>)> {
        if !self.is("cfg_attr") {
            return None;
        }
        let mut parts = split_commas(self.arguments()).into_iter();
        let predicate = parts.next()?;
        let added = parts.map(|tokens| {
            let (path, rest) = split_path(tokens.clone());
            Conditional { tokens, path, rest }
        });
        Some((predicate, added.collect()))
    }
}

impl ToTokens for Attribute {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}

/// One attribute inside a `cfg_attr`.
pub(crate) struct Conditional {
    pub(crate) tokens: TokenStream,
    pub(crate) path: Vec<Ident>,
    pub(crate) rest: TokenStream,
}

/// Splits at the commas that stand in no bracket; an empty last part is a trailing comma.
pub(crate) fn split_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(TokenStream::new()),
            _ => parts.last_mut().expect("begins with one part").extend([token]),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn split_path(tokens: TokenStream) -> (Vec<Ident>, TokenStream) {
    let parse = |input: ParseStream<'_>| {
        input.parse::<Option<Token![::]>>()?;
        let mut path = Vec::new();
        while input.peek(Ident::peek_any) {
            path.push(Ident::parse_any(input)?);
            if input.parse::<Option<Token![::]>>()?.is_none() {
                break;
            }
        }
        Ok((path, TokenStream::parse(input)?))
    };
    // Parsing any tokens to the end as `TokenStream` cannot fail.
    parse.parse2(tokens).unwrap_or_default()
}
