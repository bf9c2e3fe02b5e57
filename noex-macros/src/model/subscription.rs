//! What a method listens to: `#[subscribe("rates.*", overflow = wait, buffer = 16)]`.

use crate::diag::Diag;
use crate::syntax::attribute::split_commas;
use crate::syntax::options::{Setting, Value};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

pub(crate) const OPTIONS: [&str; 2] = ["overflow", "buffer"];
/// What becomes of an event for which there is no room.
pub(crate) const OVERFLOW: [&str; 4] = ["drop_oldest", "drop_newest", "disconnect", "wait"];

pub(crate) const EXAMPLE: &str = "\"rates.*\"";

pub(crate) struct Subscription {
    /// A literal that is known to be a pattern, or a constant, which the compiler has to look at.
    pub(crate) pattern: TokenStream,
    pub(crate) overflow: Option<Ident>,
    /// How many events may wait: a number of one or more, or a constant.
    pub(crate) buffer: Option<TokenStream>,
}

impl Subscription {
    /// The subscription, and the options behind the pattern; `word` is the attribute's.
    pub(crate) fn read(
        word: &dyn ToTokens,
        arguments: TokenStream,
        diag: &mut Diag,
    ) -> (Option<Subscription>, TokenStream) {
        let mut parts = split_commas(arguments).into_iter();
        let first = parts.next();
        let rest: Vec<TokenStream> = parts.collect();
        let rest = quote!(#(#rest),*);
        let Some(first) = first else {
            diag.error(word, "`#[subscribe]` needs a pattern of topics")
                .help(format!("write `#[subscribe({EXAMPLE})]`"));
            return (None, rest);
        };
        let is_pattern = match Value::of(&first) {
            Value::Text(text) => match fault(&text.value()) {
                None => true,
                Some((message, help)) => {
                    diag.error(&first, message).help(help);
                    false
                }
            },
            Value::Constant => true,
            Value::Word(word) => {
                diag.error(&first, "a pattern of topics is a string")
                    .help(format!("write `\"{word}\"`, or a constant"));
                false
            }
            _ if first.to_string().contains('=') => {
                diag.error(&first, "the pattern comes first")
                    .help(format!("write `#[subscribe({EXAMPLE}, {first})]`"));
                false
            }
            _ => {
                diag.error(&first, "a pattern of topics is a string").help(format!("write `{EXAMPLE}`"));
                false
            }
        };
        let subscription = Subscription { pattern: first, overflow: None, buffer: None };
        (is_pattern.then_some(subscription), rest)
    }
}

/// What is wrong with a pattern, and what to write.
fn fault(pattern: &str) -> Option<(String, String)> {
    if pattern.is_empty() {
        let help = format!("write `{EXAMPLE}`, or `\"**\"` for all topics");
        return Some(("a pattern cannot be empty".into(), help));
    }
    let segments: Vec<&str> = pattern.split('.').collect();
    if segments.contains(&"") {
        let without: Vec<&str> = segments.iter().copied().filter(|segment| !segment.is_empty()).collect();
        let help = match without.as_slice() {
            [] => "write `\"**\"` for all topics".to_string(),
            without => format!("write `\"{}\"`", without.join(".")),
        };
        return Some(("a pattern cannot have an empty segment".into(), help));
    }
    let odd = segments.iter().find(|segment| segment.contains('*') && !matches!(**segment, "*" | "**"));
    if let Some(odd) = odd {
        let message = format!("`*` in the segment `{odd}` is no wildcard: that is a whole segment");
        return Some((message, "write `*` for one segment, `**` for any number of them".into()));
    }
    segments.windows(2).any(|two| two == ["**", "**"]).then(|| {
        ("two `**` in a row are one".into(), format!("write `\"{}\"`", pattern.replacen("**.**", "**", 1)))
    })
}

/// What is wrong with a topic, and what to write.
pub(crate) fn topic_fault(topic: &str) -> Option<(String, String)> {
    if topic.contains('*') {
        let message = "a topic cannot have a `*`, which only a pattern can have".to_string();
        return Some((message, "write the topic itself, such as `\"job\"`".into()));
    }
    let named = |(message, help): (String, String)| {
        let help = if help.contains('*') { "write `\"job\"`".into() } else { help };
        (message.replace("pattern", "topic"), help)
    };
    fault(topic).map(named)
}

/// How many events may wait.
pub(crate) fn buffer(setting: &Setting, diag: &mut Diag) -> Option<TokenStream> {
    let Some(value) = &setting.value else {
        diag.error(&setting.key, "`buffer` needs a value").help("write `buffer = 64`");
        return None;
    };
    match Value::of(value) {
        Value::Integer(int) if matches!(int.suffix(), "" | "usize") => match int.base10_parse::<u32>() {
            Ok(0) => {
                diag.error(value, "a buffer must hold at least one event").help("use `1` or more");
            }
            Ok(_) => return Some(value.clone()),
            Err(_) => {
                diag.error(value, "a buffer cannot hold that many events")
                    .help(format!("use at most `{}`", u32::MAX));
            }
        },
        Value::Constant => return Some(value.clone()),
        Value::Word(word) if word == "unbounded" => {
            diag.error(value, "a buffer has a bound, which is what makes a subscriber slow")
                .help("write `buffer = 1_024`, which is the default, or more");
        }
        _ => {
            diag.error(value, "expected a count of events").help("write `buffer = 64`");
        }
    }
    None
}
