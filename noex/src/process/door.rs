//! The one door to the runtime: spawning, sleeping and the time of day go through here.
//!
//! A door belongs to one tokio runtime and one [`System`]. It keeps a few parked runners, so that waking
//! an idle server is waking a parked task, not spawning one.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    time::{Instant, Sleep},
};

use super::runner::{Desk, Runner, Work};
use crate::{server::slot::AnySlot, system::System};

/// How many runners a door keeps parked; more than these end when they have nothing to do.
const PARKED: usize = 64;

pub(crate) struct Door {
    runtime: Handle,
    system: System,
    parked: Mutex<Vec<Arc<Desk>>>,
}

impl Door {
    pub(crate) fn new(runtime: Handle, system: System) -> Self {
        Door { runtime, system, parked: Mutex::new(Vec::new()) }
    }

    pub(crate) fn system(&self) -> &System {
        &self.system
    }

    /// Sends a runner to a slot whose right lies ready.
    pub(crate) fn summon(self: &Arc<Self>, slot: Arc<dyn AnySlot>) {
        self.put_to_work(Work::fresh(slot));
    }

    pub(crate) fn put_to_work(self: &Arc<Self>, work: Work) {
        let desk = self.parked.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let work = match desk {
            Some(desk) => match desk.hand(work) {
                Ok(()) => return,
                Err(work) => work,
            },
            None => work,
        };
        // On a runtime that is shutting down the runner is dropped at once and abandons its slot.
        drop(self.runtime.spawn(Runner::new(self.clone(), work)));
    }

    /// Parks a runner without work; `false` when enough are parked.
    pub(crate) fn park(&self, desk: &Arc<Desk>) -> bool {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        let room = parked.len() < PARKED;
        if room {
            parked.push(desk.clone());
        }
        room
    }

    /// A runner ended for good, perhaps while parked.
    pub(crate) fn forget(&self, desk: &Arc<Desk>) {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| !Arc::ptr_eq(other, desk));
    }
}

/// The time, which a test can pause.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A point in time as something to wait for.
pub(crate) fn sleep_until(at: Instant) -> Pin<Box<Sleep>> {
    Box::pin(tokio::time::sleep_until(at))
}

/// `future`, or `None` when it needs longer than `limit`.
pub(crate) async fn within<F: Future>(limit: Option<Duration>, future: F) -> Option<F::Output> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, future).await.ok(),
        None => Some(future.await),
    }
}
