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
//! | it is polled in a handler | who waits for that, and for its thread, has to be known |
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
    waits::{self, Busy, Edges},
};
use crate::{
    mistakes::makes,
    process::{
        door::{Door, is_on_runner},
        panic::{Caught, catch},
        seat::{self, Done, Seat, clear_seat, keep_seat},
    },
    server::GenServer,
};

/// A handler, where its caller left it.
pub(super) struct Kept {
    seat: Seat,
    /// The calls that it awaits.
    edges: Edges,
    /// The address of the cell that its reply goes to, by which the caller knows it again.
    of: usize,
    /// The look that was the last one before it was polled.
    since: u32,
}

impl Kept {
    /// One that was polled just now.
    fn new(core: &Core, seat: Seat, edges: Edges, of: usize) -> Self {
        Kept { seat, edges, of, since: core.door().map_or(0, |door| door.last_look()) }
    }
}

/// Where a server's handlers lie while their callers keep them, one at a time. Made for the first of them.
#[derive(Default)]
pub(super) struct Berth {
    handler: Option<Kept>,
    /// The server is on the list of those that might be overdue.
    is_listed: bool,
}

impl Core {
    /// The calls that a kept handler awaits.
    pub(super) fn awaited_while_kept(&self) -> Option<Edges> {
        Some(self.berth().as_ref()?.handler.as_ref()?.edges.clone())
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
    (seat, edges): (Seat, Edges),
    of: usize,
    waker: &Waker,
) -> Step {
    // A sender may have parked just when this message was begun; the handler may be waiting for it.
    begun(slot, slot.inbox().left());
    let left = leave(slot, Kept::new(&slot.core, seat, edges, of), waker, || slot.be_kept());
    if !(left.is_kept || makes!(KeepsBlind)) || !left.is_listed {
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

/// Whether this thread runs a handler. What that waits for, and who waits for it, a kept handler would not tell.
#[inline]
pub(super) fn is_in_a_handler() -> bool {
    waits::depth() > 0 || is_on_runner()
}

/// The caller leaves its handler to a runner.
pub(crate) fn let_go<S: GenServer>(slot: &Arc<Slot<S>>) {
    if slot.disown() {
        summon(slot);
    }
}

/// The caller polls its handler, which it knows by this address.
pub(crate) fn go_on<S: GenServer>(slot: &Arc<Slot<S>>, of: usize, cx: &mut Context<'_>) -> Step {
    let is_elsewhere = || slot.core.door().is_some_and(|door| door.home().is_some());
    if is_in_a_handler() || !is_known(slot, cx.waker()) && is_elsewhere() {
        let_go(slot);
        return Step::Gone;
    }
    let mine = slot.core.berth().as_mut().and_then(|berth| berth.handler.take_if(|kept| kept.of == of));
    let Some(Kept { mut seat, edges, .. }) = mine else { return Step::Gone };
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
    let kept = Kept::new(&slot.core, seat, edges, of);
    let left = leave(slot, kept, cx.waker(), || slot.flags() & KEPT != 0);
    if !left.is_kept && !makes!(PutsBackBlind) {
        // Whoever was sent for it may have come while it was not there.
        summon(slot);
        return Step::Gone;
    }
    if !left.is_listed {
        let_go(slot);
        return Step::Gone;
    }
    Step::Kept
}

/// How a handler was left.
struct Left {
    /// What `flag` said.
    is_kept: bool,
    /// It will be missed.
    is_listed: bool,
}

/// Leaves a handler where a runner would look for it, and asks `flag` under the lock under which that looks.
fn leave<S: GenServer>(slot: &Arc<Slot<S>>, kept: Kept, waker: &Waker, flag: impl FnOnce() -> bool) -> Left {
    let core = &slot.core;
    if !core.is_seen_to_by(waker) {
        core.be_seen_to_by(core.slow().whole(), waker);
    }
    let mut berth = core.berth();
    let here = berth.get_or_insert_default();
    here.handler = Some(kept);
    let is_new = !std::mem::replace(&mut here.is_listed, true);
    let is_kept = flag();
    drop(berth);
    let is_missed = |door: &Arc<Door>| door.look_after(Arc::downgrade(slot) as Weak<dyn AnySlot>);
    Left { is_kept, is_listed: !is_new || core.door().is_none_or(is_missed) }
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
        let mut berth = slot.core.berth();
        let Some(here) = berth.as_mut() else { return false };
        match (&here.handler, look) {
            (Some(kept), Some(look)) if look.wrapping_sub(kept.since) < 2 => return true,
            (kept, _) => {
                here.is_listed = false;
                kept.is_some()
            }
        }
    };
    if is_overdue || look.is_none() {
        let_go(slot);
    }
    false
}

/// A runner comes for a handler that was let go of, if it is there.
pub(super) fn fetch<S: GenServer>(slot: &Slot<S>) -> Option<(Seat, Edges)> {
    // If the flag is up this is another one, and nobody was sent for it.
    let kept = slot.core.berth().as_mut()?.handler.take_if(|_| slot.flags() & KEPT == 0)?;
    let Kept { seat, mut edges, .. } = kept;
    // They were counted for another waker than the runner's.
    edges.forget_wakers();
    let caller = slot.core.slow().rest.as_ref().and_then(|rest| rest.runner.clone());
    if let Some(caller) = caller {
        // From now on its reply has to wake it: it has to say whom.
        caller.wake();
    }
    Some((seat, edges))
}
