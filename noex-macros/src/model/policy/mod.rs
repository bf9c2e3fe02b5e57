//! One policy of a handler: `#[retry(max_attempts = 3, jitter = full)]`.

mod known;
mod value;

use crate::diag::{Diag, choices};
use crate::syntax::attribute::{Attribute, split_commas};
use crate::syntax::options::{self, Separator, Setting, Value, Written};
use crate::syntax::rate;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use std::time::Duration;
use value::{number, time};

/// The kinds of policies, in the order that the docs recommend: the first is outermost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PolicyKind {
    Fallback,
    Timeout,
    Retry,
    CircuitBreaker,
    LoadShed,
    RateLimit,
    Bulkhead,
    Hedge,
}

impl PolicyKind {
    pub(crate) const ALL: [PolicyKind; 8] = [
        PolicyKind::Fallback,
        PolicyKind::Timeout,
        PolicyKind::Retry,
        PolicyKind::CircuitBreaker,
        PolicyKind::LoadShed,
        PolicyKind::RateLimit,
        PolicyKind::Bulkhead,
        PolicyKind::Hedge,
    ];

    /// The word of its attribute.
    pub(crate) fn word(self) -> &'static str {
        match self {
            PolicyKind::Fallback => "fallback",
            PolicyKind::Timeout => "timeout",
            PolicyKind::Retry => "retry",
            PolicyKind::CircuitBreaker => "circuit_breaker",
            PolicyKind::LoadShed => "load_shed",
            PolicyKind::RateLimit => "rate_limit",
            PolicyKind::Bulkhead => "bulkhead",
            PolicyKind::Hedge => "hedge",
        }
    }

    pub(crate) fn from_word(word: &Ident) -> Option<PolicyKind> {
        PolicyKind::ALL.into_iter().find(|kind| word == kind.word())
    }
}

/// A policy as it was written.
pub(crate) struct Policy {
    pub(crate) kind: PolicyKind,
    pub(crate) word: Ident,
    /// What stands before the options: the limit of a time-out, the value of a fallback.
    pub(crate) first: Option<First>,
    pub(crate) settings: Vec<Set>,
}

/// What stands before the options.
pub(crate) enum First {
    /// `5s`
    Limit { value: Time, written: TokenStream },
    /// `100 per 1min`
    Rate { count: TokenStream, per: Time },
    /// `Quote::stale()`
    Value(TokenStream),
}

/// A duration.
#[derive(Clone)]
pub(crate) enum Time {
    Literal(Duration),
    Constant(TokenStream),
}

/// One option.
pub(crate) struct Set {
    pub(crate) key: Ident,
    pub(crate) value: Given,
}

/// The value of an option, as it was understood.
pub(crate) enum Given {
    /// A number, or the path of a constant.
    Number(TokenStream),
    Time(Time, TokenStream),
    /// The variant of an enum of the crate's.
    Variant {
        of: &'static str,
        word: Ident,
    },
    /// `window = 100`, `window = 10s`
    Calls(TokenStream),
    Flag,
    /// A function or a closure.
    Function(TokenStream),
    /// `user_id`, `request.user`, or a whole number
    Argument(Vec<Ident>),
    Text(syn::LitStr),
    /// Texts, one of which an error says.
    Texts(Vec<syn::LitStr>),
    /// A word for the macro itself.
    Word(Ident),
}

impl Policy {
    pub(crate) fn read(attribute: &Attribute, diag: &mut Diag) -> Option<Policy> {
        let word = attribute.word()?;
        let kind = PolicyKind::from_word(word)?;
        let mut policy = Policy { kind, word: word.clone(), first: None, settings: Vec::new() };
        if attribute.has_odd_rest() {
            diag.error(&attribute.rest, format!("options of `#[{word}]` stand in parentheses"))
                .help(format!("write `{}`", policy.example()));
            return Some(policy);
        }
        let mut parts = split_commas(attribute.arguments());
        if parts.first().is_some_and(|first| !rate::begins_option(first)) {
            policy.read_first(parts.remove(0), diag);
        }
        for option in options::parse(quote!(#(#parts),*), Separator::Equals) {
            policy.read_option(&option, diag);
        }
        if kind == PolicyKind::Fallback && policy.first.is_none() && policy.settings.is_empty() {
            diag.error(&policy.word, "`#[fallback]` needs something to fall back to")
                .help("write `#[fallback(value)]`, or `#[fallback(with = function)]`");
        }
        Some(policy)
    }

    /// What could be written.
    fn example(&self) -> &'static str {
        match self.kind {
            PolicyKind::Fallback => "#[fallback(value)]",
            PolicyKind::Timeout => "#[timeout(5s)]",
            PolicyKind::Retry => "#[retry(max_attempts = 3)]",
            PolicyKind::CircuitBreaker => "#[circuit_breaker(failure_threshold = 5)]",
            PolicyKind::LoadShed => "#[load_shed(queue_delay = 5ms)]",
            PolicyKind::RateLimit => "#[rate_limit(100 per 1s)]",
            PolicyKind::Bulkhead => "#[bulkhead(max_concurrent = 10)]",
            PolicyKind::Hedge => "#[hedge(delay = 100ms, idempotent)]",
        }
    }

    fn read_first(&mut self, first: TokenStream, diag: &mut Diag) {
        match self.kind {
            PolicyKind::Timeout => {
                self.first = time(&first, "a time-out of nothing can never be met", diag)
                    .map(|value| First::Limit { value, written: first });
            }
            PolicyKind::RateLimit => self.read_rate(&first, diag),
            PolicyKind::Fallback => self.first = Some(First::Value(first)),
            _ => {
                diag.error(&first, format!("expected an option, as in `{}`", self.example())).help(format!(
                    "options of `#[{}]`: {}",
                    self.kind.word(),
                    self.list()
                ));
            }
        }
    }

    fn read_rate(&mut self, written: &TokenStream, diag: &mut Diag) {
        let help = "write `100 per 1s`";
        match rate::parse(written) {
            rate::Written::Rate { count, per } => {
                let is_sound = number(&count, "a rate", 1, "a rate of 0 refuses every call", diag);
                let per = time(&per, "a rate over no time is none", diag);
                if let (true, Some(per)) = (is_sound, per) {
                    self.first = Some(First::Rate { count, per });
                }
            }
            rate::Written::Half => {
                diag.error(written, "expected a rate, which is a number and a time").help(help);
            }
            rate::Written::Other => diag.error(written, "expected a rate").help(help),
        }
    }

    fn list(&self) -> String {
        let words: Vec<&str> = self.kind.known().iter().map(|(word, _)| *word).collect();
        crate::diag::list(&words)
    }

    fn read_option(&mut self, option: &Written, diag: &mut Diag) {
        let known = self.kind.known();
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        let what = format!("options of `#[{}]`", self.kind.word());
        let Written::Option(setting) = option else {
            diag.error(option, format!("expected an option, as in `{}`", self.example()))
                .help(format!("{what}: {}", self.list()));
            return;
        };
        let key = &setting.key;
        let Some((_, shape)) = known.iter().find(|(word, _)| key == word) else {
            let help = self.other_name(setting).unwrap_or_else(|| match words.as_slice() {
                [] => format!("write `{}`", self.example()),
                words => choices(&key.to_string(), words, &what),
            });
            diag.error(key, format!("unknown option `{key}`")).help(help);
            return;
        };
        if self.settings.iter().any(|earlier| earlier.key == setting.key) {
            diag.error(key, format!("`{key}` is set twice")).help("keep one of the two");
            return;
        }
        if let Some(value) = shape.read(setting, diag) {
            self.settings.push(Set { key: key.clone(), value });
        }
    }

    /// What an option of the seeds, or of other libraries, is called here.
    fn other_name(&self, setting: &Setting) -> Option<String> {
        let value = setting.value.as_ref().map_or_else(|| "..".into(), ToString::to_string);
        let key = setting.key.to_string();
        let here = match (self.kind, key.as_str()) {
            (PolicyKind::CircuitBreaker, "failures" | "threshold" | "max_failures") => "failure_threshold",
            (PolicyKind::CircuitBreaker, "timeout" | "open_timeout" | "wait_duration" | "cooldown") => {
                "reset_timeout"
            }
            (PolicyKind::CircuitBreaker, "fail_if") | (PolicyKind::Retry, "retry_if" | "retry_on") => "when",
            (PolicyKind::CircuitBreaker, "fail_if_ok") | (PolicyKind::Retry, "retry_if_ok") => "when_ok",
            (PolicyKind::Retry, "attempts" | "times" | "max_retries" | "retries") => "max_attempts",
            (PolicyKind::Retry, "delay" | "backoff" | "interval") => "initial_delay",
            (PolicyKind::Retry, "factor" | "multiplier") => "backoff_factor",
            (PolicyKind::Bulkhead, "concurrency" | "limit" | "max") => "max_concurrent",
            (PolicyKind::Bulkhead, "max_queue_size") => "max_queue",
            (PolicyKind::RateLimit, "max_queue_size" | "max_queue") => "queue",
            (PolicyKind::RateLimit, "per" | "period" | "limit" | "requests_per_period") => {
                return Some("write `#[rate_limit(100 per 1s)]`".into());
            }
            (PolicyKind::Timeout, "timeout" | "limit" | "after" | "timeout_ms") => {
                return Some("write `#[timeout(5s)]`".into());
            }
            _ => return None,
        };
        Some(format!("did you mean `{here} = {value}`?"))
    }

    /// The option of this name.
    pub(crate) fn get(&self, key: &str) -> Option<&Given> {
        self.settings.iter().find(|set| set.key == key).map(|set| &set.value)
    }

    /// The key of this option, where it was written.
    pub(crate) fn key(&self, key: &str) -> Option<&Ident> {
        self.settings.iter().find(|set| set.key == key).map(|set| &set.key)
    }

    /// Whether the flag is set.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The duration of this option, where it is a literal.
    pub(crate) fn time(&self, key: &str) -> Option<(Duration, &TokenStream)> {
        match self.get(key) {
            Some(Given::Time(Time::Literal(time), written)) => Some((*time, written)),
            _ => None,
        }
    }

    /// The limit of a time-out, where it is a literal: 5 s without.
    pub(crate) fn limit(&self) -> Option<Duration> {
        match &self.first {
            Some(First::Limit { value: Time::Literal(limit), .. }) => Some(*limit),
            Some(_) => None,
            None => Some(Duration::from_secs(5)),
        }
    }

    /// Whether a value of it is the path of a constant, which only the compiler knows.
    pub(crate) fn has_constants(&self) -> bool {
        let is_constant = |tokens: &TokenStream| matches!(Value::of(tokens), Value::Constant);
        let first = match &self.first {
            Some(
                First::Limit { value: Time::Constant(_), .. } | First::Rate { per: Time::Constant(_), .. },
            ) => true,
            Some(First::Rate { count, .. }) => is_constant(count),
            _ => false,
        };
        first
            || self.settings.iter().any(|set| match &set.value {
                Given::Number(number) | Given::Calls(number) => is_constant(number),
                Given::Time(Time::Constant(_), _) => true,
                _ => false,
            })
    }

    /// Where an error about its first value belongs.
    pub(crate) fn place(&self) -> TokenStream {
        match &self.first {
            Some(First::Limit { written, .. }) => written.clone(),
            _ => self.word.to_token_stream(),
        }
    }
}
