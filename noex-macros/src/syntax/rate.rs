//! Rates: `100 per 1min`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// What stands where a rate is wanted.
pub(crate) enum Written {
    /// How many, and in which time.
    Rate { count: TokenStream, per: TokenStream },
    /// `100 per`, or `per 1s`.
    Half,
    /// Nothing that looks like one, as `100/s`.
    Other,
}

/// Splits at the word `per`.
pub(crate) fn parse(tokens: &TokenStream) -> Written {
    let is_per = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "per");
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut halves = tokens.splitn(2, is_per);
    let (Some(count), Some(per)) = (halves.next(), halves.next()) else { return Written::Other };
    if count.is_empty() || per.is_empty() {
        return Written::Half;
    }
    Written::Rate { count: count.iter().cloned().collect(), per: per.iter().cloned().collect() }
}

/// Whether the tokens begin as an option does: `key = ..`, or a bare word.
pub(crate) fn begins_option(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(word)), None) => word.to_string().chars().any(char::is_lowercase),
        (Some(TokenTree::Ident(_)), Some(TokenTree::Punct(punct))) => {
            // Not `==`, not `=>`.
            punct.as_char() == '=' && punct.spacing() == proc_macro2::Spacing::Alone
        }
        _ => false,
    }
}

/// `a.b.c` as its words.
pub(crate) fn path(tokens: &TokenStream) -> Option<Vec<Ident>> {
    let mut words = Vec::new();
    for (at, token) in tokens.clone().into_iter().enumerate() {
        match token {
            TokenTree::Ident(word) if at % 2 == 0 => words.push(word),
            TokenTree::Punct(punct) if at % 2 == 1 && punct.as_char() == '.' => {}
            // `pair.0`
            TokenTree::Literal(number) if at % 2 == 0 && at > 0 => {
                let field: usize = number.to_string().parse().ok()?;
                words.push(Ident::new(&format!("_{field}"), Span::call_site()));
            }
            _ => return None,
        }
    }
    (!words.is_empty() && tokens.to_token_stream().into_iter().count() % 2 == 1).then_some(words)
}
