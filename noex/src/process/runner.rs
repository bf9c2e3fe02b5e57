//! Runners: the tasks that serve what callers could not serve themselves.
//!
//! A runner takes a slot whose right lies ready, lets it serve, keeps a suspended handler alive and takes
//! the next in line. It knows nothing of the server's types: it is compiled once.
//!
//! ```text
//!            ┌──────────── next in line ◀──────────────┐
//!            ▼                                         │
//! poll ─▶ slot.turn() ─▶ Idle ─────────────────────────┤
//!            ▲        ├▶ Again (to the end of the line)┘
//!            │        └▶ Async ─▶ poll the handler ─▶ suspended: the runner is held
//!            └────────────────────────┘ done
//! ```

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use tokio::task::coop;

use super::{
    bell::Bell,
    door::{self, Door, Errand, Next, machine_time},
    exit::ExitReason,
    panic::catch,
    seat::{self, Done, Seat, clear_seat, empty_seat, keep_seat, place},
    task::{Caller, Task},
    work::Work,
};
use crate::server::slot::{
    AnySlot,
    waits::{Busy, Edges},
};

/// What a slot says after a turn.
pub(crate) enum Turn {
    /// Nothing to do, or somebody else does it.
    Idle,
    /// There is more, but others want the thread.
    Again(Arc<dyn AnySlot>),
    /// An async handler has begun: its future sits in the seat. It holds the run right and lays it down
    /// when it is done.
    Async,
}

/// Messages that a runner serves before it lets the runtime's other tasks run: as many as tokio lets a task
/// send before that has to yield. What was sent in one go is served in one go: a runner that yields half-way
/// has tokio wake a worker for what is left.
const MESSAGES: usize = 128;
/// Turns that it takes at most: a few more, because not each of them serves a message.
const TURNS: usize = MESSAGES + 32;

/// A runner that has been at work for so long, and has more put aside, yields all the same: now the rest is
/// worth a wake-up. The next runner, which it called, waits on the same worker until then.
const WORTH_WAKING: Duration = Duration::from_micros(50);
/// It looks at the clock after so many turns, and after the first few.
const LOOK: usize = 32;

pub(crate) struct Runner {
    /// The door is kept by its servers, not by those who wait for them.
    door: Weak<Door>,
    task: Arc<Task>,
    /// Lent to the thread while it is polled.
    next: Option<Next>,
    bell: Arc<Bell>,
    waker: Waker,
    state: State,
    seat: Seat,
    edges: Edges,
}

enum State {
    /// Waiting to be called.
    Idle,
    /// About to take the next in line.
    Free,
    /// Not wanted any more.
    Over,
    /// To serve this slot.
    Serving(Arc<dyn AnySlot>),
    /// A handler sits in the seat: fresh, or last seen at a server that it was suspended in.
    Handling(Option<Arc<dyn AnySlot>>),
    /// As `Handling`, and the runner waits for it.
    Held(Arc<dyn AnySlot>),
}

/// What came of polling the seat.
enum Polled {
    Done(Done),
    /// Suspended there.
    Suspended(Arc<dyn AnySlot>),
    /// It was ended there.
    Ended(Arc<dyn AnySlot>),
}

impl Runner {
    pub(crate) fn new(door: Weak<Door>, caller: Caller) -> (Self, Arc<Task>) {
        let task = Arc::new(Task::new(caller));
        let (bell, waker) = Bell::hang(task.clone());
        let (seat, edges) = (empty_seat(), Edges::new());
        let next = Some(Next::new(door.clone(), task.clone()));
        (Runner { door, task: task.clone(), next, bell, waker, state: State::Idle, seat, edges }, task)
    }

    /// Serves until there is nothing to do, a handler is suspended, or others want the thread.
    fn run(&mut self, door: &Arc<Door>, cx: &mut Context<'_>) {
        let mut budget = MESSAGES;
        let mut slice = Slice::default();
        loop {
            match mem::replace(&mut self.state, State::Free) {
                State::Over => return,
                State::Idle => {
                    if !self.task.was_called() {
                        self.state = State::Idle;
                        return;
                    }
                }
                State::Free => {
                    if let Some(slot) = door.woken() {
                        self.state = State::Serving(slot);
                        continue;
                    }
                    match door.next(&self.task) {
                        Errand::Work(Work { slot, handler: None }) => {
                            self.state = State::Serving(slot);
                            continue;
                        }
                        Errand::Work(Work { slot, handler: Some((seat, edges)) }) => {
                            keep_seat(mem::replace(&mut self.seat, seat));
                            self.edges = edges;
                            self.state = State::Handling(Some(slot));
                        }
                        Errand::Wait => {
                            self.state = State::Idle;
                            return;
                        }
                        Errand::End => {
                            self.state = State::Over;
                            return;
                        }
                    }
                }
                State::Serving(slot) => match slot.turn(&mut self.seat, &mut budget) {
                    Turn::Idle => {}
                    Turn::Again(slot) => {
                        door.put_to_work(Work::fresh(slot));
                        break;
                    }
                    Turn::Async => self.state = State::Handling(None),
                },
                State::Handling(at) => match self.poll_handler(at) {
                    Polled::Done(done) => {
                        budget = budget.saturating_sub(done.served);
                        self.go_on_with(done.next);
                    }
                    Polled::Ended(slot) => self.go_on_with(Some(slot)),
                    Polled::Suspended(slot) => {
                        self.state = State::Held(slot);
                        door.held(&self.task);
                        return;
                    }
                },
                State::Held(slot) => {
                    door.back(&self.task);
                    slot.core().resume(&mut self.edges);
                    if self.cut_short(&slot) {
                        self.go_on_with(Some(slot));
                    } else {
                        self.state = State::Handling(Some(slot));
                    }
                }
            }
            // A handler that was begun is polled: until then its message is in no queue.
            let begun = matches!(self.state, State::Handling(None));
            let shares = || door.has_many_workers() && self.task.has_shelved();
            let over = slice.turn_ends(shares) || !coop::has_budget_remaining();
            if over && !begun {
                break;
            }
        }
        cx.waker().wake_by_ref();
    }

    /// The handler is over; its server may have more to see to.
    fn go_on_with(&mut self, next: Option<Arc<dyn AnySlot>>) {
        self.edges.clear();
        if let Some(slot) = next {
            self.state = State::Serving(slot);
        }
    }

    /// Polls the handler in the seat, last seen `at` this server if anywhere.
    fn poll_handler(&mut self, mut at: Option<Arc<dyn AnySlot>>) -> Polled {
        let mut recounted = false;
        loop {
            self.bell.hush();
            let busy = Busy::enter(mem::take(&mut self.edges), &self.waker);
            let known = at.as_ref().map_or(std::ptr::null(), |slot| Arc::as_ptr(slot).cast());
            let polled = catch(|| seat::poll(&mut self.seat, known, &mut Context::from_waker(&self.waker)));
            self.edges = busy.leave();
            let polled = match polled {
                Ok(Poll::Ready(done)) => return Polled::Done(done),
                Ok(Poll::Pending) => Ok(()),
                Err(caught) => Err(caught),
            };
            let slot = place().or_else(|| at.take()).expect("a handler says where it stops short");
            match polled {
                Ok(()) => {
                    slot.go_away();
                    let listeners = self.bell.listeners();
                    if self.edges.leave_doubt(listeners) && !mem::replace(&mut recounted, true) {
                        // An earlier handler's waker may be about still. A new bell counts for this one alone.
                        (self.bell, self.waker) = Bell::hang(self.task.clone());
                        at = Some(slot);
                        continue;
                    }
                    let Some(task) = self.task.waker() else { return Polled::Suspended(slot) };
                    if !slot.core().suspend(task, &mut self.edges, listeners, slot.current_handler()) {
                        return Polled::Suspended(slot);
                    }
                    slot.core().resume(&mut self.edges);
                    if self.cut_short(&slot) {
                        return Polled::Ended(slot);
                    }
                    // One of its calls was refused as a deadlock: look again.
                    at = Some(slot);
                }
                Err(caught) => {
                    let reason = caught.into_reason(slot.current_handler());
                    self.end_handler(&*slot, reason);
                    return Polled::Ended(slot);
                }
            }
        }
    }

    /// Ends a handler that was suspended and is not to be waited for; its caller knows that it has begun,
    /// because a message that is out of the queue and not begun would be lost unseen.
    fn cut_short(&mut self, slot: &Arc<dyn AnySlot>) -> bool {
        let Some(reason) = slot.core().cut() else { return false };
        self.end_handler(&**slot, reason);
        true
    }

    /// Drops the handler, which lays its right down, and ends the server.
    fn end_handler(&mut self, slot: &dyn AnySlot, reason: ExitReason) {
        // Reply addresses may be dropped with it; after a panic `terminate` may still answer for others.
        if !reason.is_panic() {
            slot.core().break_promises(&reason);
        }
        drop(clear_seat(mem::replace(&mut self.seat, empty_seat())));
        self.edges.clear();
        slot.break_off(reason);
    }
}

/// What a runner does from one yield to the next.
#[derive(Default)]
struct Slice {
    turns: usize,
    /// When it looked at the clock first.
    since: Option<Instant>,
}

impl Slice {
    /// One more turn has ended; whether it was the last one. Where others could have a share of the work, the
    /// machine's clock counts as well. A single turn, which is what most calls need, does not read it.
    fn turn_ends(&mut self, shares: impl FnOnce() -> bool) -> bool {
        self.turns += 1;
        let looks = self.turns.is_power_of_two() || self.turns.is_multiple_of(LOOK);
        if self.turns > 1 && looks && shares() {
            let since = *self.since.get_or_insert_with(machine_time);
            if machine_time() - since >= WORTH_WAKING {
                return true;
            }
        }
        self.turns >= TURNS
    }
}

impl Future for Runner {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.task.settle(cx.waker());
        // Gone, and with it all who could want a runner.
        let Some(door) = self.door.upgrade() else {
            self.state = State::Over;
            return Poll::Ready(());
        };
        let outer = self.next.take().map(door::enter);
        self.run(&door, cx);
        self.next = outer.and_then(door::leave);
        if matches!(self.state, State::Over) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Runner {
    /// A runner that is dropped before it is over is dropped by the end of its runtime.
    fn drop(&mut self) {
        let slot = match mem::replace(&mut self.state, State::Over) {
            State::Over => return,
            State::Idle | State::Free => None,
            State::Serving(slot) => Some(slot),
            State::Held(slot) | State::Handling(Some(slot)) => {
                self.end_handler(&*slot, ExitReason::Killed);
                Some(slot)
            }
            State::Handling(None) => {
                let slot = clear_seat(mem::replace(&mut self.seat, empty_seat()));
                slot.inspect(|slot| slot.break_off(ExitReason::Killed))
            }
        };
        if let Some(slot) = slot {
            slot.abandon();
        }
        if let Some(door) = self.door.upgrade() {
            door.close();
        }
    }
}
