//! What policies do, as events of their system.

use std::{sync::Arc, time::Duration};

use super::{CircuitState, PolicyKind};
use crate::{
    System,
    observer::{Event, EventKind, EventStream, Missed},
};

/// What a policy did.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PolicyEvent {
    /// A circuit breaker went from one state to another.
    StateChanged {
        /// From which.
        from: CircuitState,
        /// To which.
        to: CircuitState,
    },
    /// What a circuit breaker tells each `monitor_interval`.
    Monitored {
        /// Its state.
        state: CircuitState,
        /// Calls that succeeded since it was made.
        succeeded: u64,
        /// Calls that failed.
        failed: u64,
        /// Calls that it refused.
        refused: u64,
    },
    /// Something was refused: open circuit, exceeded rate, full bulkhead, too much load.
    Refused {
        /// After how long a new try can succeed, where that is known.
        retry_after: Option<Duration>,
    },
    /// A circuit breaker that is only observed would have refused this, and let it pass.
    WouldRefuse {
        /// After how long a new try would have passed, where that is known.
        retry_after: Option<Duration>,
    },
    /// A rate limiter's budget was emptied: whatever it is for asked to be left alone.
    Drained {
        /// How much was left.
        units: u32,
    },
    /// Something began to wait for its turn.
    Queued,
    /// Something that waited for its turn got it.
    Admitted,
    /// An attempt failed, and there will be another.
    Retrying {
        /// Which attempt failed, from 1.
        attempt: u32,
        /// How long the retry waits.
        after: Duration,
    },
    /// A retry was needed and the operation succeeded.
    Recovered {
        /// How many attempts it took.
        attempts: u32,
    },
    /// The last attempt failed.
    Exhausted {
        /// How many there were.
        attempts: u32,
    },
    /// An attempt failed in a way that another would not mend.
    NotRetryable {
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// The budget for retries is used up.
    BudgetSpent {
        /// Which attempt failed, from 1.
        attempt: u32,
    },
    /// The operation took too long and was dropped.
    TimedOut {
        /// The limit.
        after: Duration,
    },
    /// A fallback took the place of an error.
    FellBack {
        /// The error, as text.
        error: Arc<str>,
    },
    /// A further attempt was started beside the ones that run.
    Hedged {
        /// Which one, from 1 for the first beside.
        extra: u32,
    },
    /// A limit changed: an adaptive one by itself, another because somebody set it.
    LimitChanged {
        /// From how many at once.
        from: usize,
        /// To how many.
        to: usize,
    },
    /// The policy was disposed of.
    Disposed,
}

/// The events of one policy, from when this was made.
///
/// # Examples
///
/// ```
/// use noex::resilience::{PolicyEvent, Timeout, TimeoutOptions};
/// use std::{convert::Infallible, time::Duration};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let after = Duration::from_millis(2);
/// let limit = Timeout::new("query", TimeoutOptions::new().timeout(after))?;
/// let mut events = limit.events();
/// let _ = limit.execute(std::future::pending::<Result<(), Infallible>>).await;
/// assert_eq!(events.next().await?, PolicyEvent::TimedOut { after });
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "nobody hears the events unless it is read"]
pub struct PolicyEvents {
    stream: EventStream,
    kind: PolicyKind,
    name: Arc<str>,
}

impl PolicyEvents {
    pub(super) fn of(system: &System, kind: PolicyKind, name: Arc<str>) -> Self {
        PolicyEvents { stream: system.events(), kind, name }
    }

    /// The next event.
    ///
    /// # Errors
    ///
    /// [`Missed`] when this reader fell behind; the call after it goes on with the oldest event kept.
    pub async fn next(&mut self) -> Result<PolicyEvent, Missed> {
        loop {
            if let Event { kind: EventKind::Policy { kind, policy, event }, .. } = self.stream.next().await?
                && kind == self.kind
                && policy == self.name
            {
                return Ok(event);
            }
        }
    }
}
