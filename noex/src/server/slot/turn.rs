//! Serving messages from the inbox: what a runner does, and a caller that helps.
//!
//! The state is in the room, each handler runs under `catch`, the count goes up, and what the handler
//! asked of its context is seen to before the next message.

use std::sync::Arc;

use super::{
    AnySlot, End, Envelope, Live, RightTo, Room, Slot,
    core::CONTINUATION,
    errands,
    handler::{begin, begin_continuation},
    kept,
    life::{self, Attended, begun},
    notice,
    refuse::discard,
    right::{HALT, QUEUED, SIGNAL},
};
use crate::{
    mistakes::makes,
    process::{panic::catch, seat::Seat},
    server::{GenServer, Now, error::Failure},
};

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

/// Why [`serve_some`] paused.
pub(super) enum Pause<S: GenServer> {
    /// Enough for one go.
    Limit,
    Empty,
    /// Something other than a message comes first.
    Look,
    /// This message's handler is async.
    Async(Envelope<S>),
}

/// Whether there is nothing to see to and no message, so that [`serve_some`] would say `Empty`: how a handler leaves most
/// servers that were idle.
#[inline]
pub(super) fn is_idle<S: GenServer>(slot: &Slot<S>, room: &Room<S>) -> bool {
    matches!(room.end, End::No)
        && room.live.as_ref().is_some_and(|live| !live.cx.has_orders())
        && slot.flags() & (SIGNAL | HALT | QUEUED) == 0
        && room.batch.is_empty()
}

/// Serves at most `budget` messages whose handlers are plain `fn`s.
pub(super) fn serve_some<S: GenServer>(slot: &Slot<S>, room: &mut Room<S>, budget: &mut usize) -> Pause<S> {
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
        // Looked at where it lies: a message that is moved to be looked at is moved twice.
        let Some((gone, is_async)) = room.batch.front().map(|it| (it.is_abandoned(slot), it.is_async()))
        else {
            if flags & QUEUED == 0 {
                return Pause::Empty;
            }
            life::take(slot, room);
            continue;
        };
        if gone || is_async {
            let Some(message) = room.batch.pop_front() else { continue };
            begun(slot, room.batch.len());
            if !gone {
                return Pause::Async(message);
            }
            discard(slot, message);
            continue;
        }
        *budget -= 1;
        match serve(slot, room) {
            Served::Done => {}
            Served::Look => return Pause::Look,
            Served::Later(message) => return Pause::Async(message),
        }
    }
}

/// What became of one message.
enum Served<S: GenServer> {
    Done,
    /// Done, and the handler asked for something; or it panicked.
    Look,
    /// Its handler is async.
    Later(Envelope<S>),
}

/// Serves the first message of the batch if its handler is a plain `fn`.
#[inline]
fn serve<S: GenServer>(slot: &Slot<S>, room: &mut Room<S>) -> Served<S> {
    let Some(variant) = room.batch.front().map(Envelope::variant) else { return Served::Look };
    let Some(Live { state, cx }) = &mut room.live else { return Served::Look };
    slot.begin(variant);
    begun(slot, room.batch.len() - 1);
    // Taken apart where it comes out of the queue, without a copy in between.
    let caught = match room.batch.pop_front() {
        None => return Served::Look,
        Some(Envelope::Call(call, reply)) => match catch(|| state.call_now(call, cx)) {
            Ok(Now::Done(answer)) => {
                slot.done(variant);
                reply.send(answer);
                return if cx.has_orders() { Served::Look } else { Served::Done };
            }
            Ok(Now::Later(call)) => return Served::Later(Envelope::Call(call, reply)),
            Err(caught) => {
                let reason = caught.into_reason(slot.current_handler());
                reply.fail(Failure::Crashed { reason: reason.clone(), may_have_run: true });
                Err(reason)
            }
        },
        Some(Envelope::Cast(cast)) => match catch(|| state.cast_now(cast, cx)) {
            Ok(Now::Later(cast)) => return Served::Later(Envelope::Cast(cast)),
            Ok(Now::Done(())) => Ok(()),
            Err(caught) => Err(caught.into_reason(slot.current_handler())),
        },
        Some(Envelope::Info(info)) => match catch(|| state.info_now(info, cx)) {
            Ok(Now::Later(info)) => return Served::Later(Envelope::Info(info)),
            Ok(Now::Done(())) => Ok(()),
            Err(caught) => Err(caught.into_reason(slot.current_handler())),
        },
        Some(Envelope::Event(info, ticket)) => {
            // Its place is free from now on.
            drop(ticket);
            match catch(|| state.info_now(info, cx)) {
                Ok(Now::Later(info)) => return Served::Later(Envelope::Info(info)),
                Ok(Now::Done(())) => Ok(()),
                Err(caught) => Err(caught.into_reason(slot.current_handler())),
            }
        }
        Some(Envelope::Notice(info, stamp)) => match notice::tell(slot, state, cx, info, *stamp) {
            Ok(Now::Later(notice)) => return Served::Later(notice),
            Ok(Now::Done(())) => Ok(()),
            Err(caught) => Err(caught.into_reason(slot.current_handler())),
        },
    };
    match caught {
        Ok(()) => {
            slot.done(variant);
            if cx.has_orders() { Served::Look } else { Served::Done }
        }
        Err(reason) => {
            room.end = End::Terminate(reason);
            slot.set(HALT);
            Served::Look
        }
    }
}

/// How a turn left the slot.
pub(super) enum Left {
    Idle,
    Again,
    /// A handler sits in the seat.
    Async,
    /// A caller has let go of this handler.
    Begun(Seat),
}

/// A runner's turn.
pub(super) fn turn<S: GenServer>(slot: &Arc<Slot<S>>, seat: &mut Seat, budget: &mut usize) -> Left {
    let Some(mut right) = slot.take_ready(0) else {
        return kept::fetch(slot).map_or(Left::Idle, Left::Begun);
    };
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
            Pause::Look if *budget == 0 => {
                right.lay_ready();
                return Left::Again;
            }
            Pause::Look => match attend(slot, right, seat) {
                Look::Go(back) => {
                    *budget -= 1;
                    right = back;
                    continue;
                }
                Look::Serve(mut back) => {
                    *budget -= 1;
                    let served = serve(slot, &mut back);
                    right = back;
                    match served {
                        Served::Done | Served::Look => continue,
                        Served::Later(message) => message,
                    }
                }
                Look::Async => return Left::Async,
                Look::Down => return Left::Idle,
            },
        };
        begin(slot, right, message, *budget, true, seat);
        return Left::Async;
    }
}

pub(super) enum Look<'a, S: GenServer> {
    Go(RightTo<'a, S>),
    /// The server is to end, but the batch was queued before it was told so.
    Serve(RightTo<'a, S>),
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
        // First: a signal that comes now puts it up again.
        if !makes!(LowersLate) {
            slot.lower(SIGNAL);
        }
        for signal in slot.core.take_signals() {
            life::heed(slot, &mut right, signal);
        }
        if makes!(LowersLate) {
            slot.lower(SIGNAL);
        }
        if errands::see_to(slot, &right) {
            errands::hold(slot, right, seat);
            return Look::Async;
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
            Attended::Draining(mut right) => {
                while right.batch.front().is_some_and(|message| message.is_abandoned(slot)) {
                    if let Some(message) = right.batch.pop_front() {
                        discard(slot, message);
                    }
                }
                if right.batch.is_empty() {
                    life::drained(&mut right);
                    Look::Go(right)
                } else {
                    Look::Serve(right)
                }
            }
            Attended::Terminating => Look::Async,
            Attended::Down => Look::Down,
        },
    }
}
