//! What travels: a line as it came in, and the notification that it is.

use std::fmt;

use serde::Deserialize;

/// One line of the input, numbered as it was submitted.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) number: u64,
    /// Where it is from: `sample.ndjson:12`.
    pub(crate) source: String,
    pub(crate) text: String,
}

/// How somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Channel {
    Email,
    Push,
    Sms,
}

impl Channel {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::Push => "push",
            Channel::Sms => "sms",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A notification that can be delivered. It is cloned when it is tried again.
#[derive(Debug, Clone)]
pub(crate) struct Notification {
    /// The same at each attempt, so that a gateway can tell a second one.
    pub(crate) id: String,
    /// Whose budget it is on.
    pub(crate) user: String,
    pub(crate) channel: Channel,
    /// An e-mail address, a device, or a telephone number.
    pub(crate) to: String,
    pub(crate) text: String,
    /// A higher one goes first.
    pub(crate) priority: i8,
}

/// It was delivered.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) channel: Channel,
    /// What the gateway said.
    pub(crate) receipt: String,
}
