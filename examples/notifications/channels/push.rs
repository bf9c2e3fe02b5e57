//! Push, as a webhook.

use noex::prelude::*;
use serde::Serialize;

use super::{Gateway, SendError};
use crate::notification::Notification;

#[derive(Serialize)]
struct Body<'a> {
    device: &'a str,
    alert: &'a str,
    user: &'a str,
}

#[genserver(name = "push")]
#[derive(Clone)]
pub(crate) struct Push {
    gateway: Gateway,
}

#[genserver]
impl Push {
    #[init]
    fn open(gateway: Gateway) -> Self {
        Push { gateway }
    }

    /// Posts it, and gives what the hook says.
    #[call(concurrent)]
    #[circuit_breaker(failure_threshold = 5, success_threshold = 2, reset_timeout = 500ms)]
    #[timeout(4s)]
    pub(crate) async fn send(&self, notification: Notification) -> Result<String, SendError> {
        let Notification { id, to, text, user, .. } = &notification;
        self.gateway.post(id, &Body { device: to, alert: text, user }).await
    }
}
