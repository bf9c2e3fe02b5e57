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
//! | somebody asks what it waits for | that lies with it, and nobody else can look |
//!
//! The calls that it awaits are known to nobody as long as it is kept, and need not be: in a circle of servers that wait
//! for one another each has a message from the last, and so has been let go of.
//!
//! Whoever takes the flag `KEPT` down sends a runner, or is one, which finds the handler in the berth. When it is not there, it is
//! being polled, and whoever puts it back sees that the flag is down and sends another one. Both swap what is in the
//! berth, so that one of the two sees what the other did.

use std::{
    sync::{Arc, Weak},
    task::{Context, Poll, Waker},
};

use super::{
    AnySlot, Slot,
    handler::break_off,
    life::begun,
    right::KEPT,
    sync::Ordering,
    turn::summon,
    waits::{self, Busy},
};
use crate::{
    mistakes::makes,
    process::{
        door::{is_on_runner, is_task},
        panic::{Caught, catch},
        seat::{self, Done, GoesOn, Seat, clear_seat, keep_seat},
    },
    server::{GenServer, error::Target},
};

/// What has become of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is suspended, and will be polled by its caller again.
    Kept,
    /// It is done, and here is its reply.
    Answered,
    /// It is done, or somebody else's: the cell tells.
    Gone,
}

/// Keeps a handler that is suspended, for whoever polls with this waker and knows it by this address.
pub(super) fn keep<S: GenServer>(slot: &Arc<Slot<S>>, mut seat: Seat, of: usize, waker: &Waker) -> Step {
    // A sender may have parked just when this message was begun; the handler may be waiting for it.
    begun(slot, slot.inbox().left());
    seat.of = of;
    note_polled(slot);
    if makes!(LeavesFirst) {
        leave(slot, seat, waker);
        slot.be_kept();
        return is_left(slot);
    }
    // First: once it is there a runner that comes by may have it, and the word may be another holder's.
    let is_free = slot.be_kept() || makes!(KeepsBlind);
    leave(slot, seat, waker);
    if !is_free || !is_missed(slot) {
        slot.disown();
    }
    is_left(slot)
}

/// Whether a handler that was left is its caller's still.
#[inline]
fn is_left<S: GenServer>(slot: &Arc<Slot<S>>) -> Step {
    if slot.flags() & KEPT == 0 && !makes!(PutsBackBlind) {
        // Whoever was sent for it may have come while it was not there.
        summon(slot);
        return Step::Gone;
    }
    Step::Kept
}

/// The number of the last look after kept handlers.
#[inline]
pub(crate) fn last_look<S: GenServer>(slot: &Slot<S>) -> u32 {
    slot.core.door().map_or(0, |door| door.last_look())
}

/// It is not overdue for now.
#[inline]
fn note_polled<S: GenServer>(slot: &Slot<S>) {
    slot.core.kept_since.store(last_look(slot), Ordering::Relaxed);
}

/// Leaves a handler where a runner would look for it.
#[inline]
fn leave<S: GenServer>(slot: &Slot<S>, seat: Seat, waker: &Waker) {
    let core = &slot.core;
    if !core.is_seen_to_by(waker) {
        let other = core.be_seen_to_by(core.slow().whole(), waker);
        drop(other);
    }
    let before = core.berth.put(seat.into_box());
    debug_assert!(before.is_none(), "there is one at a time");
}

/// Whether it will be missed when it is overdue.
#[inline]
fn is_missed<S: GenServer>(slot: &Arc<Slot<S>>) -> bool {
    let core = &slot.core;
    // Whoever takes the server off the list looks at the run word once more.
    core.is_listed.load(Ordering::Relaxed)
        || core.is_listed.swap(true, Ordering::Relaxed)
        || core.door().is_none_or(|door| door.look_after(Arc::downgrade(slot) as Weak<dyn AnySlot>))
}

/// Whether the task that is woken by this waker has polled a handler of the server before, which it does in the server's
/// runtime alone; and a task of tokio's stays in its runtime. To ask for that takes longer.
#[inline]
pub(super) fn is_known<S: GenServer>(slot: &Slot<S>, waker: &Waker) -> bool {
    slot.core.is_seen_to_by(waker) && is_task(waker)
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
pub(crate) fn go_on<S: GenServer>(
    slot: &Arc<Slot<S>>,
    of: usize,
    reply: &mut Option<S::Reply>,
    cx: &mut Context<'_>,
) -> Step {
    let is_elsewhere = || slot.core.door().is_some_and(|door| door.home().is_some());
    if is_in_a_handler() || !is_known(slot, cx.waker()) && is_elsewhere() {
        let_go(slot);
        return Step::Gone;
    }
    // One that is to be dropped is not polled any more.
    if slot.core.is_cut() {
        let_go(slot);
        return Step::Gone;
    }
    let Some(mut seat) = slot.core.berth.take().map(Seat::from_box) else { return Step::Gone };
    if seat.of != of {
        give_up(slot, seat);
        return Step::Gone;
    }
    let busy = Busy::enter(std::mem::take(&mut seat.edges), cx.waker());
    let polled = catch(|| seat::poll(&mut seat, Arc::as_ptr(slot).cast(), Some(reply), cx));
    seat.edges = busy.leave();
    match polled {
        Ok(Poll::Pending) => {}
        Ok(Poll::Ready(done)) => {
            is_done(slot, seat, done);
            return if reply.is_some() { Step::Answered } else { Step::Gone };
        }
        Err(caught) => {
            has_crashed(slot, seat, caught);
            return Step::Gone;
        }
    }
    note_polled(slot);
    leave(slot, seat, cx.waker());
    is_left(slot)
}

/// A handler that is another caller's by now: that one finds it with a runner.
#[cold]
fn give_up<S: GenServer>(slot: &Arc<Slot<S>>, seat: Seat) {
    drop(slot.core.berth.put(seat.into_box()));
    slot.disown();
    summon(slot);
}

/// A handler that its caller has polled is done.
pub(super) fn is_done<S: GenServer>(slot: &Arc<Slot<S>>, seat: Seat, done: Done) {
    keep_seat(seat);
    if done.goes_on != GoesOn::No {
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
    let core = &slot.core;
    let is_kept = slot.flags() & KEPT != 0;
    let is_recent = |look: u32| look.wrapping_sub(core.kept_since.load(Ordering::Relaxed)) < 2;
    if is_kept && look.is_some_and(is_recent) {
        return true;
    }
    if is_kept || look.is_none() {
        let_go(slot);
    }
    // A runner may be long in coming, and the caller's time may be over before: it has no clock yet.
    core.wake_runner();
    core.is_listed.store(false, Ordering::Relaxed);
    // One that is kept from now on is put on the list; one that was kept meanwhile stays on it, if there is another look.
    if makes!(UnlistsBlind) || !slot.is_kept() {
        return false;
    }
    if look.is_none() {
        if !makes!(EndsBlind) {
            let_go(slot);
        }
        return false;
    }
    !core.is_listed.swap(true, Ordering::Relaxed)
}

/// A runner comes for a handler that was let go of, if it is there.
pub(super) fn fetch<S: GenServer>(slot: &Slot<S>) -> Option<Seat> {
    // If the flag is up this is another one, and nobody was sent for it.
    if slot.flags() & KEPT != 0 {
        return None;
    }
    let mut seat = slot.core.berth.take().map(Seat::from_box)?;
    // It may be another one after all, kept just now.
    slot.disown();
    // They were counted for another waker than the runner's.
    seat.edges.forget_wakers();
    // From now on its reply has to wake its caller, which has to say whom.
    slot.core.wake_runner();
    Some(seat)
}

/// The calls that a kept handler awaits. Who wants to know has to take it up, and then it goes to a runner.
pub(super) fn awaited<S: GenServer>(slot: &Arc<Slot<S>>) -> Option<Vec<Target>> {
    if slot.flags() & KEPT == 0 {
        return None;
    }
    let seat = slot.core.berth.take().map(Seat::from_box)?;
    let targets = seat.edges.targets();
    give_up(slot, seat);
    Some(targets)
}
