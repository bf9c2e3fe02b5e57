//! Until when a caller waits, for policies: the deadline of the call that is served, and scopes inside of it.

use std::time::Duration;

use tokio::time::Instant;

use crate::server::slot::serving;

/// When something that may take `limit` from now must be over: no later than whoever asks for it waits. Also how
/// long that is. `None`: nobody minds.
pub(crate) fn after(limit: Option<Duration>) -> Option<(Instant, Duration)> {
    serving::patience(limit)
}

/// Polls with this deadline, which [`after`] gave.
pub(crate) fn scope<T>(at: Instant, poll: impl FnOnce() -> T) -> T {
    serving::within(at, poll)
}
