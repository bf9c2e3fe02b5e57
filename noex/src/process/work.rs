//! One slot to be served: what stands in the line.

use std::{cell::RefCell, collections::VecDeque, sync::Arc};

use super::{
    exit::ExitReason,
    seat::{Seat, clear_seat},
};
use crate::server::slot::AnySlot;

thread_local! {
    /// Work that this thread is abandoning.
    static ABANDONED: RefCell<Option<VecDeque<Work>>> = const { RefCell::new(None) };
}

/// One slot to serve, with the handler that is under way there, if any.
pub(crate) struct Work {
    pub(super) slot: Arc<dyn AnySlot>,
    pub(super) handler: Option<Seat>,
}

impl Work {
    pub(crate) fn fresh(slot: Arc<dyn AnySlot>) -> Self {
        Work { slot, handler: None }
    }

    pub(crate) fn begun(slot: Arc<dyn AnySlot>, seat: Seat) -> Self {
        Work { slot, handler: Some(seat) }
    }

    /// Nobody will serve this any more. Its state may hold the last reference to the next server, and so
    /// on: they are ended one after the other, not inside one another.
    pub(crate) fn abandon(self) {
        let inside = ABANDONED.with_borrow_mut(|abandoned| {
            let inside = abandoned.is_some();
            abandoned.get_or_insert_default().push_back(self);
            inside
        });
        if inside {
            return;
        }
        while let Some(work) = ABANDONED.with_borrow_mut(|abandoned| abandoned.as_mut()?.pop_front()) {
            work.end();
        }
        ABANDONED.with_borrow_mut(|abandoned| *abandoned = None);
    }

    fn end(self) {
        if let Some(seat) = self.handler {
            drop(clear_seat(seat));
            self.slot.break_off(ExitReason::Killed);
        }
        self.slot.abandon();
    }
}
