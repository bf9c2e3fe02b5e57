//! How a notification can end.

use noex::prelude::*;

use crate::journey::WayError;
use crate::notification::Delivered;

/// The end of a notification: one of these, for each that was submitted.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) outcome: Outcome,
    /// The channel of one that is delivered, why for another: what the account counts by.
    pub(crate) reason: &'static str,
    /// What the gateway said, or the error, in words.
    pub(crate) detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A gateway took it.
    Delivered,
    /// It was not to be delivered: invalid, or too much for its user.
    Refused,
    /// It could not be.
    Failed,
}

impl Outcome {
    pub(crate) const ALL: [Outcome; 3] = [Outcome::Delivered, Outcome::Refused, Outcome::Failed];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Outcome::Delivered => "delivered",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

impl End {
    pub(crate) fn of(result: Result<Delivered, WayError>) -> End {
        match result {
            Ok(Delivered { channel, receipt }) => {
                End { outcome: Outcome::Delivered, reason: channel.as_str(), detail: receipt }
            }
            Err(WayError::Validate(CallError::Handler(invalid))) => {
                End { outcome: Outcome::Refused, reason: invalid.reason(), detail: invalid.to_string() }
            }
            Err(WayError::Limit(CallError::RateLimited { limited, .. })) => End {
                outcome: Outcome::Refused,
                reason: "too many for the user",
                detail: limited.to_string(),
            },
            Err(WayError::Deliver(CallError::Handler(undelivered))) => End {
                outcome: Outcome::Failed,
                reason: undelivered.reason(),
                detail: undelivered.to_string(),
            },
            // A stage that is down. None is meant to be.
            Err(error) => End { outcome: Outcome::Failed, reason: "stage down", detail: error.to_string() },
        }
    }
}
