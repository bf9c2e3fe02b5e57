//! The configuration: the options on the struct.

use crate::diag::{Diag, choices};
use crate::krate::Krate;
use crate::syntax::duration::{self, Written as WrittenDuration};
use crate::syntax::options::{self, Separator, Setting, Value, Written};
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use std::time::Duration;
use syn::LitStr;

/// The options a struct can have, in the order the docs list them.
pub(crate) const OPTIONS: [&str; 8] =
    ["name", "mailbox", "overflow", "call_timeout", "on_restart", "trap_exit", "inline", "crate"];

const OVERFLOW: [&str; 4] = ["wait", "fail", "drop_oldest", "drop_newest"];
const ON_RESTART: [&str; 2] = ["keep", "drop"];

/// What was configured; `None` keeps the default of the runtime.
#[derive(Default)]
pub(crate) struct Config {
    pub(crate) krate: Krate,
    pub(crate) name: Option<LitStr>,
    pub(crate) mailbox: Option<Mailbox>,
    pub(crate) overflow: Option<Ident>,
    pub(crate) call_timeout: Option<Patience>,
    pub(crate) on_restart: Option<Ident>,
    pub(crate) traps_exits: bool,
    pub(crate) is_never_inline: bool,
}

/// How many messages may wait.
pub(crate) enum Mailbox {
    Unbounded,
    /// A number, known to be one or more.
    Bounded(TokenStream),
    /// A constant, which the compiler has to look at.
    Constant(TokenStream),
}

/// How long a caller waits.
#[derive(Clone)]
pub(crate) enum Patience {
    Infinity,
    After(Duration),
    Constant(TokenStream),
}

impl Config {
    pub(crate) fn read(tokens: TokenStream, diag: &mut Diag) -> Config {
        let mut config = Config::default();
        for setting in settings(tokens, Separator::Equals, &OPTIONS, "options on a struct", diag) {
            config.set(&setting, diag);
        }
        config
    }

    fn set(&mut self, setting: &Setting, diag: &mut Diag) {
        match setting.key.to_string().as_str() {
            "name" => self.name = name(setting, diag),
            "mailbox" => self.mailbox = Mailbox::read(setting, diag),
            "overflow" => self.overflow = word(setting, &OVERFLOW, diag),
            "call_timeout" => self.call_timeout = Patience::read(setting, diag),
            "on_restart" => self.on_restart = word(setting, &ON_RESTART, diag),
            "trap_exit" => match &setting.value {
                None => self.traps_exits = true,
                Some(value) => diag
                    .error(value, "`trap_exit` takes no value")
                    .help("write `trap_exit` to turn it on; it is off when it is not written"),
            },
            "inline" => self.is_never_inline = word(setting, &["never"], diag).is_some(),
            _ => self.krate = krate(setting, diag),
        }
    }
}

/// The options of the impl block, which can only say where the crate is.
pub(crate) fn read_block_options(tokens: TokenStream, server: &str, diag: &mut Diag) -> Krate {
    let mut krate_ = Krate::default();
    for option in options::parse(tokens, Separator::Equals) {
        match option {
            Written::Option(setting) if setting.key == "crate" => krate_ = krate(&setting, diag),
            Written::Option(setting) if OPTIONS.iter().any(|known| setting.key == known) => {
                let key = &setting.key;
                let value = if key == "trap_exit" { "" } else { " = .." };
                diag.error(key, format!("`{key}` belongs on the struct"))
                    .help(format!("move it to `#[genserver({key}{value})] struct {server}`"));
            }
            Written::Option(setting) => {
                diag.error(&setting.key, format!("unknown option `{}`", setting.key))
                    .help("the impl block has one option, `crate`; the others belong on the struct");
            }
            junk @ Written::Junk(_) => {
                diag.error(&junk, "expected an option").help("the impl block has one option, `crate`");
            }
        }
    }
    krate_
}

/// The known options among `tokens`, each once.
pub(crate) fn settings(
    tokens: TokenStream,
    separator: Separator,
    known: &[&str],
    what: &str,
    diag: &mut Diag,
) -> Vec<Setting> {
    settings_of(options::parse(tokens, separator), separator, known, what, diag)
}

/// The same of options that were read.
pub(crate) fn settings_of(
    written: Vec<Written>,
    separator: Separator,
    known: &[&str],
    what: &str,
    diag: &mut Diag,
) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    for option in written {
        let setting = match option {
            Written::Option(setting) => setting,
            junk @ Written::Junk(_) => {
                let example = match separator {
                    Separator::Equals => format!("{} = ..", known[0]),
                    Separator::Colon => format!("{}: ..", known[0]),
                };
                diag.error(&junk, format!("expected an option such as `{example}`"))
                    .help(format!("{what}: {}", crate::diag::list(known)));
                continue;
            }
        };
        let key = setting.key.to_string();
        if setting.is_glued {
            diag.error(&setting.key, "options are separated by `,`")
                .help(format!("write a `,` before `{key}`"));
        }
        if !known.contains(&key.as_str()) {
            let help = match key.as_str() {
                "unbounded" if known.contains(&"mailbox") => "write `mailbox = unbounded`".to_string(),
                _ => choices(&key, known, what),
            };
            diag.error(&setting.key, format!("unknown option `{key}`")).help(help);
        } else if settings.iter().any(|earlier| earlier.key == setting.key) {
            diag.error(&setting.key, format!("`{key}` is set twice")).help("keep one of the two");
        } else {
            settings.push(setting);
        }
    }
    settings
}

/// The value of an option that needs one.
pub(crate) fn required<'a>(setting: &'a Setting, example: &str, diag: &mut Diag) -> Option<&'a TokenStream> {
    if setting.value.is_none() {
        let key = &setting.key;
        diag.error(key, format!("`{key}` needs a value"))
            .help(format!("write `{}`", setting.separator.joined(key, example)));
    }
    setting.value.as_ref()
}

fn name(setting: &Setting, diag: &mut Diag) -> Option<LitStr> {
    let value = required(setting, "\"account\"", diag)?;
    match Value::of(value) {
        Value::Text(text) if text.value().is_empty() => {
            diag.error(value, "a server name cannot be empty")
                .help("leave `name` out for a server without a name");
            None
        }
        Value::Text(text) => Some(text),
        Value::Word(word) => {
            diag.error(value, "a server name is a string").help(format!("write `name = \"{word}\"`"));
            None
        }
        _ => {
            diag.error(value, "a server name is a string").help("write `name = \"account\"`");
            None
        }
    }
}

/// One of a few words.
pub(crate) fn word(setting: &Setting, known: &[&str], diag: &mut Diag) -> Option<Ident> {
    let value = required(setting, known[0], diag)?;
    let key = &setting.key;
    match syn::parse2::<WordLike>(value.clone()) {
        Ok(WordLike(word)) if known.iter().any(|known| word == known) => Some(word),
        Ok(WordLike(word)) => {
            let what = format!("`{key}` is one of");
            diag.error(value, format!("unknown {key} `{word}`")).help(choices(
                &word.to_string(),
                known,
                &what,
            ));
            None
        }
        Err(_) => {
            diag.error(value, format!("`{key}` is a word"))
                .help(format!("`{key}` is one of: {}", crate::diag::list(known)));
            None
        }
    }
}

/// A word, also one that is a keyword.
struct WordLike(Ident);

impl syn::parse::Parse for WordLike {
    fn parse(input: syn::parse::ParseStream<'_>) -> syn::Result<Self> {
        <Ident as syn::ext::IdentExt>::parse_any(input).map(WordLike)
    }
}

/// Where noex is found.
pub(crate) fn krate(setting: &Setting, diag: &mut Diag) -> Krate {
    let Some(value) = required(setting, "::noex", diag) else { return Krate::default() };
    Krate::parse(value).unwrap_or_else(|| {
        let help = match Value::of(value) {
            Value::Word(word) => format!("write `::{word}` for a dependency or `crate::{word}` for a module"),
            _ => "write `::noex` for a dependency or `crate::noex` for a module".to_string(),
        };
        diag.error(value, "`crate` needs an absolute path").help(help);
        Krate::default()
    })
}

impl Mailbox {
    fn read(setting: &Setting, diag: &mut Diag) -> Option<Mailbox> {
        let value = required(setting, "64", diag)?;
        match Value::of(value) {
            Value::Integer(int) if matches!(int.suffix(), "" | "usize") => match int.base10_parse::<u32>() {
                Ok(0) => diag
                    .error(value, "a mailbox must hold at least one message")
                    .help("use `1` or more, or `unbounded`"),
                Ok(_) => return Some(Mailbox::Bounded(value.clone())),
                Err(_) => diag
                    .error(value, "a mailbox cannot hold that many messages")
                    .help(format!("use at most `{}`, or `unbounded`", u32::MAX)),
            },
            Value::Integer(int) => diag
                .error(value, format!("a mailbox is counted in messages, not in `{}`", int.suffix()))
                .help(format!("write `mailbox = {}`", int.base10_digits())),
            Value::Word(word) if word == "unbounded" => return Some(Mailbox::Unbounded),
            Value::Word(word) => diag
                .error(value, format!("expected a message count, found `{word}`"))
                .help("write `mailbox = 64` or `mailbox = unbounded`"),
            Value::Constant => return Some(Mailbox::Constant(value.clone())),
            Value::Negative => diag
                .error(value, "expected a message count, found a negative number")
                .help("use `1` or more, or `unbounded`"),
            Value::Text(text) => {
                let help = match text.value().trim().parse::<usize>() {
                    Ok(count) => format!("write `mailbox = {count}`"),
                    Err(_) => "write `mailbox = 64`".to_string(),
                };
                diag.error(value, "expected a message count, found a string").help(help);
            }
            Value::Float(_) | Value::Other => {
                diag.error(value, "expected a message count").help("write `mailbox = 64`");
            }
        }
        None
    }
}

impl Patience {
    /// A call timeout: a duration, a constant or `infinity`.
    pub(crate) fn read(setting: &Setting, diag: &mut Diag) -> Option<Patience> {
        let value = required(setting, "5s", diag)?;
        match duration::parse(value) {
            WrittenDuration::Duration(after) if after.is_zero() => {
                diag.error(value, "a call with no time can never succeed")
                    .help("use `infinity` to wait without limit");
                None
            }
            WrittenDuration::Duration(after) => Some(Patience::After(after)),
            WrittenDuration::Constant => Some(Patience::Constant(value.clone())),
            WrittenDuration::Word(word) if word == "infinity" => Some(Patience::Infinity),
            other => {
                report_duration(value, &other, &["infinity"], diag);
                None
            }
        }
    }
}

/// Says what is wrong with a duration that is none.
pub(crate) fn report_duration(at: &dyn ToTokens, found: &WrittenDuration, words: &[&str], diag: &mut Diag) {
    let or_word = words.iter().fold(String::new(), |text, word| text + ", or `" + word + "`");
    match found {
        WrittenDuration::NoUnit(digits) => diag
            .error(at, "a duration needs a unit")
            .help(format!("write `{digits}s`, `{digits}ms` or `{digits}min`{or_word}")),
        WrittenDuration::UnknownUnit(unit) => {
            diag.error(at, format!("unknown unit `{unit}`")).help("units are `us`, `ms`, `s`, `min`, `h`");
        }
        WrittenDuration::TooLong => {
            diag.error(at, "a duration of more than 500 years cannot be counted")
                .help(format!("use less{or_word}"));
        }
        WrittenDuration::Word(found) => diag
            .error(at, format!("expected a duration, found `{found}`"))
            .help(format!("write `5s`, `500ms` or `2min`{or_word}")),
        _ => diag.error(at, "expected a duration").help(format!("write `5s`, `500ms` or `2min`{or_word}")),
    }
}
