//! First stage: is it a notification?

use lettre::Address;
use noex::prelude::*;
use serde::Deserialize;

use crate::notification::{Channel, Line, Notification};

/// The longest text, in characters: six short messages, chained.
const LONGEST: usize = 918;

/// Why a line is no notification.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Invalid {
    #[error("{0}")]
    NotJson(serde_json::Error),
    #[error("`{0}`")]
    UnknownChannel(String),
    #[error("`{0}` is missing or empty")]
    Missing(&'static str),
    #[error("`{to}` by {channel}")]
    Recipient { to: String, channel: Channel },
    #[error("{0} characters, and {LONGEST} fit")]
    TooLong(usize),
}

impl Invalid {
    /// Under which the account counts it.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Invalid::NotJson(_) => "not a notification",
            Invalid::UnknownChannel(_) => "unknown channel",
            Invalid::Missing(_) => "missing field",
            Invalid::Recipient { .. } => "impossible recipient",
            Invalid::TooLong(_) => "text too long",
        }
    }
}

/// As it is written. All fields are optional here: which one is missing is ours to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    user: Option<String>,
    channel: Option<String>,
    to: Option<String>,
    text: Option<String>,
    #[serde(default)]
    priority: i8,
}

/// Makes notifications of lines.
#[genserver]
pub(crate) struct Validate {
    /// Goes before the numbers, so that gateways can tell this run's notifications from another's.
    run: u64,
}

#[genserver]
impl Validate {
    #[init]
    fn open(run: u64) -> Self {
        Validate { run }
    }

    /// The notification that a line is.
    #[call(job)]
    pub(crate) fn validate(&self, line: Line) -> Result<Notification, Invalid> {
        notification(format!("{}-{}", self.run, line.number), &line.text)
    }
}

fn notification(id: String, text: &str) -> Result<Notification, Invalid> {
    let Written { user, channel, to, text, priority } =
        serde_json::from_str(text).map_err(Invalid::NotJson)?;
    let user = present("user", user)?;
    let channel = match present("channel", channel)?.as_str() {
        "email" => Channel::Email,
        "push" => Channel::Push,
        "sms" => Channel::Sms,
        unknown => return Err(Invalid::UnknownChannel(unknown.to_owned())),
    };
    let to = present("to", to)?;
    if !is_reachable(channel, &to) {
        return Err(Invalid::Recipient { to, channel });
    }
    let text = present("text", text)?;
    match text.chars().count() {
        long if long > LONGEST => Err(Invalid::TooLong(long)),
        _ => Ok(Notification { id, user, channel, to, text, priority }),
    }
}

fn present(field: &'static str, value: Option<String>) -> Result<String, Invalid> {
    value.filter(|value| !value.trim().is_empty()).ok_or(Invalid::Missing(field))
}

/// Whether there can be such a recipient; whether there is one, the gateway knows.
fn is_reachable(channel: Channel, to: &str) -> bool {
    match channel {
        Channel::Email => to.parse::<Address>().is_ok(),
        Channel::Push => to.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
        // As E.164 has it.
        Channel::Sms => to.strip_prefix('+').is_some_and(|digits| {
            (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_notification_has_a_reason() {
        let long =
            format!(r#"{{"user":"u","channel":"push","to":"d1","text":"{}"}}"#, "x".repeat(LONGEST + 1));
        for (line, reason) in [
            ("{", "not a notification"),
            (r#"{"user":"u","colour":"red"}"#, "not a notification"),
            (r#"{"channel":"sms"}"#, "missing field"),
            (r#"{"user":"u","channel":"fax","to":"1","text":"t"}"#, "unknown channel"),
            (r#"{"user":"u","channel":"email","to":"nowhere","text":"t"}"#, "impossible recipient"),
            (r#"{"user":"u","channel":"sms","to":"+12","text":"t"}"#, "impossible recipient"),
            (r#"{"user":"u","channel":"sms","to":"+491701234567","text":" "}"#, "missing field"),
            (&long, "text too long"),
        ] {
            assert_eq!(notification("1".to_owned(), line).unwrap_err().reason(), reason, "{line}");
        }
    }

    #[test]
    fn what_is_one_has_a_recipient_of_its_channel() {
        for (channel, to) in [("email", "ann@example.org"), ("push", "device-7"), ("sms", "+491701234567")] {
            let line =
                format!(r#"{{"user":"ann","channel":"{channel}","to":"{to}","text":"hi","priority":2}}"#);
            let notification = notification("1".to_owned(), &line).unwrap();
            assert_eq!((notification.channel.as_str(), notification.priority), (channel, 2));
        }
    }
}
