//! The kinds of handlers, and the words for them.

use proc_macro2::Ident;
use syn::ext::IdentExt;

/// Whether the word is the keyword that `continuation` stands in for; rustc goes on with it as `r#continue`.
pub(crate) fn is_keyword_for_continuation(word: &Ident) -> bool {
    word.unraw() == "continue"
}

/// What a handler answers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Init,
    Call,
    Cast,
    Info,
    Every,
    Idle,
    Subscribe,
    Continuation,
    Terminate,
    /// Of a state machine: an event of its own.
    Event,
}

impl Kind {
    /// Those that a server knows.
    pub(crate) const ALL: [Kind; 9] = [
        Kind::Init,
        Kind::Call,
        Kind::Cast,
        Kind::Info,
        Kind::Every,
        Kind::Idle,
        Kind::Subscribe,
        Kind::Continuation,
        Kind::Terminate,
    ];

    /// The kind whose messages it is among: what a timer or a bus brings is an info.
    pub(crate) fn message(self) -> Kind {
        if self.is_timed() || self == Kind::Subscribe { Kind::Info } else { self }
    }

    /// Whether a timer runs it.
    pub(crate) fn is_timed(self) -> bool {
        matches!(self, Kind::Every | Kind::Idle)
    }

    /// The word of its attribute.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Init => "init",
            Kind::Call => "call",
            Kind::Cast => "cast",
            Kind::Info => "info",
            Kind::Every => "every",
            Kind::Idle => "idle",
            Kind::Subscribe => "subscribe",
            Kind::Continuation => "continuation",
            Kind::Terminate => "terminate",
            Kind::Event => "event",
        }
    }

    pub(crate) fn from_word(word: &Ident) -> Option<Kind> {
        if is_keyword_for_continuation(word) {
            return Some(Kind::Continuation);
        }
        Kind::ALL.into_iter().find(|kind| word == kind.word())
    }

    /// What a method of this kind is called in a message.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Kind::Init => "an `#[init]` method",
            Kind::Call => "a call handler",
            Kind::Cast => "a cast handler",
            Kind::Info => "an info handler",
            Kind::Every => "an `#[every]` method",
            Kind::Idle => "an `#[idle]` method",
            Kind::Subscribe => "a `#[subscribe]` method",
            Kind::Continuation => "a continuation",
            Kind::Terminate => "a `#[terminate]` method",
            Kind::Event => "an event handler",
        }
    }

    /// What it is, in a sentence about what it can be.
    pub(crate) fn article(self) -> &'static str {
        match self {
            Kind::Init => "an init",
            Kind::Call => "a call",
            Kind::Cast => "a cast",
            Kind::Info => "an info",
            Kind::Every => "an every",
            Kind::Idle => "an idle",
            Kind::Subscribe => "a subscribe",
            Kind::Continuation => "a continuation",
            Kind::Terminate => "a terminate",
            Kind::Event => "an event",
        }
    }

    /// Whether it handles one message, whose type is its only argument.
    pub(crate) fn takes_one_message(self) -> bool {
        matches!(self, Kind::Info | Kind::Continuation)
    }

    /// Whether the reference has a method for it.
    pub(crate) fn is_in_reference(self) -> bool {
        matches!(self, Kind::Call | Kind::Cast)
    }

    /// Whether it becomes a variant of a message.
    pub(crate) fn has_variant(self) -> bool {
        !matches!(self, Kind::Init | Kind::Terminate)
    }
}
