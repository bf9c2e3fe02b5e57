//! The names that the arguments of a child use.

use proc_macro2::{Ident, TokenStream, TokenTree};

/// A name in the arguments of a child.
pub(crate) struct Mention {
    pub(crate) name: Ident,
    /// Whether it surely is a value; inside of a string, `{name}` only may be.
    pub(crate) is_certain: bool,
}

/// The names that an expression uses as values, each once.
pub(crate) fn mentions(expression: &TokenStream) -> Vec<Mention> {
    let mut found = Vec::new();
    collect_mentions(expression.clone(), &mut found);
    found
}

fn collect_mentions(tokens: TokenStream, found: &mut Vec<Mention>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_punct = |index: Option<usize>, characters: &str| {
        let token = index.and_then(|index| tokens.get(index));
        matches!(token, Some(TokenTree::Punct(punct)) if characters.contains(punct.as_char()))
    };
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => collect_mentions(group.stream(), found),
            TokenTree::Ident(name) => {
                let before = index.checked_sub(1);
                // `..name` is a use, `.name` is a field.
                let is_field = is_punct(before, ".") && !is_punct(index.checked_sub(2), ".");
                let is_called = matches!(tokens.get(index + 1), Some(TokenTree::Group(group))
                    if group.delimiter() == proc_macro2::Delimiter::Parenthesis);
                // `name::..`, `name: ..`, `name!(..)`, `..::name`; but `name != ..` is a use.
                let is_path = is_punct(before, ":") && is_punct(index.checked_sub(2), ":")
                    || is_punct(Some(index + 1), ":")
                    || is_punct(Some(index + 1), "!") && !is_punct(Some(index + 2), "=");
                if !is_field && !is_called && !is_path {
                    add(name.clone(), true, found);
                }
            }
            TokenTree::Literal(literal) => {
                for part in literal.to_string().split('{').skip(1) {
                    let name: String =
                        part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    if let Ok(mut name) = syn::parse_str::<Ident>(&name) {
                        name.set_span(literal.span());
                        add(name, false, found);
                    }
                }
            }
            TokenTree::Punct(_) => {}
        }
    }
}

fn add(name: Ident, is_certain: bool, found: &mut Vec<Mention>) {
    match found.iter_mut().find(|mention| mention.name == name) {
        Some(mention) if is_certain && !mention.is_certain => *mention = Mention { name, is_certain },
        Some(_) => {}
        None => found.push(Mention { name, is_certain }),
    }
}
