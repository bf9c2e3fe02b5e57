//! Handlers whose callers do not come back for them.
//!
//! A caller polls the handler that it keeps when its own task is polled. One that does something else first (another
//! branch of a `select!`, a lock that the handler has) would leave it standing, and whoever waits for it. So a handler
//! that was kept for a while and not polled goes to a runner.
//!
//! ```text
//! kept ─▶ in the list ─ look ─▶ done meanwhile: out of the list
//!              ▲          ├───▶ polled since the last look but one: stays
//!              └──────────┘└──▶ overdue: out of the list, to a runner
//! ```
//!
//! A server is in the list once, however often its handlers are kept from one look to the next, and nobody looks while
//! the list is empty.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use super::door::{Door, now, sleep_until};
use crate::server::slot::AnySlot;

/// How long a caller may leave its handler alone; twice that at most.
const PATIENCE: Duration = Duration::from_millis(1);

#[derive(Default)]
pub(super) struct Overdue {
    /// How many looks there were.
    looks: AtomicU32,
    list: Mutex<List>,
}

#[derive(Default)]
struct List {
    kept: Vec<Weak<dyn AnySlot>>,
    /// Somebody looks at it.
    is_watched: bool,
    /// The runtime is gone.
    closed: bool,
}

impl Overdue {
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more look; whether there is anything left to look at.
    fn look(&self) -> bool {
        let look = self.looks.fetch_add(1, Ordering::Relaxed) + 1;
        let mut kept = std::mem::take(&mut self.list().kept);
        kept.retain(|slot| slot.upgrade().is_some_and(|slot| slot.look_after_kept(Some(look))));
        let mut list = self.list();
        if list.closed {
            drop(list);
            let_go(kept);
            return false;
        }
        list.kept.append(&mut kept);
        list.is_watched = !list.kept.is_empty();
        list.is_watched
    }

    /// The runtime is gone, and with it the callers.
    pub(super) fn close(&self) {
        let kept = {
            let mut list = self.list();
            list.closed = true;
            std::mem::take(&mut list.kept)
        };
        let_go(kept);
    }
}

/// Nobody looks after them any more.
fn let_go(kept: Vec<Weak<dyn AnySlot>>) {
    for slot in kept.iter().filter_map(Weak::upgrade) {
        slot.look_after_kept(None);
    }
}

impl Door {
    /// The number of the last look, for whoever keeps a handler now.
    #[inline]
    pub(crate) fn last_look(&self) -> u32 {
        self.overdue.looks.load(Ordering::Relaxed)
    }

    /// Puts a server whose handler is kept on the list. `false`: the runtime is gone.
    pub(crate) fn look_after(self: &Arc<Self>, slot: Weak<dyn AnySlot>) -> bool {
        let mut list = self.overdue.list();
        if list.closed {
            return false;
        }
        list.kept.push(slot);
        if !std::mem::replace(&mut list.is_watched, true) {
            drop(list);
            self.spawn(watch(Arc::downgrade(self)));
        }
        true
    }
}

async fn watch(door: Weak<Door>) {
    loop {
        sleep_until(now() + PATIENCE, None).await;
        if !door.upgrade().is_some_and(|door| door.overdue.look()) {
            return;
        }
    }
}
