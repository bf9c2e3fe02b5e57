//! A supervision tree: its options, and its children with what they use of one another.

use crate::diag::{Diag, choices};
use crate::krate::Krate;
use crate::model::carried::Carried;
use crate::model::config::{self, report_duration, settings};
use crate::model::types::text;
use crate::syntax::attribute::Attribute;
use crate::syntax::duration::{self, Written as WrittenDuration};
use crate::syntax::method::Argument;
use crate::syntax::options::{Separator, Setting, Value as OptionValue};
use crate::syntax::tree::{self, Entry, Value};
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use std::time::Duration;
use syn::{Type, Visibility};

const OPTIONS: [&str; 4] = ["strategy", "restarts", "auto_shutdown", "crate"];
const STRATEGIES: [&str; 3] = ["one_for_one", "one_for_all", "rest_for_one"];
const RESTARTS: [&str; 3] = ["permanent", "transient", "temporary"];
const AUTO_SHUTDOWNS: [&str; 3] = ["never", "any_significant", "all_significant"];
const CHILD_OPTIONS: [&str; 4] = ["restart", "shutdown", "significant", "ready_within"];

/// What is known of a tree.
pub(crate) struct Tree {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    pub(crate) parameters: Vec<Argument>,
    pub(crate) krate: Krate,
    pub(crate) strategy: Strategy,
    pub(crate) intensity: Option<Intensity>,
    pub(crate) auto_shutdown: Option<Ident>,
    pub(crate) children: Vec<Child>,
    /// Whether something was meant to be a child and could not be read as one.
    pub(crate) has_lost_child: bool,
}

/// The strategy as far as it can be made out.
pub(crate) enum Strategy {
    Missing,
    Unknown,
    Known(Ident),
}

/// `5 in 30s`
pub(crate) struct Intensity {
    pub(crate) restarts: u32,
    pub(crate) window: Duration,
    pub(crate) written_window: TokenStream,
}

/// `account: Account(config.opening) { restart: transient, shutdown: 5s }`
pub(crate) struct Child {
    /// Its docs are those of its method, and its `cfg` is everywhere.
    pub(crate) carried: Carried,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    /// `None` where they are not written as arguments.
    pub(crate) arguments: Option<Group>,
    /// The names that the arguments mention: where each stands first.
    pub(crate) mentions: Vec<Mention>,
    pub(crate) restart: Option<Ident>,
    pub(crate) shutdown: Option<Shutdown>,
    /// The word that makes it significant.
    pub(crate) significant: Option<Ident>,
    pub(crate) ready_within: Option<Duration>,
    /// Whether the child before it has no `,`.
    pub(crate) is_glued: bool,
}

/// How a child is stopped.
pub(crate) enum Shutdown {
    BrutalKill,
    Infinity,
    After(Duration),
}

/// A name in the arguments of a child.
pub(crate) struct Mention {
    pub(crate) name: Ident,
    /// Whether it surely is a value; inside of a string, `{name}` only may be.
    pub(crate) is_certain: bool,
}

impl Tree {
    pub(crate) fn read(written: tree::Tree, diag: &mut Diag) -> Tree {
        let tree::Tree { attributes, visibility, ident, parameters, entries } = written;
        let mut tree = Tree {
            attributes,
            visibility,
            ident,
            parameters,
            krate: Krate::default(),
            strategy: Strategy::Missing,
            intensity: None,
            auto_shutdown: None,
            children: Vec::new(),
            has_lost_child: false,
        };
        let mut has_intensity = false;
        for Entry { attributes, name, value, is_glued, equals } in entries {
            if let Some(equals) = equals {
                diag.error(&equals, "a name and its value are separated by `:`")
                    .help(format!("write `{name}: ..`"));
            }
            match value {
                Value::Child { .. } if OPTIONS.iter().any(|option| name == option) => {
                    diag.error(&name, format!("`{name}` is an option, not a child"))
                        .help("choose another name");
                    // Nothing more about the option: it was meant to be a child.
                    if name == "strategy" && matches!(tree.strategy, Strategy::Missing) {
                        tree.strategy = Strategy::Unknown;
                    }
                }
                Value::Child { ty, arguments, options } => {
                    let mut child = Child {
                        carried: Carried::of(&attributes),
                        mentions: mentions(&arguments.stream()),
                        ty: without_function(&name, *ty, diag),
                        name,
                        arguments: Some(arguments),
                        restart: None,
                        shutdown: None,
                        significant: None,
                        ready_within: None,
                        is_glued,
                    };
                    child.read_options(options, diag);
                    tree.children.push(child);
                }
                Value::Other(value) if name == "strategy" => match tree.strategy {
                    Strategy::Missing => tree.strategy = strategy(&name, &value, diag),
                    _ => twice(&name, diag),
                },
                Value::Other(_) if name == "restarts" && has_intensity => twice(&name, diag),
                Value::Other(value) if name == "restarts" => {
                    has_intensity = true;
                    tree.intensity = intensity(&name, &value, diag);
                }
                Value::Other(_) if name == "auto_shutdown" && tree.auto_shutdown.is_some() => {
                    twice(&name, diag);
                }
                Value::Other(value) if name == "auto_shutdown" => {
                    let value = Some(value).filter(|value| !value.is_empty());
                    let setting = Setting { key: name, value, is_glued };
                    tree.auto_shutdown = config::word(&setting, &AUTO_SHUTDOWNS, diag);
                }
                Value::Other(value) if name == "crate" => {
                    tree.krate = config::krate(
                        &Setting {
                            key: name,
                            value: Some(value).filter(|value| !value.is_empty()),
                            is_glued,
                        },
                        diag,
                    );
                }
                Value::Other(value) => match not_a_child(&name, &value, diag) {
                    Some(ty) => tree.children.push(Child {
                        carried: Carried::of(&attributes),
                        name,
                        ty,
                        arguments: None,
                        mentions: Vec::new(),
                        restart: None,
                        shutdown: None,
                        significant: None,
                        ready_within: None,
                        is_glued,
                    }),
                    None => tree.has_lost_child = true,
                },
            }
        }
        tree
    }

    /// Whether `name` is a parameter of the tree.
    pub(crate) fn has_parameter(&self, name: &Ident) -> bool {
        self.parameters.iter().any(|parameter| parameter.name.as_ref() == Some(name))
    }
}

fn twice(name: &Ident, diag: &mut Diag) {
    diag.error(name, format!("`{name}` is set twice")).help("keep one of the two");
}

/// Reports what is neither an option nor a child, and makes out the server where it was meant to be a child.
fn not_a_child(name: &Ident, value: &TokenStream, diag: &mut Diag) -> Option<Type> {
    let near = crate::diag::did_you_mean(&name.to_string(), &OPTIONS);
    if let Some(near) = near {
        diag.error(name, format!("unknown option `{name}`")).help(format!("did you mean `{near}`?"));
        return None;
    }
    let at: &dyn quote::ToTokens = if value.is_empty() { name } else { value };
    match tree::parse_server(value.clone()) {
        Ok(ty) => {
            let server = text(&ty);
            diag.error(at, format!("the child `{name}` has no arguments")).help(format!(
                "write `{name}: {server}(..)`, with the arguments of its `#[init]`, or `{name}: {server}()`"
            ));
            Some(ty)
        }
        Err(_) => {
            diag.error(at, format!("`{name}` is neither an option nor a child"))
                .help(format!("write `{name}: Server(..)`, with the arguments of its `#[init]`"));
            None
        }
    }
}

/// The server of `Server::start(..)`, where the server alone is meant.
fn without_function(name: &Ident, ty: Type, diag: &mut Diag) -> Type {
    let Type::Path(mut path) = ty else { return ty };
    let segments = &mut path.path.segments;
    let is_function = |word: &Ident| word == "start" || word == "child" || word == "new";
    if segments.len() > 1 && segments.last().is_some_and(|last| is_function(&last.ident)) {
        let function = segments.pop();
        segments.pop_punct();
        let server = text(&path);
        diag.error(&function, "a child is its server with the arguments of its `#[init]`")
            .help(format!("write `{name}: {server}(..)`"));
    }
    Type::Path(path)
}

fn strategy(name: &Ident, value: &TokenStream, diag: &mut Diag) -> Strategy {
    match OptionValue::of(value) {
        OptionValue::Word(word) if STRATEGIES.iter().any(|known| word == known) => Strategy::Known(word),
        OptionValue::Word(word) => {
            diag.error(value, format!("unknown strategy `{word}`")).help(choices(
                &word.to_string(),
                &STRATEGIES,
                "strategies",
            ));
            Strategy::Unknown
        }
        _ => {
            let at: &dyn quote::ToTokens = if value.is_empty() { name } else { value };
            diag.error(at, "expected a strategy")
                .help(format!("strategies: {}", crate::diag::list(&STRATEGIES)));
            Strategy::Unknown
        }
    }
}

fn intensity(name: &Ident, value: &TokenStream, diag: &mut Diag) -> Option<Intensity> {
    let mut tokens = value.clone().into_iter();
    let count = tokens.next().and_then(|count| syn::parse2::<syn::LitInt>(count.into()).ok());
    let has_in = matches!(tokens.next(), Some(TokenTree::Ident(word)) if word == "in");
    let written_window: TokenStream = tokens.collect();
    let count = count.filter(|count| count.suffix().is_empty()).and_then(|count| count.base10_parse().ok());
    let (Some(restarts), true, false) = (count, has_in, written_window.is_empty()) else {
        let at: &dyn quote::ToTokens = if value.is_empty() { name } else { value };
        diag.error(at, "expected a number of restarts in a window of time")
            .help("write `restarts: 5 in 30s`");
        return None;
    };
    match duration::parse(&written_window) {
        WrittenDuration::Duration(window) if window.is_zero() => {
            diag.error(&written_window, "a window of no time counts nothing")
                .help(format!("write `{restarts} in 30s`"));
            None
        }
        WrittenDuration::Duration(window) => Some(Intensity { restarts, window, written_window }),
        other => {
            report_duration(&written_window, &other, &[], diag);
            None
        }
    }
}

impl Child {
    fn read_options(&mut self, options: TokenStream, diag: &mut Diag) {
        for setting in settings(options, Separator::Colon, &CHILD_OPTIONS, "options", diag) {
            match setting.key.to_string().as_str() {
                "restart" => self.restart = config::word(&setting, &RESTARTS, diag),
                "significant" => {
                    let word = config::word(&setting, &["true", "false"], diag);
                    self.significant = word.filter(|word| word == "true");
                }
                "ready_within" => self.ready_within = ready_within(&setting, diag),
                _ => self.shutdown = Shutdown::read(&setting, diag),
            }
        }
    }
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
            WrittenDuration::Duration(after) if after.is_zero() => {
                diag.error(value, "a child cannot stop in no time").help("write `brutal_kill`, or `5s`");
                None
            }
            WrittenDuration::Duration(after) => Some(Shutdown::After(after)),
            WrittenDuration::Word(word) if word == "brutal_kill" => Some(Shutdown::BrutalKill),
            WrittenDuration::Word(word) if word == "infinity" => Some(Shutdown::Infinity),
            other => {
                report_duration(value, &other, &["brutal_kill", "infinity"], diag);
                None
            }
        }
    }
}

/// The names that an expression uses as values, each once.
fn mentions(expression: &TokenStream) -> Vec<Mention> {
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
