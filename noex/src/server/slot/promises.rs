//! What a life owes: replies that were put off, by calls whose handlers have returned.
//!
//! A reply address can be anywhere: in the server's state, in a task, in another server. Its caller waits
//! for this server all the same, so that the server's end is the caller's answer when no other came; as in
//! OTP, where a caller monitors whom it called.

use std::sync::{Arc, Weak};

use super::{AnySlot, Core, End, RightTo, Slot, right::SIGNAL, turn::summon, waits::Awaited};
use crate::{
    process::ExitReason,
    server::{GenServer, error::Failure},
};

#[derive(Default)]
pub(crate) struct Promises {
    deferred: Vec<Promise>,
}

struct Promise {
    call: Weak<dyn Awaited>,
    /// Its reply address was dropped by a panic; whether the server's own, will be seen.
    orphan: Option<Arc<dyn Awaited>>,
}

impl Core {
    /// The reply to this call comes later.
    pub(crate) fn promise(&self, call: Weak<dyn Awaited>) {
        self.owe();
        let mut slow = self.slow();
        let deferred = &mut slow.whole().promises.deferred;
        if deferred.len() == deferred.capacity() {
            deferred.retain(|promise| promise.call.strong_count() > 0);
        }
        deferred.push(Promise { call, orphan: None });
    }

    /// Keeps a call whose reply address was dropped by a panic, for the server to look at. `false`: it does
    /// not know the call (any more).
    fn adopt(&self, call: &Arc<dyn Awaited>) -> bool {
        let mut slow = self.slow();
        if !self.is_alive() {
            return false;
        }
        let mut known = slow.whole().promises.deferred.iter_mut();
        match known.find(|promise| Weak::ptr_eq(&promise.call, &Arc::downgrade(call))) {
            Some(promise) => {
                promise.orphan = Some(call.clone());
                true
            }
            None => false,
        }
    }

    fn take_orphans(&self) -> Vec<Arc<dyn Awaited>> {
        let mut slow = self.slow();
        let Some(rest) = &mut slow.rest else { return Vec::new() };
        rest.promises.deferred.iter_mut().filter_map(|promise| promise.orphan.take()).collect()
    }

    /// The life is over, or cut short: callers that wait for a reply of it are told.
    pub(crate) fn break_promises(&self, reason: &ExitReason) {
        if !self.owes() {
            return;
        }
        let broken = match &mut self.slow().rest {
            Some(rest) => std::mem::take(&mut rest.promises.deferred),
            None => return,
        };
        for promise in broken {
            if let Some(call) = promise.call.upgrade() {
                call.refuse(Failure::Crashed { reason: reason.clone(), may_have_run: true });
            }
        }
    }
}

/// A reply address was dropped by a panic. When it was a handler of this server that panicked, the call ends
/// with the server, and has its reason; otherwise it was dropped like any other.
pub(crate) fn orphan<S: GenServer>(slot: &Arc<Slot<S>>, call: &Arc<dyn Awaited>) -> bool {
    if !slot.core().adopt(call) {
        return false;
    }
    if slot.raise(SIGNAL) {
        summon(slot);
    }
    true
}

/// Calls whose reply addresses were dropped by a panic that was not this server's.
pub(super) fn settle_orphans<S: GenServer>(slot: &Slot<S>, right: &RightTo<'_, S>) {
    if !matches!(right.end, End::Terminate(_) | End::Finish(_)) {
        for call in AnySlot::core(slot).take_orphans() {
            call.refuse(Failure::ReplyDropped);
        }
    }
}
