//! Generated tokens at a place of the user's.

use crate::names;
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

/// The tokens, all of them located at `span`.
///
/// rustc underlines from the first to the last token of what it complains about; one of them at the attribute, and
/// the whole attribute is underlined.
pub(crate) fn at(span: Span, tokens: TokenStream) -> TokenStream {
    respan(names::derived(span), tokens)
}

/// `(tokens)`, with parentheses at `span` around tokens that stay where they are.
pub(crate) fn parenthesized(span: Span, tokens: TokenStream) -> Group {
    group(span, Delimiter::Parenthesis, tokens)
}

/// `{ tokens }`, in the same way.
pub(crate) fn braced(span: Span, tokens: TokenStream) -> Group {
    group(span, Delimiter::Brace, tokens)
}

fn group(span: Span, delimiter: Delimiter, tokens: TokenStream) -> Group {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(names::derived(span));
    group
}

fn respan(span: Span, tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|token| {
            let mut token = match token {
                TokenTree::Group(group) => {
                    TokenTree::Group(Group::new(group.delimiter(), respan(span, group.stream())))
                }
                other => other,
            };
            token.set_span(span);
            token
        })
        .collect()
}
