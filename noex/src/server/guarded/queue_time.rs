//! How long calls are queued, for the load shedders that mind.
//!
//! ```text
//! caller ─▶ mailbox, and when that was ─▶ the server comes to it: too late ─▶ not run, and the caller is told
//! ```

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    process::door::now,
    resilience::{LoadShedder, Shed},
};

/// The clock of one handler's calls, and those who look at it.
pub(crate) struct QueueTime {
    origin: Instant,
    shedders: Box<[LoadShedder]>,
}

impl QueueTime {
    /// `None`: nobody minds.
    pub(super) fn of(shedders: Vec<LoadShedder>) -> Option<Self> {
        (!shedders.is_empty()).then(|| QueueTime { origin: now(), shedders: shedders.into() })
    }

    /// Now, for [`shed`](QueueTime::shed); never 0.
    pub(crate) fn now(&self) -> u64 {
        let since = now().saturating_duration_since(self.origin).as_nanos();
        u64::try_from(since).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// Whether what was queued at `since` is not worth doing any more.
    pub(crate) fn shed(&self, since: u64) -> Option<Shed> {
        let waited = Duration::from_nanos(self.now().saturating_sub(since));
        self.shedders.iter().find_map(|shedder| shedder.turn_away(waited))
    }
}
