//! One handler: a method with one of our attributes.

use crate::diag::{Diag, choices};
use crate::model::carried::Carried;
use crate::model::clock::{self, Clock};
use crate::model::config::{self, Patience};
use crate::model::foreign::{self, Foreign};
use crate::model::kind::{Kind, is_keyword_for_continuation};
use crate::model::policy::{Policy, PolicyKind};
use crate::model::subscription::{self, Subscription};
use crate::model::types;
use crate::names;
use crate::syntax::attribute::Attribute;
use crate::syntax::method::{Argument, Method};
use crate::syntax::options::{self, Separator, Written};
use proc_macro2::Ident;
use syn::Type;

/// What is known of a handler.
pub(crate) struct Handler {
    pub(crate) kind: Kind,
    pub(crate) method: Method,
    pub(crate) carried: Carried,
    pub(crate) context: Option<Context>,
    pub(crate) reply_to: Option<ReplyTo>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) variant: Ident,
    /// `#[call(timeout = 2s)]`
    pub(crate) timeout: Option<Patience>,
    /// `#[every(30s, missed = skip)]`, `#[idle(60s)]`; `None` where that is an error.
    pub(crate) clock: Option<Clock>,
    /// `#[subscribe("rates.*")]`; `None` where that is an error.
    pub(crate) subscription: Option<Subscription>,
    /// `#[call(concurrent)]`: the word
    pub(crate) concurrent: Option<Ident>,
    /// Of a state machine: a call that waits for another state, or is dropped, where it is not handled.
    pub(crate) is_put_off: bool,
    /// `#[retry]` and its like, the outermost first.
    pub(crate) policies: Vec<Policy>,
    /// `#[call(job)]`: the word
    pub(crate) job: Option<Ident>,
    /// Our attributes after the first, each a contradiction or a repetition.
    pub(crate) more_marks: Vec<Mark>,
    /// Our attribute behind a `cfg_attr`.
    pub(crate) hidden_mark: Option<Ident>,
}

/// The argument `cx: &mut Context<Self>`, which does not travel in the message.
pub(crate) struct Context {
    /// Where it stands among the arguments.
    pub(crate) position: usize,
    pub(crate) argument: Argument,
}

/// The argument `reply: ReplyTo<T>`, which is the reply's address and no part of the message.
pub(crate) struct ReplyTo {
    /// How many arguments stand after it, which should be none.
    pub(crate) after: usize,
    pub(crate) argument: Argument,
}

/// An attribute of ours.
pub(crate) struct Mark {
    pub(crate) kind: Kind,
    pub(crate) word: Ident,
}

impl Handler {
    /// `Err` with the method where it is a helper, which has none of our attributes.
    pub(crate) fn read(mut method: Method, diag: &mut Diag) -> Result<Handler, Box<Method>> {
        let mut marks = Vec::new();
        let mut hidden_mark = None;
        let mut read = Options::default();
        let mut others = Vec::new();
        let mut policies = Vec::new();
        for attribute in std::mem::take(&mut method.attributes) {
            if let Some(policy) = Policy::read(&attribute, diag) {
                policies.push(policy);
                continue;
            }
            if let Some(mark) = Mark::of(&attribute) {
                if is_keyword_for_continuation(&mark.word) {
                    diag.error(&mark.word, "`continue` is a keyword").help("write `#[continuation]`");
                }
                let options = Options::read(mark.kind, &attribute, diag);
                read = read.or(options);
                marks.push(mark);
            } else if let Some(mark) = Mark::behind_cfg_attr(&attribute) {
                hidden_mark = Some(mark.word.clone());
                marks.push(mark);
            } else {
                match foreign::read(&attribute, &method, diag) {
                    Some(Foreign::Mark(mark)) => marks.push(mark),
                    Some(Foreign::Idle) => {}
                    None => others.push(attribute),
                }
            }
        }
        if marks.is_empty() {
            method.attributes = others;
            report_no_handler(&policies, diag);
            return Err(Box::new(method));
        }
        let kind = marks.remove(0).kind;
        let mut arguments = std::mem::take(&mut method.arguments);
        let context = arguments
            .iter()
            .position(|argument| types::is_context(&argument.ty))
            .map(|position| Context { position, argument: arguments.remove(position) });
        let reply_to = arguments
            .iter()
            .rposition(|argument| types::is_reply_to(&argument.ty))
            .filter(|_| kind == Kind::Call)
            .map(|position| ReplyTo {
                after: arguments.len() - position - 1,
                argument: arguments.remove(position),
            });
        Ok(Handler {
            kind,
            variant: names::variant(&method.ident),
            carried: Carried::of(&others),
            context,
            reply_to,
            arguments,
            timeout: read.timeout,
            clock: read.clock,
            subscription: read.subscription,
            concurrent: read.concurrent,
            is_put_off: false,
            policies,
            job: read.job,
            more_marks: marks,
            hidden_mark,
            method,
        })
    }

    pub(crate) fn ident(&self) -> &Ident {
        &self.method.ident
    }

    pub(crate) fn is_async(&self) -> bool {
        self.method.qualifiers.asyncness.is_some()
    }

    pub(crate) fn has_context(&self) -> bool {
        self.context.is_some()
    }

    /// Its reply does not come from its return.
    pub(crate) fn is_deferred(&self) -> bool {
        self.reply_to.is_some() || self.concurrent.is_some() || self.is_put_off
    }

    /// It is handled in `handle_call` or its like, not in `call_now`.
    pub(crate) fn runs_later(&self) -> bool {
        self.is_async() || self.is_deferred()
    }

    /// The type of the outcome, as written: what is returned, or what the reply address takes; `None` for
    /// nothing and `()`.
    pub(crate) fn output(&self) -> Option<&Type> {
        match &self.reply_to {
            Some(reply_to) => types::reply_of(&reply_to.argument.ty),
            None => self.returned(),
        }
    }

    /// The written return type; `None` for nothing and `()`.
    pub(crate) fn returned(&self) -> Option<&Type> {
        types::written_output(&self.method.output)
    }

    /// The message of an info handler or a continuation.
    pub(crate) fn message(&self) -> Option<&Type> {
        self.arguments.first().map(|argument| &argument.ty)
    }
}

/// A policy on a method that handles nothing.
fn report_no_handler(policies: &[Policy], diag: &mut Diag) {
    for policy in policies {
        let word = &policy.word;
        let help = match policy.kind {
            PolicyKind::CircuitBreaker | PolicyKind::RateLimit => "add `#[call]` or `#[cast]`",
            _ => "add `#[call]`",
        };
        diag.error(word, format!("`#[{word}]` is a policy of a handler, and this method is none")).help(help);
    }
}

impl Mark {
    fn of(attribute: &Attribute) -> Option<Mark> {
        let word = attribute.word()?;
        Some(Mark { kind: Kind::from_word(word)?, word: word.clone() })
    }

    fn behind_cfg_attr(attribute: &Attribute) -> Option<Mark> {
        let (_, added) = attribute.conditional()?;
        added.iter().find_map(|added| {
            let word = added.path.last().filter(|_| added.path.len() == 1 || added.path[0] == "noex")?;
            Some(Mark { kind: Kind::from_word(word)?, word: word.clone() })
        })
    }
}

/// What stands in the parentheses of an attribute of ours.
#[derive(Default)]
struct Options {
    timeout: Option<Patience>,
    clock: Option<Clock>,
    subscription: Option<Subscription>,
    concurrent: Option<Ident>,
    job: Option<Ident>,
}

impl Options {
    /// What the first attribute says, and where it says nothing the next.
    fn or(self, next: Options) -> Options {
        Options {
            timeout: self.timeout.or(next.timeout),
            clock: self.clock.or(next.clock),
            subscription: self.subscription.or(next.subscription),
            concurrent: self.concurrent.or(next.concurrent),
            job: self.job.or(next.job),
        }
    }

    fn read(kind: Kind, attribute: &Attribute, diag: &mut Diag) -> Options {
        let mut read = Options::default();
        let word = kind.word();
        if attribute.has_odd_rest() {
            let (bare, example) = match kind {
                Kind::Every | Kind::Idle => ("", format!("`#[{word}({})]`", clock::example(kind))),
                Kind::Subscribe => ("", format!("`#[{word}({})]`", subscription::EXAMPLE)),
                _ => ("`, or `", format!("`#[{word}(..)]` with options")),
            };
            let help = match bare {
                "" => format!("write {example}"),
                _ => format!("write `#[{word}]`, or {example}"),
            };
            diag.error(&attribute.rest, format!("options of `#[{word}]` stand in parentheses")).help(help);
            return read;
        }
        let mut arguments = attribute.arguments();
        let at: &dyn quote::ToTokens = attribute.word().map_or(&attribute.rest, |word| word);
        if kind.is_timed() {
            (read.clock, arguments) = Clock::read(kind, at, arguments, diag);
        } else if kind == Kind::Subscribe {
            (read.subscription, arguments) = Subscription::read(at, arguments, diag);
        }
        let written =
            if arguments.is_empty() { Vec::new() } else { options::parse(arguments, Separator::Equals) };
        let known = known_options(kind);
        let mut seen: Vec<Ident> = Vec::new();
        for option in written {
            match &option {
                Written::Option(setting) if known.iter().any(|known| setting.key == known) => {
                    if seen.contains(&setting.key) {
                        diag.error(&setting.key, format!("`{}` is set twice", setting.key));
                        continue;
                    }
                    seen.push(setting.key.clone());
                    match kind {
                        Kind::Call if setting.key == "concurrent" || setting.key == "job" => {
                            let word = &setting.key;
                            if let Some(value) = &setting.value {
                                diag.error(value, format!("`{word}` takes no value"))
                                    .help(format!("write `#[call({word})]`"));
                            }
                            let place = if word == "job" { &mut read.job } else { &mut read.concurrent };
                            *place = Some(word.clone());
                        }
                        Kind::Call => read.timeout = Patience::read(setting, diag),
                        Kind::Subscribe if setting.key == "buffer" => {
                            let buffer = subscription::buffer(setting, diag);
                            if let Some(subscription) = &mut read.subscription {
                                subscription.buffer = buffer;
                            }
                        }
                        Kind::Subscribe => {
                            let overflow = config::word(setting, &subscription::OVERFLOW, diag);
                            if let Some(subscription) = &mut read.subscription {
                                subscription.overflow = overflow;
                            }
                        }
                        _ => {
                            let missed = config::word(setting, &clock::MISSED, diag);
                            if let Some(clock) = &mut read.clock {
                                clock.missed = missed;
                            }
                        }
                    }
                }
                option => report_unknown(option, kind, known, diag),
            }
        }
        read
    }
}

/// The options that an attribute knows.
fn known_options(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Call => &["timeout", "concurrent", "job"],
        Kind::Every => &["missed"],
        Kind::Subscribe => &subscription::OPTIONS,
        _ => &[],
    }
}

fn report_unknown(option: &Written, kind: Kind, known: &[&str], diag: &mut Diag) {
    let word = kind.word();
    let example = match kind {
        Kind::Every => "missed = skip",
        Kind::Subscribe => "overflow = wait",
        _ => "timeout = 2s",
    };
    let message = match option {
        Written::Option(setting) => format!("unknown option `{}`", setting.key),
        Written::Junk(_) => format!("expected an option such as `{example}`"),
    };
    let help = match (option, known) {
        (_, []) => format!("`#[{word}]` has no options"),
        (Written::Option(setting), known) => {
            choices(&setting.key.to_string(), known, &format!("options of `#[{word}]`"))
        }
        (Written::Junk(_), known) => format!("options of `#[{word}]`: {}", crate::diag::list(known)),
    };
    diag.error(option, message).help(help);
}
