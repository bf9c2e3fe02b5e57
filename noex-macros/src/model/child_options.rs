//! How a child is kept: what stands in its braces.

use crate::diag::{Diag, list};
use crate::model::child_kind::ChildKind;
use crate::model::config::{self, report_duration, settings_of};
use crate::model::pace::{Intensity, Pauses};
use crate::model::subscription::topic_fault;
use crate::syntax::duration::{self, Written as WrittenDuration};
use crate::syntax::options::{self, Separator, Setting, Value as OptionValue, Written};
use proc_macro2::{Ident, TokenStream};
use std::time::Duration;
use syn::Type;

const RESTARTS: [&str; 3] = ["permanent", "transient", "temporary"];

/// The options of a child; which of them a kind can have says its row.
#[derive(Default)]
pub(crate) struct ChildOptions {
    pub(crate) restart: Option<Ident>,
    pub(crate) shutdown: Option<Shutdown>,
    /// The word that makes it significant.
    pub(crate) significant: Option<Ident>,
    pub(crate) ready_within: Option<Duration>,
    /// The type of the keys.
    pub(crate) by: Option<Type>,
    pub(crate) count: Option<TokenStream>,
    pub(crate) max: Option<TokenStream>,
    pub(crate) size: Option<TokenStream>,
    pub(crate) queue: Option<TokenStream>,
    pub(crate) queue_timeout: Option<Duration>,
    pub(crate) retries: Option<TokenStream>,
    pub(crate) deadline: Option<Duration>,
    /// A literal that is known to be a topic, or a constant, which the compiler has to look at.
    pub(crate) topic: Option<TokenStream>,
    pub(crate) drain: Option<Duration>,
    pub(crate) intensity: Option<Intensity>,
    pub(crate) pauses: Option<Pauses>,
}

/// How a child is stopped.
pub(crate) enum Shutdown {
    BrutalKill,
    Infinity,
    After { limit: Duration, written: TokenStream },
}

impl ChildOptions {
    pub(crate) fn read(kind: ChildKind, tokens: TokenStream, diag: &mut Diag) -> Self {
        let mut read = ChildOptions::default();
        let known = kind.row().options;
        let mut written = options::parse(tokens, Separator::Colon);
        written.retain(
            |option| !matches!(option, Written::Option(setting) if is_misplaced(kind, setting, diag)),
        );
        for setting in settings_of(written, Separator::Colon, known, "options", diag) {
            read.set(&setting, diag);
        }
        read
    }

    fn set(&mut self, setting: &Setting, diag: &mut Diag) {
        let value = || setting.value.clone().unwrap_or_default();
        match setting.key.to_string().as_str() {
            "restart" => self.restart = config::word(setting, &RESTARTS, diag),
            "significant" => {
                let word = config::word(setting, &["true", "false"], diag);
                self.significant = word.filter(|word| word == "true");
            }
            "ready_within" => {
                self.ready_within = some_time(setting, "a child cannot be ready in no time", diag);
            }
            "by" => self.by = key(setting, diag),
            "count" => self.count = number(setting, "a partition supervisor has one partition or more", diag),
            "max" => {
                self.max = number(setting, "a dynamic supervisor of no children has nothing to do", diag)
            }
            "size" => self.size = number(setting, "a pool without workers does nothing", diag),
            "queue" => self.queue = jobs(setting, diag),
            "queue_timeout" => {
                self.queue_timeout = some_time(setting, "a job cannot wait for no time", diag);
            }
            "retries" => self.retries = jobs(setting, diag),
            "deadline" => self.deadline = some_time(setting, "a job cannot be done in no time", diag),
            "topic" => self.topic = topic(setting, diag),
            "drain" => self.drain = some_time(setting, "a pool cannot be drained in no time", diag),
            "restarts" => self.intensity = Intensity::read(&setting.key, &value(), diag),
            "backoff" => self.pauses = Pauses::read(&setting.key, &value(), diag),
            _ => self.shutdown = Shutdown::read(setting, diag),
        }
    }
}

/// Reports an option of something else.
fn is_misplaced(kind: ChildKind, setting: &Setting, diag: &mut Diag) -> bool {
    let Setting { key, value, .. } = setting;
    if key == "strategy" {
        let at: &dyn quote::ToTokens = value.as_ref().map_or(key, |value| value);
        match kind {
            ChildKind::Dynamic | ChildKind::Partition | ChildKind::Pool => {
                let many = kind.row().plural;
                diag.error(at, format!("{many} know nothing of one another, so each restarts alone"))
                    .help("remove `strategy`");
            }
            ChildKind::Supervisor => diag
                .error(key, "the strategy of a nested tree is its own")
                .help("say it where the tree is declared"),
            ChildKind::Server => {
                diag.error(key, "`strategy` is an option of the tree").help("move it out of the child");
            }
        }
        return true;
    }
    let row = kind.row();
    match ChildKind::with_option(&key.to_string()) {
        Some(owner) if !row.options.iter().any(|known| key == known) => {
            let message = format!("`{key}` is an option of {}, not of {}", owner.row().plural, row.plural);
            diag.error(key, message).help(format!("options: {}", list(row.options)));
            true
        }
        _ => false,
    }
}

/// `u64`, `str`, `Customer`: the type of the keys.
fn key(setting: &Setting, diag: &mut Diag) -> Option<Type> {
    let value = config::required(setting, "u64", diag)?;
    let help = "write `by: u64`, `by: str`, or a type of your own that is `Hash`";
    match syn::parse2::<Type>(value.clone()) {
        Ok(Type::Path(path)) if path.path.is_ident("key") => {
            diag.error(value, "`by` is the type of the keys").help(help);
            None
        }
        Ok(ty) => Some(ty),
        Err(_) => {
            diag.error(value, "`by` is the type of the keys").help(help);
            None
        }
    }
}

/// How many: a number or whatever gives one.
fn number(setting: &Setting, not_none: &str, diag: &mut Diag) -> Option<TokenStream> {
    let key = &setting.key;
    let value = config::required(setting, "4", diag)?;
    match OptionValue::of(value) {
        OptionValue::Integer(int) if matches!(int.suffix(), "" | "usize") => {
            match int.base10_parse::<u64>() {
                Ok(0) => diag.error(value, not_none).help("use `1` or more"),
                _ => return Some(value.clone()),
            }
        }
        OptionValue::Integer(int) => diag
            .error(value, format!("`{key}` is a number of children, not of `{}`", int.suffix()))
            .help(format!("write `{key}: {}`", int.base10_digits())),
        OptionValue::Negative => {
            diag.error(value, format!("`{key}` is a number of children")).help("use `1` or more");
        }
        OptionValue::Text(_) | OptionValue::Float(_) => {
            diag.error(value, format!("`{key}` is a number of children")).help(format!("write `{key}: 4`"));
        }
        OptionValue::Word(_) | OptionValue::Constant | OptionValue::Other => return Some(value.clone()),
    }
    None
}

/// How many, also none.
fn jobs(setting: &Setting, diag: &mut Diag) -> Option<TokenStream> {
    let key = &setting.key;
    let value = config::required(setting, "100", diag)?;
    match OptionValue::of(value) {
        OptionValue::Negative | OptionValue::Text(_) | OptionValue::Float(_) => {
            diag.error(value, format!("`{key}` is a whole number")).help(format!("write `{key}: 2`"));
            None
        }
        _ => Some(value.clone()),
    }
}

/// Under which topic: a text, or a constant.
fn topic(setting: &Setting, diag: &mut Diag) -> Option<TokenStream> {
    let value = config::required(setting, "\"job\"", diag)?;
    let (message, help) = match OptionValue::of(value) {
        OptionValue::Text(text) => match topic_fault(&text.value()) {
            None => return Some(value.clone()),
            Some(fault) => fault,
        },
        OptionValue::Constant => return Some(value.clone()),
        OptionValue::Word(word) => {
            ("a topic is a string".into(), format!("write `topic: \"{word}\"`, or a constant"))
        }
        _ => ("a topic is a string".into(), "write `topic: \"job\"`".into()),
    };
    diag.error(value, message).help(help);
    None
}

fn some_time(setting: &Setting, no_time: &str, diag: &mut Diag) -> Option<Duration> {
    let value = config::required(setting, "5s", diag)?;
    match duration::parse(value) {
        WrittenDuration::Duration(limit) if limit.is_zero() => {
            diag.error(value, no_time).help("write `5s`");
            None
        }
        WrittenDuration::Duration(limit) => Some(limit),
        other => {
            report_duration(value, &other, &[], diag);
            None
        }
    }
}

impl Shutdown {
    fn read(setting: &Setting, diag: &mut Diag) -> Option<Shutdown> {
        let value = config::required(setting, "5s", diag)?;
        match duration::parse(value) {
            WrittenDuration::Duration(limit) if limit.is_zero() => {
                diag.error(value, "a child cannot stop in no time").help("write `brutal_kill`, or `5s`");
                None
            }
            WrittenDuration::Duration(limit) => Some(Shutdown::After { limit, written: value.clone() }),
            WrittenDuration::Word(word) if word == "brutal_kill" => Some(Shutdown::BrutalKill),
            WrittenDuration::Word(word) if word == "infinity" => Some(Shutdown::Infinity),
            other => {
                report_duration(value, &other, &["brutal_kill", "infinity"], diag);
                None
            }
        }
    }
}
