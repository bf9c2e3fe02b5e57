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
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use tokio_util::sync::ReusableBoxFuture;

use super::{
    door::{Door, Errand},
    exit::ExitReason,
    panic::{catch, drop_quietly},
};
use crate::server::slot::{
    AnySlot,
    waits::{Busy, Edges},
};

/// Where a handler's future sits: the memory is used again for the next handler.
pub(crate) type Seat = ReusableBoxFuture<'static, ()>;

thread_local! {
    /// Work that this thread is abandoning.
    static ABANDONED: RefCell<Option<VecDeque<Work>>> = const { RefCell::new(None) };
    /// A seat left over on this thread.
    static SPARE: Cell<Option<Seat>> = const { Cell::new(None) };
}

/// A seat with nobody in it.
pub(crate) fn empty_seat() -> Seat {
    let spare = SPARE.try_with(Cell::take).ok().flatten();
    spare.unwrap_or_else(|| ReusableBoxFuture::new(std::future::ready(())))
}

/// Keeps a seat whose handler is done for the next one on this thread.
pub(crate) fn keep_seat(seat: Seat) {
    let _ = SPARE.try_with(|spare| spare.set(Some(seat)));
}

/// What a slot says after a turn.
pub(crate) enum Turn {
    /// Nothing to do, or somebody else does it.
    Idle,
    /// There is more, but others want the thread.
    Again(Arc<dyn AnySlot>),
    /// An async handler has begun: its future sits in the seat. It holds the run right and lays it down
    /// when it is done.
    Async(Arc<dyn AnySlot>),
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
            drop_quietly(seat);
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
}

impl Task {
    pub(crate) fn shelf(&self) -> MutexGuard<'_, VecDeque<Work>> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn ring(&self) {
        self.rung.store(true, Ordering::SeqCst);
        self.task.wake();
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
    /// A handler of this slot sits in the seat.
    Handling { slot: Arc<dyn AnySlot>, held: bool },
}

impl Runner {
    pub(crate) fn new(door: Arc<Door>) -> (Self, Arc<Task>) {
        let task =
            Arc::new(Task { waker: OnceLock::new(), called: AtomicBool::new(true), shelf: Mutex::default() });
        let bell = Arc::new(Bell { task: task.clone(), rung: AtomicBool::new(false) });
        let waker = Waker::from(bell.clone());
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
                            self.state = State::Handling { slot, held: false };
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
                    Turn::Async(slot) => self.state = State::Handling { slot, held: false },
                },
                State::Handling { slot, held } => {
                    if held {
                        self.door.back(&self.task);
                        slot.core().resume(&mut self.edges);
                    }
                    if !(held && self.cut_short(&slot)) && self.poll_handler(&slot).is_pending() {
                        if !held {
                            slot.go_away();
                        }
                        self.state = State::Handling { slot, held: true };
                        self.door.held(&self.task);
                        return;
                    }
                    self.edges.clear();
                    if slot.is_ready() {
                        self.state = State::Serving(slot);
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
    }

    fn poll_handler(&mut self, slot: &Arc<dyn AnySlot>) -> Poll<()> {
        loop {
            self.bell.rung.store(false, Ordering::SeqCst);
            let busy = Busy::enter(mem::take(&mut self.edges), &self.waker);
            let polled = catch(|| self.seat.poll(&mut Context::from_waker(&self.waker)));
            self.edges = busy.leave();
            match polled {
                Ok(Poll::Ready(())) => return Poll::Ready(()),
                Ok(Poll::Pending) => {
                    let clones = Arc::strong_count(&self.bell) - OWN_BELLS;
                    let listeners = (!self.bell.rung.load(Ordering::SeqCst)).then_some(clones);
                    let Some(task) = self.task.waker.get() else { return Poll::Pending };
                    if !slot.core().suspend(task, &mut self.edges, listeners, slot.current_handler()) {
                        return Poll::Pending;
                    }
                    slot.core().resume(&mut self.edges);
                    if self.cut_short(slot) {
                        return Poll::Ready(());
                    }
                    // One of its calls was refused as a deadlock: look again.
                }
                Err(caught) => {
                    let reason = caught.into_reason(slot.current_handler());
                    self.end_handler(slot, reason);
                    return Poll::Ready(());
                }
            }
        }
    }

    /// Ends a handler that was suspended and is not to be waited for; its caller knows that it has begun,
    /// because a message that is out of the queue and not begun would be lost unseen.
    fn cut_short(&mut self, slot: &Arc<dyn AnySlot>) -> bool {
        let Some(reason) = slot.core().cut() else { return false };
        self.end_handler(slot, reason);
        true
    }

    /// Drops the handler, which lays its right down, and ends the server.
    fn end_handler(&mut self, slot: &Arc<dyn AnySlot>, reason: ExitReason) {
        drop_quietly(mem::replace(&mut self.seat, empty_seat()));
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
            State::Handling { slot, .. } => {
                self.end_handler(&slot, ExitReason::Killed);
                Some(slot)
            }
        };
        if let Some(slot) = slot {
            slot.abandon();
        }
        self.door.close();
    }
}
