//! When a timer runs a method: `#[every(30s, missed = skip)]`, `#[idle(60s)]`.

use crate::diag::Diag;
use crate::model::config::report_duration;
use crate::model::kind::Kind;
use crate::syntax::attribute::split_commas;
use crate::syntax::duration::{self, Written};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use std::time::Duration;

/// What becomes of missed ticks.
pub(crate) const MISSED: [&str; 3] = ["burst", "skip", "delay"];

pub(crate) struct Clock {
    pub(crate) span: Span,
    pub(crate) missed: Option<Ident>,
}

/// How long it is from tick to tick, or of silence.
pub(crate) enum Span {
    After(Duration),
    Constant(TokenStream),
}

/// What could stand in the parentheses.
pub(crate) fn example(kind: Kind) -> &'static str {
    if kind == Kind::Idle { "60s" } else { "30s" }
}

impl Clock {
    /// The clock, and the options behind it; `word` is the attribute's.
    pub(crate) fn read(
        kind: Kind,
        word: &dyn ToTokens,
        arguments: TokenStream,
        diag: &mut Diag,
    ) -> (Option<Clock>, TokenStream) {
        let mut parts = split_commas(arguments).into_iter();
        let first = parts.next();
        let rest: Vec<TokenStream> = parts.collect();
        let rest = quote!(#(#rest),*);
        let what = if kind == Kind::Idle { "silence" } else { "period" };
        let example = example(kind);
        let Some(first) = first else {
            diag.error(word, format!("`#[{}]` needs a {what}", kind.word()))
                .help(format!("write `#[{}({example})]`", kind.word()));
            return (None, rest);
        };
        let span = match duration::parse(&first) {
            Written::Duration(span) if span.is_zero() => {
                diag.error(&first, format!("a {what} cannot be zero")).help(format!("write `{example}`"));
                None
            }
            Written::Duration(span) => Some(Span::After(span)),
            Written::Constant => Some(Span::Constant(first)),
            Written::Other if first.to_string().contains('=') => {
                diag.error(&first, format!("the {what} comes first"))
                    .help(format!("write `#[{}({example}, {first})]`", kind.word()));
                None
            }
            other => {
                report_duration(&first, &other, &[], diag);
                None
            }
        };
        (span.map(|span| Clock { span, missed: None }), rest)
    }
}
