//! Monitors: one-way, one message each.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context as TaskContext, Poll},
};

use super::{ExitReason, Pid, link::Life};
use crate::{
    Context, GenServer, HandlesInfo, ServerRef,
    server::slot::{
        AnySlot,
        notice::{Origin, Recall, Stamp, notify},
        reply::ReplyCell,
        serving::Until,
    },
};

/// Identifies one monitor; unique in the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Monitor(u64);

impl Monitor {
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Monitor(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Monitor#{}", self.0)
    }
}

/// A monitored life is over.
///
/// # Examples
///
/// ```
/// use noex::prelude::*;
/// # #[genserver] struct Worker {}
/// # #[genserver] impl Worker { #[init] fn init() -> Self { Worker {} } }
///
/// #[genserver]
/// struct Watcher { seen: Vec<ExitReason> }
///
/// #[genserver]
/// impl Watcher {
///     #[init]
///     fn init() -> Self { Watcher { seen: Vec::new() } }
///
///     #[call]
///     fn watch(&mut self, cx: &mut Context<Self>, worker: WorkerRef) -> Monitor { cx.monitor(&worker) }
///
///     #[call]
///     fn seen(&self) -> Vec<ExitReason> { self.seen.clone() }
///
///     #[info]
///     fn down(&mut self, down: Down) { self.seen.push(down.reason); }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (watcher, worker) = (Watcher::start().await?, Worker::start().await?);
/// watcher.watch(worker.clone()).await?;
/// worker.stop().await?;
/// watcher.watch(worker).await?;
/// assert_eq!(watcher.seen().await?, [ExitReason::Normal, ExitReason::NoProc]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Down {
    /// Which monitor this is of.
    pub monitor: Monitor,
    /// Who is down; for a name that nobody had, a pid of no slot.
    pub pid: Pid,
    /// Its registered name, or the name that was monitored.
    pub name: Option<Arc<str>>,
    /// Why it ended; `NoProc` when it was down already.
    pub reason: ExitReason,
}

impl<S: GenServer> Context<S> {
    /// Watches the present life of another server: when it ends, or at once when there is none, one [`Down`]
    /// comes to the `#[info]` handler. The other notices nothing. Each monitor is one of its own.
    pub fn monitor<T: GenServer>(&mut self, other: &ServerRef<T>) -> Monitor
    where
        S: HandlesInfo<Down>,
    {
        self.watch(Monitor::next(), Some(other.slot().clone()), None)
    }

    /// As [`monitor`](Context::monitor), of whoever has this name now.
    pub fn monitor_name(&mut self, name: &str) -> Monitor
    where
        S: HandlesInfo<Down>,
    {
        let holder = self.system().names().held(name);
        self.watch(Monitor::next(), holder, Some(name.into()))
    }

    fn watch(&self, monitor: Monitor, target: Option<Arc<dyn AnySlot>>, name: Option<Arc<str>>) -> Monitor
    where
        S: HandlesInfo<Down>,
    {
        let slot = self.slot();
        let life = slot.core().incarnation();
        let down = |pid, name, reason| Down { monitor, pid, name, reason };
        let Some(target) = target else {
            let recall = slot.core().add_monitor(life, monitor, Life::of(slot.clone()).peer());
            tell::<S>(&slot, life, recall, down(Pid::local(0, 0), name, ExitReason::NoProc));
            return monitor;
        };
        let known = Life::of(target.clone());
        let recall = slot.core().add_monitor(life, monitor, known.peer());
        let (watcher, watched) = (Arc::downgrade(&slot), known.peer());
        let told_name = name.clone();
        let watch = Box::new(move |pid: Pid, reason: &ExitReason| {
            let Some(slot) = watcher.upgrade() else { return };
            if let Some(recall) = slot.core().recall_of(life, monitor) {
                let name = told_name.or_else(|| watched.upgrade()?.core().name());
                tell::<S>(&slot, life, recall, Down { monitor, pid, name, reason: reason.clone() });
            }
        });
        if target.core().watch_as(monitor, known.number, watch).is_err() {
            let name = name.or_else(|| target.core().name());
            tell::<S>(&slot, life, recall, down(known.pid(), name, ExitReason::NoProc));
        }
        monitor
    }

    /// Ends a monitor: from here on no [`Down`] of it is handled, also none that is in the mailbox already (as
    /// `demonitor` with `flush` in Erlang). `false` when its `Down` was handled, or it is not this server's.
    pub fn demonitor(&mut self, monitor: Monitor) -> bool {
        let Some((recall, target)) = self.slot().core().forget_monitor(monitor) else { return false };
        recall.store(true, Ordering::Release);
        if let Some(target) = target.upgrade() {
            target.core().unwatch(monitor);
        }
        true
    }
}

fn tell<S: HandlesInfo<Down>>(
    slot: &Arc<crate::server::slot::Slot<S>>,
    life: u32,
    recall: Recall,
    down: Down,
) {
    let stamp = Stamp::new(life, Origin::Monitor(down.monitor)).recalled_by(recall);
    notify(slot, S::info(down), stamp);
}

/// A monitor held by a task: a future of the [`Down`]. Dropped, it watches no more.
///
/// # Examples
///
/// ```
/// # use noex::prelude::*;
/// # #[genserver] struct Worker {}
/// # #[genserver] impl Worker { #[init] fn init() -> Self { Worker {} } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (worker, watch) = Worker::start().monitored().await?;
/// worker.kill();
/// let down = watch.await;
/// assert_eq!((down.pid, down.reason), (worker.pid(), ExitReason::Killed));
/// # Ok(()) }
/// ```
#[must_use = "dropped, it watches no more"]
pub struct Watch {
    monitor: Monitor,
    target: Life,
    cell: Arc<ReplyCell<Down>>,
}

impl Watch {
    /// Watches that life; where it is over the reason is `gone`.
    pub(crate) fn of(target: Life, gone: impl FnOnce(&dyn AnySlot) -> ExitReason) -> Self {
        let (monitor, mut cell) = (Monitor::next(), Arc::new(ReplyCell::new()));
        let (tell, watched) = (cell.open(None, Until::Forever), target.peer());
        let watcher = Box::new(move |pid: Pid, reason: &ExitReason| {
            let name = watched.upgrade().and_then(|slot| slot.core().name());
            tell.send(Down { monitor, pid, name, reason: reason.clone() });
        });
        if target.slot.core().watch_as(monitor, target.number, watcher).is_err() {
            let (pid, name) = (target.pid(), target.slot.core().name());
            cell = Arc::new(ReplyCell::new());
            cell.open(None, Until::Forever).send(Down { monitor, pid, name, reason: gone(&*target.slot) });
        }
        Watch { monitor, target, cell }
    }

    /// Which monitor the [`Down`] will be of.
    pub fn id(&self) -> Monitor {
        self.monitor
    }
}

impl Future for Watch {
    type Output = Down;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Down> {
        let lost = |_| {
            let core = self.target.slot.core();
            Down {
                monitor: self.monitor,
                pid: self.target.pid(),
                name: core.name(),
                reason: core.last_reason(),
            }
        };
        self.cell.poll(cx.waker()).map(|told| told.unwrap_or_else(lost))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.target.slot.core().unwatch(self.monitor);
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("monitor", &self.monitor).field("pid", &self.target.pid()).finish()
    }
}

impl<S: GenServer> ServerRef<S> {
    /// Watches the present life from a task; see [`Watch`]. When there is none, the reason is `NoProc`.
    pub fn monitor(&self) -> Watch {
        Watch::of(Life::of(self.slot().clone()), |_| ExitReason::NoProc)
    }
}
