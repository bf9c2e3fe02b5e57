//! Until when a caller waits, for policies: the deadline of the call that is served, and scopes inside of it.

use std::time::Duration;

use tokio::time::Instant;

use crate::server::slot::serving;

/// When something that may take `limit` from now must be over: no later than whoever asks for it waits. Also how
/// long that is. `None`: nobody minds.
pub(crate) fn after(limit: Option<Duration>) -> Option<(Instant, Duration)> {
    serving::patience(limit)
}

/// Whether a [`scope`] around this one ends at the deadline, and drops what it polls. Otherwise the deadline is how
/// long somebody else waits, who can drop nothing here.
pub(crate) fn is_kept_further_out() -> bool {
    serving::ends_then()
}

/// Polls with this deadline, which [`after`] gave. Whoever does so drops what it polls when the time is over.
pub(crate) fn scope<T>(at: Instant, poll: impl FnOnce() -> T) -> T {
    serving::within(at, poll)
}
