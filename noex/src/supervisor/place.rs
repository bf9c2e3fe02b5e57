//! A child's place: its slot, and how a life begins there and how the last one ends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{plan::Plan, spec::ChildOptions};
use crate::{
    ExitReason, GenServer, Pid, System,
    observer::EventKind,
    process::{
        door::{Boxed, Door, within},
        panic::catch,
    },
    server::slot::{
        self, AnySlot, Signal, Slot,
        life::{self, Starter, Unborn},
        refuse,
        reply::ReplyCell,
        serving::Until,
    },
};

/// A place without the server's type.
pub(crate) trait Place: Send + Sync {
    fn slot(&self) -> Arc<dyn AnySlot>;
    /// Starts the next life, once the one before is over.
    fn start(self: Arc<Self>, door: Arc<Door>, entry: Entry) -> Boxed<Result<(), Failed>>;
    /// What runs below, if that is a supervisor.
    fn plan(&self) -> Option<&Arc<Plan>>;
    /// The child is down and stays so for now: refuses what is queued and what comes.
    fn close(&self, reason: &ExitReason);
    /// No next life, whatever runs now.
    fn retire(self: Arc<Self>, reason: &ExitReason);
}

/// What a life that begins has to keep to.
pub(crate) struct Entry {
    pub(super) permit: Arc<Permit>,
    /// How long `init` may take.
    pub(super) limit: Option<Duration>,
}

/// A supervisor's leave to start a child. It may be taken back while the child starts.
#[derive(Debug, Default)]
pub(crate) struct Permit(AtomicBool);

impl Permit {
    pub(super) fn revoke(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Why a life did not begin.
#[derive(Debug)]
pub(crate) enum Failed {
    /// It does not want to, which is no failure.
    Ignored,
    /// `init` refused or crashed, or the name is taken.
    Refused(ExitReason),
    /// `init` took longer than that.
    NotReady(Duration),
    /// The supervisor did not want it any more.
    Cancelled,
}

impl Failed {
    pub(super) fn reason(self) -> ExitReason {
        match self {
            Failed::Ignored => ExitReason::Normal,
            Failed::Refused(reason) => reason,
            Failed::NotReady(after) => ExitReason::other(format!("it was not ready within {after:?}")),
            Failed::Cancelled => ExitReason::Killed,
        }
    }
}

/// Makes the arguments of each life.
pub(crate) type Args<S> = Arc<dyn Fn() -> <S as GenServer>::Args + Send + Sync>;

pub(crate) struct PlaceOf<S: GenServer> {
    pub(super) slot: Arc<Slot<S>>,
    pub(super) args: Args<S>,
    pub(super) name: Option<Arc<str>>,
    pub(super) plan: Option<Arc<Plan>>,
}

impl<S: GenServer> PlaceOf<S> {
    pub(super) fn new(args: Args<S>, options: &ChildOptions, plan: Option<Arc<Plan>>) -> Arc<Self> {
        let slot = slot::vacant::<S>(System::next_slot(), None);
        slot.core().set_supervised(true);
        let name = options.name.clone().or_else(|| S::NAME.map(Arc::from));
        Arc::new(PlaceOf { slot, args, name, plan })
    }

    fn claim_name(&self, door: &Door) -> Result<(), Failed> {
        let Some(name) = self.name.clone() else { return Ok(()) };
        let core = self.slot.core();
        core.set_name(name.clone());
        match door.system().names().claim(&name, self.slot.clone()) {
            Err(holder) if holder.slot() != core.id => {
                Err(Failed::Refused(ExitReason::other(format!("the name `{name}` is taken by {holder}"))))
            }
            Err(_) => Ok(()),
            Ok(()) => {
                refuse::announce(&self.slot, || EventKind::NameClaimed { name });
                Ok(())
            }
        }
    }
}

impl<S: GenServer> Place for PlaceOf<S> {
    fn slot(&self) -> Arc<dyn AnySlot> {
        self.slot.clone()
    }

    fn start(self: Arc<Self>, door: Arc<Door>, entry: Entry) -> Boxed<Result<(), Failed>> {
        let Entry { permit, limit } = entry;
        Box::pin(async move {
            loop {
                // A start that was called off may still be about to end.
                over(&self.slot()).await;
                self.slot.core().set_door(door.clone());
                self.claim_name(&door)?;
                let args = catch(|| (self.args)())
                    .map_err(|panic| Failed::Refused(panic.into_reason("arguments")))?;
                let starter = Starter::Supervisor(&permit);
                return match life::bring_up(&self.slot, args, limit, starter).await {
                    Ok(()) => Ok(()),
                    Err(Unborn::Ignored) => Err(Failed::Ignored),
                    Err(Unborn::Refused(error)) => Err(Failed::Refused(life::refusal(&error))),
                    Err(Unborn::Policy(error)) => Err(Failed::Refused(life::refusal(&error))),
                    Err(Unborn::Crashed(reason)) => Err(Failed::Refused(reason)),
                    Err(Unborn::Timeout(after)) => Err(Failed::NotReady(after)),
                    Err(Unborn::Running) => {
                        tokio::task::yield_now().await;
                        continue;
                    }
                };
            }
        })
    }

    fn plan(&self) -> Option<&Arc<Plan>> {
        self.plan.as_ref()
    }

    fn close(&self, reason: &ExitReason) {
        AnySlot::close(&*self.slot, reason);
        for child in self.plan.iter().flat_map(|plan| &plan.children) {
            child.place.close(reason);
        }
    }

    fn retire(self: Arc<Self>, reason: &ExitReason) {
        let core = self.slot.core();
        core.set_supervised(false);
        // What runs below ends with it, or has ended with it.
        if let Some(plan) = self.plan.clone()
            && core.watch(core.incarnation(), Box::new(move |_, reason| plan.retire(reason))).is_err()
            && let Some(plan) = &self.plan
        {
            plan.retire(reason);
        }
        let life = core.incarnation();
        if !self.slot.clone().signal_life(life, Signal::Exit(ExitReason::Killed)) {
            AnySlot::close(&*self.slot, reason);
        }
    }
}

/// Waits until that life is over; `false` when the time is up first.
pub(super) async fn gone(slot: &Arc<dyn AnySlot>, life: u32, limit: Option<Duration>) -> bool {
    let cell = Arc::new(ReplyCell::new());
    let tell = cell.open(None, Until::Forever);
    let watcher = Box::new(move |_: Pid, _: &ExitReason| tell.send(()));
    let Ok(monitor) = slot.core().watch(life, watcher) else { return true };
    let is_gone = within(limit, std::future::poll_fn(|cx| cell.poll(cx.waker()))).await.is_some();
    if !is_gone {
        slot.core().unwatch(monitor);
    }
    is_gone
}

/// Waits until nobody lives there.
async fn over(slot: &Arc<dyn AnySlot>) {
    while slot.core().is_alive() {
        gone(slot, slot.core().incarnation(), None).await;
    }
}
