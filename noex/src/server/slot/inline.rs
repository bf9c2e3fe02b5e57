//! The caller's side: running a call on the caller's own task.
//!
//! ```text
//! caller ── idle? ──yes─▶ try_enter ─▶ handler ─▶ reply            (no message, no task switch)
//!    └──────no──▶ inbox ─▶ runner ─▶ turn ─▶ handler ─▶ reply cell ─▶ caller
//! ```
//!
//! Order per sender, one message at a time, crash isolation and counters are the same on both ways.

use std::{sync::Arc, task};

use super::{
    AnySlot, End, Envelope, RightTo, Slot,
    handler::{begin, break_off},
    kept::{self, Step},
    life::begun,
    reply::ReplyCell,
    right::{AWAY, HALT, QUEUED, READY, SIGNAL},
    serving::Until,
    turn::{Pause, hand_over, serve_some, summon},
    waits::{Busy, Edges},
};
use crate::{
    process::{
        ExitReason,
        door::in_runtime_with,
        panic::{Caught, catch, quietly},
        seat::{self, empty_seat},
        work::Work,
    },
    server::{GenServer, Message, Now, is_async},
};

/// Messages that a caller serves for others before its own.
const HELP: usize = 16;

/// What came of a caller's attempt to run its call itself.
pub(crate) enum Inline<S: GenServer> {
    Done(S::Reply),
    Crashed(ExitReason),
    /// The handler is async: it wants a reply cell. The message is where it was.
    Later,
    /// Somebody else is at it, and the message where it was.
    Busy,
}

/// What came of a caller's attempt to begin an async handler itself.
#[derive(PartialEq, Eq)]
pub(crate) enum Started {
    /// The server is not idle; nothing has happened.
    Not,
    Here,
    /// It is done, and here is its reply.
    Answered,
    /// It is suspended, and its caller keeps it.
    Kept,
}

/// Runs a call on the caller's task if the server is idle and the handler is a plain `fn`.
#[inline]
pub(crate) fn call_inline<S: GenServer>(
    slot: &Arc<Slot<S>>,
    message: &mut Option<S::Call>,
    waker: &task::Waker,
) -> Inline<S> {
    match message {
        // It was polled before; whoever minds will say so.
        None => return Inline::Busy,
        Some(call) if is_async(call) => return Inline::Later,
        Some(_) => {}
    }
    if !in_runtime_with(waker) {
        return Inline::Busy;
    }
    // Taken before the right, while it is known that it is there.
    let Some(call) = message.take() else { return Inline::Busy };
    match slot.try_enter() {
        Some(right) => run_inline(slot, right, call, message),
        None => {
            *message = Some(call);
            Inline::Busy
        }
    }
}

/// `back`: where the message goes if its handler is async after all.
#[inline]
fn run_inline<S: GenServer>(
    slot: &Arc<Slot<S>>,
    mut right: RightTo<'_, S>,
    call: S::Call,
    back: &mut Option<S::Call>,
) -> Inline<S> {
    let variant = call.variant();
    slot.begin(variant);
    let Some(live) = &mut right.live else {
        *back = Some(call);
        return Inline::Busy;
    };
    match catch(|| live.state.call_now(call, &mut live.cx)) {
        Ok(Now::Done(reply)) => {
            slot.done(variant);
            if live.cx.has_orders() {
                hand_over(slot, right);
            } else if let Err(right) = right.release() {
                hand_over(slot, right);
            }
            Inline::Done(reply)
        }
        Ok(Now::Later(call)) => {
            *back = Some(call);
            slot.core.rest();
            if let Err(right) = right.release() {
                hand_over(slot, right);
            }
            Inline::Later
        }
        Err(caught) => Inline::Crashed(crash_inline(slot, right, caught)),
    }
}

#[cold]
fn crash_inline<S: GenServer>(slot: &Arc<Slot<S>>, mut right: RightTo<'_, S>, caught: Caught) -> ExitReason {
    let reason = caught.into_reason(slot.current_handler());
    right.end = End::Terminate(reason.clone());
    slot.set(HALT);
    hand_over(slot, right);
    reason
}

/// A caller that found the server scheduled but not running serves a part of the backlog, so that it
/// need not switch tasks to get its turn; messages keep their order.
pub(crate) fn help<S: GenServer>(slot: &Arc<Slot<S>>) {
    // The backlog is other people's: what panics there, outside of its handlers, is not this caller's.
    if let Err(caught) = catch(|| serve_backlog(slot)) {
        break_off(slot, caught.into_reason("?"));
        summon(slot);
    }
}

fn serve_backlog<S: GenServer>(slot: &Arc<Slot<S>>) {
    let Some(mut right) = slot.take_ready(HALT | SIGNAL) else { return };
    let mut budget = HELP;
    loop {
        match serve_some(slot, &mut right, &mut budget) {
            Pause::Limit | Pause::Look => break,
            Pause::Async(message) => {
                right.batch.push_front(message);
                begun(slot, right.batch.len());
                break;
            }
            Pause::Empty => match right.release() {
                Ok(()) => return,
                Err(back) => right = back,
            },
        }
    }
    hand_over(slot, right);
}

/// Runs an async call on an idle server: its first step on the caller's task, which polls with this waker, and the
/// rest, if there is any, there as well as long as the caller keeps it. Its reply comes to this cell, which is waited
/// for so long.
pub(crate) fn start_async<S: GenServer>(
    slot: &Arc<Slot<S>>,
    waker: &task::Waker,
    message: &mut Option<S::Call>,
    cell: &Arc<ReplyCell<S::Reply>>,
    until: Until,
    reply: &mut Option<S::Reply>,
) -> Started {
    let Some(call) = message else { return Started::Not };
    let Some(right) = slot.try_enter() else { return Started::Not };
    let of = cell.key();
    let door = slot.core.door();
    let home = door.filter(|_| !kept::is_known(slot, waker)).and_then(|door| door.home());
    let keeps = home.is_none() && !kept::is_in_a_handler() && !call.is_deferred();
    let mut seat = empty_seat();
    let Some(call) = message.take() else { unreachable!("it was looked at") };
    begin(slot, right, Envelope::Call(call, cell.open(None, until)), 0, false, &mut seat);
    // What wakes it meanwhile is not lost: it will be polled again before anything else.
    let busy = Busy::enter(Edges::new(), task::Waker::noop());
    let (here, mut noop) = (Arc::as_ptr(slot).cast(), task::Context::from_waker(task::Waker::noop()));
    let polled = catch(|| seat::poll(&mut seat, here, Some(reply), &mut noop));
    seat.edges = busy.leave();
    drop(home);
    match polled {
        Ok(task::Poll::Ready(done)) => {
            kept::is_done(slot, seat, done);
            if reply.is_some() {
                return Started::Answered;
            }
        }
        Ok(task::Poll::Pending) if keeps => {
            // What it waits for may be there when the other tasks had their turn: then the runtime need not sleep.
            quietly(|| waker.wake_by_ref());
            if kept::keep(slot, seat, of, waker) == Step::Kept {
                return Started::Kept;
            }
        }
        Ok(task::Poll::Pending) => {
            // Without `hops` it stands where it began.
            AnySlot::go_away(&**slot);
            // They were counted for another waker than the runner's.
            seat.edges.forget_wakers();
            if let Some(door) = door {
                door.put_to_work(Work::begun(slot.clone(), seat));
            }
        }
        Err(caught) => kept::has_crashed(slot, seat, caught),
    }
    Started::Here
}

/// The server waits for a runner that has not come yet.
pub(crate) fn is_worth_helping<S: GenServer>(slot: &Slot<S>) -> bool {
    slot.flags() & (READY | HALT | SIGNAL) == READY
}

/// The server is in another caller's hands, which takes nanoseconds as a rule.
pub(crate) fn is_worth_spinning<S: GenServer>(slot: &Slot<S>) -> bool {
    let flags = slot.flags();
    flags & (READY | HALT | SIGNAL | AWAY | QUEUED) == 0
}
