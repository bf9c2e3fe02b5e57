//! One stage: who is in it, and how it went.

use std::{
    fmt,
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::{sync::Semaphore, time::Instant};

use crate::{CallError, process::door::now};

/// A stage of a pipeline, beside the server that it is: its limit and its figures. `pipeline!` makes them.
pub struct Stage {
    name: &'static str,
    limit: Option<Semaphore>,
    is_timed: bool,
    entered: AtomicU64,
    completed: AtomicU64,
    failed: AtomicU64,
    given_up: AtomicU64,
    busy_ns: AtomicU64,
}

/// How many requests may be in a stage at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// As many as there are.
    None,
    /// So many, at least one.
    AtMost(usize),
}

/// A stage as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageStats {
    /// The stage, as it is called in the pipeline.
    pub stage: &'static str,
    /// Requests that came to it.
    pub entered: u64,
    /// Requests that are in it, waiting or being handled.
    pub in_flight: u64,
    /// Requests that it passed on.
    pub completed: u64,
    /// Requests that failed in it.
    pub failed: u64,
    /// Requests whose caller went away while they were in it.
    pub given_up: u64,
    /// How long requests were in it, together; waiting counts. `None` where the pipeline is not `timed`.
    pub time: Option<Duration>,
}

impl Stage {
    /// A stage that nobody was in.
    pub fn new(name: &'static str, limit: Limit, is_timed: bool) -> Self {
        let limit = match limit {
            Limit::None => None,
            Limit::AtMost(most) => Some(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))),
        };
        Stage {
            name,
            limit,
            is_timed,
            entered: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
            busy_ns: AtomicU64::new(0),
        }
    }

    /// Sends a request through the stage.
    ///
    /// # Cancel safety
    ///
    /// As of the call itself; the request then counts as given up.
    ///
    /// # Errors
    ///
    /// Those of the call.
    pub async fn pass<T, E>(
        &self,
        call: impl Future<Output = Result<T, CallError<E>>>,
    ) -> Result<T, CallError<E>> {
        self.entered.fetch_add(1, Ordering::Relaxed);
        let mut inside = Inside { stage: self, since: self.is_timed.then(now), ending: &self.given_up };
        let _permit = match &self.limit {
            // Never closed.
            Some(limit) => limit.acquire().await.ok(),
            None => None,
        };
        let passed = call.await;
        inside.ending = if passed.is_ok() { &self.completed } else { &self.failed };
        passed
    }

    /// The figures.
    pub fn stats(&self) -> StageStats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (completed, failed, given_up) = (read(&self.completed), read(&self.failed), read(&self.given_up));
        let entered = read(&self.entered);
        StageStats {
            stage: self.name,
            entered,
            in_flight: entered.saturating_sub(completed + failed + given_up),
            completed,
            failed,
            given_up,
            time: self.is_timed.then(|| Duration::from_nanos(read(&self.busy_ns))),
        }
    }
}

/// A request in the stage.
struct Inside<'a> {
    stage: &'a Stage,
    since: Option<Instant>,
    /// How it ends, as far as is known.
    ending: &'a AtomicU64,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if let Some(since) = self.since {
            let ns = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.stage.busy_ns.fetch_add(ns, Ordering::Relaxed);
        }
        self.ending.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}
