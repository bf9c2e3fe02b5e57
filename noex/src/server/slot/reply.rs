//! Where a reply is handed over.
//!
//! A [`ReplyCell`] is shared by the waiting caller and the [`ReplyTo`] that travels with the call. Cells
//! are kept with the inbox and used again, so a queued call allocates nothing in the steady state. A reply
//! that comes too late finds nobody and vanishes; a `ReplyTo` dropped unanswered is an answer as well.

use std::{
    any::Any,
    cell::Cell,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use super::waits::Awaited;
use crate::{process::panic::drop_quietly, server::error::Failure};

pub(crate) struct ReplyCell<R> {
    state: Mutex<State<R>>,
}

enum State<R> {
    /// Not answered; the caller's waker, once it has been polled. Also when nobody has asked yet.
    Open(Option<Waker>),
    Answered(Result<R, Failure>),
}

thread_local! {
    /// The cell of the last call that was answered on this thread.
    static SPARE: Cell<Option<Arc<dyn Any + Send + Sync>>> = const { Cell::new(None) };
}

impl<R> ReplyCell<R> {
    pub(crate) fn new() -> Self {
        ReplyCell { state: Mutex::new(State::Open(None)) }
    }

    fn state(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the cell for a call, with the caller's waker. The cell is new, or its last answer was taken.
    pub(crate) fn open(self: &Arc<Self>, waker: Option<Waker>) -> ReplyTo<R> {
        if waker.is_some() {
            *self.state() = State::Open(waker);
        }
        ReplyTo { cell: Some(self.clone()) }
    }

    /// Takes the answer, or leaves the caller's waker. Keeps `Answered` for the one who asks first.
    pub(crate) fn poll(&self, waker: &Waker) -> Poll<Result<R, Failure>> {
        let mut state = self.state();
        match &mut *state {
            State::Open(Some(known)) if known.will_wake(waker) => Poll::Pending,
            State::Open(known) => {
                *known = Some(waker.clone());
                Poll::Pending
            }
            State::Answered(_) => match std::mem::replace(&mut *state, State::Open(None)) {
                State::Answered(answer) => Poll::Ready(answer),
                State::Open(_) => Poll::Pending,
            },
        }
    }

    /// Whether somebody had asked and not been answered.
    fn answer(&self, answer: Result<R, Failure>) -> bool {
        let late = {
            let mut state = self.state();
            match &mut *state {
                State::Open(waker) => {
                    let waker = waker.take();
                    *state = State::Answered(answer);
                    drop(state);
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                    return true;
                }
                State::Answered(_) => answer,
            }
        };
        drop_quietly(late);
        false
    }
}

impl<R: Send + 'static> ReplyCell<R> {
    /// A cell for a call: the last one of this thread if it is of this type.
    pub(crate) fn spare() -> Arc<Self> {
        let spare = SPARE.try_with(Cell::take).ok().flatten();
        spare.and_then(|spare| spare.downcast().ok()).unwrap_or_else(|| Arc::new(ReplyCell::new()))
    }

    /// Keeps a cell whose answer was taken for the next call on this thread.
    pub(crate) fn keep(self: Arc<Self>) {
        if Arc::strong_count(&self) == 1 {
            let _ = SPARE.try_with(|spare| spare.set(Some(self)));
        }
    }
}

impl<R: Send> Awaited for ReplyCell<R> {
    fn is_open(&self) -> bool {
        matches!(*self.state(), State::Open(_))
    }

    fn refuse(&self, failure: Failure) -> bool {
        self.answer(Err(failure))
    }
}

/// The right to answer one call, once.
pub(crate) struct ReplyTo<R> {
    cell: Option<Arc<ReplyCell<R>>>,
}

impl<R> ReplyTo<R> {
    /// The caller is gone: nobody would hear the answer.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.cell.as_ref().is_some_and(|cell| Arc::strong_count(cell) == 1)
    }

    pub(crate) fn send(mut self, reply: R) {
        self.answer(Ok(reply));
    }

    pub(crate) fn fail(mut self, failure: Failure) {
        self.answer(Err(failure));
    }

    fn answer(&mut self, answer: Result<R, Failure>) {
        if let Some(cell) = self.cell.take() {
            cell.answer(answer);
            // The caller may be gone: then the reply is dropped here.
            drop_quietly(cell);
        }
    }
}

impl<R> Drop for ReplyTo<R> {
    fn drop(&mut self) {
        self.answer(Err(Failure::ReplyDropped));
    }
}
