//! Attendants: tasks beside a server that bring it messages, and end with the life they tend.
//!
//! ```text
//! Waiting ─▶ Delivering ─▶ Waiting ─▶ ..            repeats: timers with a period, streams
//!    │           │ the life ends: Closing
//!    └──▶ Done   └─ what is in hand is delivered or refused, never dropped unseen
//!         fires once
//! ```
//!
//! While it waits, an attendant can be aborted; while it delivers, only whoever cancels it may, because then
//! nobody wants the message.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::Ordering},
    time::Duration,
};

use tokio::{task::AbortHandle, time::Instant};

use super::{door::Door, link::Life};
use crate::server::slot::notice::Recall;

pub(crate) struct Attendant {
    state: Mutex<State>,
    task: OnceLock<AbortHandle>,
    /// Calls off what it has delivered, where it repeats.
    recall: Recall,
}

struct State {
    phase: Phase,
    /// When it delivers next.
    due: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Delivering,
    /// As `Delivering`, for the last time.
    Closing,
    Done,
    Ended,
}

/// So much later; a delay too long to count is for ever, as good as.
pub(crate) fn later(start: Instant, delay: Duration) -> Instant {
    const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 86_400);
    start.checked_add(delay).unwrap_or_else(|| start + FOR_EVER)
}

impl Attendant {
    pub(crate) fn new(due: Instant) -> Arc<Self> {
        Arc::new(Attendant {
            state: Mutex::new(State { phase: Phase::Waiting, due }),
            task: OnceLock::new(),
            recall: Recall::default(),
        })
    }

    /// Sends the attendant to its work, to end with `life`; it does not begin when that is over.
    pub(crate) fn tend(
        self: &Arc<Self>,
        door: &Door,
        life: &Life,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        life.slot.core().attend_life(life.number, self);
        if self.is_over() {
            return;
        }
        let task = self.task.get_or_init(|| door.spawn(work));
        // The life may have ended before there was a task to abort.
        if self.state().phase == Phase::Ended {
            task.abort();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn recall(&self) -> &Recall {
        &self.recall
    }

    /// It will deliver nothing more.
    pub(crate) fn is_over(&self) -> bool {
        !matches!(self.state().phase, Phase::Waiting | Phase::Delivering)
    }

    /// When it delivers next, if it does.
    pub(crate) fn due(&self) -> Option<Instant> {
        let state = self.state();
        matches!(state.phase, Phase::Waiting | Phase::Delivering).then_some(state.due)
    }

    /// The one time has come: it cannot be stopped from here on. `false`: it was.
    pub(crate) fn fire(&self) -> bool {
        self.step(Phase::Waiting, Phase::Done, None)
    }

    /// It has something in hand, and comes again at `next`. `false`: it was stopped.
    pub(crate) fn deliver(&self, next: Instant) -> bool {
        self.step(Phase::Waiting, Phase::Delivering, Some(next))
    }

    /// What it had in hand is delivered. `false`: that was the last.
    pub(crate) fn wait(&self, due: Instant) -> bool {
        self.step(Phase::Delivering, Phase::Waiting, Some(due))
    }

    fn step(&self, from: Phase, to: Phase, due: Option<Instant>) -> bool {
        let mut state = self.state();
        if state.phase != from {
            return false;
        }
        state.phase = to;
        state.due = due.unwrap_or(state.due);
        true
    }

    /// Nobody wants it any more; when it would have come next, or `None` when it is over.
    pub(crate) fn cancel(&self) -> Option<Instant> {
        let due = {
            let mut state = self.state();
            if !matches!(state.phase, Phase::Waiting | Phase::Delivering) {
                return None;
            }
            state.phase = Phase::Ended;
            state.due
        };
        self.recall.store(true, Ordering::Release);
        self.abort();
        Some(due)
    }

    /// The life that it tends is over.
    pub(crate) fn end(&self) {
        let phase = {
            let mut state = self.state();
            state.phase = match state.phase {
                Phase::Waiting => Phase::Ended,
                Phase::Delivering => Phase::Closing,
                over => over,
            };
            state.phase
        };
        if phase == Phase::Ended {
            self.abort();
        }
    }

    fn abort(&self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}
