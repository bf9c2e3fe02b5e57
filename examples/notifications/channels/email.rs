//! E-mail, over SMTP.

use lettre::message::Mailbox;
use lettre::{AsyncTransport, Message};
use noex::prelude::*;

use super::{Relay, SendError, in_words};
use crate::notification::Notification;

#[genserver(name = "email")]
#[derive(Clone)]
pub(crate) struct Email {
    relay: Relay,
    from: Mailbox,
}

#[genserver]
impl Email {
    #[init]
    fn open(relay: Relay, from: Mailbox) -> Self {
        Email { relay, from }
    }

    /// Hands it to the relay, and gives what that says.
    #[call(concurrent)]
    #[circuit_breaker(failure_threshold = 5, success_threshold = 2, reset_timeout = 500ms)]
    #[timeout(4s)]
    pub(crate) async fn send(&self, notification: Notification) -> Result<String, SendError> {
        let message = self.message(notification).map_err(SendError::Rejected)?;
        match self.relay.send(message).await {
            Ok(response) => Ok(response.message().collect::<Vec<_>>().join(" ")),
            // 5xx: do not come back with this one.
            Err(error) if error.is_permanent() => Err(SendError::Rejected(in_words(&error))),
            Err(error) => Err(SendError::Down(in_words(&error))),
        }
    }
}

impl Email {
    fn message(&self, notification: Notification) -> Result<Message, String> {
        let Notification { id, to, text, .. } = notification;
        // Of the address no more than its form is known: it may still be one that no mail can be sent to.
        let to = to.parse::<Mailbox>().map_err(|error| error.to_string())?;
        let subject: String = text.lines().next().unwrap_or_default().chars().take(70).collect();
        Message::builder()
            .message_id(Some(format!("<{id}@notifications.invalid>")))
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .body(text)
            .map_err(|error| error.to_string())
    }
}
