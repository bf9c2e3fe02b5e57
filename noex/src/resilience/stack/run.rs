//! One call on its way through a stack, as a state machine that is polled.
//!
//! ```text
//! Entering(0) ─▶ Entering(1) ─▶ .. ─▶ Running ─▶ Leaving(n) ─▶ .. ─▶ Leaving(0) ─▶ ready
//!      │ refused, or a wait first                    │ retry: Sleeping, then Entering again
//!      └──────────────▶ Leaving                      └──────────────▶ Entering(its inner layer)
//! ```
//!
//! One machine serves handlers and closures: it never sees what the operation is. It allocates nothing, unless a layer
//! has to wait. A time-out looks at the clock when there is something to wait for, and not before.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use smallvec::SmallVec;
use tokio::time::{Instant, Sleep};

use super::layer::{Deadline, Entry, Held, Late, Layer, Left, Outcome, Set, Wait};
use crate::{
    process::{
        attendant::later,
        door::{now, sleep_until},
    },
    resilience::{Class, TimedOut, deadline, retry::Attempts},
};

/// The layers of a stack, the outermost first.
pub(crate) type Layers<R, O> = [Box<dyn Layer<R, O>>];

/// With more layers than this there is an allocation.
pub(super) const MANY: usize = 8;

/// What the stack is around: one attempt after another.
pub(crate) trait Operation<R, O> {
    /// What is asked; there until the last attempt has begun.
    fn request(&self) -> Option<&R>;
    /// Begins an attempt. `copy`: the request of this attempt, where there may be another one after it.
    fn begin(&mut self, copy: Option<R>);
    /// Polls the attempt.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<O>;
    /// Drops the attempt, if there is one; whether it may have begun.
    fn abandon(&mut self) -> bool;
}

/// What is asked, on the way in.
pub(super) fn asked<R, O>(operation: &impl Operation<R, O>) -> &R {
    operation.request().unwrap_or_else(|| unreachable!("the last attempt has begun, and there is another"))
}

/// The outcome of a call that was refused.
pub(crate) fn said<O>(refused: Option<O>) -> O {
    refused.unwrap_or_else(|| unreachable!("a layer that refuses says so"))
}

/// A copy of the request, if there may be another attempt after the one about to begin.
pub(super) fn copy<R, O>(held: &[Held], layers: &Layers<R, O>, request: &R) -> Option<R> {
    held.iter().zip(layers).find_map(|(held, layer)| match held {
        Held::Attempts(_) => layer.copy(held, request),
        _ => None,
    })
}

/// One call on its way.
pub(crate) struct Run<O> {
    pub(super) phase: Phase<O>,
    /// What each layer holds, the outermost first.
    pub(super) held: SmallVec<[Held; MANY]>,
    /// The caller's own limit, around all layers.
    pub(super) whole: Option<Deadline>,
    /// The earliest of the deadlines that are held, as a timer.
    pub(super) clock: Option<(Instant, Pin<Box<Sleep>>)>,
}

pub(super) enum Phase<O> {
    Entering(usize),
    Waiting(usize, Wait),
    Running,
    Leaving(usize, O),
    /// Before the next attempt of this layer.
    Sleeping(usize, Pin<Box<Sleep>>),
    /// The same, only to let others run.
    Yielding(usize),
    Over,
}

impl<O: Outcome> Run<O> {
    /// Whether the operation is under way.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running)
    }

    pub(crate) fn poll<R>(
        &mut self,
        layers: &Layers<R, O>,
        operation: &mut impl Operation<R, O>,
        cx: &mut Context<'_>,
    ) -> Poll<O> {
        loop {
            match mem::replace(&mut self.phase, Phase::Over) {
                Phase::Entering(at) => match layers.get(at) {
                    Some(layer) => {
                        let mut refused = None;
                        match layer.enter(asked(operation), &mut refused) {
                            Entry::Passed(held) => self.hold(at, held),
                            Entry::Wait(wait) => self.phase = Phase::Waiting(at, wait),
                            Entry::Refused => self.phase = Phase::Leaving(at, said(refused)),
                        }
                    }
                    None => {
                        operation.begin(copy(&self.held, layers, asked(operation)));
                        self.phase = Phase::Running;
                    }
                },
                Phase::Waiting(at, mut wait) => match self.scoped(|| wait.as_mut().poll(cx)) {
                    Poll::Ready(Ok(held)) => self.hold(at, held),
                    Poll::Ready(Err(refusal)) => self.phase = Phase::Leaving(at, O::refused(refusal)),
                    Poll::Pending => {
                        self.phase = Phase::Waiting(at, wait);
                        ready!(self.pend(layers, operation, cx));
                    }
                },
                Phase::Running => {
                    self.phase = Phase::Running;
                    match self.scoped(|| operation.poll(cx)) {
                        Poll::Ready(outcome) => {
                            // An operation that knows of our deadline may be the first to notice that it is over.
                            self.phase = match (outcome.is_late(), self.first_deadline()) {
                                (Some(began), Some((layer, set))) if set.at <= now() => {
                                    self.expire(layers, layer, set, began)
                                }
                                _ => Phase::Leaving(layers.len(), outcome),
                            };
                        }
                        Poll::Pending => ready!(self.pend(layers, operation, cx)),
                    }
                }
                Phase::Leaving(0, outcome) => {
                    self.clock = None;
                    return Poll::Ready(outcome);
                }
                Phase::Leaving(at, outcome) => self.leave(layers, at - 1, outcome),
                Phase::Sleeping(at, mut sleep) => match sleep.as_mut().poll(cx) {
                    Poll::Ready(()) => self.phase = Phase::Entering(at + 1),
                    Poll::Pending => {
                        self.phase = Phase::Sleeping(at, sleep);
                        ready!(self.pend(layers, operation, cx));
                    }
                },
                Phase::Yielding(at) => {
                    self.phase = Phase::Entering(at + 1);
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Phase::Over => panic!("a protected call was polled after it was ready"),
            }
        }
    }

    /// The caller has left.
    #[inline]
    pub(crate) fn cancel<R>(&mut self, layers: &Layers<R, O>, panicked: bool) {
        if !matches!(self.phase, Phase::Over) {
            self.phase = Phase::Over;
        }
        if !self.held.is_empty() {
            self.cancel_from(layers, 0, panicked);
        }
    }

    fn hold(&mut self, at: usize, held: Held) {
        self.held.truncate(at);
        self.held.push(held);
        self.phase = Phase::Entering(at + 1);
    }

    /// The way out of one layer.
    fn leave<R>(&mut self, layers: &Layers<R, O>, at: usize, outcome: O) {
        self.held.truncate(at + 1);
        let held = self.held.pop().unwrap_or_default();
        match layers[at].leave(held, &outcome) {
            Left::Done => self.phase = Phase::Leaving(at, outcome),
            Left::Replaced => self.phase = Phase::Leaving(at, layers[at].instead(outcome)),
            Left::Failed(attempts, class) => {
                if !self.try_again(layers, at, attempts, class) {
                    self.phase = Phase::Leaving(at, outcome);
                }
            }
        }
    }

    /// Whether this layer tries again what failed. Whether there is time for that is for it to ask.
    #[cold]
    pub(super) fn try_again<R>(
        &mut self,
        layers: &Layers<R, O>,
        at: usize,
        mut attempts: Attempts,
        class: Class,
    ) -> bool {
        self.set_deadlines();
        let Some(after) = self.scoped(|| layers[at].again(&mut attempts, class)) else { return false };
        self.held.push(Held::Attempts(attempts));
        self.phase = if after.is_zero() {
            Phase::Yielding(at)
        } else {
            Phase::Sleeping(at, sleep_until(later(now(), after), None))
        };
        true
    }

    /// Under the deadlines that are set.
    fn scoped<T>(&self, run: impl FnOnce() -> T) -> T {
        match self.deadlines().filter_map(|(_, deadline)| deadline.set).map(|set| set.at).min() {
            Some(at) => deadline::scope(at, run),
            None => run(),
        }
    }

    /// The deadlines that are held, the outermost first; the caller's own is of no layer.
    fn deadlines(&self) -> impl Iterator<Item = (Option<usize>, &Deadline)> {
        let held = self.held.iter().enumerate().filter_map(|(at, held)| match held {
            Held::Deadline(deadline) => Some((Some(at), deadline)),
            _ => None,
        });
        self.whole.iter().map(|whole| (None, whole)).chain(held)
    }

    /// Looks at the clock for the deadlines that nobody did yet.
    fn set_deadlines(&mut self) {
        let held = self.held.iter_mut().filter_map(|held| match held {
            Held::Deadline(deadline) => Some(deadline),
            _ => None,
        });
        for deadline in self.whole.iter_mut().chain(held).filter(|deadline| deadline.set.is_none()) {
            let start = now();
            let (at, limit) = deadline::after(Some(deadline.limit)).unwrap_or((start, Duration::ZERO));
            deadline.set = Some(Set { start, at, limit });
        }
    }

    /// The first deadline that will be over, if any is set; of those at the same time the outermost.
    fn first_deadline(&self) -> Option<(Option<usize>, Set)> {
        let set = self.deadlines().filter_map(|(layer, deadline)| Some((layer, deadline.set?)));
        set.min_by_key(|(_, set)| set.at)
    }

    /// There is something to wait for: until the first deadline. Ready when it is over.
    fn pend<R>(
        &mut self,
        layers: &Layers<R, O>,
        operation: &mut impl Operation<R, O>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        self.set_deadlines();
        let Some((layer, set)) = self.first_deadline() else { return Poll::Pending };
        match &mut self.clock {
            Some((known, _)) if *known == set.at => {}
            clock => *clock = Some((set.at, sleep_until(set.at, None))),
        }
        let Some((_, clock)) = &mut self.clock else { return Poll::Pending };
        ready!(clock.as_mut().poll(cx));
        // What runs is dropped before anybody is told.
        self.phase = Phase::Over;
        let began = operation.abandon();
        self.phase = self.expire(layers, layer, set, began);
        Poll::Ready(())
    }

    /// A deadline is over: what is further in is given up.
    fn expire<R>(&mut self, layers: &Layers<R, O>, layer: Option<usize>, set: Set, began: bool) -> Phase<O> {
        self.clock = None;
        let late = Late { limit: set.limit, elapsed: now() - set.start, began };
        self.cancel_from(layers, layer.map_or(0, |layer| layer + 1), false);
        match layer {
            Some(layer) => {
                self.held.truncate(layer);
                Phase::Leaving(layer, layers[layer].expired(late))
            }
            None => {
                let Late { limit, elapsed, began } = late;
                let policy = "call".into();
                Phase::Leaving(0, O::timed_out(TimedOut { policy, limit, elapsed }, began))
            }
        }
    }

    /// Gives back what is held from this layer inwards, the innermost first.
    fn cancel_from<R>(&mut self, layers: &Layers<R, O>, from: usize, panicked: bool) {
        while self.held.len() > from {
            let held = self.held.pop().unwrap_or_default();
            layers[self.held.len()].cancel(held, panicked);
        }
    }
}
