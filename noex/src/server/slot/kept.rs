//! An async handler that stays with its caller.
//!
//! A caller that finds the server idle takes the first step of the handler on its own task. When that is not all, it
//! goes on there as well, whenever the caller's task is woken: no task switch, and no reply that has to wake anybody.
//! A runner takes it over as soon as its caller is not the only one who minds.
//!
//! ```text
//! caller ── first step ──▶ suspended ──▶ kept ◀─ polled again, and again ─▶ done
//!                             │            └─ let go of ─┐
//!                             └──────────────────────────┴─▶ runner
//! ```
//!
//! | the caller lets go of it when | because |
//! |---|---|
//! | there is a message or a signal for the server | whoever sent it does not wait for this caller |
//! | the call is dropped, times out or is set aside | nobody polls it any more |
//! | it is not polled for a while | the caller's task may wait for something else |
//! | it is polled in another runtime | what the handler needs is in its server's |
//!
//! The calls that it awaits are known to nobody as long as it is kept, and need not be: in a circle of servers that wait
//! for one another each has a message from the last, and so has been let go of.
//!
//! Whoever takes the flag `KEPT` down sends the runner, which finds the handler here; so there is one of them.

use std::{
    sync::{Arc, Weak},
    task::{Context, Poll, Waker},
};

use super::{
    AnySlot, Core, Slot,
    handler::break_off,
    life::begun,
    right::KEPT,
    turn::summon,
    waits::{Busy, Edges},
};
use crate::{
    mistakes::makes,
    process::{
        door::Door,
        panic::{Caught, catch},
        seat::{self, Done, Seat, clear_seat, keep_seat},
    },
    server::GenServer,
};

/// Where a server's handlers lie while their callers keep them, one at a time. Made for the first of them.
#[derive(Default)]
pub(super) struct Place {
    /// It is in here, and not in somebody's hands.
    is_here: bool,
    seat: Seat,
    /// The calls that it awaits.
    edges: Edges,
    /// The address of the cell that its reply goes to, by which the caller knows it again.
    of: usize,
    /// The look that was the last one before it was polled.
    since: u32,
    /// The server is on the list of those that might be overdue.
    is_listed: bool,
}

impl Core {
    /// The calls that a kept handler awaits.
    pub(super) fn awaited_while_kept(&self) -> Option<Edges> {
        let place = self.kept_place();
        place.as_ref().filter(|place| place.is_here).map(|place| place.edges.clone())
    }
}

impl Place {
    /// Takes the handler, if it is in here.
    #[inline]
    fn take(&mut self) -> Option<(Seat, Edges)> {
        // One after the other: a pair would be moved as a whole.
        std::mem::take(&mut self.is_here)
            .then(|| (std::mem::take(&mut self.seat), std::mem::take(&mut self.edges)))
    }
}

/// What has become of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is suspended, and will be polled by its caller again.
    Kept,
    /// It is done, or somebody else's: the reply tells.
    Gone,
}

/// Keeps a handler that is suspended, with the calls that it awaits, for whoever polls with this waker.
pub(super) fn keep<S: GenServer>(
    slot: &Arc<Slot<S>>,
    seat: Seat,
    edges: Edges,
    of: usize,
    waker: &Waker,
) -> Step {
    // A sender may have parked just when this message was begun; the handler may be waiting for it.
    begun(slot, slot.inbox().left());
    let (is_free, is_listed) = put(slot, seat, edges, of, waker, || slot.be_kept());
    if !(is_free || makes!(KeepsBlind)) || !is_listed {
        let_go(slot);
        return Step::Gone;
    }
    Step::Kept
}

/// Whether the task that is woken by this waker has polled a handler of the server before, which it does in the server's
/// runtime alone; and a task stays in its runtime. To ask for that takes longer.
#[inline]
pub(super) fn is_known<S: GenServer>(slot: &Slot<S>, waker: &Waker) -> bool {
    slot.core.is_seen_to_by(waker) && tokio::task::try_id().is_some()
}

/// The caller leaves its handler to a runner.
pub(crate) fn let_go<S: GenServer>(slot: &Arc<Slot<S>>) {
    if slot.disown() {
        summon(slot);
    }
}

/// The caller polls its handler, which it knows by this address.
pub(crate) fn go_on<S: GenServer>(slot: &Arc<Slot<S>>, of: usize, cx: &mut Context<'_>) -> Step {
    if !is_known(slot, cx.waker()) && slot.core.door().is_some_and(|door| door.home().is_some()) {
        let_go(slot);
        return Step::Gone;
    }
    let mine = match &mut *slot.core.kept_place() {
        Some(place) if place.of == of => place.take(),
        _ => None,
    };
    let Some((mut seat, edges)) = mine else { return Step::Gone };
    let busy = Busy::enter(edges, cx.waker());
    let polled = catch(|| seat::poll(&mut seat, Arc::as_ptr(slot).cast(), cx));
    let edges = busy.leave();
    match polled {
        Ok(Poll::Pending) => {}
        Ok(Poll::Ready(done)) => {
            is_done(slot, seat, done);
            return Step::Gone;
        }
        Err(caught) => {
            has_crashed(slot, seat, caught);
            return Step::Gone;
        }
    }
    let (is_kept, is_listed) = put(slot, seat, edges, of, cx.waker(), || slot.flags() & KEPT != 0);
    if !is_kept && !makes!(PutsBackBlind) {
        // Whoever was sent for it may have come while it was not there.
        summon(slot);
        return Step::Gone;
    }
    if !is_listed {
        let_go(slot);
        return Step::Gone;
    }
    Step::Kept
}

/// Leaves a handler where a runner would look for it; what `flag` says under the lock under which that looks, and
/// whether it will be missed.
fn put<S: GenServer>(
    slot: &Arc<Slot<S>>,
    seat: Seat,
    edges: Edges,
    of: usize,
    waker: &Waker,
    flag: impl FnOnce() -> bool,
) -> (bool, bool) {
    let core = &slot.core;
    if !core.is_seen_to_by(waker) {
        core.be_seen_to_by(core.slow().whole(), waker);
    }
    let door = core.door();
    let mut place = core.kept_place();
    let here = place.get_or_insert_default();
    here.is_here = true;
    here.seat = seat;
    here.edges = edges;
    here.of = of;
    here.since = door.map_or(0, |door| door.last_look());
    let is_new = !std::mem::replace(&mut here.is_listed, true);
    let flag = flag();
    drop(place);
    let missed = |door: &Arc<Door>| door.look_after(Arc::downgrade(slot) as Weak<dyn AnySlot>);
    (flag, !is_new || door.is_none_or(missed))
}

/// A handler that its caller has polled is done.
pub(super) fn is_done<S: GenServer>(slot: &Arc<Slot<S>>, seat: Seat, done: Done) {
    keep_seat(seat);
    if done.next.is_some() {
        summon(slot);
    }
}

/// A handler that its caller has polled panicked.
#[cold]
pub(super) fn has_crashed<S: GenServer>(slot: &Arc<Slot<S>>, seat: Seat, caught: Caught) {
    let reason = caught.into_reason(slot.current_handler());
    drop(clear_seat(seat));
    break_off(slot, reason);
    summon(slot);
}

/// Whether a handler is kept that was polled not long before this look. One that was not goes to a runner, and so does
/// any without a look.
pub(super) fn look_after<S: GenServer>(slot: &Arc<Slot<S>>, look: Option<u32>) -> bool {
    let is_overdue = {
        let mut place = slot.core.kept_place();
        let Some(here) = place.as_mut() else { return false };
        if here.is_here && look.is_some_and(|look| look.wrapping_sub(here.since) < 2) {
            return true;
        }
        here.is_listed = false;
        here.is_here
    };
    if is_overdue || look.is_none() {
        let_go(slot);
    }
    false
}

/// A runner comes for a handler that was let go of, if it is there.
pub(super) fn fetch<S: GenServer>(slot: &Slot<S>) -> Option<(Seat, Edges)> {
    // If the flag is up this is another one, and nobody was sent for it.
    let (seat, mut edges) = slot.core.kept_place().as_mut().filter(|_| slot.flags() & KEPT == 0)?.take()?;
    // They were counted for another waker than the runner's.
    edges.forget_wakers();
    let caller = slot.core.slow().rest.as_ref().and_then(|rest| rest.runner.clone());
    if let Some(caller) = caller {
        // From now on its reply has to wake it: it has to say whom.
        caller.wake();
    }
    Some((seat, edges))
}
