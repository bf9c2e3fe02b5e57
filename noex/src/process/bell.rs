//! What wakes a suspended handler, counted: so the deadlock check knows how many things it waits for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Wake, Waker},
};

use super::task::Task;

/// The runner's own two references to its bell.
const OWN_BELLS: usize = 2;

/// The waker that handlers see. Its clones are counted by its `Arc`: so the deadlock check knows how many
/// things a suspended handler waits for.
pub(super) struct Bell {
    task: Arc<Task>,
    /// Rung since the handler was last polled: it waits for something that has happened.
    rung: AtomicBool,
}

impl Bell {
    /// A bell, and the waker that rings it: these are the runner's own two references.
    pub(super) fn hang(task: Arc<Task>) -> (Arc<Self>, Waker) {
        let bell = Arc::new(Bell { task, rung: AtomicBool::new(false) });
        let waker = Waker::from(bell.clone());
        (bell, waker)
    }

    /// How many clones of the waker there are; `None` when one of them was used since the last poll.
    pub(super) fn listeners(self: &Arc<Self>) -> Option<usize> {
        let clones = Arc::strong_count(self) - OWN_BELLS;
        (!self.rung.load(Ordering::SeqCst)).then_some(clones)
    }

    fn ring(&self) {
        self.rung.store(true, Ordering::SeqCst);
        self.task.wake();
    }

    /// The handler is about to be polled. A bell that rings at this moment may stay rung, which hides a
    /// deadlock from the check for once, and never invents one.
    pub(super) fn hush(&self) {
        if self.rung.load(Ordering::Relaxed) {
            self.rung.store(false, Ordering::SeqCst);
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}
