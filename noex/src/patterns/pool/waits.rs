//! Jobs that may wait so long and no longer.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use super::JobId;

/// Who waits until when. Beside the queue, so that a queue of one's own need not know of time.
pub(super) struct Waits {
    limit: Duration,
    ends: Mutex<Ends>,
    /// There is an end before the one that is slept for.
    sooner: Notify,
}

#[derive(Default)]
struct Ends {
    /// Those in the queue, and those that somebody has just taken from there and is about to strike out.
    by_time: BTreeSet<(Instant, JobId)>,
    /// What is slept for.
    alarm: Option<Instant>,
}

impl Waits {
    pub(super) fn new(limit: Duration) -> Self {
        Waits { limit, ends: Mutex::default(), sooner: Notify::new() }
    }

    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The job waits from now on: `push` puts it into the queue. Under one lock, so that whoever takes it there finds it
    /// here.
    pub(super) fn keep(&self, until: Instant, job: JobId, push: impl FnOnce()) {
        let mut ends = self.ends();
        push();
        ends.by_time.insert((until, job));
        if ends.alarm.is_none_or(|alarm| until < alarm) {
            self.sooner.notify_one();
        }
    }

    /// The job is not in the queue any more.
    pub(super) fn forget(&self, until: Instant, job: JobId) {
        self.ends().by_time.remove(&(until, job));
    }

    /// A job whose time is up, taken out of the queue by `remove`; `None` when there is none. Under one lock: what is
    /// here and not in the queue is in somebody's hands, and is not put back meanwhile.
    pub(super) fn due<T>(&self, now: Instant, remove: impl Fn(JobId) -> Option<T>) -> Option<T> {
        let mut ends = self.ends();
        while let Some(&(until, job)) = ends.by_time.first() {
            if until > now {
                return None;
            }
            ends.by_time.pop_first();
            if let Some(job) = remove(job) {
                return Some(job);
            }
        }
        None
    }

    /// Ready when somebody's time may be up.
    pub(super) async fn next(&self) {
        let alarm = {
            let mut ends = self.ends();
            ends.alarm = ends.by_time.first().map(|(until, _)| *until);
            ends.alarm
        };
        match alarm {
            Some(alarm) => drop(timeout_at(alarm, self.sooner.notified()).await),
            None => self.sooner.notified().await,
        }
    }

    /// Whoever waits in [`next`](Waits::next) has nothing more to do.
    pub(super) fn stop(&self) {
        self.sooner.notify_one();
    }
}
