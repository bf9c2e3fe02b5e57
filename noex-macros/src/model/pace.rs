//! How often and how fast children come back: `restarts: 5 in 30s`, `backoff: 100ms..30s`.

use crate::diag::Diag;
use crate::model::config::report_duration;
use crate::syntax::duration::{self, Written};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use std::time::Duration;

/// `5 in 30s`
pub(crate) struct Intensity {
    pub(crate) restarts: u32,
    pub(crate) window: Duration,
    pub(crate) written_window: TokenStream,
}

/// `100ms..30s`
pub(crate) struct Pauses {
    pub(crate) min: Duration,
    pub(crate) max: Duration,
}

impl Pauses {
    pub(crate) fn read(name: &Ident, value: &TokenStream, diag: &mut Diag) -> Option<Pauses> {
        let tokens: Vec<TokenTree> = value.clone().into_iter().collect();
        let is_dot = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '.');
        let dots = tokens.windows(2).position(|pair| pair.iter().all(is_dot));
        let (Some(dots), false) = (dots, tokens.is_empty()) else {
            let at: &dyn ToTokens = if value.is_empty() { name } else { value };
            diag.error(at, "expected the first and the longest pause before a restart")
                .help("write `backoff: 100ms..30s`");
            return None;
        };
        let part = |tokens: &[TokenTree]| tokens.iter().cloned().collect::<TokenStream>();
        let (first, last) = (part(&tokens[..dots]), part(&tokens[dots + 2..]));
        let (min, max) = (pause(value, &first, diag), pause(value, &last, diag));
        let (min, max) = (min?, max?);
        if max < min {
            let (first, last) = (first.to_string(), last.to_string());
            diag.error(&tokens[dots + 2], format!("pauses begin with {first} and cannot end with less"))
                .help(format!("write `backoff: {last}..{first}`"));
            return None;
        }
        Some(Pauses { min, max })
    }
}

fn pause(whole: &TokenStream, part: &TokenStream, diag: &mut Diag) -> Option<Duration> {
    match duration::parse(part) {
        Written::Duration(pause) if pause.is_zero() => {
            diag.error(part, "a pause of no time is none").help("write `100ms..30s`, or leave `backoff` out");
            None
        }
        Written::Duration(pause) => Some(pause),
        _ if part.is_empty() => {
            diag.error(whole, "expected the first and the longest pause before a restart")
                .help("write `backoff: 100ms..30s`");
            None
        }
        other => {
            report_duration(part, &other, &[], diag);
            None
        }
    }
}

impl Intensity {
    pub(crate) fn read(name: &Ident, value: &TokenStream, diag: &mut Diag) -> Option<Intensity> {
        let mut tokens = value.clone().into_iter();
        let count = tokens.next().and_then(|count| syn::parse2::<syn::LitInt>(count.into()).ok());
        let has_in = matches!(tokens.next(), Some(TokenTree::Ident(word)) if word == "in");
        let written_window: TokenStream = tokens.collect();
        let count =
            count.filter(|count| count.suffix().is_empty()).and_then(|count| count.base10_parse().ok());
        let (Some(restarts), true, false) = (count, has_in, written_window.is_empty()) else {
            let at: &dyn ToTokens = if value.is_empty() { name } else { value };
            diag.error(at, "expected a number of restarts in a window of time")
                .help("write `restarts: 5 in 30s`");
            return None;
        };
        match duration::parse(&written_window) {
            Written::Duration(window) if window.is_zero() => {
                diag.error(&written_window, "a window of no time counts nothing")
                    .help(format!("write `{restarts} in 30s`"));
                None
            }
            Written::Duration(window) => Some(Intensity { restarts, window, written_window }),
            other => {
                report_duration(&written_window, &other, &[], diag);
                None
            }
        }
    }
}
