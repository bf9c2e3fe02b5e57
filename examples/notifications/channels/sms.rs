//! SMS, through an HTTP gateway.

use noex::prelude::*;
use serde::Serialize;

use super::{Gateway, SendError};
use crate::notification::Notification;

#[derive(Serialize)]
struct Body<'a> {
    to: &'a str,
    body: &'a str,
}

#[genserver(name = "sms")]
#[derive(Clone)]
pub(crate) struct Sms {
    gateway: Gateway,
}

#[genserver]
impl Sms {
    #[init]
    fn open(gateway: Gateway) -> Self {
        Sms { gateway }
    }

    /// Posts it, and gives what the gateway says.
    #[call(concurrent)]
    #[circuit_breaker(failure_threshold = 5, success_threshold = 2, reset_timeout = 500ms)]
    #[timeout(4s)]
    pub(crate) async fn send(&self, notification: Notification) -> Result<String, SendError> {
        let Notification { id, to, text, .. } = &notification;
        self.gateway.post(id, &Body { to, body: text }).await
    }
}
