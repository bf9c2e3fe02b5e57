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

/// Who calls a runner. tokio runs what a task of its own wakes when that task has yielded, on the same thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A thread on which no task runs: the runner comes at once.
    Outside,
    /// A handler: nobody knows how long it goes on.
    Handler,
    /// Another task, on the thread with this number.
    Task(usize),
}

impl Caller {
    /// As a number; threads have addresses, which are greater.
    fn number(self) -> usize {
        match self {
            Caller::Outside => 0,
            Caller::Handler => 1,
            Caller::Task(thread) => thread,
        }
    }
}

/// A runner's own task, for those who wake it.
pub(crate) struct Task {
    waker: OnceLock<Waker>,
    /// It was idle and is wanted; a wake-up without this is an old waker's.
    called: AtomicBool,
    /// Who called it last; written before `called`.
    caller: AtomicUsize,
    /// What it took from the line and has not begun.
    shelf: Mutex<VecDeque<Work>>,
    /// How many those are; written under the lock.
    shelved: AtomicUsize,
}

impl Task {
    /// A runner that is called from the start.
    pub(crate) fn new(caller: Caller) -> Self {
        Task {
            waker: OnceLock::new(),
            called: AtomicBool::new(true),
            caller: AtomicUsize::new(caller.number()),
            shelf: Mutex::default(),
            shelved: AtomicUsize::new(0),
        }
    }

    /// The runner's waker, which stays the same.
    #[inline]
    pub(crate) fn settle(&self, waker: &Waker) {
        self.waker.get_or_init(|| waker.clone());
    }

    #[inline]
    pub(super) fn waker(&self) -> Option<&Waker> {
        self.waker.get()
    }

    /// Whether somebody called the idle runner. Asked by the runner alone, which nobody calls again before it is
    /// idle again.
    pub(super) fn was_called(&self) -> bool {
        let called = self.called.load(Ordering::Acquire);
        if called {
            self.called.store(false, Ordering::Relaxed);
        }
        called
    }

    /// It comes as soon as `asks` can expect. Who asks under the line's lock is seen by it: it will look at the
    /// line after this.
    pub(super) fn comes(&self, asks: fn() -> Caller) -> bool {
        self.called.load(Ordering::Acquire)
            && match self.caller.load(Ordering::Relaxed) {
                caller if caller == Caller::Outside.number() => true,
                caller if caller == Caller::Handler.number() => false,
                // It runs when that thread's task has yielded: no concern of other threads.
                caller => caller == asks().number(),
            }
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

    /// Whether something is put aside.
    pub(super) fn has_shelved(&self) -> bool {
        self.shelved.load(Ordering::Relaxed) > 0
    }

    /// The next that the runner put aside.
    pub(crate) fn take_shelved(&self) -> Option<Work> {
        // Others only take from it, so that none is none.
        if !self.has_shelved() {
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
    pub(crate) fn call(&self, caller: Caller) {
        self.caller.store(caller.number(), Ordering::Relaxed);
        self.called.store(true, Ordering::Release);
        self.wake();
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }
}
