//! A child of a tree: what kind it is of, what it is started with, and how it is kept.

use crate::diag::{Diag, did_you_mean, list};
use crate::model::carried::Carried;
use crate::model::child_kind::ChildKind;
use crate::model::config::{self, report_duration, settings_of};
use crate::model::given;
use crate::model::mentions::{Mention, mentions};
use crate::model::pace::{Intensity, Pauses};
use crate::model::types::text;
use crate::syntax::duration::{self, Written as WrittenDuration};
use crate::syntax::method::Argument;
use crate::syntax::options::{self, Separator, Setting, Value as OptionValue, Written};
use crate::syntax::tree::KINDS;
use proc_macro2::{Group, Ident, TokenStream};
use std::time::Duration;
use syn::Type;

const RESTARTS: [&str; 3] = ["permanent", "transient", "temporary"];

/// `account: Account(config.opening) { restart: transient, shutdown: 5s }`
pub(crate) struct Child {
    /// Its docs are those of its method, and its `cfg` is everywhere.
    pub(crate) carried: Carried,
    pub(crate) name: Ident,
    pub(crate) kind: ChildKind,
    pub(crate) ty: Type,
    /// `None` where they are not written as arguments.
    pub(crate) arguments: Option<Group>,
    /// Of a dynamic child, those arguments that each start says anew: `port: u16`.
    pub(crate) given: Vec<Argument>,
    /// The names that the arguments mention: where each stands first.
    pub(crate) mentions: Vec<Mention>,
    pub(crate) options: ChildOptions,
    /// Whether the child before it has no `,`.
    pub(crate) is_glued: bool,
}

/// What stands in the braces; which of them a kind can have says its row.
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
    pub(crate) intensity: Option<Intensity>,
    pub(crate) pauses: Option<Pauses>,
}

/// How a child is stopped.
pub(crate) enum Shutdown {
    BrutalKill,
    Infinity,
    After { limit: Duration, written: TokenStream },
}

/// What is said of a child before it is known what it means.
pub(crate) struct Described {
    pub(crate) carried: Carried,
    pub(crate) name: Ident,
    pub(crate) is_glued: bool,
}

impl Child {
    /// A child whose type can be made out, and nothing else.
    pub(crate) fn bare(described: Described, ty: Type) -> Self {
        let Described { carried, name, is_glued } = described;
        Child {
            carried,
            name,
            kind: ChildKind::Server,
            ty,
            arguments: None,
            given: Vec::new(),
            mentions: Vec::new(),
            options: ChildOptions::default(),
            is_glued,
        }
    }

    /// `None` for a kind that nobody knows.
    pub(crate) fn read(
        described: Described,
        word: Option<&Ident>,
        ty: Type,
        arguments: Option<Group>,
        options: TokenStream,
        diag: &mut Diag,
    ) -> Option<Self> {
        let mut child = Child::bare(described, ty);
        if let Some(word) = word {
            child.kind = kind(&child, word, diag)?;
        }
        let (kind, name) = (child.kind, &child.name);
        child.ty = without_function(name, kind, child.ty, diag);
        child.arguments = match (kind, arguments) {
            (ChildKind::Dynamic, Some(arguments)) => {
                let (arguments, given) = given::split(&arguments);
                child.given = given;
                Some(arguments)
            }
            (ChildKind::Dynamic, None) => None,
            (_, None) => {
                let (ty, prefix, what) = (text(&child.ty), kind.row().prefix, kind.row().arguments);
                diag.error(&child.ty, format!("the child `{name}` has no arguments")).help(format!(
                    "write `{name}: {prefix}{ty}(..)`, with the {what}, or `{name}: {prefix}{ty}()`"
                ));
                None
            }
            (_, arguments) => arguments,
        };
        if let Some(arguments) = &child.arguments {
            child.mentions = mentions(&arguments.stream());
            let given = |name: &Ident| child.given.iter().any(|given| given.name.as_ref() == Some(name));
            child.mentions.retain(|mention| !given(&mention.name));
        }
        child.options = ChildOptions::read(kind, options, diag);
        Some(child)
    }

    /// Whether its arguments are those of one start of it, and not there at all.
    pub(crate) fn is_complete(&self) -> bool {
        self.arguments.is_some() || self.kind == ChildKind::Dynamic
    }

    /// Where the arguments of a partition say its number.
    pub(crate) fn number(&self) -> Option<&Mention> {
        self.mentions.iter().find(|mention| self.is_number(mention))
    }

    /// Whether the name stands for the number of a partition.
    pub(crate) fn is_number(&self, mention: &Mention) -> bool {
        self.kind == ChildKind::Partition && mention.name == "partition"
    }
}

fn kind(child: &Child, word: &Ident, diag: &mut Diag) -> Option<ChildKind> {
    let written = word.to_string();
    let kind = ChildKind::of(&written);
    if kind.is_none() {
        let near = did_you_mean(&written, &KINDS);
        let (name, server, kinds) = (&child.name, text(&child.ty), list(&KINDS));
        let help = match near {
            Some(near) => format!("did you mean `{near}`? kinds: {kinds}"),
            None => format!("kinds: {kinds}; a server has no word before it: `{name}: {server}(..)`"),
        };
        diag.error(word, format!("unknown kind of child `{word}`")).help(help);
        return near.and_then(ChildKind::of);
    }
    kind
}

/// The server of `Server::start(..)`, where the server alone is meant.
fn without_function(name: &Ident, kind: ChildKind, ty: Type, diag: &mut Diag) -> Type {
    let Type::Path(mut path) = ty else { return ty };
    let segments = &mut path.path.segments;
    let is_function = |word: &Ident| word == "start" || word == "child" || word == "new";
    if segments.len() > 1 && segments.last().is_some_and(|last| is_function(&last.ident)) {
        let function = segments.pop();
        segments.pop_punct();
        let (server, row) = (text(&path), kind.row());
        let prefix = row.prefix;
        diag.error(&function, format!("a child is its {} with the {}", row.of, row.arguments))
            .help(format!("write `{name}: {prefix}{server}(..)`"));
    }
    Type::Path(path)
}

impl ChildOptions {
    fn read(kind: ChildKind, tokens: TokenStream, diag: &mut Diag) -> Self {
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
            "ready_within" => self.ready_within = ready_within(setting, diag),
            "by" => self.by = key(setting, diag),
            "count" => self.count = number(setting, "a partition supervisor has one partition or more", diag),
            "max" => {
                self.max = number(setting, "a dynamic supervisor of no children has nothing to do", diag)
            }
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
            ChildKind::Dynamic | ChildKind::Partition => {
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

fn ready_within(setting: &Setting, diag: &mut Diag) -> Option<Duration> {
    let value = config::required(setting, "5s", diag)?;
    match duration::parse(value) {
        WrittenDuration::Duration(limit) if limit.is_zero() => {
            diag.error(value, "a child cannot be ready in no time").help("write `5s`");
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
