//! What a task needs to see async handlers to their end: a seat, a bell, and word of what they wait for.

use std::{
    mem,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::{
    bell::Bell,
    exit::ExitReason,
    panic::catch,
    seat::{self, GoesOn, Seat, clear_seat, empty_seat, keep_seat, place},
    task::Task,
};
use crate::server::slot::{AnySlot, waits::Busy};

/// What came of polling the seat.
pub(crate) enum Polled {
    /// It is over; with the server that has more to see to, and how many messages were served behind its own.
    Done(Option<Arc<dyn AnySlot>>, usize),
    Suspended,
    /// It was ended, where it stood.
    Ended,
}

pub(crate) struct Host {
    task: Arc<Task>,
    bell: Arc<Bell>,
    waker: Waker,
    pub(crate) seat: Seat,
    /// The server of the handler in the seat; `None` where it has not been polled, or is over.
    pub(crate) at: Option<Arc<dyn AnySlot>>,
}

impl Host {
    pub(crate) fn new(task: Arc<Task>) -> Self {
        let (bell, waker) = Bell::hang(task.clone());
        Host { task, bell, waker, seat: empty_seat(), at: None }
    }

    #[inline]
    pub(crate) fn task(&self) -> &Arc<Task> {
        &self.task
    }

    /// Takes over a handler that somebody else has begun.
    pub(crate) fn take_over(&mut self, seat: Seat, at: Arc<dyn AnySlot>) {
        keep_seat(mem::replace(&mut self.seat, seat));
        self.at = Some(at);
    }

    /// Polls the handler in the seat.
    pub(crate) fn poll(&mut self) -> Polled {
        let mut recounted = false;
        loop {
            self.bell.hush();
            let busy = Busy::enter(mem::take(&mut self.seat.edges), &self.waker);
            let known = self.at.as_ref().map_or(std::ptr::null(), |slot| Arc::as_ptr(slot).cast());
            let polled =
                catch(|| seat::poll(&mut self.seat, known, None, &mut Context::from_waker(&self.waker)));
            self.seat.edges = busy.leave();
            let caught = match polled {
                Ok(Poll::Ready(done)) => {
                    self.seat.edges.clear();
                    let stood = self.at.take();
                    let next = match done.goes_on {
                        GoesOn::No => None,
                        GoesOn::Here => stood,
                        GoesOn::Elsewhere => place(),
                    };
                    return Polled::Done(next, done.served);
                }
                Ok(Poll::Pending) => None,
                Err(caught) => Some(caught),
            };
            if let Some(place) = place() {
                self.at = Some(place);
            }
            if let Some(caught) = caught {
                let handler = self.at.as_deref().map_or("?", |slot| slot.current_handler());
                self.end(caught.into_reason(handler));
                return Polled::Ended;
            }
            let slot = self.at.as_deref().expect("a handler says where it stops short");
            slot.go_away();
            let listeners = self.bell.listeners();
            if self.seat.edges.leave_doubt(listeners) && !mem::replace(&mut recounted, true) {
                // An earlier handler's waker may be about still. A new bell counts for this one alone.
                (self.bell, self.waker) = Bell::hang(self.task.clone());
                continue;
            }
            let Some(task) = self.task.waker() else { return Polled::Suspended };
            let handler = || slot.current_handler();
            if !slot.core().suspend(task, &mut self.seat.edges, listeners, handler) {
                return Polled::Suspended;
            }
            // If it is not ended one of its calls was refused as a deadlock: look again.
            if self.resume() {
                return Polled::Ended;
            }
        }
    }

    /// The suspended handler is about to be polled again. `true`: it was not to be waited for, and is ended;
    /// its caller knows that it has begun, because a message that is out of the queue and not begun would be
    /// lost unseen.
    pub(crate) fn resume(&mut self) -> bool {
        let Some(slot) = &self.at else { return false };
        slot.core().resume(&mut self.seat.edges);
        let Some(reason) = slot.core().cut() else { return false };
        self.end(reason);
        true
    }

    /// Drops the handler, which lays its right down, and ends its server.
    pub(crate) fn end(&mut self, reason: ExitReason) {
        // Reply addresses may be dropped with it; after a panic `terminate` may still answer for others.
        if let Some(slot) = self.at.as_ref().filter(|_| !reason.is_panic()) {
            slot.core().break_promises(&reason);
        }
        let place = clear_seat(mem::replace(&mut self.seat, empty_seat()));
        if self.at.is_none() {
            self.at = place;
        }
        if let Some(slot) = &self.at {
            slot.break_off(reason);
        }
    }
}
