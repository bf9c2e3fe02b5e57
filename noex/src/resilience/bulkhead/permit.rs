//! A place inside, and the way to it.

use std::{
    fmt,
    future::Future,
    ops::Deref,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::{Instant, Sleep};

use super::{
    Demand,
    bulkhead::Core,
    gate::{Joined, Seat, Turn},
};
use crate::{
    process::door::sleep_until,
    resilience::{BulkheadFull, Class, FullBy, PolicyEvent},
};

/// A place inside, whoever owns the bulkhead meanwhile.
pub(super) struct Held<C: Deref<Target = Core>> {
    pub(super) core: C,
    pub(super) weight: u32,
    /// When it began and how many ran then, if the limit is adaptive.
    pub(super) began: Option<(Instant, usize)>,
}

impl<C: Deref<Target = Core>> Held<C> {
    pub(super) fn new(core: C, weight: u32) -> Self {
        let began = core.begin();
        Held { core, weight, began }
    }

    /// The operation is done; the place is free when this is dropped. To move it there would take longer.
    #[inline]
    pub(super) fn finish(&mut self, class: Class) {
        if let Some(began) = self.began.take() {
            self.core.learn(began, class);
        }
    }
}

impl<C: Deref<Target = Core>> Drop for Held<C> {
    fn drop(&mut self) {
        self.core.gate.leave(self.weight);
    }
}

/// A place in a [`Bulkhead`](super::Bulkhead); dropped, it is free again.
#[must_use = "the place is given up when this is dropped"]
pub struct Permit(pub(super) Held<Arc<Core>>);

impl Permit {
    /// Gives the place up and tells how the operation went, which an adaptive limit learns from. Dropped instead, it
    /// tells nothing.
    pub fn finish(mut self, class: Class) {
        self.0.finish(class);
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Held { core, weight, .. } = &self.0;
        f.debug_struct("Permit").field("bulkhead", &core.identity.name).field("weight", weight).finish()
    }
}

/// The way into a [`Bulkhead`](super::Bulkhead): it stands in line from when it was made. Dropped, it leaves the line,
/// and a place that it was given and did not take is passed on.
#[must_use = "it waits in line and does nothing unless polled"]
pub struct Entering(pub(super) Way);

pub(super) enum Way {
    Decided(Option<Result<Permit, BulkheadFull>>),
    Waits(Waits),
}

pub(super) struct Waits {
    core: Arc<Core>,
    seat: Arc<Seat>,
    weight: u32,
    until: Instant,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Entering {
    pub(super) fn new(core: &Arc<Core>, demand: Demand) -> Self {
        Entering(match core.admit(demand) {
            Err(refused) => Way::Decided(Some(Err(refused))),
            Ok(true) => Way::Decided(Some(Ok(Permit(Held::new(core.clone(), demand.weight))))),
            Ok(false) => Entering::join(core, demand),
        })
    }

    /// What was decided without a wait, if it was.
    pub(crate) fn decided(mut self) -> Result<Result<Permit, BulkheadFull>, Self> {
        match &mut self.0 {
            Way::Decided(decided) => Ok(decided.take().unwrap_or_else(|| unreachable!("it was not polled"))),
            Way::Waits(_) => Err(self),
        }
    }

    #[cold]
    fn join(core: &Arc<Core>, demand: Demand) -> Way {
        match core.gate.join(demand) {
            Joined::Inside => Way::Decided(Some(Ok(Permit(Held::new(core.clone(), demand.weight))))),
            Joined::Full => Way::Decided(Some(Err(core.refuse(FullBy::Slots)))),
            Joined::Closed => Way::Decided(Some(Err(core.refuse(FullBy::Disposed)))),
            Joined::InLine(seat) => {
                core.identity.tell(|| PolicyEvent::Queued);
                let (weight, until) = (demand.weight, core.patience());
                Way::Waits(Waits { core: core.clone(), seat, weight, until, alarm: None })
            }
        }
    }
}

impl Waits {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BulkheadFull>> {
        let core = &*self.core;
        Poll::Ready(match core.gate.look(&self.seat, cx.waker()) {
            Turn::Inside => Ok(()),
            Turn::Shed => Err(core.refuse(FullBy::Shed)),
            Turn::Closed => Err(core.refuse(FullBy::Disposed)),
            Turn::Waits => {
                let until = self.until;
                let alarm = self.alarm.get_or_insert_with(|| sleep_until(until, None));
                if alarm.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                match core.gate.give_up(&self.seat, 0) {
                    // It came at the very end.
                    Turn::Inside => Ok(()),
                    Turn::Shed => Err(core.refuse(FullBy::Shed)),
                    Turn::Closed => Err(core.refuse(FullBy::Disposed)),
                    Turn::Waits => Err(core.refuse(FullBy::QueueTimeout)),
                }
            }
        })
    }
}

impl Future for Entering {
    type Output = Result<Permit, BulkheadFull>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &mut self.0 {
            Way::Decided(outcome) => {
                return Poll::Ready(outcome.take().expect("not polled after its end"));
            }
            Way::Waits(waits) => std::task::ready!(waits.poll(cx)),
        };
        let Way::Waits(waits) = std::mem::replace(&mut self.0, Way::Decided(None)) else {
            unreachable!("it was just seen waiting")
        };
        Poll::Ready(outcome.map(|()| {
            waits.core.identity.tell(|| PolicyEvent::Admitted);
            Permit(Held::new(waits.core, waits.weight))
        }))
    }
}

impl Drop for Entering {
    fn drop(&mut self) {
        if let Way::Waits(Waits { core, seat, weight, .. }) = &self.0 {
            core.gate.give_up(seat, *weight);
        }
    }
}

impl fmt::Debug for Entering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entering").field("waits", &matches!(self.0, Way::Waits(_))).finish()
    }
}
