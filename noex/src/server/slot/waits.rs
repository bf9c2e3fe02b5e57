//! Who waits for whom: the deadlock check.
//!
//! A handler that awaits a call leaves an *edge* to the server it called. When the handler is suspended
//! its edges are published in its slot, and the runner asks: can the reply still come?
//!
//! A server is *stuck on us* when its handler is suspended, waits for nothing but calls (the waker's
//! clones are counted: a timer or a channel beside the calls would hold one more), and every one of those
//! calls goes to us or to a server that is stuck on us. A call to a server that is stuck on us can never
//! be answered while we wait for it, so it fails at once. Because a lone `select!` with a timer, a call
//! made by a spawned task and a call that is answered already do not count as stuck, there are no
//! false alarms; a stray clone of a waker can only hide a deadlock from the check, never invent one.
//!
//! The last one of a cycle to be suspended sees it whole.

use std::{
    cell::Cell,
    sync::{Arc, Weak, atomic::Ordering},
    task::Waker,
};

use super::{AnySlot, Core};
use crate::server::error::{DeadlockStep, Failure};

/// A call whose reply may be awaited, without its type.
pub(crate) trait Awaited: Send + Sync {
    /// Nobody has answered and somebody still waits.
    fn is_open(&self) -> bool;
    /// Answers with a failure; nothing happens when it is answered already.
    fn refuse(&self, failure: Failure);
}

/// A call that a handler awaits.
#[derive(Clone)]
pub(crate) struct Edge {
    target: Arc<dyn AnySlot>,
    handler: &'static str,
    call: Weak<dyn Awaited>,
    /// How many clones of the handler's waker this call holds.
    wakers: usize,
}

pub(crate) type Edges = Vec<Edge>;

/// The published state of a suspended handler.
#[derive(Default)]
pub(crate) struct Suspended {
    edges: Edges,
    /// It waits for nothing but the calls in `edges`.
    only_calls: bool,
    handler: &'static str,
}

thread_local! {
    /// How many handlers are being polled inside one another on this thread.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The calls that the innermost of them awaits.
    static EDGES: Cell<Edges> = const { Cell::new(Edges::new()) };
}

/// While it lives, this thread polls a handler. Nests.
pub(crate) struct Busy {
    outer: Edges,
}

impl Busy {
    pub(crate) fn enter(edges: Edges) -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Busy { outer: EDGES.replace(edges) }
    }

    pub(crate) fn leave(mut self) -> Edges {
        EDGES.replace(std::mem::take(&mut self.outer))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
        if !self.outer.is_empty() {
            EDGES.set(std::mem::take(&mut self.outer));
        }
    }
}

/// How many handlers are being polled inside one another on this thread.
pub(crate) fn depth() -> usize {
    DEPTH.get()
}

/// Notes that the handler being polled on this thread, if any, awaits `call`. `true` when it was noted.
pub(crate) fn wait_for(
    target: impl FnOnce() -> Arc<dyn AnySlot>,
    handler: &'static str,
    call: impl FnOnce() -> Weak<dyn Awaited>,
    wakers: usize,
) -> bool {
    let inside = depth() > 0;
    if inside {
        let mut edges = EDGES.take();
        edges.push(Edge { target: target(), handler, call: call(), wakers });
        EDGES.set(edges);
    }
    inside
}

/// The awaited call is over, one way or the other.
pub(crate) fn wait_is_over(call: &Weak<dyn Awaited>) {
    // A call may be dropped while the thread's locals are torn down.
    let _ = EDGES.try_with(|cell| {
        let mut edges = cell.take();
        edges.retain(|edge| !Weak::ptr_eq(&edge.call, call));
        cell.set(edges);
    });
}

impl Core {
    /// The runner's last act before it sleeps with a suspended handler. `true`: look at the handler
    /// again, it is to be dropped or one of its calls was refused.
    pub(crate) fn suspend(
        &self,
        task: &Waker,
        edges: &mut Edges,
        listeners: usize,
        handler: &'static str,
    ) -> bool {
        let waits = !edges.is_empty();
        {
            let mut slow = self.slow();
            let slow = slow.whole();
            if !slow.runner.as_ref().is_some_and(|known| known.will_wake(task)) {
                slow.runner = Some(task.clone());
            }
            if waits {
                let only_calls = edges.iter().map(|edge| edge.wakers).sum::<usize>() == listeners;
                slow.suspended = Some(Suspended { edges: std::mem::take(edges), only_calls, handler });
            }
        }
        if waits {
            // Sequentially consistent: of two servers that are suspended at once, one must see the other.
            self.waiting.store(true, Ordering::SeqCst);
        }
        (waits && self.refuse_hopeless_calls()) || self.is_cut()
    }

    /// The runner is about to poll the handler again.
    pub(crate) fn resume(&self, edges: &mut Edges) {
        if self.waiting.swap(false, Ordering::AcqRel)
            && let Some(suspended) = self.slow().whole().suspended.take()
        {
            *edges = suspended.edges;
        }
    }

    /// Refuses the calls of this suspended handler that can never be answered. `true` if there was one.
    fn refuse_hopeless_calls(&self) -> bool {
        let mut refused = false;
        for Edge { target, handler, call, .. } in self.open_edges() {
            let mut path = vec![self.step(self.suspended_handler())];
            if is_stuck_on(&target, self.id, &mut path)
                && let Some(call) = call.upgrade()
            {
                path.push(self.step(handler));
                call.refuse(Failure::Deadlock(path.into()));
                refused = true;
            }
        }
        refused
    }

    fn suspended_handler(&self) -> &'static str {
        self.slow().rest.as_ref().and_then(|slow| slow.suspended.as_ref()).map_or("?", |it| it.handler)
    }

    /// Copies what is published, so that no two locks are ever held.
    fn open_edges(&self) -> Edges {
        let slow = self.slow();
        let Some(suspended) = slow.rest.as_ref().and_then(|slow| slow.suspended.as_ref()) else {
            return Vec::new();
        };
        suspended.edges.clone()
    }

    fn waits_for_calls_only(&self) -> bool {
        self.waiting.load(Ordering::SeqCst)
            && self
                .slow()
                .rest
                .as_ref()
                .and_then(|slow| slow.suspended.as_ref())
                .is_some_and(|it| it.only_calls)
    }

    fn step(&self, handler: &'static str) -> DeadlockStep {
        DeadlockStep { pid: self.pid(), server: self.label(), handler }
    }
}

/// Can `slot` not go on before the handler in `origin` has finished?
fn is_stuck_on(slot: &Arc<dyn AnySlot>, origin: u64, path: &mut Vec<DeadlockStep>) -> bool {
    let core = slot.core();
    if core.id == origin {
        return true;
    }
    if !core.waits_for_calls_only() {
        return false;
    }
    let step = core.step(core.suspended_handler());
    // A server already on the path waits in a circle that does not lead to us; it is their deadlock.
    if path.iter().any(|seen| seen.pid == step.pid) {
        return false;
    }
    path.push(step);
    let edges = core.open_edges();
    let stuck = !edges.is_empty()
        && edges.iter().all(|edge| {
            edge.call.upgrade().is_some_and(|call| call.is_open()) && is_stuck_on(&edge.target, origin, path)
        });
    if !stuck {
        path.pop();
    }
    stuck
}
