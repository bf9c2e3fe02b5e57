//! One policy of a handler: `#[retry(max_attempts = 3, jitter = full)]`.

use crate::diag::{Diag, choices};
use crate::model::config::{report_duration, required, word};
use crate::syntax::attribute::{Attribute, split_commas};
use crate::syntax::duration::{self, Written as WrittenDuration};
use crate::syntax::options::{self, Separator, Setting, Value, Written};
use crate::syntax::rate;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use std::time::Duration;

/// The kinds of policies, in the order that the docs recommend: the first is outermost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PolicyKind {
    Fallback,
    Timeout,
    Retry,
    CircuitBreaker,
    RateLimit,
    Bulkhead,
    Hedge,
}

/// What an option takes.
#[derive(Clone, Copy)]
enum Shape {
    /// A whole number of at least this; what is wrong with 0.
    Count(u32, &'static str),
    /// A duration of more than nothing.
    Time,
    /// More than 0, at most 1.
    Part,
    /// From 0 to 1.
    Share,
    /// 1 or more.
    Factor,
    /// A word of these, which are variants of this enum.
    Word(&'static str, &'static [&'static str]),
    /// So many calls, or a duration.
    Window,
    /// Set, or not.
    Flag,
    /// A function from a borrowed error, or value, to `bool`.
    Predicate,
    /// An argument, or a field of one.
    Argument,
    /// A string.
    Text,
    /// A function.
    Function,
    /// One of these words, for the macro itself.
    Only(&'static [&'static str]),
    /// Set, or the name of who shares it.
    Budget,
    /// Texts, one of which an error says.
    Texts,
    /// Set, or one of these words.
    FlagOr(&'static [&'static str]),
}

type Known = (&'static str, Shape);

/// Any whole number.
const ANY: Shape = Shape::Count(0, "");

const RETRY: &[Known] = &[
    ("max_attempts", ANY),
    ("initial_delay", Shape::Time),
    ("max_delay", Shape::Time),
    ("backoff_factor", Shape::Factor),
    ("jitter", Shape::Word("Jitter", &["none", "full", "equal", "decorrelated"])),
    ("max_elapsed", Shape::Time),
    ("budget", Shape::Budget),
    ("retryable_errors", Shape::Texts),
    ("when", Shape::Predicate),
    ("when_ok", Shape::Predicate),
    ("idempotent", Shape::Flag),
    ("retry_rejected", Shape::Flag),
    ("seed", ANY),
];

const CIRCUIT_BREAKER: &[Known] = &[
    ("failure_threshold", Shape::Count(1, "a breaker that trips at 0 failures is never closed")),
    ("success_threshold", Shape::Count(1, "a breaker cannot close after 0 successes")),
    ("reset_timeout", Shape::Time),
    ("half_open_timeout", Shape::Time),
    ("monitor_interval", Shape::Time),
    ("half_open_max_calls", Shape::Count(1, "a breaker without probes never closes")),
    ("half_open", Shape::Word("HalfOpen", &["reject", "wait"])),
    ("window", Shape::Window),
    ("failure_rate", Shape::Part),
    ("min_calls", Shape::Count(1, "a rate over 0 calls is none")),
    ("slow_call", Shape::Time),
    ("slow_rate", Shape::Part),
    ("reset_backoff", Shape::Factor),
    ("max_reset_timeout", Shape::Time),
    ("reset_jitter", Shape::Share),
    ("trip_on_hint", Shape::Flag),
    ("warm_up", Shape::Time),
    ("max_keys", Shape::Count(1, "a policy of 0 keys knows nobody")),
    ("when", Shape::Predicate),
    ("when_ok", Shape::Predicate),
    ("ignore", Shape::Predicate),
    ("key", Shape::Argument),
    ("name", Shape::Text),
    ("scope", Shape::Only(&["server", "type"])),
    ("reset_on_restart", Shape::Flag),
];

const RATE_LIMIT: &[Known] = &[
    ("key", Shape::Argument),
    ("cost", Shape::Argument),
    ("queue", ANY),
    ("queue_timeout", Shape::Time),
    ("algorithm", Shape::Word("Algorithm", &["sliding", "token_bucket", "fixed", "smooth"])),
    ("burst", Shape::Count(1, "a burst of 0 refuses every call")),
    ("exact", Shape::Flag),
    ("max_keys", Shape::Count(1, "a policy of 0 keys knows nobody")),
    ("on_full", Shape::Word("OnFull", &["refuse", "evict_oldest"])),
    ("name", Shape::Text),
    ("scope", Shape::Only(&["server", "type"])),
    ("reset_on_restart", Shape::Flag),
    ("allow", Shape::Only(&["order"])),
];

const BULKHEAD: &[Known] = &[
    ("max_concurrent", Shape::Count(1, "a bulkhead of 0 admits nobody")),
    ("max_queue", ANY),
    ("queue_timeout", Shape::Time),
    ("queue", Shape::Word("QueueOrder", &["fifo", "lifo", "codel"])),
    ("adaptive", Shape::FlagOr(&["gradient", "vegas"])),
    ("hold_during_backoff", Shape::Flag),
    ("name", Shape::Text),
    ("scope", Shape::Only(&["server", "type"])),
    ("allow", Shape::Only(&["order"])),
];

const HEDGE: &[Known] = &[
    ("delay", Shape::Time),
    ("quantile", Shape::Part),
    ("warm_up", Shape::Count(1, "a quantile of no calls is none")),
    ("max_extra", Shape::Count(1, "a hedge of no further runs is none")),
    ("budget", Shape::Budget),
    ("idempotent", Shape::Flag),
];

const FALLBACK: &[Known] = &[("with", Shape::Function)];

impl PolicyKind {
    pub(crate) const ALL: [PolicyKind; 7] = [
        PolicyKind::Fallback,
        PolicyKind::Timeout,
        PolicyKind::Retry,
        PolicyKind::CircuitBreaker,
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
            PolicyKind::RateLimit => "rate_limit",
            PolicyKind::Bulkhead => "bulkhead",
            PolicyKind::Hedge => "hedge",
        }
    }

    pub(crate) fn from_word(word: &Ident) -> Option<PolicyKind> {
        PolicyKind::ALL.into_iter().find(|kind| word == kind.word())
    }

    fn known(self) -> &'static [Known] {
        match self {
            PolicyKind::Fallback => FALLBACK,
            PolicyKind::Timeout => &[],
            PolicyKind::Retry => RETRY,
            PolicyKind::CircuitBreaker => CIRCUIT_BREAKER,
            PolicyKind::RateLimit => RATE_LIMIT,
            PolicyKind::Bulkhead => BULKHEAD,
            PolicyKind::Hedge => HEDGE,
        }
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

impl Shape {
    fn read(self, setting: &Setting, diag: &mut Diag) -> Option<Given> {
        let key = &setting.key;
        if let (Shape::Budget | Shape::FlagOr(_), None) = (self, &setting.value) {
            return Some(Given::Flag);
        }
        if let Shape::Flag = self {
            if let Some(value) = &setting.value {
                diag.error(value, format!("`{key}` takes no value")).help(format!("write `{key}`"));
                return None;
            }
            return Some(Given::Flag);
        }
        let example = match self {
            Shape::Time => "5s",
            Shape::Part | Shape::Share => "0.5",
            Shape::Factor => "2.0",
            Shape::Word(_, words) | Shape::Only(words) | Shape::FlagOr(words) => words[0],
            Shape::Texts => "[\"timeout\"]",
            Shape::Predicate => "Error::is_transient",
            Shape::Argument => "user_id",
            Shape::Text | Shape::Budget => "\"database\"",
            Shape::Function => "function",
            Shape::Count(..) | Shape::Window | Shape::Flag => "10",
        };
        let value = required(setting, example, diag)?;
        match self {
            Shape::Count(least, rule) => {
                number(value, &format!("`{key}`"), least, rule, diag).then(|| Given::Number(value.clone()))
            }
            Shape::Time => {
                let time = time(value, &format!("`{key}` cannot be zero"), diag)?;
                Some(Given::Time(time, value.clone()))
            }
            Shape::Part => {
                real(setting, value, |part| part > 0.0 && part <= 1.0, ("above 0 and at most 1", "0.5"), diag)
            }
            Shape::Share => {
                real(setting, value, |part| (0.0..=1.0).contains(&part), ("from 0 to 1", "0.5"), diag)
            }
            Shape::Factor => real(setting, value, |factor| factor >= 1.0, ("1 or more", "2.0"), diag),
            Shape::Word(of, words) => word(setting, words, diag).map(|word| Given::Variant { of, word }),
            Shape::Only(words) | Shape::FlagOr(words) => word(setting, words, diag).map(Given::Word),
            Shape::Texts => texts(key, value, diag),
            Shape::Window => match duration::parse(value) {
                WrittenDuration::NoUnit(_) => {
                    number(value, "`window`", 1, "a window of 0 calls sees nothing", diag)
                        .then(|| Given::Calls(value.clone()))
                }
                WrittenDuration::Constant => Some(Given::Calls(value.clone())),
                _ => Some(Given::Time(time(value, "`window` cannot be zero", diag)?, value.clone())),
            },
            Shape::Predicate | Shape::Function => Some(Given::Function(value.clone())),
            Shape::Argument => argument(key, value, diag),
            Shape::Text | Shape::Budget => match Value::of(value) {
                Value::Text(text) if !text.value().is_empty() => Some(Given::Text(text)),
                _ => {
                    diag.error(value, format!("`{key}` is a string"))
                        .help(format!("write `{key} = {example}`"));
                    None
                }
            },
            Shape::Flag => Some(Given::Flag),
        }
    }
}

/// `["network error", "timeout"]`
fn texts(key: &Ident, value: &TokenStream, diag: &mut Diag) -> Option<Given> {
    let texts = |input: syn::parse::ParseStream<'_>| {
        let inside;
        syn::bracketed!(inside in input);
        inside.parse_terminated(<syn::LitStr as syn::parse::Parse>::parse, syn::Token![,])
    };
    match syn::parse::Parser::parse2(texts, value.clone()) {
        Ok(texts) if !texts.is_empty() => Some(Given::Texts(texts.into_iter().collect())),
        _ => {
            diag.error(value, format!("`{key}` is a list of texts, one of which an error says"))
                .help(format!("write `{key} = [\"network error\", \"timeout\"]`"));
            None
        }
    }
}

fn argument(key: &Ident, value: &TokenStream, diag: &mut Diag) -> Option<Given> {
    if key == "cost"
        && let Value::Integer(_) | Value::Constant = Value::of(value)
    {
        return number(value, "`cost`", 1, "a call that costs 0 is not limited", diag)
            .then(|| Given::Number(value.clone()));
    }
    match rate::path(value) {
        Some(words) if words[0] == "self" => {
            diag.error(
                value,
                format!("`{key}` cannot use `self`: the policy acts before the server is asked"),
            )
            .help("use an argument");
            None
        }
        Some(words) => Some(Given::Argument(words)),
        None => {
            diag.error(value, format!("`{key}` is an argument of the handler, or a field of one"))
                .help(format!("write `{key} = user_id`, or `{key} = request.user`"));
            None
        }
    }
}

/// Whether it is a whole number of at least `least`, or may be; `zero`: what is wrong with less.
fn number(value: &TokenStream, what: &str, least: u32, zero: &str, diag: &mut Diag) -> bool {
    let or_more = format!("use {least} or more");
    match Value::of(value) {
        Value::Integer(int) if matches!(int.suffix(), "" | "u32" | "u64" | "usize") => {
            match int.base10_parse::<u32>() {
                Ok(count) if count < least => diag.error(value, zero).help(or_more),
                Ok(_) => return true,
                Err(_) => diag
                    .error(value, format!("{what} cannot be that large"))
                    .help(format!("use at most {}", u32::MAX)),
            }
        }
        Value::Constant => return true,
        Value::Negative => diag.error(value, format!("{what} cannot be negative")).help(or_more),
        _ => {
            diag.error(value, format!("expected a whole number for {what}")).help(or_more);
        }
    }
    false
}

fn real(
    setting: &Setting,
    value: &TokenStream,
    is_sound: impl Fn(f64) -> bool,
    (range, example): (&str, &str),
    diag: &mut Diag,
) -> Option<Given> {
    let key = &setting.key;
    let found = match Value::of(value) {
        Value::Integer(int) if int.suffix().is_empty() => int.base10_parse::<f64>().ok(),
        Value::Float(float) if matches!(float.suffix(), "" | "f64") => float.base10_parse::<f64>().ok(),
        Value::Constant => return Some(Given::Number(value.clone())),
        _ => None,
    };
    match found {
        Some(found) if is_sound(found) => {
            let literal = proc_macro2::Literal::f64_unsuffixed(found);
            Some(Given::Number(quote!(#literal)))
        }
        _ => {
            diag.error(value, format!("`{key}` is {range}")).help(format!("write `{key} = {example}`"));
            None
        }
    }
}

fn time(value: &TokenStream, zero: &str, diag: &mut Diag) -> Option<Time> {
    match duration::parse(value) {
        WrittenDuration::Duration(time) if time.is_zero() => {
            diag.error(value, zero).help("write `1s`");
            None
        }
        WrittenDuration::Duration(time) => Some(Time::Literal(time)),
        WrittenDuration::Constant => Some(Time::Constant(value.clone())),
        WrittenDuration::Other if matches!(Value::of(value), Value::Text(_)) => {
            diag.error(value, "a duration is written without quotes")
                .help("write `5s`; units are `us`, `ms`, `s`, `min`, `h`");
            None
        }
        other => {
            report_duration(value, &other, &[], diag);
            None
        }
    }
}
