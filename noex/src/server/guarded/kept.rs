//! An attempt that was begun and whose time is over: its reply answers the next attempt, so that nothing runs twice.
//!
//! ```text
//! attempt 1 ─▶ mailbox ─▶ handler ──────────▶ reply
//!     └ time-out, back-off ─▶ attempt 2 ────────┘ waits for the same one
//! ```
//!
//! Where the reply comes to is what tells this call from others: no other is ever asked for it, and nothing is stored
//! for calls that are answered in time.

use std::time::Duration;

use tokio::time::Instant;

use super::super::{GenServer, attempt::Attempt, waiting::Asked};
use crate::process::door::now;

pub(super) struct Kept<'a, S: GenServer> {
    attempt: Attempt<'a, S>,
    /// `None`: longer than a clock can tell.
    until: Option<Instant>,
}

impl<'a, S: GenServer> Kept<'a, S> {
    /// For so long from now on.
    pub(super) fn new(mut attempt: Attempt<'a, S>, time: Duration) -> Self {
        attempt.pause();
        Kept { attempt, until: now().checked_add(time) }
    }

    /// The attempt, to be waited for as a new one would be, if it is not too old.
    pub(super) fn resume(mut self, asked: Asked) -> Option<Attempt<'a, S>> {
        if self.until.is_some_and(|until| until <= now()) {
            return None;
        }
        self.attempt.asked = asked;
        Some(self.attempt)
    }
}
