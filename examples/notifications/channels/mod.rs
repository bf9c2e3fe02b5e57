//! The ways out: a server for each channel, with a circuit breaker on its `send`.
//!
//! `send` is concurrent: three workers may be in it at once. The breaker is in the caller's way, before there is a message,
//! and belongs to the channel's place in the tree; the time-out below it makes a gateway that hangs one that fails.

mod email;
mod gateway;
mod push;
mod relay;
mod sms;

use std::time::Duration;

use noex::resilience::{Class, Classify};

pub(crate) use email::{Email, EmailRef};
pub(crate) use gateway::Gateway;
pub(crate) use push::{Push, PushRef};
pub(crate) use relay::{Relay, relay};
pub(crate) use sms::{Sms, SmsRef};

/// Why a gateway did not take a notification.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// It works, and does not want this one.
    #[error("{0}")]
    Rejected(String),
    /// It wants to be left alone for so long.
    #[error("it asks for a pause of {0:?}")]
    Throttled(Duration),
    /// It does not work, or cannot be reached.
    #[error("{0}")]
    Down(String),
}

/// What `#[circuit_breaker]` goes by: a gateway that says no is in good health.
impl Classify for SendError {
    fn class(&self) -> Class {
        match self {
            SendError::Rejected(_) => Class::Ignored,
            SendError::Throttled(retry_after) => Class::Throttled { retry_after: *retry_after },
            SendError::Down(_) => Class::Transient,
        }
    }
}

/// An error and what it comes from, in one line: libraries keep the telling half in the source.
pub(crate) fn in_words(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |error| error.source())
        .fold(error.to_string(), |told, source| format!("{told}: {source}"))
}
