//! Async handlers: futures that own the run right and lay it down at their end.

use std::{
    any::Any,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Context,
};

use tokio::task::coop;

use super::{
    End, Envelope, Live, RightTo, Slot,
    life::begun,
    notice,
    reply::ReplyTo,
    right::OwnedRight,
    serving,
    turn::{Pause, is_idle, serve_some, summon},
    waits,
};
use crate::{
    process::{
        ExitReason, door,
        seat::{Done, GoesOn, Outcome, Seat, poll_at, stood_at},
    },
    server::{self, GenServer, error::Failure},
};

/// Begins a message whose handler is async. The future owns the run right and lays it down at its end;
/// before that it serves at most `more` messages, here and, with `hops`, in the servers of the same
/// type that it wakes.
#[inline]
pub(super) fn begin<S: GenServer>(
    slot: &Arc<Slot<S>>,
    right: RightTo<'_, S>,
    message: Envelope<S>,
    more: usize,
    hops: bool,
    seat: &mut Seat,
) {
    slot.begin(message.variant());
    // As small as can be: all this is moved to where the future is made.
    let more = u16::try_from(more).unwrap_or(u16::MAX);
    let of = (right.into_owned(slot.clone()), message, more, hops);
    seat.begin(of, |(right, message, more, hops)| handle(right, message, more, hops));
}

/// Awaits a handler, and says where it stands while it is suspended.
macro_rules! stand_at {
    ($slot:expr, $handler:expr) => {{
        let mut handler = std::pin::pin!($handler);
        std::future::poll_fn(|cx| crate::process::seat::poll_at($slot, handler.as_mut(), cx)).await
    }};
}

pub(super) use stand_at;

/// Handles a message and what comes next. The call in hand keeps its reply address in the room, so that a
/// crash can answer it.
#[expect(
    clippy::manual_async_fn,
    reason = "it would hold what it is given twice: where it came in, where it is used"
)]
fn handle<S: GenServer>(
    mut right: OwnedRight<S>,
    mut message: Envelope<S>,
    more: u16,
    hops: bool,
) -> impl Future<Output = Handled<S>> + Send + 'static {
    async move {
        let mut budget = usize::from(more);
        loop {
            let variant = message.variant();
            let (slot, room) = right.parts();
            let Some(Live { state, cx }) = &mut room.live else { return Handled::plainly(done(right, 0)) };
            // Asked of the message where it is: a part of it that is borrowed stays in the future.
            let is_deferred = message.is_deferred();
            let answer = match message {
                Envelope::Call(call, reply) if is_deferred => {
                    let answer = deferred(slot, state, cx, call, reply).await;
                    room.in_hand = cx.take_lent();
                    answer
                }
                Envelope::Call(call, reply) => {
                    room.in_hand = Some(reply);
                    let in_hand = &room.in_hand;
                    let mut handler = pin!(state.handle_call(call, cx));
                    poll_fn(|task| {
                        let cell = in_hand.as_ref().and_then(ReplyTo::cell);
                        let step = |task: &mut Context<'_>| poll_at(slot, handler.as_mut(), task);
                        serving::poll(slot.core.id, cell, 1, task, step)
                    })
                    .await
                }
                Envelope::Cast(cast) => {
                    stand_at!(slot, state.handle_cast(cast, cx));
                    None
                }
                Envelope::Info(info) => {
                    stand_at!(slot, state.handle_info(info, cx));
                    None
                }
                Envelope::Event(info, ticket) => {
                    drop(ticket);
                    stand_at!(slot, state.handle_info(info, cx));
                    None
                }
                Envelope::Notice(info, stamp) => {
                    stand_at!(slot, notice::handle(slot, state, cx, info, *stamp));
                    None
                }
            };
            slot.done(variant);
            let mut answer = room.in_hand.take().zip(answer);
            message = loop {
                let (slot, room) = right.parts();
                // Nobody waits for a reply while others are served; and if there is nobody, it may be at hand for
                // whoever polls this.
                let pause = if is_idle(slot, room) {
                    Pause::Empty
                } else {
                    tell::<S>(answer.take());
                    serve_some(slot, room, &mut budget)
                };
                match pause {
                    Pause::Async(next) if budget > 0 && coop::has_budget_remaining() => {
                        budget -= 1;
                        slot.begin(next.variant());
                        break next;
                    }
                    Pause::Async(next) => {
                        room.batch.push_front(next);
                        begun(slot, room.batch.len());
                        return Handled::plainly(done(right, usize::from(more) - budget));
                    }
                    Pause::Limit | Pause::Look => {
                        return Handled::plainly(done(right, usize::from(more) - budget));
                    }
                    Pause::Empty => match right.release() {
                        Err(back) => return Handled { done: done(back, usize::from(more) - budget), answer },
                        Ok(()) => match woken(budget, hops) {
                            Some(next) => {
                                tell::<S>(answer.take());
                                right = next;
                            }
                            None => {
                                let done = Done { goes_on: GoesOn::No, served: usize::from(more) - budget };
                                return Handled { done, answer };
                            }
                        },
                    },
                }
            };
        }
    }
}

/// How [`handle`] ends: perhaps with the last answer, which is told when the right is laid down. So a server may have
/// begun its next message, or have ended, a moment before the caller of its last one is told.
struct Handled<S: GenServer> {
    done: Done,
    answer: Answer<S>,
}

/// What a call is to be told.
type Answer<S> = Option<(ReplyTo<<S as GenServer>::Reply>, <S as GenServer>::Reply)>;

impl<S: GenServer> Handled<S> {
    /// All are told.
    fn plainly(done: Done) -> Self {
        Handled { done, answer: None }
    }
}

impl<S: GenServer> Outcome for Handled<S> {
    #[inline]
    fn settle(self, reply: Option<&mut dyn Any>) -> Done {
        let Handled { done, answer } = self;
        // Who wants it here has begun this handler, which answers one call and no other.
        match (answer, reply.and_then(|reply| reply.downcast_mut())) {
            (Some((to, answer)), Some(here)) => {
                *here = Some(answer);
                to.forget();
            }
            (answer, _) => tell::<S>(answer),
        }
        done
    }
}

fn tell<S: GenServer>(answer: Answer<S>) {
    if let Some((to, answer)) = answer {
        to.send(answer);
    }
}

/// Lays the right down: there is more to see to.
pub(super) fn done<S: GenServer>(right: OwnedRight<S>, served: usize) -> Done {
    Done { goes_on: stood_at(right.lay_ready()), served }
}

/// The right to a server of the same type that this runner's handler woke.
fn woken<S: GenServer>(budget: usize, hops: bool) -> Option<OwnedRight<S>> {
    if !hops || budget == 0 || !coop::has_budget_remaining() {
        return None;
    }
    waits::forget_edges();
    match OwnedRight::take_ready(door::woken_of()?) {
        Ok(right) => Some(right),
        Err(slot) => {
            // The runner was sent for what its caller kept there, perhaps. It comes next.
            summon(&slot);
            None
        }
    }
}

/// Handles a call whose handler gets the reply address; boxed, so that the others' future need not have a
/// place for it. A second reference to where the reply goes shows what is served.
#[cold]
fn deferred<'a, S: GenServer>(
    slot: &'a Arc<Slot<S>>,
    state: &'a mut S,
    cx: &'a mut server::Context<S>,
    call: S::Call,
    reply: ReplyTo<S::Reply>,
) -> Boxed<'a, Option<S::Reply>> {
    Box::pin(async move {
        let cell = reply.cell().cloned();
        cx.lend(reply);
        let mut handler = pin!(state.handle_call(call, cx));
        poll_fn(|task| {
            let step = |task: &mut Context<'_>| poll_at(slot, handler.as_mut(), task);
            serving::poll(slot.core.id, cell.as_ref(), 2, task, step)
        })
        .await
    })
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Begins a continuation whose handler is async.
pub(super) fn begin_continuation<S: GenServer>(
    slot: &Arc<Slot<S>>,
    right: RightTo<'_, S>,
    message: S::Continue,
    seat: &mut Seat,
) {
    seat.begin((right.into_owned(slot.clone()), message), |(mut right, message)| async move {
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
    seat.begin((right.into_owned(slot.clone()), reason), |(mut right, reason)| async move {
        let (slot, room) = right.parts();
        if let Some(Live { state, cx }) = &mut room.live {
            stand_at!(slot, state.terminate(&reason, cx));
        }
        done(right, 0)
    });
}

/// The handler's future is gone, and its right was cut: answers the call in hand and ends the life.
pub(super) fn break_off<S: GenServer>(slot: &Slot<S>, reason: ExitReason) {
    let Some(mut right) = slot.take_cut() else { return };
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
