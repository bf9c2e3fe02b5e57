//! What a handler decides: whether the state changes, and what the caller is told.

use std::{convert::Infallible, fmt};

/// Where a handler leads, and its reply.
///
/// `T` is a state, or an enum of the states that the handler declares; so a handler cannot lead where it does not
/// declare. `R` is the reply of a call.
///
/// # Examples
///
/// ```
/// use noex::Next;
///
/// #[derive(Debug, PartialEq)]
/// struct Open;
///
/// fn push(is_stuck: bool) -> Next<Open, bool> {
///     if is_stuck { Next::stay().reply(false) } else { Next::to(Open).reply(true) }
/// }
///
/// assert_eq!(push(false), Next::to(Open).reply(true));
/// assert_eq!(push(true).into_target(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the state changes when the handler returns this"]
pub struct Next<T, R = ()> {
    pub(super) go: Go<T>,
    pub(super) reply: R,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Go<T> {
    To(T),
    Stay,
    Repeat,
}

impl<T> Next<T> {
    /// On to another state. To the one that it is in: its data is replaced, and nothing else happens.
    pub fn to(state: impl Target<T>) -> Self {
        Next { go: Go::To(state.into_target()), reply: () }
    }

    /// The state stays what it is. As `keep_state` in OTP.
    pub fn stay() -> Self {
        Next { go: Go::Stay, reply: () }
    }

    /// The state stays, and is entered again: its `#[enter]` hook runs. As `repeat_state` in OTP; nothing else of a
    /// change happens.
    pub fn repeat() -> Self {
        Next { go: Go::Repeat, reply: () }
    }

    /// With this reply.
    pub fn reply<R>(self, reply: R) -> Next<T, R> {
        Next { go: self.go, reply }
    }
}

impl<T, R> Next<T, R> {
    /// The state that it leads to; `None` when it stays.
    pub fn into_target(self) -> Option<T> {
        match self.go {
            Go::To(state) => Some(state),
            Go::Stay | Go::Repeat => None,
        }
    }

    /// The reply.
    pub fn into_reply(self) -> R {
        self.reply
    }

    /// The same for other types of states and replies.
    pub fn map<U, Q>(self, state: impl FnOnce(T) -> U, reply: impl FnOnce(R) -> Q) -> Next<U, Q> {
        let go = match self.go {
            Go::To(target) => Go::To(state(target)),
            Go::Stay => Go::Stay,
            Go::Repeat => Go::Repeat,
        };
        Next { go, reply: reply(self.reply) }
    }
}

/// A state that a handler leads to: it turns into the state, or the enum of states, that the handler declares.
#[diagnostic::on_unimplemented(
    message = "this handler does not declare that it leads to `{Self}`",
    label = "neither `{T}` nor one of its states",
    note = "write `#[on(.. => {Self})]` above the handler, beside the other states that it leads to"
)]
pub trait Target<T> {
    /// As what the handler declares.
    fn into_target(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<S: Into<T>, T> Target<T> for S {
    fn into_target(self) -> T {
        self.into()
    }
}

/// What is to be done with an event in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// It is handled.
    Handle,
    /// It waits for another state. A call can, if [`Message::is_deferred`](crate::Message::is_deferred) says so of it.
    Postpone,
    /// It becomes a dead letter; the caller of a call gets `CallError::ReplyDropped`.
    Drop,
}

/// What the `#[init]` method of a state machine may return: the machine and its first state.
#[diagnostic::on_unimplemented(
    message = "the `#[init]` method of a state machine cannot return `{Self}`",
    label = "not the machine `{D}` with its first state `{T}`",
    note = "return `(Self, {T})`, `Result<(Self, {T}), E>`, `Option<(Self, {T})>` or `Result<Option<(Self, {T})>, E>`"
)]
pub trait IntoInitial<D, T> {
    /// Why it refuses.
    type Error: fmt::Debug + fmt::Display + Send + Sync + 'static;
    /// The outcome in one shape; `None`: the machine is not wanted now.
    fn into_initial(self) -> Result<Option<(D, T)>, Self::Error>;
}

impl<D, T> IntoInitial<D, T> for (D, T) {
    type Error = Infallible;

    fn into_initial(self) -> Result<Option<(D, T)>, Infallible> {
        Ok(Some(self))
    }
}

impl<D, T> IntoInitial<D, T> for Option<(D, T)> {
    type Error = Infallible;

    fn into_initial(self) -> Result<Option<(D, T)>, Infallible> {
        Ok(self)
    }
}

impl<D, T, E: fmt::Debug + fmt::Display + Send + Sync + 'static> IntoInitial<D, T> for Result<(D, T), E> {
    type Error = E;

    fn into_initial(self) -> Result<Option<(D, T)>, E> {
        self.map(Some)
    }
}

impl<D, T, E: fmt::Debug + fmt::Display + Send + Sync + 'static> IntoInitial<D, T>
    for Result<Option<(D, T)>, E>
{
    type Error = E;

    fn into_initial(self) -> Result<Option<(D, T)>, E> {
        self
    }
}
