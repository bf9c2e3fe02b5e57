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
    cell::RefCell,
    collections::VecDeque,
    future::Future,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use tokio::task::coop;

use super::{
    door::{Door, Errand},
    exit::ExitReason,
    panic::catch,
    seat::{Done, Seat, clear_seat, empty_seat, keep_seat, place},
};
use crate::server::slot::{
    AnySlot,
    waits::{Busy, Edges},
};

thread_local! {
    /// Work that this thread is abandoning.
    static ABANDONED: RefCell<Option<VecDeque<Work>>> = const { RefCell::new(None) };
}

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

/// One slot to serve, with the handler that is under way there, if any.
pub(crate) struct Work {
    slot: Arc<dyn AnySlot>,
    handler: Option<(Seat, Edges)>,
}

impl Work {
    pub(crate) fn fresh(slot: Arc<dyn AnySlot>) -> Self {
        Work { slot, handler: None }
    }

    pub(crate) fn begun(slot: Arc<dyn AnySlot>, seat: Seat, edges: Edges) -> Self {
        Work { slot, handler: Some((seat, edges)) }
    }

    /// Nobody will serve this any more. Its state may hold the last reference to the next server, and so
    /// on: they are ended one after the other, not inside one another.
    pub(crate) fn abandon(self) {
        let inside = ABANDONED.with_borrow_mut(|abandoned| {
            let inside = abandoned.is_some();
            abandoned.get_or_insert_default().push_back(self);
            inside
        });
        if inside {
            return;
        }
        while let Some(work) = ABANDONED.with_borrow_mut(|abandoned| abandoned.as_mut()?.pop_front()) {
            work.end();
        }
        ABANDONED.with_borrow_mut(|abandoned| *abandoned = None);
    }

    fn end(self) {
        if let Some((seat, _)) = self.handler {
            drop(clear_seat(seat));
            self.slot.break_off(ExitReason::Killed);
        }
        self.slot.abandon();
    }
}

/// A runner's own task, for those who wake it.
pub(crate) struct Task {
    waker: OnceLock<Waker>,
    /// It was idle and is wanted; a wake-up without this is an old waker's.
    called: AtomicBool,
    /// What it took from the line and has not begun.
    shelf: Mutex<VecDeque<Work>>,
    /// How many those are; written under the lock.
    shelved: AtomicUsize,
}

impl Task {
    fn shelf(&self) -> MutexGuard<'_, VecDeque<Work>> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts work aside for later; the runner itself does, nobody else.
    pub(crate) fn shelve(&self, work: impl Iterator<Item = Work>) {
        let mut shelf = self.shelf();
        shelf.extend(work);
        self.shelved.store(shelf.len(), Ordering::Relaxed);
    }

    /// The next that the runner put aside.
    pub(crate) fn take_shelved(&self) -> Option<Work> {
        // Others only take from it, so that none is none.
        if self.shelved.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut shelf = self.shelf();
        let work = shelf.pop_front();
        self.shelved.store(shelf.len(), Ordering::Relaxed);
        work
    }

    /// The first half of what was put aside, for another runner.
    pub(crate) fn give_up_half(&self) -> VecDeque<Work> {
        let mut shelf = self.shelf();
        let half = shelf.len().div_ceil(2);
        let rest = shelf.split_off(half);
        self.shelved.store(rest.len(), Ordering::Relaxed);
        mem::replace(&mut *shelf, rest)
    }

    /// All that was put aside.
    pub(crate) fn clear_shelf(&self) -> VecDeque<Work> {
        self.shelved.store(0, Ordering::Relaxed);
        mem::take(&mut *self.shelf())
    }

    /// Wakes an idle runner.
    pub(crate) fn call(&self) {
        self.called.store(true, Ordering::Release);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }
}

/// The waker that handlers see. Its clones are counted by its `Arc`: so the deadlock check knows how many
/// things a suspended handler waits for.
struct Bell {
    task: Arc<Task>,
    /// Rung since the handler was last polled: it waits for something that has happened.
    rung: AtomicBool,
}

impl Bell {
    /// A bell, and the waker that rings it: these are the runner's own two references.
    fn hang(task: Arc<Task>) -> (Arc<Self>, Waker) {
        let bell = Arc::new(Bell { task, rung: AtomicBool::new(false) });
        let waker = Waker::from(bell.clone());
        (bell, waker)
    }

    /// How many clones of the waker there are; `None` when one of them was used since the last poll.
    fn listeners(self: &Arc<Self>) -> Option<usize> {
        let clones = Arc::strong_count(self) - OWN_BELLS;
        (!self.rung.load(Ordering::SeqCst)).then_some(clones)
    }

    fn ring(&self) {
        self.rung.store(true, Ordering::SeqCst);
        self.task.wake();
    }

    /// The handler is about to be polled. A bell that rings at this moment may stay rung, which hides a
    /// deadlock from the check for once, and never invents one.
    fn hush(&self) {
        if self.rung.load(Ordering::Relaxed) {
            self.rung.store(false, Ordering::SeqCst);
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}

/// The runner's own two references to its bell.
const OWN_BELLS: usize = 2;
/// Turns, and messages in all, that a runner serves before it lets the runtime's other tasks run.
const TURNS: usize = 64;
const MESSAGES: usize = 128;

pub(crate) struct Runner {
    door: Arc<Door>,
    task: Arc<Task>,
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
    pub(crate) fn new(door: Arc<Door>) -> (Self, Arc<Task>) {
        let task = Arc::new(Task {
            waker: OnceLock::new(),
            called: AtomicBool::new(true),
            shelf: Mutex::default(),
            shelved: AtomicUsize::new(0),
        });
        let (bell, waker) = Bell::hang(task.clone());
        let (seat, edges) = (empty_seat(), Edges::new());
        (Runner { door, task: task.clone(), bell, waker, state: State::Idle, seat, edges }, task)
    }

    /// Serves until there is nothing to do, a handler is suspended, or others want the thread.
    fn run(&mut self, cx: &mut Context<'_>) {
        let mut budget = MESSAGES;
        for _ in 0..TURNS {
            match mem::replace(&mut self.state, State::Free) {
                State::Over => return,
                State::Idle => {
                    if !self.task.called.swap(false, Ordering::Acquire) {
                        self.state = State::Idle;
                        return;
                    }
                }
                State::Free => {
                    if let Some(slot) = self.door.woken() {
                        self.state = State::Serving(slot);
                        continue;
                    }
                    match self.door.next(&self.task) {
                        Errand::Work(Work { slot, handler: None }) => self.state = State::Serving(slot),
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
                        self.door.put_to_work(Work::fresh(slot));
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
                        self.door.held(&self.task);
                        return;
                    }
                },
                State::Held(slot) => {
                    self.door.back(&self.task);
                    slot.core().resume(&mut self.edges);
                    if self.cut_short(&slot) {
                        self.go_on_with(Some(slot));
                    } else {
                        self.state = State::Handling(Some(slot));
                    }
                }
            }
            if !coop::has_budget_remaining() {
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
            let polled = catch(|| self.seat.poll(&mut Context::from_waker(&self.waker)));
            self.edges = busy.leave();
            let polled = match polled {
                Ok(Poll::Ready(done)) => return Polled::Done(done),
                Ok(Poll::Pending) => Ok(()),
                Err(caught) => Err(caught),
            };
            let slot = place().or(at.take()).expect("a handler says where it stops short");
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
                    let Some(task) = self.task.waker.get() else { return Polled::Suspended(slot) };
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
        drop(clear_seat(mem::replace(&mut self.seat, empty_seat())));
        self.edges.clear();
        slot.break_off(reason);
    }
}

impl Future for Runner {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.task.waker.get_or_init(|| cx.waker().clone());
        let here = self.door.enter();
        self.run(cx);
        drop(here);
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
        self.door.close();
    }
}
