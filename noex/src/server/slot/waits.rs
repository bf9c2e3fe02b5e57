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
use crate::{
    mistakes::makes,
    server::error::{DeadlockStep, Failure, Target},
};

/// A call whose reply may be awaited, without its type.
pub(crate) trait Awaited: Send + Sync {
    /// Nobody has answered, somebody still waits, and only the server that has the call can answer.
    fn is_open(&self) -> bool;
    /// Answers with a failure; `false` when it is answered already.
    fn refuse(&self, failure: Failure) -> bool;
}

/// A call that a handler awaits.
#[derive(Clone)]
pub(crate) struct Edge {
    target: Arc<dyn AnySlot>,
    handler: &'static str,
    call: Weak<dyn Awaited>,
    /// How many clones of the handler's waker this call holds; `None` when it was last polled with
    /// another waker, as in a `FuturesUnordered`.
    wakers: Option<usize>,
}

/// The calls that a handler awaits; as a rule none, which is one word.
#[derive(Clone, Default)]
#[expect(clippy::box_collection, reason = "moved at every poll, and nearly always empty")]
pub(crate) struct Edges(Option<Box<Vec<Edge>>>);

impl Edges {
    pub(crate) const fn new() -> Self {
        Edges(None)
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// How many clones of the handler's waker these calls hold.
    fn wakers(&self) -> Option<usize> {
        self.iter().map(|edge| edge.wakers).sum()
    }

    /// There are calls, and it is not they alone that hold the handler's waker.
    #[inline]
    pub(crate) fn leave_doubt(&self, listeners: Option<usize>) -> bool {
        !self.is_empty() && self.wakers() != listeners
    }

    /// Whom they call.
    pub(crate) fn targets(&self) -> Vec<Target> {
        self.iter().map(|edge| edge.target.core().target(edge.handler)).collect()
    }

    fn iter(&self) -> impl Iterator<Item = &Edge> {
        self.0.iter().flat_map(|edges| edges.iter())
    }

    fn push(&mut self, edge: Edge) {
        self.0.get_or_insert_default().push(edge);
    }

    fn forget(&mut self, call: &Weak<dyn Awaited>) {
        if let Some(edges) = &mut self.0 {
            edges.retain(|edge| !Weak::ptr_eq(&edge.call, call));
        }
    }

    /// What they hold of the waker of whoever polls next is not known.
    pub(crate) fn forget_wakers(&mut self) {
        self.0.iter_mut().flat_map(|edges| edges.iter_mut()).for_each(|edge| edge.wakers = None);
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }
}

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
    /// `EDGES` has some; looked at first because it is cheaper to.
    static WAITS: Cell<bool> = const { Cell::new(false) };
    /// The calls that the innermost of them awaits.
    static EDGES: Cell<Edges> = const { Cell::new(Edges::new()) };
    /// What the innermost of them is woken by.
    static BELL: Cell<*const ()> = const { Cell::new(std::ptr::null()) };
}

/// `wakers`, if they are the handler's own.
fn own(waker: &Waker, wakers: usize) -> Option<usize> {
    std::ptr::eq(waker.data(), BELL.get()).then_some(wakers)
}

/// Whether this is the waker of the handler that is being polled on this thread.
pub(crate) fn is_own(waker: &Waker) -> bool {
    depth() > 0 && own(waker, 0).is_some()
}

#[inline]
fn put_edges(edges: Edges) {
    if edges.0.is_some() {
        put_some(edges);
    }
}

#[cold]
fn put_some(edges: Edges) {
    EDGES.with(|it| it.set(edges));
    WAITS.with(|it| it.set(true));
}

#[inline]
fn take_edges() -> Edges {
    if WAITS.replace(false) { take_some() } else { Edges::new() }
}

#[cold]
fn take_some() -> Edges {
    EDGES.take()
}

/// The handler that was polled on this thread is over, and another begins in its place.
#[inline]
pub(crate) fn forget_edges() {
    drop(take_edges());
}

/// While it lives, this thread polls a handler. Nests.
pub(crate) struct Busy {
    outer: Edges,
    bell: *const (),
}

impl Busy {
    #[inline(always)]
    pub(crate) fn enter(edges: Edges, waker: &Waker) -> Self {
        DEPTH.with(|it| it.set(DEPTH.get() + 1));
        let outer = take_edges();
        put_edges(edges);
        Busy { outer, bell: BELL.replace(waker.data()) }
    }

    /// Ends it, and gives what the handler awaits now.
    #[inline(always)]
    pub(crate) fn leave(mut self) -> Edges {
        let edges = take_edges();
        self.restore();
        std::mem::forget(self);
        edges
    }

    /// As it was before.
    #[inline]
    fn restore(&mut self) {
        DEPTH.with(|it| it.set(DEPTH.get() - 1));
        BELL.with(|it| it.set(self.bell));
        put_edges(std::mem::take(&mut self.outer));
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.restore();
    }
}

/// How many handlers are being polled inside one another on this thread.
#[inline]
pub(crate) fn depth() -> usize {
    DEPTH.get()
}

/// Notes that the handler being polled on this thread, if any, awaits `call`: of which server, by which of its
/// handlers, and where the reply goes. `true` when it was noted.
#[inline]
pub(crate) fn wait_for(
    call: impl FnOnce() -> (Arc<dyn AnySlot>, &'static str, Weak<dyn Awaited>),
    waker: &Waker,
    wakers: usize,
) -> bool {
    let inside = depth() > 0;
    if inside {
        let (target, handler, call) = call();
        let mut edges = take_edges();
        edges.push(Edge { target, handler, call, wakers: own(waker, wakers) });
        put_edges(edges);
    }
    inside
}

/// The call is awaited still, and was polled with this waker.
pub(crate) fn still_waits(call: *const (), waker: &Waker, wakers: usize) {
    let mut edges = take_edges();
    if let Some(edges) = &mut edges.0 {
        for edge in edges.iter_mut().filter(|edge| std::ptr::eq(edge.call.as_ptr().cast(), call)) {
            edge.wakers = own(waker, wakers);
        }
    }
    put_edges(edges);
}

/// The awaited call is over, one way or the other.
pub(crate) fn wait_is_over(call: &Weak<dyn Awaited>) {
    let mut edges = take_edges();
    edges.forget(call);
    put_edges(edges);
}

impl Core {
    /// The runner's last act before it sleeps with a suspended handler. `listeners`: how many clones of the
    /// handler's waker there are; `None` when it was woken meanwhile. `true`: look at the handler
    /// again, it is to be dropped or one of its calls was refused.
    pub(crate) fn suspend(
        &self,
        task: &Waker,
        edges: &mut Edges,
        listeners: Option<usize>,
        handler: impl FnOnce() -> &'static str,
    ) -> bool {
        let waits = !edges.is_empty();
        let mut before = None;
        if waits || !self.is_seen_to_by(task) {
            let mut guard = self.slow();
            let slow = guard.whole();
            before = self.be_seen_to_by(slow, task);
            if waits {
                let only_calls = listeners.is_some() && edges.wakers() == listeners;
                let edges = std::mem::take(edges);
                slow.suspended = Some(Suspended { edges, only_calls, handler: handler() });
            }
        }
        drop(before);
        if waits {
            // Sequentially consistent: of two servers that are suspended at once, one must see the other.
            self.waiting.store(true, Ordering::SeqCst);
        }
        (waits && self.refuse_hopeless_calls()) || (self.is_cut() && !makes!(SuspendsBlind))
    }

    /// The runner is about to poll the handler again.
    pub(crate) fn resume(&self, edges: &mut Edges) {
        // Only whoever holds the handler puts it up.
        if self.waiting.load(Ordering::Relaxed)
            && self.waiting.swap(false, Ordering::AcqRel)
            && let Some(suspended) = self.slow().whole().suspended.take()
        {
            *edges = suspended.edges;
        }
    }

    /// Refuses the calls of this suspended handler that can never be answered. `true` if there was one.
    fn refuse_hopeless_calls(&self) -> bool {
        let only_calls = self.waits_for_calls_only();
        let mut refused = false;
        for Edge { target, handler, call, .. } in self.open_edges().iter() {
            // What else we wait for may let us go on, and the others with us; but never answer ourselves.
            if !only_calls && target.core().id != self.id {
                continue;
            }
            let Some(call) = call.upgrade().filter(|call| call.is_open()) else { continue };
            let mut path = vec![self.step(self.suspended_handler())];
            if is_stuck_on(target, self.id, &mut path) {
                path.push(self.step(handler));
                refused |= call.refuse(Failure::Deadlock(path.into()));
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
            return Edges::new();
        };
        suspended.edges.clone()
    }

    /// The calls that the suspended handler awaits.
    pub(crate) fn awaited(&self) -> Vec<Target> {
        self.open_edges().targets()
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
        DeadlockStep { pid: self.pid(), server: self.label().into(), handler }
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
