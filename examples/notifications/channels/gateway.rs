//! What the two channels by HTTP have in common: the request, and what the answers mean.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Client, StatusCode, Url};
use serde::Serialize;

use super::{SendError, in_words};

/// The pause of a gateway that wants one and does not say how long.
const PAUSE: Duration = Duration::from_secs(1);

/// An HTTP address that takes JSON by POST.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    client: Client,
    url: Url,
}

impl Gateway {
    pub(crate) fn new(client: Client, url: Url) -> Gateway {
        Gateway { client, url }
    }

    /// Posts `body`, and gives what the gateway says. `id` is the same at each attempt.
    ///
    /// # Errors
    /// It cannot be reached, or the status is not one of success.
    pub(crate) async fn post(&self, id: &str, body: &impl Serialize) -> Result<String, SendError> {
        let request = self.client.post(self.url.clone()).header("idempotency-key", id).json(body);
        let response = request.send().await.map_err(|error| SendError::Down(in_words(&error)))?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            let pause =
                response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            return Err(SendError::Throttled(pause.map_or(PAUSE, Duration::from_secs)));
        }
        let text = response.text().await.map_err(|error| SendError::Down(in_words(&error)))?;
        match status {
            _ if status.is_success() => Ok(text),
            // These are about us, or about the gateway, and not about this notification.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::REQUEST_TIMEOUT => {
                Err(SendError::Down(format!("{status}: {text}")))
            }
            _ if status.is_client_error() => Err(SendError::Rejected(format!("{status}: {text}"))),
            _ => Err(SendError::Down(format!("{status}: {text}"))),
        }
    }
}
