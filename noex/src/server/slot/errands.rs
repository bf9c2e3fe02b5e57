//! Errands to a server: looking at its state, and suspending it. They go along the control lane, not behind
//! messages, and are run between two of them.
//!
//! A suspended server is one whose run right is held by a future that runs errands and waits for the end of
//! the suspension, or for a signal; so the engine knows nothing of it.

use std::{
    any::Any,
    future::poll_fn,
    mem,
    sync::Arc,
    task::{Poll, Waker},
};

use super::{
    AnySlot, Core, End, RightTo, Room, Slot,
    core::PAUSED,
    handler::{done, stand_at},
    promises::settle_orphans,
    right::SIGNAL,
    turn::summon,
};
use crate::{
    mistakes::makes,
    process::{panic::drop_quietly, seat::Seat},
    server::GenServer,
};

/// A look at the state, by whom the server may be suspended. It answers whoever asked, and does not panic.
pub(crate) type Look = Box<dyn FnOnce(&Core, &dyn Any) + Send>;

#[derive(Default)]
pub(crate) struct Errands {
    looks: Vec<Look>,
    /// The server is not to serve messages.
    paused: bool,
    /// Wakes the future that holds a suspended server.
    bell: Option<Waker>,
}

impl Errands {
    pub(super) fn bell(&self) -> Option<Waker> {
        self.bell.clone()
    }
}

impl Core {
    /// Leaves an errand. `false`: nobody lives here.
    fn leave(&self, look: Look) -> bool {
        let bell = {
            let mut slow = self.slow();
            if !self.is_alive() {
                drop(slow);
                drop_quietly(look);
                return false;
            }
            self.owe();
            let errands = &mut slow.whole().errands;
            errands.looks.push(look);
            errands.bell()
        };
        if let Some(bell) = bell {
            bell.wake();
        }
        true
    }

    /// Begins a suspension: no message is served when the errand that asks for it is done. `false`: there is one.
    pub(crate) fn pause(&self) -> bool {
        !mem::replace(&mut self.slow().whole().errands.paused, true)
    }

    /// Ends a suspension. `false`: there was none.
    pub(crate) fn unpause(&self) -> bool {
        let bell = match &mut self.slow().rest {
            Some(rest) if rest.errands.paused => {
                rest.errands.paused = false;
                rest.errands.bell()
            }
            _ => return false,
        };
        if let Some(bell) = bell {
            bell.wake();
        }
        true
    }

    fn take_looks(&self) -> Vec<Look> {
        self.slow().rest.as_mut().map(|rest| mem::take(&mut rest.errands.looks)).unwrap_or_default()
    }

    fn is_paused(&self) -> bool {
        self.slow().rest.as_ref().is_some_and(|rest| rest.errands.paused)
    }

    /// Errands to run; `None` when the suspension is over or a signal waits.
    fn poll_errands(&self, waker: &Waker) -> Poll<Option<Vec<Look>>> {
        let mut slow = self.slow();
        let is_signalled = slow.is_signalled() && !makes!(PausesBlind);
        let errands = &mut slow.whole().errands;
        if !errands.looks.is_empty() {
            return Poll::Ready(Some(mem::take(&mut errands.looks)));
        }
        if !errands.paused || is_signalled {
            errands.bell = None;
            return Poll::Ready(None);
        }
        errands.bell = Some(waker.clone());
        Poll::Pending
    }

    /// The life is over: what runs beside it ends, no errand will be run, and the next life is not suspended.
    pub(super) fn settle(&self) {
        if !self.owes() {
            return;
        }
        self.cancel_beside();
        let errands = match &mut self.slow().rest {
            Some(rest) => mem::take(&mut rest.errands),
            None => return,
        };
        self.owe_nothing();
        drop_quietly(errands);
    }
}

/// Sends an errand along the control lane. `false`: nobody lives here.
pub(crate) fn send<S: GenServer>(slot: &Arc<Slot<S>>, look: Look) -> bool {
    if !AnySlot::core(&**slot).leave(look) {
        return false;
    }
    if slot.raise(SIGNAL) {
        summon(slot);
    }
    true
}

/// What is owed comes before the next message. `true`: the server is suspended.
pub(super) fn see_to<S: GenServer>(slot: &Slot<S>, right: &RightTo<'_, S>) -> bool {
    let core = AnySlot::core(slot);
    if !core.owes() {
        return false;
    }
    settle_orphans(slot, right);
    run(core, right, core.take_looks());
    core.is_paused() && (matches!(right.end, End::No) || !core.unpause())
}

fn run<S: GenServer>(core: &Core, room: &Room<S>, looks: Vec<Look>) {
    let Some(live) = &room.live else { return };
    for look in looks {
        look(core, &live.state);
    }
}

/// Holds a server that is suspended.
pub(super) fn hold<S: GenServer>(slot: &Arc<Slot<S>>, right: RightTo<'_, S>, seat: &mut Seat) {
    slot.begin(PAUSED);
    seat.begin(right.into_owned(slot.clone()), |right| async move {
        let slot = right.slot();
        let core = AnySlot::core(&**slot);
        while let Some(looks) = stand_at!(slot, poll_fn(|cx| core.poll_errands(cx.waker()))) {
            run(core, &right, looks);
        }
        core.rest();
        // Whoever comes next looks before it serves: the signal that ended this may not be raised yet.
        slot.set(SIGNAL);
        done(right, 0)
    });
}
