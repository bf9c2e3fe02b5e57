//! Where a reply is handed over.
//!
//! A [`ReplyCell`] is shared by the waiting caller and the [`ReplyTo`] that travels with the call. Cells
//! are kept with the inbox and used again, so a queued call allocates nothing in the steady state. A reply
//! that comes too late finds nobody and vanishes; a `ReplyTo` dropped unanswered is an answer as well. A caller that polls
//! its handler itself gets the reply from there, and the cell stays open.
//!
//! ```text
//! Open ── answer ──▶ Answered, Failed ── poll ──▶ Open, for the next call; Gone after a refusal
//!   └──── the caller leaves ──▶ Gone      (whoever watches for that is woken)
//! ```

use std::{
    any::Any,
    cell::{Cell, RefCell},
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, AtomicU64},
    },
    task::{Poll, Waker},
};

use super::{
    serving::{Until, UntilCell},
    sync::{AtomicU8, Mutex, MutexGuard, Ordering},
    waits::Awaited,
};
use crate::{
    mistakes::makes,
    process::panic::{drop_quietly, wake},
    server::error::Failure,
};

pub(crate) struct ReplyCell<R> {
    inner: Mutex<Inner<R>>,
    until: UntilCell,
    /// Whether the server has come to the call; kept for handlers with policies alone.
    stage: AtomicU8,
    /// When the call was queued, for handlers that mind; 0: nobody does.
    queued_at: AtomicU64,
    /// There may be a watcher.
    is_watched: AtomicBool,
}

/// Nobody has begun the call.
const QUEUED: u8 = 0;
/// The server has.
const BEGUN: u8 = 1;
/// The caller has withdrawn it, and it will not be begun.
const WITHDRAWN: u8 = 2;
/// The server has turned it away.
const SHED: u8 = 3;

struct Inner<R> {
    state: State,
    /// The answer, where it is one. Apart from the state, so that to take it moves nothing else.
    reply: Option<R>,
    /// Of whoever wants to know that nobody waits any more.
    watcher: Option<Waker>,
    /// The reply does not come from the handler that has the call: its server is free meanwhile.
    deferred: bool,
    /// The answer is not from whoever had the address, which may be about still.
    refused: bool,
}

enum State {
    /// Not answered, and the caller's waker once it has been polled; also when nobody has asked yet.
    Open(Option<Waker>),
    Answered,
    Failed(Box<Failure>),
    /// Nobody waits any more.
    Gone,
}

impl<R> Inner<R> {
    /// Takes the answer, if there is one; a reply goes to where it is wanted. The next call in the cell is another one.
    #[inline]
    fn take(&mut self, reply: &mut Option<R>) -> Option<Result<(), Box<Failure>>> {
        match self.state {
            State::Answered => {
                *reply = self.reply.take();
                self.state = self.next();
                Some(Ok(()))
            }
            State::Failed(_) => self.take_failure().map(Err),
            State::Open(_) | State::Gone => None,
        }
    }

    #[cold]
    fn take_failure(&mut self) -> Option<Box<Failure>> {
        let next = self.next();
        match std::mem::replace(&mut self.state, next) {
            State::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    /// What the cell is when its answer is taken.
    #[inline]
    fn next(&mut self) -> State {
        self.deferred = false;
        if self.refused && !makes!(OpensRefused) { State::Gone } else { State::Open(None) }
    }
}

/// A cell of whatever type that is used again.
type Spare = Arc<dyn Any + Send + Sync>;

/// How many of other types a thread keeps.
const SHELVED: usize = 8;

thread_local! {
    /// The cell of the last call that was answered on this thread.
    static SPARE: Cell<Option<Spare>> = const { Cell::new(None) };
    /// Those of other types that were found there, where servers take turns.
    static SHELF: RefCell<Vec<Spare>> = const { RefCell::new(Vec::new()) };
}

impl<R> ReplyCell<R> {
    pub(crate) fn new() -> Self {
        let inner =
            Inner { state: State::Open(None), reply: None, watcher: None, deferred: false, refused: false };
        ReplyCell {
            inner: Mutex::new(inner),
            until: UntilCell::new(),
            stage: AtomicU8::new(QUEUED),
            queued_at: AtomicU64::new(0),
            is_watched: AtomicBool::new(false),
        }
    }

    /// Notes when the call was queued; 0 forgets it.
    pub(crate) fn note_queued(&self, at: u64) {
        self.queued_at.store(at, Ordering::Relaxed);
    }

    fn inner(&self) -> MutexGuard<'_, Inner<R>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the cell for a call that is waited for so long, with the caller's waker. The cell is new, or its
    /// last answer was taken, or went another way.
    pub(crate) fn open(self: &Arc<Self>, caller: Option<Waker>, until: Until) -> ReplyTo<R> {
        if caller.is_some() {
            self.inner().state = State::Open(caller);
        }
        self.until.set(until);
        self.stage.store(QUEUED, Ordering::Relaxed);
        ReplyTo { cell: Some(self.clone()) }
    }

    /// What a caller knows the handler by that answers here: where the cell is.
    pub(crate) fn key(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Until when the caller waits.
    pub(crate) fn until(&self) -> &UntilCell {
        &self.until
    }

    /// The reply will not come from the handler that has the call.
    pub(crate) fn defer(&self) {
        self.inner().deferred = true;
    }

    /// The caller does not wait any more.
    pub(crate) fn abandon(&self) {
        let watcher = {
            let mut inner = self.inner();
            if !matches!(inner.state, State::Open(_)) {
                return;
            }
            inner.state = State::Gone;
            inner.watcher.take()
        };
        if let Some(watcher) = watcher {
            wake(watcher);
        }
    }

    /// The caller gives up; whether it is certain that the call was not begun and will not be.
    pub(crate) fn withdraw(&self) -> bool {
        if makes!(WithdrawsInTwo) {
            let is_queued = self.stage.load(Ordering::Acquire) == QUEUED;
            self.stage.store(WITHDRAWN, Ordering::Release);
            return is_queued;
        }
        self.stage.compare_exchange(QUEUED, WITHDRAWN, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Somebody waits, and there is no answer.
    pub(crate) fn is_waited_for(&self) -> bool {
        matches!(self.inner().state, State::Open(_))
    }

    /// Ready when the caller does not wait any more; otherwise `waker` is woken then.
    pub(crate) fn poll_gone(&self, waker: &Waker) -> Poll<()> {
        let mut inner = self.inner();
        if !matches!(inner.state, State::Open(_)) {
            return Poll::Ready(());
        }
        if makes!(WatchesInTwo) {
            drop(inner);
            inner = self.inner();
        }
        if !inner.watcher.as_ref().is_some_and(|known| known.will_wake(waker)) {
            inner.watcher = Some(waker.clone());
            self.is_watched.store(true, Ordering::Relaxed);
        }
        Poll::Pending
    }

    /// Takes the answer, or leaves the caller's waker. Who asks first has it.
    pub(crate) fn poll(&self, waker: &Waker) -> Poll<Result<R, Failure>> {
        let mut reply = None;
        self.poll_into(&mut reply, waker).map(|told| answer(told, reply).map_err(|failure| *failure))
    }

    /// The same; the reply goes to where it is wanted, without a stop on its way.
    pub(crate) fn poll_into(&self, reply: &mut Option<R>, waker: &Waker) -> Poll<Result<(), Box<Failure>>> {
        let mut inner = self.inner();
        match &mut inner.state {
            State::Open(Some(known)) if known.will_wake(waker) => Poll::Pending,
            State::Open(known) => {
                *known = Some(waker.clone());
                Poll::Pending
            }
            State::Gone => Poll::Pending,
            State::Answered | State::Failed(_) => match inner.take(reply) {
                Some(told) => Poll::Ready(told),
                None => Poll::Pending,
            },
        }
    }

    /// Whether somebody waits and has no answer; now there is one, which is made where it will lie.
    #[inline]
    fn answer(&self, answer: impl FnOnce(&mut Option<R>) -> State, refused: bool) -> bool {
        let mut inner = self.inner();
        let State::Open(waker) = &mut inner.state else {
            drop(inner);
            drop_quietly(answer);
            return false;
        };
        let waker = waker.take();
        if makes!(AnswersInTwo) {
            drop(inner);
            inner = self.inner();
        }
        let Inner { state, reply, .. } = &mut *inner;
        *state = answer(reply);
        inner.refused = refused;
        let watcher = inner.watcher.take();
        drop(inner);
        if let Some(waker) = waker {
            wake(waker);
        }
        if let Some(watcher) = watcher {
            wake(watcher);
        }
        true
    }
}

impl<R: Send + 'static> ReplyCell<R> {
    /// A cell for a call: one of this thread's if there is one of this type.
    pub(crate) fn spare() -> Arc<Self> {
        match SPARE.try_with(Cell::take).ok().flatten().map(Arc::downcast) {
            Some(Ok(cell)) => cell,
            Some(Err(other)) => ReplyCell::exchanged(other),
            None => Arc::new(ReplyCell::new()),
        }
    }

    /// Puts one of another type on the shelf, and looks there for one of this.
    #[inline(never)]
    fn exchanged(other: Spare) -> Arc<Self> {
        let found = SHELF.try_with(|shelf| {
            let mut shelf = shelf.borrow_mut();
            if let Some(place) = shelf.iter_mut().find(|spare| spare.is::<Self>()) {
                return Some(std::mem::replace(place, other));
            }
            if shelf.len() < SHELVED {
                shelf.push(other);
            }
            None
        });
        let found = found.ok().flatten().and_then(|found| found.downcast().ok());
        found.unwrap_or_else(|| Arc::new(ReplyCell::new()))
    }

    /// Keeps a cell for the next call on this thread: its answer was taken, or went another way.
    pub(crate) fn keep(self: Arc<Self>) {
        if Arc::strong_count(&self) == 1 && Arc::weak_count(&self) == 0 {
            if self.is_watched.load(Ordering::Relaxed) {
                self.is_watched.store(false, Ordering::Relaxed);
                // Dropped when the lock is gone: somebody may have made it.
                let watcher = self.inner().watcher.take();
                drop(watcher);
            }
            let _ = SPARE.try_with(|spare| spare.set(Some(self)));
        }
    }
}

impl<R: Send> Awaited for ReplyCell<R> {
    fn is_open(&self) -> bool {
        let inner = self.inner();
        matches!(inner.state, State::Open(_)) && !inner.deferred
    }

    fn refuse(&self, failure: Failure) -> bool {
        self.answer(|_| State::Failed(failure.into()), true)
    }
}

/// An answer whose reply lies where it was wanted.
#[inline]
pub(crate) fn answer<R>(told: Result<(), Box<Failure>>, reply: Option<R>) -> Result<R, Box<Failure>> {
    match (told, reply) {
        (Ok(()), Some(reply)) => Ok(reply),
        (Ok(()), None) => unreachable!("a reply that was told lies where it was wanted"),
        (Err(failure), _) => Err(failure),
    }
}

/// The right to answer one call, once.
pub(crate) struct ReplyTo<R> {
    cell: Option<Arc<ReplyCell<R>>>,
}

impl<R> ReplyTo<R> {
    /// Where the reply goes; it does until it is sent.
    pub(crate) fn cell(&self) -> Option<&Arc<ReplyCell<R>>> {
        self.cell.as_ref()
    }

    /// Somebody else answers the call, or has.
    #[inline]
    pub(crate) fn forget(mut self) {
        drop(self.cell.take());
    }

    /// The caller is gone: nobody would hear the answer.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.cell.as_ref().is_some_and(|cell| Arc::strong_count(cell) == 1)
    }

    /// The server comes to the call: whether its caller has not withdrawn it.
    pub(crate) fn begin(&self) -> bool {
        let Some(cell) = &self.cell else { return true };
        let begun = cell.stage.compare_exchange(QUEUED, BEGUN, Ordering::AcqRel, Ordering::Relaxed);
        begun != Err(WITHDRAWN)
    }

    /// When the call was queued, if that matters.
    #[inline]
    pub(crate) fn queued_at(&self) -> Option<u64> {
        let at = self.cell.as_ref()?.queued_at.load(Ordering::Relaxed);
        (at != 0).then_some(at)
    }

    /// The server turns it away.
    pub(crate) fn shed(&self, failure: Failure) {
        if let Some(cell) = &self.cell {
            cell.stage.store(SHED, Ordering::Relaxed);
            cell.answer(|_| State::Failed(failure.into()), true);
        }
    }

    /// Whether the server has turned it away.
    pub(crate) fn was_shed(&self) -> bool {
        self.cell.as_ref().is_some_and(|cell| cell.stage.load(Ordering::Relaxed) == SHED)
    }

    pub(crate) fn send(self, reply: R) {
        self.offer(reply);
    }

    /// As `send`; whether somebody waited for it.
    pub(crate) fn offer(mut self, reply: R) -> bool {
        self.answer(|place| {
            *place = Some(reply);
            State::Answered
        })
    }

    pub(crate) fn fail(mut self, failure: Failure) {
        self.answer(|_| State::Failed(failure.into()));
    }

    #[inline]
    fn answer(&mut self, answer: impl FnOnce(&mut Option<R>) -> State) -> bool {
        let Some(cell) = self.cell.take() else { return false };
        let is_wanted = cell.answer(answer, false);
        // The caller may be gone: then the reply is dropped here.
        drop_quietly(cell);
        is_wanted
    }
}

impl<R> Drop for ReplyTo<R> {
    fn drop(&mut self) {
        self.answer(|_| State::Failed(Failure::ReplyDropped.into()));
    }
}

#[cfg(all(test, not(noex_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_is_used_again_knows_nothing_of_its_last_call() {
        let cell = Arc::new(ReplyCell::new());
        let later = cell.open(None, Until::Forever);
        cell.defer();
        assert!(!cell.is_open(), "its server is free meanwhile");
        later.send(1);
        assert!(matches!(cell.poll(Waker::noop()), Poll::Ready(Ok(1))));
        let _next = cell.open(None, Until::Forever);
        assert!(cell.is_open(), "only its server can answer this one");
    }

    /// The cell of a call of this type that was answered.
    fn used<R: Send + 'static>() -> usize {
        let cell = ReplyCell::<R>::spare();
        let key = cell.key();
        cell.keep();
        key
    }

    #[test]
    fn cells_of_servers_that_take_turns_are_used_again() {
        let round = || [used::<u8>(), used::<u16>(), used::<u32>()];
        let first = round();
        assert_eq!([round(), round()], [first, first]);
    }
}
