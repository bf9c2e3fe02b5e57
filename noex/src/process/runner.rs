//! Runners: the tasks that serve what callers could not serve themselves.
//!
//! A runner takes a slot whose right lies ready, lets it serve, keeps a suspended handler alive and parks
//! when there is nothing left. It knows nothing of the server's types: it is compiled once.
//!
//! ```text
//! raise/lay_ready ─▶ Door::summon ─▶ Runner::poll ─▶ slot.turn() ─▶ Idle    park, or end
//!                                         ▲                     ├▶ Again   yield to the runtime
//!                                         └──── poll handler ◀──┴▶ Async   an `async fn` handler
//! ```

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use super::{door::Door, exit::ExitReason, panic::catch};
use crate::server::slot::{
    AnySlot,
    waits::{Busy, Edges},
};

/// A handler's future: it holds the run right and lays it down when it is done.
pub(crate) type Handler = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a slot says after a turn.
pub(crate) enum Turn {
    /// Nothing to do, or somebody else does it.
    Idle,
    /// There is more, but others want the thread.
    Again,
    /// An async handler has begun.
    Async(Handler),
}

/// One slot to serve, with the handler that is under way there, if any.
pub(crate) struct Work {
    slot: Arc<dyn AnySlot>,
    handler: Option<Handler>,
    edges: Edges,
}

impl Work {
    pub(crate) fn fresh(slot: Arc<dyn AnySlot>) -> Self {
        Work { slot, handler: None, edges: Edges::default() }
    }

    pub(crate) fn begun(slot: Arc<dyn AnySlot>, handler: Handler, edges: Edges) -> Self {
        Work { slot, handler: Some(handler), edges }
    }
}

/// Where a parked runner gets its next work.
pub(crate) struct Desk {
    tray: Mutex<Tray>,
    task: OnceLock<Waker>,
}

enum Tray {
    Empty,
    Full(Work),
    /// The runner's task is gone.
    Gone,
}

impl Desk {
    /// Hands work to a parked runner; given back when the runner's runtime is gone.
    pub(crate) fn hand(&self, work: Work) -> Result<(), Work> {
        {
            let mut tray = self.tray.lock().unwrap_or_else(PoisonError::into_inner);
            if !matches!(*tray, Tray::Empty) {
                return Err(work);
            }
            *tray = Tray::Full(work);
        }
        self.ring();
        Ok(())
    }

    fn take(&self) -> Option<Work> {
        let mut tray = self.tray.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *tray, Tray::Empty) {
            Tray::Full(work) => Some(work),
            Tray::Empty => None,
            Tray::Gone => {
                *tray = Tray::Gone;
                None
            }
        }
    }

    fn ring(&self) {
        if let Some(task) = self.task.get() {
            task.wake_by_ref();
        }
    }
}

/// The waker that handlers see. Its clones are counted by its `Arc`: so the deadlock check knows how many
/// things a suspended handler waits for.
struct Bell(Arc<Desk>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.ring();
    }
}

pub(crate) struct Runner {
    door: Arc<Door>,
    desk: Arc<Desk>,
    bell: Arc<Bell>,
    waker: Waker,
    work: Option<Work>,
}

/// The runner's own two references to its bell.
const OWN_BELLS: usize = 2;

impl Runner {
    pub(crate) fn new(door: Arc<Door>, work: Work) -> Self {
        let desk = Arc::new(Desk { tray: Mutex::new(Tray::Empty), task: OnceLock::new() });
        let bell = Arc::new(Bell(desk.clone()));
        let waker = Waker::from(bell.clone());
        Runner { door, desk, bell, waker, work: Some(work) }
    }

    /// Polls the handler under way. `Pending`: it is suspended and the runner with it.
    fn poll_handler(&mut self) -> Poll<()> {
        let Some(work) = &mut self.work else { return Poll::Ready(()) };
        let Some(handler) = &mut work.handler else { return Poll::Ready(()) };
        if let Some(reason) = work.slot.core().cut() {
            work.end_handler(reason);
            return Poll::Ready(());
        }
        loop {
            let busy = Busy::enter(std::mem::take(&mut work.edges));
            let polled = catch(|| handler.as_mut().poll(&mut Context::from_waker(&self.waker)));
            work.edges = busy.leave();
            match polled {
                Ok(Poll::Ready(())) => {
                    work.handler = None;
                    work.edges.clear();
                    return Poll::Ready(());
                }
                Ok(Poll::Pending) => {
                    let listeners = Arc::strong_count(&self.bell) - OWN_BELLS;
                    if let Some(task) = self.desk.task.get()
                        && work.slot.core().suspend(
                            task,
                            &mut work.edges,
                            listeners,
                            work.slot.current_handler(),
                        )
                    {
                        // To be dropped, or one of its calls was refused as a deadlock: look again.
                        if let Some(reason) = work.slot.core().cut() {
                            work.end_handler(reason);
                            return Poll::Ready(());
                        }
                        work.slot.core().resume(&mut work.edges);
                        continue;
                    }
                    return Poll::Pending;
                }
                Err(caught) => {
                    let reason = caught.into_reason(work.slot.current_handler());
                    work.end_handler(reason);
                    return Poll::Ready(());
                }
            }
        }
    }
}

impl Work {
    /// Drops the handler, which lays its right down, and ends the server.
    fn end_handler(&mut self, reason: ExitReason) {
        let handler = self.handler.take();
        // A destructor inside the handler may panic; the server is ending anyway.
        if let Err(second) = catch(|| drop(handler)) {
            drop(second.into_reason("drop"));
        }
        self.edges.clear();
        self.slot.break_off(reason);
    }
}

impl Future for Runner {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.desk.task.get_or_init(|| cx.waker().clone());
        loop {
            if this.work.is_none() {
                match this.desk.take() {
                    Some(work) => this.work = Some(work),
                    None => return Poll::Pending,
                }
            }
            if let Some(work) = &mut this.work
                && work.handler.is_some()
            {
                work.slot.core().resume(&mut work.edges);
            }
            if this.poll_handler().is_pending() {
                return Poll::Pending;
            }
            let Some(work) = &mut this.work else { continue };
            match work.slot.clone().turn() {
                Turn::Async(handler) => work.handler = Some(handler),
                Turn::Again => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Turn::Idle => {
                    this.work = None;
                    if !this.door.park(&this.desk) {
                        return Poll::Ready(());
                    }
                }
            }
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.door.forget(&self.desk);
        let waiting = {
            let mut tray = self.desk.tray.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *tray, Tray::Gone)
        };
        // The runtime shuts down under a server: nobody can serve it any more.
        let mut left = self.work.take();
        if let Tray::Full(work) = waiting {
            left = left.or(Some(work));
        }
        if let Some(mut work) = left {
            if work.handler.is_some() {
                work.end_handler(ExitReason::Killed);
            }
            work.slot.clone().abandon();
        }
    }
}
