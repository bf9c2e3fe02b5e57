//! A runner as others see it: how it is woken, and the work that it has put aside.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Waker,
};

use super::work::Work;

/// A runner's own task, for those who wake it.
pub(crate) struct Task {
    waker: OnceLock<Waker>,
    /// It was idle and is wanted; a wake-up without this is an old waker's.
    called: AtomicBool,
    /// What it took from the line and has not begun.
    shelf: Mutex<VecDeque<Work>>,
    /// How many those are; written under the lock.
    shelved: AtomicUsize,
}

impl Task {
    /// A runner that is called from the start.
    pub(super) fn new() -> Self {
        Task {
            waker: OnceLock::new(),
            called: AtomicBool::new(true),
            shelf: Mutex::default(),
            shelved: AtomicUsize::new(0),
        }
    }

    /// The runner's waker, which stays the same.
    pub(super) fn settle(&self, waker: &Waker) {
        self.waker.get_or_init(|| waker.clone());
    }

    pub(super) fn waker(&self) -> Option<&Waker> {
        self.waker.get()
    }

    /// Whether somebody called the idle runner.
    pub(super) fn was_called(&self) -> bool {
        self.called.swap(false, Ordering::Acquire)
    }

    /// It is on its way. Who asks under the line's lock is seen by it: it will look at the line after this.
    pub(super) fn is_called(&self) -> bool {
        self.called.load(Ordering::Relaxed)
    }

    fn shelf(&self) -> MutexGuard<'_, VecDeque<Work>> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts work aside for later; the runner itself does, nobody else.
    pub(crate) fn shelve(&self, work: impl Iterator<Item = Work>) {
        let mut shelf = self.shelf();
        shelf.extend(work);
        self.shelved.store(shelf.len(), Ordering::Relaxed);
    }

    /// The next that the runner put aside.
    pub(crate) fn take_shelved(&self) -> Option<Work> {
        // Others only take from it, so that none is none.
        if self.shelved.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut shelf = self.shelf();
        let work = shelf.pop_front();
        self.shelved.store(shelf.len(), Ordering::Relaxed);
        work
    }

    /// The first half of what was put aside, for another runner.
    pub(crate) fn give_up_half(&self) -> VecDeque<Work> {
        let mut shelf = self.shelf();
        let half = shelf.len().div_ceil(2);
        let rest = shelf.split_off(half);
        self.shelved.store(rest.len(), Ordering::Relaxed);
        mem::replace(&mut *shelf, rest)
    }

    /// All that was put aside.
    pub(crate) fn clear_shelf(&self) -> VecDeque<Work> {
        self.shelved.store(0, Ordering::Relaxed);
        mem::take(&mut *self.shelf())
    }

    /// Wakes an idle runner.
    pub(crate) fn call(&self) {
        self.called.store(true, Ordering::Release);
        self.wake();
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }
}
