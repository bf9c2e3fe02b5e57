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
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::task::coop;

use super::{
    door::{self, Door, Errand, Lent, Next, machine_time},
    exit::ExitReason,
    host::{Host, Polled},
    seat::Seat,
    task::{Caller, Task},
    work::Work,
};
use crate::server::slot::AnySlot;

/// What a slot says after a turn.
pub(crate) enum Turn {
    /// Nothing to do, or somebody else does it.
    Idle,
    /// There is more, but others want the thread.
    Again(Arc<dyn AnySlot>),
    /// An async handler has begun: its future sits in the seat. It holds the run right and lays it down
    /// when it is done.
    Async,
    /// This handler of the slot's, which was begun elsewhere.
    Begun(Seat, Arc<dyn AnySlot>),
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
    /// Lent to the thread while it is polled.
    next: Option<Next>,
    state: State,
    host: Host,
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
    /// A handler sits in the seat.
    Handling,
    /// As `Handling`, and the runner waits for it.
    Held,
}

impl Runner {
    pub(crate) fn new(door: Weak<Door>, caller: Caller) -> (Self, Arc<Task>) {
        let task = Arc::new(Task::new(caller));
        let next = Some(Next::new(door.clone(), task.clone()));
        let host = Host::new(task.clone());
        (Runner { door, next, state: State::Idle, host }, task)
    }

    /// Serves until there is nothing to do, a handler is suspended, or others want the thread.
    fn run(&mut self, door: &Arc<Door>, cx: &mut Context<'_>) {
        let mut budget = MESSAGES;
        let mut slice = Slice::default();
        loop {
            match mem::replace(&mut self.state, State::Free) {
                State::Over => return,
                State::Idle => {
                    if !self.host.task().was_called() {
                        self.state = State::Idle;
                        return;
                    }
                }
                State::Free => {
                    if let Some(slot) = door.woken() {
                        self.state = State::Serving(slot);
                        continue;
                    }
                    match door.next(self.host.task()) {
                        Errand::Work(Work { slot, handler: None }) => {
                            self.state = State::Serving(slot);
                            continue;
                        }
                        Errand::Work(Work { slot, handler: Some(seat) }) => self.take_over(seat, slot),
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
                State::Serving(slot) => match slot.turn(&mut self.host.seat, &mut budget) {
                    Turn::Idle => {}
                    Turn::Again(slot) => {
                        door.put_to_work(Work::fresh(slot));
                        break;
                    }
                    Turn::Async => self.state = State::Handling,
                    Turn::Begun(seat, slot) => self.take_over(seat, slot),
                },
                State::Handling => match self.host.poll() {
                    Polled::Done(next, served) => {
                        budget = budget.saturating_sub(served);
                        self.go_on_with(next);
                    }
                    Polled::Ended => self.go_on_where_it_stood(),
                    Polled::Suspended => {
                        self.state = State::Held;
                        door.held(self.host.task());
                        return;
                    }
                },
                State::Held => {
                    door.back(self.host.task());
                    if self.host.resume() {
                        self.go_on_where_it_stood();
                    } else {
                        self.state = State::Handling;
                    }
                }
            }
            // A handler that was begun is polled: until then its message is in no queue.
            let begun = matches!(self.state, State::Handling) && self.host.at.is_none();
            let shares = || door.has_many_workers() && self.host.task().has_shelved();
            let over = slice.turn_ends(shares) || !coop::has_budget_remaining();
            if over && !begun {
                break;
            }
        }
        cx.waker().wake_by_ref();
    }

    /// A handler that was begun elsewhere. It was polled there, so that one that is to be dropped is not polled any more.
    fn take_over(&mut self, seat: Seat, slot: Arc<dyn AnySlot>) {
        self.host.take_over(seat, slot);
        if self.host.resume() {
            self.go_on_where_it_stood();
        } else {
            self.state = State::Handling;
        }
    }

    /// The handler is over; its server may have more to see to.
    fn go_on_with(&mut self, next: Option<Arc<dyn AnySlot>>) {
        if let Some(slot) = next {
            self.state = State::Serving(slot);
        }
    }

    fn go_on_where_it_stood(&mut self) {
        let slot = self.host.at.take();
        self.go_on_with(slot);
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
        self.host.task().settle(cx.waker());
        // Gone, and with it all who could want a runner.
        let Some(door) = self.door.upgrade() else {
            self.state = State::Over;
            return Poll::Ready(());
        };
        let lent = self.next.take().map(|next| door::enter(next, cx.waker()));
        self.run(&door, cx);
        self.next = lent.and_then(Lent::take_back);
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
            State::Held | State::Handling => {
                self.host.end(ExitReason::Killed);
                self.host.at.take()
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
