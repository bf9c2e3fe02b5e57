//! Serving messages: on the caller's own task when the server is idle, on a runner otherwise.
//!
//! ```text
//! caller ── idle? ──yes─▶ try_enter ─▶ handler ─▶ reply            (no message, no task switch)
//!    └──────no──▶ inbox ─▶ runner ─▶ turn ─▶ handler ─▶ reply cell ─▶ caller
//! ```
//!
//! Both ways end in the same place: the state is in the room, the handler runs under `catch`, the count
//! goes up, and what the handler asked of its context is seen to before the next message.

use std::{future::Future, pin::Pin, sync::Arc, task};

use super::{
    AnySlot, End, Envelope, Live, Room, Slot,
    core::CONTINUATION,
    life::{self, Attended},
    right::{AWAY, HALT, OwnedRight, QUEUED, READY, Right, SIGNAL},
    waits::{Busy, Edges},
};
use crate::{
    observer::Undelivered,
    process::{
        ExitReason,
        panic::{Caught, catch},
        runner::{Seat, Work, empty_seat, keep_seat},
    },
    server::{GenServer, Message, Now, error::Failure, is_async},
};

pub(super) type RightTo<'a, S> = Right<'a, super::Front<S>, Room<S>>;
pub(super) type OwnedRightTo<S> = OwnedRight<super::Front<S>, Room<S>>;

/// Messages behind an async one that its future goes on with.
const MORE: usize = 64;
/// Messages that a caller serves for others before its own.
const HELP: usize = 16;

/// What came of a caller's attempt to run its call itself.
pub(crate) enum Inline<S: GenServer> {
    Done(S::Reply),
    Crashed(ExitReason),
    /// The handler is async: it wants a reply cell.
    Later(S::Call),
    /// Somebody else is at it.
    Busy(S::Call),
}

/// Runs a call on the caller's task if the server is idle and the handler is a plain `fn`.
#[inline]
pub(crate) fn call_inline<S: GenServer>(slot: &Arc<Slot<S>>, call: S::Call) -> Inline<S> {
    if is_async(&call) {
        return Inline::Later(call);
    }
    match slot.try_enter() {
        Some(right) => run_inline(slot, right, call),
        None => Inline::Busy(call),
    }
}

#[inline]
fn run_inline<S: GenServer>(slot: &Arc<Slot<S>>, mut right: RightTo<'_, S>, call: S::Call) -> Inline<S> {
    let variant = call.variant();
    slot.begin(variant);
    let Some(live) = &mut right.live else { return Inline::Busy(call) };
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
            slot.core.rest();
            if let Err(right) = right.release() {
                hand_over(slot, right);
            }
            Inline::Later(call)
        }
        Err(caught) => Inline::Crashed(crash_inline(slot, right, caught)),
    }
}

#[cold]
fn crash_inline<S: GenServer>(slot: &Arc<Slot<S>>, mut right: RightTo<'_, S>, caught: Caught) -> ExitReason {
    let reason = caught.into_reason(slot.current_handler());
    right.end = End::Terminate(reason.clone());
    right.set(HALT);
    hand_over(slot, right);
    reason
}

/// Leaves the right to a runner.
#[cold]
pub(super) fn hand_over<S: GenServer>(slot: &Arc<Slot<S>>, right: RightTo<'_, S>) {
    right.lay_ready();
    summon(slot);
}

/// Sends a runner.
pub(crate) fn summon<S: GenServer>(slot: &Arc<Slot<S>>) {
    if let Some(door) = slot.core.door() {
        door.summon(slot.clone());
    }
}

/// A caller that found the server scheduled but not running serves a part of the backlog, so that it
/// need not switch tasks to get its turn; messages keep their order.
pub(crate) fn help<S: GenServer>(slot: &Arc<Slot<S>>) {
    let Some(mut right) = slot.take_ready(HALT | SIGNAL) else { return };
    let mut budget = HELP;
    loop {
        match serve_some(slot, &mut right, &mut budget) {
            Pause::Limit | Pause::Look => break,
            Pause::Async(message) => {
                right.batch.push_front(message);
                slot.inbox.begun(right.batch.len());
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

/// Why [`serve_some`] paused.
enum Pause<S: GenServer> {
    /// Enough for one go.
    Limit,
    Empty,
    /// Something other than a message comes first.
    Look,
    /// This message's handler is async.
    Async(Envelope<S>),
}

/// Serves at most `budget` messages whose handlers are plain `fn`s.
fn serve_some<S: GenServer>(slot: &Slot<S>, room: &mut Room<S>, budget: &mut usize) -> Pause<S> {
    if !matches!(room.end, End::No) || room.live.as_ref().is_none_or(|live| live.cx.has_orders()) {
        return Pause::Look;
    }
    loop {
        let flags = slot.flags();
        if flags & (SIGNAL | HALT) != 0 {
            return Pause::Look;
        }
        if *budget == 0 && (flags & QUEUED != 0 || !room.batch.is_empty()) {
            return Pause::Limit;
        }
        let Some(message) = room.batch.pop_front() else {
            if flags & QUEUED == 0 {
                return Pause::Empty;
            }
            life::take(slot, room);
            continue;
        };
        slot.inbox.begun(room.batch.len());
        if message.is_abandoned() {
            life::dead_letter(slot, message.variant(), Undelivered::CallerGone);
            continue;
        }
        if message.is_async() {
            return Pause::Async(message);
        }
        *budget -= 1;
        match serve(slot, room, message) {
            Served::Done => {}
            Served::Look => return Pause::Look,
            Served::Later(message) => return Pause::Async(message),
            Served::Broken(reason) => {
                room.end = End::Terminate(reason);
                slot.halt();
                return Pause::Look;
            }
        }
    }
}

/// What became of one message.
enum Served<S: GenServer> {
    Done,
    /// Done, and the handler asked for something.
    Look,
    /// Its handler is async.
    Later(Envelope<S>),
    /// Its handler panicked.
    Broken(ExitReason),
}

/// Serves one message whose handler is a plain `fn`.
#[inline]
fn serve<S: GenServer>(slot: &Slot<S>, room: &mut Room<S>, message: Envelope<S>) -> Served<S> {
    let variant = message.variant();
    let Some(Live { state, cx }) = &mut room.live else { return Served::Later(message) };
    slot.begin(variant);
    let caught = match message {
        Envelope::Call(call, reply) => match catch(|| state.call_now(call, cx)) {
            Ok(Now::Done(answer)) => {
                slot.done(variant);
                reply.send(answer);
                return if cx.has_orders() { Served::Look } else { Served::Done };
            }
            Ok(Now::Later(call)) => return Served::Later(Envelope::Call(call, reply)),
            Err(caught) => {
                let reason = caught.into_reason(slot.current_handler());
                reply.fail(Failure::Crashed { reason: reason.clone(), may_have_run: true });
                return Served::Broken(reason);
            }
        },
        Envelope::Cast(cast) => match catch(|| state.cast_now(cast, cx)) {
            Ok(Now::Later(cast)) => return Served::Later(Envelope::Cast(cast)),
            Ok(Now::Done(())) => Ok(()),
            Err(caught) => Err(caught),
        },
        Envelope::Info(info) => match catch(|| state.info_now(info, cx)) {
            Ok(Now::Later(info)) => return Served::Later(Envelope::Info(info)),
            Ok(Now::Done(())) => Ok(()),
            Err(caught) => Err(caught),
        },
    };
    match caught {
        Ok(()) => {
            slot.done(variant);
            if cx.has_orders() { Served::Look } else { Served::Done }
        }
        Err(caught) => Served::Broken(caught.into_reason(slot.current_handler())),
    }
}

/// Begins a message whose handler is async. The future owns the run right and lays it down at its end.
fn begin<S: GenServer>(
    slot: &Arc<Slot<S>>,
    right: RightTo<'_, S>,
    message: Envelope<S>,
    more: usize,
    seat: &mut Seat,
) {
    slot.begin(message.variant());
    seat.set(handle(right.into_owned(slot.clone()), message, more));
}

/// Handles a message, and up to `more` behind it without giving the right up in between. The call in hand
/// keeps its reply address in the room, so that a crash can answer it.
async fn handle<S: GenServer>(mut right: OwnedRightTo<S>, mut message: Envelope<S>, more: usize) {
    let mut budget = more;
    for left in (0..=more).rev() {
        let variant = message.variant();
        let room = &mut *right;
        let Some(Live { state, cx }) = &mut room.live else { break };
        let answer = match message {
            Envelope::Call(call, reply) => {
                room.in_hand = Some(reply);
                Some(state.handle_call(call, cx).await)
            }
            Envelope::Cast(cast) => {
                state.handle_cast(cast, cx).await;
                None
            }
            Envelope::Info(info) => {
                state.handle_info(info, cx).await;
                None
            }
        };
        let (slot, room) = right.parts();
        slot.done(variant);
        if let (Some(answer), Some(reply)) = (answer, room.in_hand.take()) {
            reply.send(answer);
        }
        match serve_some(slot, room, &mut budget) {
            Pause::Async(next) if left == 0 => {
                room.batch.push_front(next);
                slot.inbox.begun(room.batch.len());
                break;
            }
            Pause::Async(next) => {
                slot.begin(next.variant());
                message = next;
            }
            Pause::Empty => match right.release() {
                Ok(()) => return,
                Err(back) => return back.lay_ready(),
            },
            Pause::Limit | Pause::Look => break,
        }
    }
    right.lay_ready();
}

/// Begins a continuation whose handler is async.
fn begin_continuation<S: GenServer>(
    slot: &Arc<Slot<S>>,
    right: RightTo<'_, S>,
    message: S::Continue,
    seat: &mut Seat,
) {
    let mut right = right.into_owned(slot.clone());
    seat.set(async move {
        if let Some(Live { state, cx }) = &mut right.live {
            state.handle_continue(message, cx).await;
        }
        right.slot().core.rest();
        right.lay_ready();
    });
}

/// The handler's future is gone, and its right lies ready: answers the call in hand and ends the life.
pub(super) fn break_off<S: GenServer>(slot: &Slot<S>, reason: ExitReason) {
    let Some(mut right) = slot.take_ready(0) else { return };
    right.set(HALT);
    if let Some(reply) = right.in_hand.take() {
        reply.fail(Failure::Crashed { reason: reason.clone(), may_have_run: true });
    }
    // No `terminate` where the handler was cut short from outside, or was `terminate` itself.
    right.end = match right.end {
        End::Finish(_) => End::Finish(reason),
        _ if reason.is_panic() => End::Terminate(reason),
        _ => End::Finish(reason),
    };
    right.lay_ready();
}

/// How a turn left the slot.
pub(super) enum Left {
    Idle,
    Again,
    /// A handler sits in the seat.
    Async,
}

/// A runner's turn.
pub(super) fn turn<S: GenServer>(slot: &Arc<Slot<S>>, seat: &mut Seat, budget: &mut usize) -> Left {
    let Some(mut right) = slot.take_ready(0) else { return Left::Idle };
    loop {
        let message = match serve_some(slot, &mut right, budget) {
            Pause::Limit => {
                right.lay_ready();
                return Left::Again;
            }
            Pause::Async(message) => message,
            Pause::Empty => match right.release() {
                Ok(()) => return Left::Idle,
                Err(back) => {
                    right = back;
                    continue;
                }
            },
            Pause::Look => match attend(slot, right, seat) {
                Look::Go(back) => {
                    right = back;
                    continue;
                }
                Look::Serve(back, message) if message.is_abandoned() => {
                    life::dead_letter(slot, message.variant(), Undelivered::CallerGone);
                    right = back;
                    continue;
                }
                Look::Serve(mut back, message) => match serve(slot, &mut back, message) {
                    Served::Done | Served::Look => {
                        right = back;
                        continue;
                    }
                    Served::Broken(reason) => {
                        back.end = End::Terminate(reason);
                        slot.halt();
                        right = back;
                        continue;
                    }
                    Served::Later(message) => {
                        right = back;
                        message
                    }
                },
                Look::Async => return Left::Async,
                Look::Down => return Left::Idle,
            },
        };
        begin(slot, right, message, MORE, seat);
        return Left::Async;
    }
}

pub(super) enum Look<'a, S: GenServer> {
    Go(RightTo<'a, S>),
    /// The server is to end, but this was queued before it was told so.
    Serve(RightTo<'a, S>, Envelope<S>),
    /// A handler sits in the seat.
    Async,
    Down,
}

/// Sees to everything that comes before the next message: signals, orders of the last handler, the end.
pub(super) fn attend<'a, S: GenServer>(
    slot: &'a Arc<Slot<S>>,
    mut right: RightTo<'a, S>,
    seat: &mut Seat,
) -> Look<'a, S> {
    if slot.flags() & SIGNAL != 0 {
        slot.lower(SIGNAL);
        for signal in slot.core.take_signals() {
            life::heed(slot, &mut right, signal);
        }
    }
    match life::orders(&mut right) {
        Some(message) => {
            slot.begin(CONTINUATION);
            let Some(Live { state, cx }) = &mut right.live else { return Look::Go(right) };
            match catch(|| state.continue_now(message, cx)) {
                Ok(Now::Done(())) => slot.core.rest(),
                Ok(Now::Later(message)) => {
                    begin_continuation(slot, right, message, seat);
                    return Look::Async;
                }
                Err(caught) => right.end = End::Terminate(caught.into_reason("continuation")),
            }
            Look::Go(right)
        }
        None => match life::end(slot, right, seat) {
            Attended::Live(right) => Look::Go(right),
            Attended::Draining(mut right) => match right.batch.pop_front() {
                Some(message) => {
                    slot.inbox.begun(right.batch.len());
                    Look::Serve(right, message)
                }
                None => {
                    life::drained(&mut right);
                    Look::Go(right)
                }
            },
            Attended::Terminating => Look::Async,
            Attended::Down => Look::Down,
        },
    }
}

/// Runs an async call on an idle server: its first step on the caller's task, the rest, if there is
/// any, on a runner. `None`: the server is not idle, nothing has happened.
pub(crate) fn start_async<S: GenServer>(slot: &Arc<Slot<S>>, message: impl FnOnce() -> Envelope<S>) -> bool {
    let Some(right) = slot.try_enter() else { return false };
    let message = message();
    let mut seat = empty_seat();
    begin(slot, right, message, 0, &mut seat);
    let busy = Busy::enter(Edges::new());
    // What wakes the handler meanwhile is not lost: the runner polls it again before anything else.
    let polled = catch(|| seat.poll(&mut task::Context::from_waker(task::Waker::noop())));
    let edges = busy.leave();
    match polled {
        Ok(task::Poll::Ready(())) => {
            keep_seat(seat);
            // It has gone idle by itself, unless there is more to see to.
            if slot.flags() & READY != 0 {
                summon(slot);
            }
        }
        Ok(task::Poll::Pending) => {
            slot.go_away();
            if let Some(door) = slot.core.door() {
                door.put_to_work(Work::begun(slot.clone(), seat, edges));
            }
        }
        Err(caught) => {
            let reason = caught.into_reason(slot.current_handler());
            if let Err(second) = catch(|| drop(seat)) {
                drop(second.into_reason("drop"));
            }
            break_off(slot, reason);
            summon(slot);
        }
    }
    true
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

/// The pinned, boxed form of a start or stop, which are rare enough for an allocation.
pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
