//! What `init` may answer.

use std::{convert::Infallible, fmt};

use super::{ContinuationOf, GenServer};

/// The outcome of an `init` that does more than make the state.
///
/// `#[init]` may return `Self`, `Result<Self, E>`, `Init<Self>` or `Result<Init<Self>, E>`.
pub enum Init<S: GenServer> {
    /// The server runs; the continuation comes before anything queued.
    Ready(S, Option<S::Continue>),
    /// The server is not wanted now: start reports `StartError::Ignored`, a supervisor keeps an empty place.
    Ignore,
}

impl<S: GenServer> Init<S> {
    /// The server runs.
    pub fn ready(state: S) -> Self {
        Init::Ready(state, None)
    }

    /// The server runs, and the continuation for `message` comes before anything queued. `start` does not
    /// wait for it.
    pub fn then<M>(state: S, message: M) -> Self
    where
        M: ContinuationOf<S>,
    {
        Init::Ready(state, Some(message.into_continuation()))
    }

    /// The server is not wanted now.
    pub fn ignore() -> Self {
        Init::Ignore
    }
}

impl<S: GenServer> fmt::Debug for Init<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Init::Ready(_, None) => "Ready",
            Init::Ready(_, Some(_)) => "ReadyThen",
            Init::Ignore => "Ignore",
        })
    }
}

/// What an `#[init]` method may return.
#[diagnostic::on_unimplemented(
    message = "`#[init]` cannot return `{Self}`",
    label = "not the server",
    note = "return `Self`, `Result<Self, E>`, `Init<Self>` or `Result<Init<Self>, E>`"
)]
pub trait IntoInit<S> {
    /// Why it refuses.
    type Error;
    /// The outcome in one shape.
    fn into_init(self) -> Result<Init<S>, Self::Error>
    where
        S: GenServer;
}

impl<S: GenServer> IntoInit<S> for S {
    type Error = Infallible;

    fn into_init(self) -> Result<Init<S>, Infallible> {
        Ok(Init::ready(self))
    }
}

impl<S: GenServer> IntoInit<S> for Init<S> {
    type Error = Infallible;

    fn into_init(self) -> Result<Init<S>, Infallible> {
        Ok(self)
    }
}

impl<S: GenServer, E> IntoInit<S> for Result<S, E> {
    type Error = E;

    fn into_init(self) -> Result<Init<S>, E> {
        self.map(Init::ready)
    }
}

impl<S: GenServer, E> IntoInit<S> for Result<Init<S>, E> {
    type Error = E;

    fn into_init(self) -> Result<Init<S>, E> {
        self
    }
}
