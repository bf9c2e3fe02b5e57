//! Keepers: tasks that see the async handlers they begin to their end, where others leave that to a runner.
//!
//! A caller may be dropped, or polled by nobody for long, so that the first step of a handler is all it may do on
//! the caller's task. A task that does nothing else than have a server work is another matter: it saves the way to
//! a runner and back.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::{
    door::Door,
    exit::ExitReason,
    host::{Host, Polled},
    seat::Seat,
    task::{Caller, Task},
};
use crate::server::slot::AnySlot;

thread_local! {
    /// That of the task that runs on this thread, if it is one and no handler of its is being polled.
    static LENT: Cell<Option<Box<Keeper>>> = const { Cell::new(None) };
}

/// Keeps one handler at a time.
pub(crate) struct Keeper {
    host: Host,
    /// Whose runtime the task is in.
    door: Arc<Door>,
    keeps: bool,
}

impl Keeper {
    fn new(door: Arc<Door>) -> Box<Self> {
        Box::new(Keeper { host: Host::new(Arc::new(Task::new(Caller::Outside))), door, keeps: false })
    }

    /// Sees a handler of this server to its end, from its first step on; whether that was not all.
    pub(crate) fn keep<S: AnySlot + 'static>(
        mut self: Box<Self>,
        slot: &Arc<S>,
        begin: impl FnOnce(&mut Seat),
    ) -> bool {
        begin(&mut self.host.seat);
        // As a rule it is the one that it was before.
        let is_known = |at: &Arc<dyn AnySlot>| Arc::as_ptr(at).cast::<()>() == Arc::as_ptr(slot).cast();
        if !self.host.at.as_ref().is_some_and(is_known) {
            self.host.at = Some(slot.clone());
        }
        self.go_on();
        let keeps = self.keeps;
        LENT.set(Some(self));
        keeps
    }

    /// Polls the handler that it keeps, if any.
    fn poll(&mut self) {
        if self.keeps {
            if self.host.resume() { self.has_ended() } else { self.go_on() }
        }
    }

    fn go_on(&mut self) {
        match self.host.poll() {
            Polled::Suspended => self.keeps = true,
            Polled::Done(done) => self.is_over(done.next),
            Polled::Ended => self.has_ended(),
        }
    }

    fn has_ended(&mut self) {
        let slot = self.host.at.take();
        self.is_over(slot);
    }

    /// The handler is over; what its server has to see to beside is a runner's.
    fn is_over(&mut self, next: Option<Arc<dyn AnySlot>>) {
        self.keeps = false;
        if let Some(slot) = next {
            match slot.core().door().cloned() {
                Some(door) => door.summon(slot),
                None => slot.abandon(),
            }
        }
    }
}

impl Drop for Keeper {
    /// Dropped with a handler, it is dropped by the end of its runtime.
    fn drop(&mut self) {
        if self.keeps {
            self.host.end(ExitReason::Killed);
            if let Some(slot) = self.host.at.take() {
                slot.abandon();
            }
        }
    }
}

/// The keeper of the task that polls with this waker, if it is one, keeps nothing, and is at home with this door. A
/// handler that blocks the thread until another call is answered polls that with another waker: nobody would come back
/// for what it begins.
#[inline]
pub(crate) fn here(waker: &Waker, door: Option<&Arc<Door>>) -> Option<Box<Keeper>> {
    let keeper = LENT.take()?;
    if !keeper.keeps
        && keeper.host.task().waker().is_some_and(|task| task.will_wake(waker))
        && door.is_some_and(|door| Arc::ptr_eq(door, &keeper.door))
    {
        return Some(keeper);
    }
    LENT.set(Some(keeper));
    None
}

/// A task that keeps the handlers it begins.
pub(crate) struct Keeping<F> {
    keeper: Option<Box<Keeper>>,
    /// `None`: it is done.
    work: Option<Pin<Box<F>>>,
}

impl<F: Future<Output = ()>> Keeping<F> {
    /// To be spawned through this door.
    pub(crate) fn new(door: Arc<Door>, work: F) -> Self {
        Keeping { keeper: Some(Keeper::new(door)), work: Some(Box::pin(work)) }
    }
}

/// Takes back what was lent to the thread, also after a panic.
struct Lent<'a>(&'a mut Option<Box<Keeper>>, Option<Box<Keeper>>);

impl Drop for Lent<'_> {
    #[inline]
    fn drop(&mut self) {
        *self.0 = LENT.replace(self.1.take());
    }
}

impl<F: Future<Output = ()>> Future for Keeping<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Keeping { keeper, work } = &mut *self;
        if let Some(keeper) = keeper {
            keeper.host.task().settle(cx.waker());
            keeper.poll();
        }
        if let Some(future) = work {
            let lent = keeper.take();
            let outer = LENT.replace(lent);
            let lent = Lent(keeper, outer);
            let polled = future.as_mut().poll(cx);
            drop(lent);
            if polled.is_ready() {
                *work = None;
            }
        }
        let keeps = keeper.as_ref().is_some_and(|keeper| keeper.keeps);
        if work.is_some() || keeps { Poll::Pending } else { Poll::Ready(()) }
    }
}
