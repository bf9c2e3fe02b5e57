//! Async handlers: futures that own the run right and lay it down at their end.

use std::sync::Arc;

use super::{
    End, Envelope, Live, OwnedRightTo, RightTo, Slot,
    life::begun,
    right::HALT,
    turn::{Pause, serve_some},
};
use crate::{
    process::{ExitReason, runner::Seat},
    server::{GenServer, error::Failure},
};

/// Begins a message whose handler is async. The future owns the run right and lays it down at its end.
pub(super) fn begin<S: GenServer>(
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
                begun(slot, room.batch.len());
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
pub(super) fn begin_continuation<S: GenServer>(
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
