//! Async handlers: futures that own the run right and lay it down at their end.

use std::{future::poll_fn, pin::pin, sync::Arc};

use tokio::task::coop;

use super::{
    End, Envelope, Live, RightTo, Slot,
    life::begun,
    notice,
    right::{HALT, OwnedRight},
    turn::{Pause, serve_some},
    waits,
};
use crate::{
    process::{
        ExitReason, door,
        seat::{Done, Seat, poll_at},
    },
    server::{GenServer, error::Failure},
};

/// Begins a message whose handler is async. The future owns the run right and lays it down at its end;
/// before that it serves at most `more` messages, here and, with `hops`, in the servers of the same
/// type that it wakes.
pub(super) fn begin<S: GenServer>(
    slot: &Arc<Slot<S>>,
    right: RightTo<'_, S>,
    message: Envelope<S>,
    more: usize,
    hops: bool,
    seat: &mut Seat,
) {
    slot.begin(message.variant());
    seat.set(handle(right.into_owned(slot.clone()), message, more, hops));
}

/// Awaits a handler, and says where it stands while it is suspended.
macro_rules! stand_at {
    ($slot:expr, $handler:expr) => {{
        let mut handler = pin!($handler);
        poll_fn(|cx| poll_at($slot, handler.as_mut(), cx)).await
    }};
}

/// Handles a message and what comes next. The call in hand keeps its reply address in the room, so that a
/// crash can answer it.
async fn handle<S: GenServer>(
    mut right: OwnedRight<S>,
    mut message: Envelope<S>,
    more: usize,
    hops: bool,
) -> Done {
    let mut budget = more;
    loop {
        let variant = message.variant();
        let (slot, room) = right.parts();
        let Some(Live { state, cx }) = &mut room.live else { return done(right, 0) };
        let answer = match message {
            Envelope::Call(call, reply) => {
                room.in_hand = Some(reply);
                Some(stand_at!(slot, state.handle_call(call, cx)))
            }
            Envelope::Cast(cast) => {
                stand_at!(slot, state.handle_cast(cast, cx));
                None
            }
            Envelope::Info(info) => {
                stand_at!(slot, state.handle_info(info, cx));
                None
            }
            Envelope::Notice(info, stamp) => {
                stand_at!(slot, notice::handle(slot, state, cx, info, *stamp));
                None
            }
        };
        slot.done(variant);
        if let (Some(answer), Some(reply)) = (answer, room.in_hand.take()) {
            reply.send(answer);
        }
        message = loop {
            let (slot, room) = right.parts();
            match serve_some(slot, room, &mut budget) {
                Pause::Async(next) if budget > 0 && coop::has_budget_remaining() => {
                    budget -= 1;
                    slot.begin(next.variant());
                    break next;
                }
                Pause::Async(next) => {
                    room.batch.push_front(next);
                    begun(slot, room.batch.len());
                    return done(right, more - budget);
                }
                Pause::Limit | Pause::Look => return done(right, more - budget),
                Pause::Empty => match right.release() {
                    Err(back) => return done(back, more - budget),
                    Ok(()) => match woken(budget, hops) {
                        Some(next) => right = next,
                        None => return Done { next: None, served: more - budget },
                    },
                },
            }
        };
    }
}

/// Lays the right down: there is more to see to.
fn done<S: GenServer>(right: OwnedRight<S>, served: usize) -> Done {
    Done { next: Some(right.lay_ready()), served }
}

/// The right to a server of the same type that this runner's handler woke.
fn woken<S: GenServer>(budget: usize, hops: bool) -> Option<OwnedRight<S>> {
    if !hops || budget == 0 || !coop::has_budget_remaining() {
        return None;
    }
    waits::forget_edges();
    OwnedRight::take_ready(door::woken_of()?)
}

/// Begins a continuation whose handler is async.
pub(super) fn begin_continuation<S: GenServer>(
    slot: &Arc<Slot<S>>,
    right: RightTo<'_, S>,
    message: S::Continue,
    seat: &mut Seat,
) {
    let mut right = right.into_owned(slot.clone());
    seat.set(async move {
        let (slot, room) = right.parts();
        if let Some(Live { state, cx }) = &mut room.live {
            stand_at!(slot, state.handle_continue(message, cx));
        }
        slot.core.rest();
        done(right, 0)
    });
}

/// Begins an async `terminate`.
pub(super) fn begin_terminate<S: GenServer>(
    slot: &Arc<Slot<S>>,
    right: RightTo<'_, S>,
    reason: ExitReason,
    seat: &mut Seat,
) {
    let mut right = right.into_owned(slot.clone());
    seat.set(async move {
        let (slot, room) = right.parts();
        if let Some(Live { state, cx }) = &mut room.live {
            stand_at!(slot, state.terminate(&reason, cx));
        }
        done(right, 0)
    });
}

/// The handler's future is gone, and its right lies ready: answers the call in hand and ends the life.
pub(super) fn break_off<S: GenServer>(slot: &Slot<S>, reason: ExitReason) {
    let Some(mut right) = slot.take_ready(0) else { return };
    slot.set(HALT);
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
