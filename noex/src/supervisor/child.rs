//! A child's place: its slot, and how its lives begin and end.

use std::{sync::Arc, time::Duration};

use super::spec::{ChildSpec, Shutdown};
use crate::{
    ExitReason, GenServer, Pid,
    observer::EventKind,
    process::{
        door::{Boxed, Door, within},
        panic::catch,
    },
    server::slot::{
        AnySlot, Signal, Slot,
        life::{self, Unborn},
        refuse,
        reply::ReplyCell,
        serving::Until,
    },
};

/// A place without the server's type.
pub(crate) trait Place: Send + Sync {
    fn slot(&self) -> Arc<dyn AnySlot>;
    /// Starts the next life.
    fn start(self: Arc<Self>, door: Arc<Door>) -> Boxed<Result<(), Failed>>;
}

/// Why a life did not begin.
pub(crate) enum Failed {
    /// It does not want to, which is no failure.
    Ignored,
    /// `init` refused or crashed, or the name is taken.
    Refused(ExitReason),
}

pub(crate) struct PlaceOf<S: GenServer> {
    pub(super) slot: Arc<Slot<S>>,
    pub(super) args: Arc<dyn Fn() -> S::Args + Send + Sync>,
}

impl<S: GenServer> Place for PlaceOf<S> {
    fn slot(&self) -> Arc<dyn AnySlot> {
        self.slot.clone()
    }

    fn start(self: Arc<Self>, door: Arc<Door>) -> Boxed<Result<(), Failed>> {
        Box::pin(async move {
            let core = self.slot.core();
            core.set_supervised(true);
            core.set_door(door.clone());
            if let Some(name) = S::NAME.map(Arc::<str>::from) {
                core.set_name(name.clone());
                match door.system().names().claim(&name, self.slot.clone()) {
                    Err(holder) if holder.slot() != core.id => {
                        let taken = format!("the name `{name}` is taken by {holder}");
                        return Err(Failed::Refused(ExitReason::other(taken)));
                    }
                    Err(_) => {}
                    Ok(()) => refuse::announce(&self.slot, || EventKind::NameClaimed { name }),
                }
            }
            let args =
                catch(|| (self.args)()).map_err(|panic| Failed::Refused(panic.into_reason("arguments")))?;
            life::bring_up(&self.slot, door, args, None, None).await.map_err(|unborn| match unborn {
                Unborn::Ignored => Failed::Ignored,
                Unborn::Refused(error) => Failed::Refused(life::refusal(&error)),
                Unborn::Crashed(reason) => Failed::Refused(reason),
                Unborn::Timeout(_) => Failed::Refused(ExitReason::Killed),
                Unborn::Running => Failed::Refused(ExitReason::other("it is running already")),
            })
        })
    }
}

/// One child of a supervisor.
pub(crate) struct Child {
    pub(super) spec: ChildSpec,
    pub(super) place: Arc<dyn Place>,
    /// The life that is supposed to be running.
    pub(super) pid: Option<Pid>,
}

impl Child {
    pub(super) fn new(spec: ChildSpec, place: Arc<dyn Place>) -> Self {
        place.slot().core().set_supervised(true);
        Child { spec, place, pid: None }
    }

    /// Stops the child as its spec says and waits until it is gone.
    pub(super) async fn stop(&mut self) {
        let Some(pid) = self.pid.take() else { return };
        let slot = self.place.slot();
        let gentle = match self.spec.shutdown_type() {
            Shutdown::BrutalKill => None,
            Shutdown::Timeout(limit) => Some(Some(limit)),
            Shutdown::Infinity => Some(None),
        };
        if let Some(limit) = gentle {
            slot.clone().signal(Signal::Exit(ExitReason::Shutdown));
            if gone(&slot, pid, limit).await {
                return;
            }
        }
        slot.clone().signal(Signal::Kill);
        gone(&slot, pid, None).await;
    }

    /// No next life: refuses what is queued and what comes.
    pub(super) fn close(&self, reason: &ExitReason) {
        self.place.slot().close(reason);
    }

    /// The supervisor is gone without having stopped the child: it ends by itself, closing its slot.
    pub(super) fn orphan(&mut self) {
        let slot = self.place.slot();
        slot.core().set_supervised(false);
        if self.pid.take().is_none() || !slot.clone().signal(Signal::Exit(ExitReason::Killed)) {
            slot.close(&ExitReason::Killed);
        }
    }
}

impl Drop for Child {
    /// A tree that is never started leaves nobody waiting for its children.
    fn drop(&mut self) {
        if self.place.slot().core().incarnation() == 0 {
            self.close(&ExitReason::NoProc);
        }
    }
}

/// Waits until that life is over; `false` when the time is up first.
async fn gone(slot: &Arc<dyn AnySlot>, pid: Pid, limit: Option<Duration>) -> bool {
    let cell = Arc::new(ReplyCell::new());
    let tell = cell.open(None, Until::Forever);
    let watcher = Box::new(move |_: Pid, _: &ExitReason| tell.send(()));
    if slot.core().watch(pid.incarnation(), watcher).is_err() {
        return true;
    }
    within(limit, std::future::poll_fn(|cx| cell.poll(cx.waker()))).await.is_some()
}
