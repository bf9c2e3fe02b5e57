//! Room for jobs: so many may be here, and who comes when there is no room stands in line.

use std::{
    collections::VecDeque,
    pin::pin,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::{Notify, oneshot};

pub(super) struct Room {
    taken: AtomicUsize,
    limit: AtomicUsize,
    /// How many are in line, or about to be. Looked at by whoever gives a place back, after that; written by whoever
    /// comes, before looking for a place: one of the two sees the other.
    waiting: AtomicUsize,
    line: Mutex<VecDeque<oneshot::Sender<()>>>,
    /// Wakes those who wait until nobody is here.
    empty: Notify,
}

impl Room {
    pub(super) fn new(limit: usize) -> Self {
        Room {
            taken: AtomicUsize::new(0),
            limit: AtomicUsize::new(limit),
            waiting: AtomicUsize::new(0),
            line: Mutex::default(),
            empty: Notify::new(),
        }
    }

    fn line(&self) -> MutexGuard<'_, VecDeque<oneshot::Sender<()>>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> bool {
        let limit = self.limit.load(Ordering::SeqCst);
        let more = |taken: usize| (taken < limit).then_some(taken + 1);
        self.taken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).is_ok()
    }

    /// Takes a place, unless there is none or others wait for one.
    pub(super) fn try_enter(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) == 0 && self.take()
    }

    /// Takes a place when there is one. `false`: those in line were sent away.
    pub(super) async fn enter(&self) -> bool {
        if self.try_enter() {
            return true;
        }
        let mut place = InLine { room: self, granted: None };
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let (grant, granted) = oneshot::channel();
        self.line().push_back(grant);
        let granted = place.granted.insert(granted);
        self.let_in();
        let is_in = granted.await.is_ok();
        place.granted = None;
        is_in
    }

    /// Gives a place back.
    pub(super) fn leave(&self) {
        let is_last = self.taken.fetch_sub(1, Ordering::SeqCst) == 1;
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.let_in();
        }
        if is_last {
            self.empty.notify_waiters();
        }
    }

    /// Lets those in who are first in line, as far as there is room.
    fn let_in(&self) {
        loop {
            let grant = {
                let mut line = self.line();
                if line.is_empty() || !self.take() {
                    return;
                }
                line.pop_front()
            };
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            // Who has gone meanwhile leaves the place to the next.
            if grant.is_some_and(|grant| grant.send(()).is_err()) {
                self.taken.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }

    pub(super) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::SeqCst);
        self.let_in();
    }

    /// Tells all who are in line that it is no use.
    pub(super) fn send_away(&self) {
        let line = std::mem::take(&mut *self.line());
        self.waiting.fetch_sub(line.len(), Ordering::SeqCst);
    }

    /// Ready when nobody is here.
    pub(super) async fn is_empty(&self) {
        loop {
            let mut empty = pin!(self.empty.notified());
            empty.as_mut().enable();
            if self.taken.load(Ordering::SeqCst) == 0 {
                return;
            }
            empty.await;
        }
    }
}

/// Somebody in line, who may go.
struct InLine<'a> {
    room: &'a Room,
    granted: Option<oneshot::Receiver<()>>,
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        let Some(mut granted) = self.granted.take() else { return };
        granted.close();
        // The place came too late.
        if granted.try_recv().is_ok() {
            self.room.leave();
        }
    }
}
