//! The one door to the runtime: spawning, sleeping and the time of day go through here.
//!
//! A door belongs to one tokio runtime and one [`System`]. Servers that want to run stand in its line; a
//! few runners, at most one a worker thread, take them from there. So waking an idle server is a push,
//! and a wake-up of a task only when a worker may be free.
//!
//! ```text
//! summon ─▶ line ─▶ a runner's own few ─▶ slot.turn()
//!              ▲         │    a handler on a runner woke another server: that one is next here,
//!              └─────────┘    unless it woke more than one; those stand in line for every worker
//! ```
//!
//! | nobody comes for what waits, because | |
//! |---|---|
//! | a handler awaits a call | its runner is not counted as awake ([`Door::held`]) |
//! | a handler blocks its thread on a call | as well: the call is polled with a waker that is not the handler's ([`let_go`]) |
//! | a handler computes for long | another runner is called, up to one a worker |
//! | many handlers compute for a while | their runner yields: tokio wakes a worker for what it put aside |
//!
//! A runner takes several from the line at a time, so that the line's lock is not touched for each. What
//! it took can be taken from it by a runner that finds the line empty, so that it need not wait behind a
//! handler that computes for long. Only the one server that this very handler woke first waits until the
//! handler returns or awaits; a task woken from a tokio task has the same place.

use std::{
    any::TypeId,
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    pin::Pin,
    ptr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{RawWakerVTable, Waker},
    time::{Duration, SystemTime},
};

use tokio::{
    runtime::{EnterGuard, Handle},
    task::{AbortHandle, JoinHandle},
    time::{Instant, Sleep},
};

use super::{
    overdue::Overdue,
    runner::Runner,
    task::{Caller, Task},
    work::Work,
};
use crate::{
    server::{
        GenServer,
        slot::{AnySlot, Slot, waits},
    },
    system::System,
};

pub(crate) struct Door {
    runtime: Handle,
    system: System,
    workers: usize,
    line: Mutex<Line>,
    /// Handlers that their callers keep.
    pub(super) overdue: Overdue,
    /// As `Line::closed`, for a look without the lock.
    closed: AtomicBool,
}

/// How many runners are kept with nothing to do; handlers that are suspended by the thousand need more
/// for a while.
const IDLE: usize = 64;

/// The most that a runner takes from the line at a time.
const SHARE: usize = 32;

/// How many wait in line for a runner that is on its way before another one is called as well. Waking a
/// thread of the runtime costs as much as serving dozens of messages. So many can a task send, waiting for
/// room, before tokio makes it yield, and then its runner comes.
const PATIENCE: usize = 128;

/// What a runner is to do.
pub(crate) enum Errand {
    Work(Work),
    Wait,
    End,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Work>,
    /// Runners with nothing to do.
    idle: Vec<Arc<Task>>,
    /// Runners that are awake and not held by a suspended handler.
    awake: Vec<Arc<Task>>,
    /// The runtime is gone.
    closed: bool,
}

impl Line {
    /// A runner is not awake any more.
    fn leave(&mut self, task: &Arc<Task>) -> Option<Arc<Task>> {
        let place = self.awake.iter().position(|other| Arc::ptr_eq(other, task))?;
        Some(self.awake.swap_remove(place))
    }
}

/// What the wakers of tokio's tasks have in common.
static TASKS: OnceLock<&'static RawWakerVTable> = OnceLock::new();

thread_local! {
    /// While this thread runs a runner: the server that a handler woke, to be run next.
    static NEXT: RefCell<Option<Next>> = const { RefCell::new(None) };
    /// Whether there is one in `NEXT`; looked at more often, and cheaper to.
    static ON_RUNNER: Cell<bool> = const { Cell::new(false) };
    /// The task that polled a call here last, by its waker.
    static TASK: Cell<(*const (), *const RawWakerVTable)> = const { Cell::new((ptr::null(), ptr::null())) };
    /// The task, and the door whose runtime it was last found in.
    static HOME: Cell<(Option<tokio::task::Id>, usize)> = const { Cell::new((None, 0)) };
}

/// A runner, to what its handlers do on its thread. Each runner has one, and lends it to the thread: to make
/// one for each poll would count the references to door and task up and down.
pub(super) struct Next {
    door: Weak<Door>,
    task: Arc<Task>,
    slot: Option<Arc<dyn AnySlot>>,
}

impl Next {
    pub(super) fn new(door: Weak<Door>, task: Arc<Task>) -> Self {
        Next { door, task, slot: None }
    }
}

impl Door {
    pub(crate) fn new(runtime: Handle, system: System) -> Self {
        let workers = runtime.metrics().num_workers().max(1);
        let (line, overdue, closed) = (Mutex::default(), Overdue::default(), AtomicBool::new(false));
        Door { runtime, system, workers, line, overdue, closed }
    }

    /// Whether runners can be at work side by side.
    pub(crate) fn has_many_workers(&self) -> bool {
        self.workers > 1
    }

    pub(crate) fn system(&self) -> &System {
        &self.system
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a first runner: when the runtime goes, it is dropped, and that closes the door.
    pub(crate) fn open(self: &Arc<Self>) {
        self.call_one(self.line());
    }

    /// Whether the runtime is gone.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Makes the server's runtime the current one, unless it is.
    #[inline]
    pub(crate) fn home(&self) -> Option<EnterGuard<'_>> {
        let here = std::ptr::from_ref(self) as usize;
        let task = tokio::task::try_id();
        // A task stays in its runtime, so that its first answer is good for the next time.
        if task.is_some() && HOME.get() == (task, here) {
            return None;
        }
        if Handle::try_current().is_ok_and(|current| current.id() == self.runtime.id()) {
            HOME.with(|it| it.set((task, here)));
            return None;
        }
        Some(self.runtime.enter())
    }

    /// The time in this runtime, from any thread.
    pub(crate) fn now(&self) -> Instant {
        let _home = self.home();
        now()
    }

    /// Sends a runner to a slot whose right lies ready.
    pub(crate) fn summon(self: &Arc<Self>, slot: Arc<dyn AnySlot>) {
        let in_line = NEXT.try_with(|next| match &mut *next.borrow_mut() {
            // The first that a handler wakes is next on this runner, as tokio's own schedulers do it.
            Some(next) if next.door.as_ptr() == Arc::as_ptr(self) => next.slot.replace(slot),
            _ => Some(slot),
        });
        if let Ok(Some(slot)) = in_line {
            self.put_to_work(Work::fresh(slot));
        }
    }

    /// Sends a task on its way beside the servers.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.runtime.spawn(task).abort_handle()
    }

    /// The same where the sender wants to know when it is over.
    pub(crate) fn spawn_joined(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.runtime.spawn(task)
    }

    /// Stands work in line and sees to it that somebody comes for it.
    pub(crate) fn put_to_work(self: &Arc<Self>, work: Work) {
        let mut line = self.line();
        if line.closed {
            drop(line);
            return work.abandon();
        }
        line.waiting.push_back(work);
        let comes =
            |line: &Line| line.waiting.len() <= PATIENCE && line.awake.iter().any(|task| task.comes(caller));
        if line.awake.len() < self.workers && !comes(&line) {
            self.call_one(line);
        }
    }

    /// Calls a runner if there may be a worker for it.
    fn call_one(self: &Arc<Self>, mut line: MutexGuard<'_, Line>) {
        if line.awake.len() >= self.workers {
            return;
        }
        let task = match line.idle.pop() {
            Some(task) => task,
            None => {
                let (runner, task) = Runner::new(Arc::downgrade(self), caller());
                line.awake.push(task);
                drop(line);
                // On a runtime that is shutting down the runner is dropped at once and closes the door.
                drop(self.runtime.spawn(runner));
                return;
            }
        };
        line.awake.push(task.clone());
        drop(line);
        task.call(caller());
    }

    /// The next for a runner that is awake: its own, the line's, or another runner's. Without any it is
    /// idle from now on, or ends because there are enough idle ones.
    pub(crate) fn next(self: &Arc<Self>, task: &Arc<Task>) -> Errand {
        if let Some(work) = task.take_shelved() {
            return Errand::Work(work);
        }
        let mut line = self.line();
        if let Some(work) = line.waiting.pop_front() {
            // It is not there if one of its handlers blocked the thread.
            if !line.awake.iter().any(|other| Arc::ptr_eq(other, task)) {
                line.awake.push(task.clone());
            }
            let share = (line.waiting.len() / self.workers).min(SHARE);
            if share > 0 {
                task.shelve(line.waiting.drain(..share));
            }
            if !line.waiting.is_empty() || share > 0 {
                self.call_one(line);
            }
            return Errand::Work(work);
        }
        for other in line.awake.iter().filter(|other| !Arc::ptr_eq(other, task)) {
            let mut stolen = other.give_up_half().into_iter();
            if let Some(work) = stolen.next() {
                task.shelve(stolen);
                return Errand::Work(work);
            }
        }
        let awake = line.leave(task);
        if line.idle.len() < IDLE {
            line.idle.push(awake.unwrap_or_else(|| task.clone()));
            Errand::Wait
        } else {
            Errand::End
        }
    }

    /// A runner is held by a handler that is suspended or blocks: its own stand in line again, another may
    /// take its place.
    pub(crate) fn held(self: &Arc<Self>, task: &Arc<Task>) {
        let mut line = self.line();
        drop(line.leave(task));
        line.waiting.extend(task.clear_shelf());
        if !line.waiting.is_empty() {
            self.call_one(line);
        }
    }

    /// A runner that was held is awake again. One more than there are workers is no harm: it goes idle soon.
    pub(crate) fn back(&self, task: &Arc<Task>) {
        self.line().awake.push(task.clone());
    }

    /// What the last handler woke on this runner.
    pub(crate) fn woken(&self) -> Option<Arc<dyn AnySlot>> {
        NEXT.try_with(|next| next.borrow_mut().as_mut().and_then(|next| next.slot.take())).ok().flatten()
    }

    /// The runtime is gone: nobody will be served here any more.
    pub(crate) fn close(&self) {
        let waiting = {
            let mut line = self.line();
            line.closed = true;
            self.closed.store(true, Ordering::Release);
            line.idle.clear();
            let mut waiting = std::mem::take(&mut line.waiting);
            for task in std::mem::take(&mut line.awake) {
                waiting.extend(task.clear_shelf());
            }
            waiting
        };
        for work in waiting {
            work.abandon();
        }
        self.overdue.close();
    }
}

impl Drop for Door {
    /// No server is left, and nobody is about to start one: the runners that wait may end.
    fn drop(&mut self) {
        let idle = std::mem::take(&mut self.line().idle);
        for task in idle {
            task.call(Caller::Outside);
        }
    }
}

/// While it lives the thread is a runner; with what it was before. Nests, as runtimes do.
pub(super) struct Lent(Option<Next>);

/// Makes the thread a runner, whose task is woken by this waker.
#[inline]
pub(super) fn enter(here: Next, waker: &Waker) -> Lent {
    TASKS.get_or_init(|| waker.vtable());
    ON_RUNNER.with(|it| it.set(true));
    Lent(NEXT.try_with(|next| next.borrow_mut().replace(here)).ok().flatten())
}

impl Lent {
    /// Ends it, and gives back what was lent.
    #[inline]
    pub(super) fn take_back(mut self) -> Option<Next> {
        let outer = self.0.take();
        std::mem::forget(self);
        leave(outer)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        drop(leave(self.0.take()));
    }
}

/// The thread goes back to the runtime, and to the runner it was before; what was to be next stands in line.
#[inline]
fn leave(outer: Option<Next>) -> Option<Next> {
    ON_RUNNER.with(|it| it.set(outer.is_some()));
    let mut here = NEXT.try_with(|next| std::mem::replace(&mut *next.borrow_mut(), outer)).ok().flatten()?;
    if let Some(slot) = here.slot.take() {
        line_up(&here.door, slot);
    }
    Some(here)
}

/// A slot stands in line, if there is one still.
fn line_up(door: &Weak<Door>, slot: Arc<dyn AnySlot>) {
    match door.upgrade() {
        Some(door) => door.put_to_work(Work::fresh(slot)),
        None => Work::fresh(slot).abandon(),
    }
}

/// Somebody is about to wait on this thread, to be woken by `waker`: if it is a handler, what it woke stands
/// in line. A waker that is not the handler's own may be that of a `block_on`: then its runner will be long.
#[inline]
pub(crate) fn let_go(waker: &Waker) {
    let blocks = !waits::is_own(waker);
    let runner = NEXT.try_with(|next| {
        let mut next = next.borrow_mut();
        let Next { door, task, slot } = next.as_mut()?;
        let slot = slot.take();
        (blocks || slot.is_some()).then(|| (door.clone(), task.clone(), slot))
    });
    let Some((door, task, slot)) = runner.ok().flatten() else { return };
    if let (true, Some(door)) = (blocks, door.upgrade()) {
        door.held(&task);
    }
    if let Some(slot) = slot {
        line_up(&door, slot);
    }
}

/// Whether a runner is on this thread: inside a handler, which may be a plain one and block it.
#[inline]
pub(crate) fn is_on_runner() -> bool {
    ON_RUNNER.get()
}

/// Who is on this thread.
fn caller() -> Caller {
    if is_on_runner() {
        Caller::Handler
    } else if tokio::task::try_id().is_none() {
        Caller::Outside
    } else {
        Caller::Task(HOME.with(|home| std::ptr::from_ref(home) as usize))
    }
}

/// Whether this thread is in a runtime: a handler may want to spawn. A task's id is the quickest to ask for.
#[inline]
pub(crate) fn in_runtime() -> bool {
    tokio::task::try_id().is_some() || Handle::try_current().is_ok()
}

/// As [`in_runtime`], for whoever polls with this waker.
#[inline]
pub(crate) fn in_runtime_with(waker: &Waker) -> bool {
    is_task(waker) || in_runtime()
}

/// Whether one of tokio's tasks polls with this waker, which is its own and not one that it has made for what it polls.
///
/// A task is polled in its runtime alone, so that one that was seen on this thread last need not be asked for again: to
/// ask takes as long as a tenth of a call. Who polls on a runtime's own thread, but outside of it, with the waker of one
/// of its tasks is taken for that task.
#[inline]
pub(crate) fn is_task(waker: &Waker) -> bool {
    TASK.get() == (waker.data(), ptr::from_ref(waker.vtable())) || learn_task(waker)
}

/// The same of a waker that was not seen here last; a task's is remembered.
fn learn_task(waker: &Waker) -> bool {
    let is_task =
        TASKS.get().is_some_and(|tasks| ptr::eq(*tasks, waker.vtable())) && tokio::task::try_id().is_some();
    if is_task {
        TASK.with(|task| task.set((waker.data(), waker.vtable())));
    }
    is_task
}

/// What the last handler woke on this runner, if it is of this type.
pub(crate) fn woken_of<S: GenServer>() -> Option<Arc<Slot<S>>> {
    let slot = NEXT.try_with(|next| {
        let mut next = next.borrow_mut();
        next.as_mut()?.slot.take_if(|slot| slot.is_of(TypeId::of::<S>()))
    });
    slot.ok().flatten()?.into_any().downcast().ok()
}

/// The boxed form of a start, which is rare enough for an allocation.
pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The time, which a test can pause. On a thread outside of all runtimes it is the machine's: there,
/// [`Door::now`] is meant.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The machine's time, which no test pauses: only for what it costs to wake a thread, never for what is served.
pub(crate) fn machine_time() -> std::time::Instant {
    std::time::Instant::now()
}

/// The time of day, for people to read.
pub(crate) fn time_of_day() -> SystemTime {
    SystemTime::now()
}

/// A random number.
pub(crate) fn random() -> u64 {
    // Each has keys of its own, and the first came from the operating system.
    std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0)
}

/// A point in time as something to wait for. A caller on a thread of its own borrows the clock of the
/// server's runtime.
pub(crate) fn sleep_until(at: Instant, door: Option<&Arc<Door>>) -> Pin<Box<Sleep>> {
    let _runtime = match door {
        Some(door) if !in_runtime() => Some(door.runtime.enter()),
        _ => None,
    };
    Box::pin(tokio::time::sleep_until(at))
}

/// A task in the runtime that this one is in.
pub(crate) fn spawn_here<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(task)
}

/// `future`, or `None` when it needs longer than `limit`.
pub(crate) async fn within<F: Future>(limit: Option<Duration>, future: F) -> Option<F::Output> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, future).await.ok(),
        None => Some(future.await),
    }
}
