//! Lists of options: `name = "x", mailbox = 64, trap_exit`.

use crate::syntax::attribute::split_commas;
use proc_macro2::{Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Lit, LitFloat, LitInt, LitStr, Token, ext::IdentExt};

/// One option as it was written.
pub(crate) enum Written {
    /// `key` or `key = value`.
    Option(Setting),
    /// Something that does not begin with a word.
    Junk(TokenStream),
}

/// What stands between a key and its value: attributes have `=`, trees have `:`.
#[derive(Clone, Copy)]
pub(crate) enum Separator {
    Equals,
    Colon,
}

impl Separator {
    /// `key` and `value` as they are to be written.
    pub(crate) fn joined(self, key: &Ident, value: &str) -> String {
        match self {
            Separator::Equals => format!("{key} = {value}"),
            Separator::Colon => format!("{key}: {value}"),
        }
    }
}

/// An option with a key.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) key: Ident,
    /// What stands after the separator; `None` for a bare word.
    pub(crate) value: Option<TokenStream>,
    /// What stands, or would stand, between the two.
    pub(crate) separator: Separator,
    /// Whether a `,` before it is missing.
    pub(crate) is_glued: bool,
}

/// What kind of thing a value is.
pub(crate) enum Value {
    Integer(LitInt),
    Float(LitFloat),
    Text(LitStr),
    /// `-1`
    Negative,
    /// A single word: `unbounded`.
    Word(Ident),
    /// A path of several words, or one in capitals: `limits::MAILBOX`.
    Constant,
    Other,
}

/// Reads the options one by one; a wrong one does not take the others with it.
pub(crate) fn parse(tokens: TokenStream, separator: Separator) -> Vec<Written> {
    let parts = split_commas(tokens)
        .into_iter()
        .flat_map(|part| split_glued(part, separator).into_iter().enumerate());
    parts.map(|(index, tokens)| parse_one(tokens, separator, index > 0)).collect()
}

/// Splits before the `b` of `a = 1 b = 2`.
fn split_glued(tokens: TokenStream, separator: Separator) -> Vec<TokenStream> {
    let character = match separator {
        Separator::Equals => '=',
        Separator::Colon => ':',
    };
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_separator = |token: Option<&TokenTree>| {
        matches!(token, Some(TokenTree::Punct(punct))
            if punct.as_char() == character && punct.spacing() == Spacing::Alone)
    };
    let mut parts = vec![TokenStream::new()];
    for (index, token) in tokens.iter().enumerate() {
        // The first key and its separator stand at 0 and 1, and a value has a token.
        let begins = matches!(token, TokenTree::Ident(_)) && is_separator(tokens.get(index + 1));
        if index > 2 && begins && !is_separator(tokens.get(index - 1)) {
            parts.push(TokenStream::new());
        }
        parts.last_mut().expect("begins with one part").extend([token.clone()]);
    }
    parts
}

fn parse_one(tokens: TokenStream, separator: Separator, is_glued: bool) -> Written {
    let parse = |input: ParseStream<'_>| {
        let key = Ident::parse_any(input)?;
        if input.is_empty() {
            return Ok(Setting { key, value: None, separator, is_glued });
        }
        match separator {
            Separator::Equals => drop(input.parse::<Token![=]>()?),
            Separator::Colon => drop(input.parse::<Token![:]>()?),
        }
        let value: TokenStream = input.parse()?;
        Ok(Setting { key, value: Some(value).filter(|value| !value.is_empty()), separator, is_glued })
    };
    match parse.parse2(tokens.clone()) {
        Ok(setting) => Written::Option(setting),
        Err(_) => Written::Junk(tokens),
    }
}

impl Value {
    pub(crate) fn of(tokens: &TokenStream) -> Self {
        if let Ok(literal) = syn::parse2::<Lit>(tokens.clone()) {
            return match literal {
                Lit::Int(int) if int.base10_digits().starts_with('-') => Value::Negative,
                Lit::Int(int) => Value::Integer(int),
                Lit::Float(float) => Value::Float(float),
                Lit::Str(text) => Value::Text(text),
                _ => Value::Other,
            };
        }
        if let Ok(word) = Ident::parse_any.parse2(tokens.clone()) {
            // Words are ours and in lower case, constants are the user's and in capitals.
            return if word.unraw().to_string().chars().any(char::is_lowercase) {
                Value::Word(word)
            } else {
                Value::Constant
            };
        }
        if syn::parse2::<syn::Path>(tokens.clone()).is_ok() {
            return Value::Constant;
        }
        match tokens.clone().into_iter().next() {
            Some(TokenTree::Punct(punct)) if punct.as_char() == '-' => Value::Negative,
            // What a `macro_rules!` hands over as `$size:expr` comes in an invisible group.
            Some(TokenTree::Group(group)) if group.delimiter() == proc_macro2::Delimiter::None => {
                match Value::of(&group.stream()) {
                    Value::Other => Value::Constant,
                    value => value,
                }
            }
            _ => Value::Other,
        }
    }
}

impl ToTokens for Written {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Written::Option(setting) => setting.key.to_tokens(tokens),
            Written::Junk(junk) => junk.to_tokens(tokens),
        }
    }
}
