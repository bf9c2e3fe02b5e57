//! The attributes of a method of a state machine, apart from what servers know as well.

use crate::diag::Diag;
use crate::model::kind::Kind;
use crate::syntax::attribute::{Attribute, split_commas};
use crate::syntax::states::{self, Arrow};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::Parser;

/// The option with the list of states.
pub(crate) const STATES: &str = "states";

/// What was written above a method.
#[derive(Default)]
pub(crate) struct Marks {
    /// The kind of its handler; that attribute stays, without what servers do not know of it.
    pub(crate) kind: Option<Kind>,
    /// `#[call(unlock)]`: the event, where the method is not called like it.
    pub(crate) event: Option<Ident>,
    /// `#[on(Locked => Closed)]`, and the word.
    pub(crate) on: Option<(Ident, Arrow)>,
    /// `#[init(Locked | Closed)]`
    pub(crate) initial: Vec<Ident>,
    pub(crate) postpone: Option<(Ident, Vec<Ident>)>,
    pub(crate) drop: Option<(Ident, Vec<Ident>)>,
    pub(crate) enter: Option<(Ident, Vec<Ident>)>,
    pub(crate) exit: Option<(Ident, Vec<Ident>)>,
}

impl Marks {
    /// Takes what machines alone know from the attributes.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, diag: &mut Diag) -> Marks {
        let mut marks = Marks::default();
        let mut others = Vec::new();
        for attribute in std::mem::take(attributes) {
            let Some(word) = attribute.word().cloned() else {
                others.push(attribute);
                continue;
            };
            match word.to_string().as_str() {
                "on" => marks.take_on(word, &attribute, diag),
                "postpone" => take_states(&mut marks.postpone, word, &attribute, diag),
                "drop" => take_states(&mut marks.drop, word, &attribute, diag),
                "enter" => take_states(&mut marks.enter, word, &attribute, diag),
                "exit" => take_states(&mut marks.exit, word, &attribute, diag),
                "every" | "idle" => {
                    diag.error(&word, format!("a state machine has no `#[{word}]`"))
                        .help("set a time-out: `actions.timeout(\"tick\").set(..)`, or `event_timeout()` for silence");
                }
                "subscribe" => {
                    diag.error(&word, "a state machine has no `#[subscribe]`")
                        .help("write `#[info]`, and `cx.subscribe(..)` in `#[init]`");
                }
                "continuation" => {
                    diag.error(&word, "a state machine has no continuations")
                        .help("write `#[event]`, and raise it: `actions.raise(..)`");
                }
                "event" => {
                    marks.kind = marks.kind.or(Some(Kind::Event));
                    // To a server it is as good as a cast.
                    let cast = Ident::new("cast", word.span());
                    others.push(marks.own(&cast, &attribute));
                }
                _ => match Kind::from_word(&word) {
                    Some(kind) => {
                        marks.kind = marks.kind.or(Some(kind));
                        others.push(match kind {
                            Kind::Init => marks.begin(&word, &attribute, diag),
                            Kind::Call | Kind::Cast => marks.own(&word, &attribute),
                            _ => attribute,
                        });
                    }
                    None => others.push(attribute),
                },
            }
        }
        *attributes = others;
        marks
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.on.is_none() && self.postpone.is_none() && self.drop.is_none()
    }

    /// Back if they are of a hook.
    pub(crate) fn hook(&self) -> Option<&Marks> {
        (self.enter.is_some() || self.exit.is_some()).then_some(self)
    }

    fn take_on(&mut self, word: Ident, attribute: &Attribute, diag: &mut Diag) {
        if self.on.is_some() {
            diag.error(&word, "`#[on(..)]` is there twice").help("write all states in one: `#[on(A | B)]`");
            return;
        }
        match states::parse_arrow(attribute.arguments()) {
            Ok(arrow) => self.on = Some((word, arrow)),
            Err(error) => {
                diag.error_at(error.span(), "expected states").help(
                    "write `#[on(Locked)]`, or `#[on(Locked | Closed => Open)]` where it leads to another",
                );
                // It handles its event somewhere: what is missing then is no second error.
                self.on = Some((word, Arrow { from: Vec::new(), to: None }));
            }
        }
    }

    /// `#[call(unlock, timeout = 2s)]` without the event.
    fn own(&mut self, word: &Ident, attribute: &Attribute) -> Attribute {
        let mut parts = split_commas(attribute.arguments()).into_iter().peekable();
        let event = parts.peek().and_then(|first| syn::parse2::<Ident>(first.clone()).ok());
        if attribute.has_odd_rest() || event.as_ref().is_none_or(|event| event == "concurrent") {
            let rest = &attribute.rest;
            return rebuilt(quote!(#[#word #rest]));
        }
        self.event = event;
        let rest: Vec<TokenStream> = parts.skip(1).collect();
        rebuilt(if rest.is_empty() { quote!(#[#word]) } else { quote!(#[#word(#(#rest),*)]) })
    }

    /// `#[init(Locked | Closed)]` without the states.
    fn begin(&mut self, word: &Ident, attribute: &Attribute, diag: &mut Diag) -> Attribute {
        let arguments = attribute.arguments();
        if attribute.has_odd_rest() || arguments.is_empty() {
            return attribute.clone();
        }
        match states::parse_states(arguments) {
            Ok(states) => self.initial = states,
            Err(error) => {
                diag.error_at(error.span(), "expected states").help("write `#[init(Locked | Closed)]`");
            }
        }
        rebuilt(quote!(#[#word]))
    }
}

fn take_states(place: &mut Option<(Ident, Vec<Ident>)>, word: Ident, attribute: &Attribute, diag: &mut Diag) {
    match states::parse_states(attribute.arguments()) {
        Ok(states) => {
            let (_, known) = place.get_or_insert((word, Vec::new()));
            known.extend(states);
        }
        Err(error) => {
            diag.error_at(error.span(), "expected states")
                .help(format!("write `#[{word}(Locked | Closed)]`"));
            place.get_or_insert((word, Vec::new()));
        }
    }
}

/// An attribute of these tokens.
fn rebuilt(tokens: TokenStream) -> Attribute {
    let mut attributes = Attribute::parse_outer.parse2(tokens).expect("these are the tokens of an attribute");
    attributes.remove(0)
}
