//! The part of a slot that does not depend on the server's type.

use std::{
    any::Any,
    collections::BTreeMap,
    sync::{Arc, OnceLock, PoisonError},
    task::{Poll, Waker},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    beside::Beside,
    bonds::Bonds,
    errands::Errands,
    promises::Promises,
    registered::Registered,
    right::Place,
    subscribed::Subscribed,
    sync::{AtomicBool, AtomicU32, AtomicUsize, Mutex, MutexGuard, Ordering},
    waits::Suspended,
};
use crate::{
    mistakes::makes,
    process::{
        ExitReason, Monitor, Pid,
        door::{Door, now},
        panic::wake,
        seat::Sitting,
    },
    server::error::Target,
};

/// What travels on the control lane: never behind messages, never refused for want of room.
#[derive(Clone, Debug)]
pub(crate) enum Signal {
    /// Serve what is queued now, then end.
    Stop(ExitReason),
    /// End when the current handler is done; a server that does not trap exits is cut short in it.
    Exit(ExitReason),
    /// End at once: a suspended handler is dropped.
    Kill,
    /// The last reference went away.
    Unreferenced,
}

/// Who is to be told that a life is over.
#[derive(Default)]
pub(super) struct Gone {
    pub(super) watchers: BTreeMap<Monitor, Watcher>,
    pub(super) bonds: Option<Box<Bonds>>,
    /// There is a supervisor still.
    pub(super) supervised: bool,
}

/// Told when an incarnation has ended.
pub(crate) type Watcher = Box<dyn FnOnce(Pid, &ExitReason) + Send>;

pub(crate) const INIT: usize = u32::MAX as usize - 1;
pub(crate) const TERMINATE: usize = u32::MAX as usize - 2;
pub(crate) const CONTINUATION: usize = u32::MAX as usize - 3;
pub(crate) const PAUSED: usize = u32::MAX as usize - 4;
/// No handler runs.
const RESTING: u32 = u32::MAX;

/// In this order: what a sender reads comes first, what the holder of the run right writes comes last.
#[repr(C)]
pub(crate) struct Core {
    door: OnceLock<Arc<Door>>,
    pub(crate) id: u64,
    type_name: &'static str,
    /// References, names included.
    handles: AtomicUsize,
    slow: Mutex<Slow>,
    incarnation: AtomicU32,
    /// Written under the lock when a life ends, so that who has the lock and sees a life sees it through.
    alive: AtomicBool,
    supervised: AtomicBool,
    /// Exit signals come as messages.
    traps: AtomicBool,
    /// A suspended handler is to be dropped; `Rest::cut` says why.
    cut: AtomicBool,
    /// The handler is suspended and waits for calls.
    pub(super) waiting: AtomicBool,
    /// There may be promises, handlers beside the mailbox, or errands: look under the lock.
    owes: AtomicBool,
    /// The server is on the list of those whose kept handlers might be overdue.
    pub(super) is_listed: AtomicBool,
    /// The look after kept handlers that was the last one before this one was polled.
    pub(super) kept_since: AtomicU32,
    /// Where the suspended handler is while its caller keeps it.
    pub(super) berth: Place<Sitting>,
    /// The variant that is being handled.
    current: AtomicU32,
    /// The task whose waker is in `Rest::runner`, if it is a task that sees handlers to their end. Written by whoever
    /// holds the run right, under the lock.
    runner: AtomicUsize,
}

/// What is rarely looked at.
pub(crate) struct Slow {
    pub(super) rest: Option<Box<Rest>>,
}

#[derive(Default)]
pub(crate) struct Rest {
    name: Option<Arc<str>>,
    /// What a server without a name is called.
    label: Option<Arc<str>>,
    signals: Vec<Signal>,
    cut: Option<ExitReason>,
    /// In the order of their monitors, which is that in which they came.
    watchers: BTreeMap<Monitor, Watcher>,
    pub(super) bonds: Option<Box<Bonds>>,
    /// Wakes whoever has the suspended handler: a runner, or its caller.
    pub(super) runner: Option<Waker>,
    pub(super) suspended: Option<Suspended>,
    last: Option<ExitReason>,
    pub(super) promises: Promises,
    pub(super) beside: Beside,
    pub(super) errands: Errands,
    pub(super) subscribed: Subscribed,
    pub(super) registered: Registered,
    /// What the server's kind keeps beside it, over its lives and after them: a supervisor its restart log.
    keepsake: Option<Arc<dyn Any + Send + Sync>>,
    seen: Option<Seen>,
    /// Those who wait until the server is up, or never will be.
    expecting: Vec<Waker>,
}

/// The handler that the last snapshot saw.
struct Seen {
    incarnation: u32,
    handler: usize,
    /// Messages served before it.
    messages: u64,
    first: Instant,
}

impl Slow {
    pub(super) fn is_signalled(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| !rest.signals.is_empty())
    }

    pub(super) fn whole(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    fn take_expecting(&mut self) -> Vec<Waker> {
        self.rest.as_mut().map(|rest| std::mem::take(&mut rest.expecting)).unwrap_or_default()
    }
}

impl Core {
    pub(crate) fn new(id: u64, type_name: &'static str, door: Option<Arc<Door>>) -> Self {
        Core {
            id,
            type_name,
            incarnation: AtomicU32::new(0),
            alive: AtomicBool::new(false),
            current: AtomicU32::new(RESTING),
            handles: AtomicUsize::new(0),
            supervised: AtomicBool::new(false),
            traps: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            waiting: AtomicBool::new(false),
            owes: AtomicBool::new(false),
            runner: AtomicUsize::new(0),
            door: door.map_or_else(OnceLock::new, OnceLock::from),
            slow: Mutex::new(Slow { rest: None }),
            berth: Place::new(),
            kept_since: AtomicU32::new(0),
            is_listed: AtomicBool::new(false),
        }
    }

    pub(super) fn slow(&self) -> MutexGuard<'_, Slow> {
        self.slow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    pub(crate) fn incarnation(&self) -> u32 {
        self.incarnation.load(Ordering::Relaxed)
    }

    /// The server's type, as Rust prints it.
    pub(crate) fn type_name(&self) -> &'static str {
        self.type_name
    }

    pub(crate) fn name(&self) -> Option<Arc<str>> {
        self.slow().rest.as_ref().and_then(|rest| rest.name.clone())
    }

    pub(crate) fn set_name(&self, name: Arc<str>) {
        self.slow().whole().name = Some(name);
    }

    pub(crate) fn set_label(&self, label: Arc<str>) {
        self.slow().whole().label = Some(label);
    }

    pub(crate) fn set_keepsake(&self, keepsake: Arc<dyn Any + Send + Sync>) {
        self.slow().whole().keepsake = Some(keepsake);
    }

    pub(crate) fn keepsake<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let keepsake = self.slow().rest.as_ref().and_then(|rest| rest.keepsake.clone());
        keepsake?.downcast().ok()
    }

    /// What people call this server: its name, its label, or its type and pid.
    pub(crate) fn label(&self) -> Arc<str> {
        let known = self.slow().rest.as_ref().and_then(|rest| rest.name.clone().or(rest.label.clone()));
        known.unwrap_or_else(|| {
            let short = self.type_name.split('<').next().unwrap_or(self.type_name);
            let short = short.rsplit("::").next().unwrap_or(short);
            format!("{short}{}", self.pid()).into()
        })
    }

    pub(crate) fn target(&self, handler: &'static str) -> Target {
        Target { server: self.label().into(), handler }
    }

    /// The door that the server was started through; the first one stays.
    pub(crate) fn set_door(&self, door: Arc<Door>) -> &Arc<Door> {
        self.door.get_or_init(|| door)
    }

    #[inline]
    pub(crate) fn door(&self) -> Option<&Arc<Door>> {
        self.door.get()
    }

    #[inline]
    pub(super) fn begin(&self, variant: usize) {
        self.current.store(variant as u32, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn rest(&self) {
        self.current.store(RESTING, Ordering::Relaxed);
    }

    pub(crate) fn current(&self) -> Option<usize> {
        match self.current.load(Ordering::Relaxed) {
            RESTING => None,
            variant => Some(variant as usize),
        }
    }

    /// How long ago a snapshot first saw this run of this handler.
    pub(crate) fn seen_for(&self, handler: usize, messages: u64) -> Duration {
        let (now, incarnation) = (now(), self.incarnation());
        let mut slow = self.slow();
        let same =
            |seen: &Seen| (seen.incarnation, seen.handler, seen.messages) == (incarnation, handler, messages);
        let seen = slow.whole().seen.take().filter(same);
        let seen =
            slow.whole().seen.insert(seen.unwrap_or(Seen { incarnation, handler, messages, first: now }));
        now.saturating_duration_since(seen.first)
    }

    pub(crate) fn is_supervised(&self) -> bool {
        self.supervised.load(Ordering::Relaxed)
    }

    pub(crate) fn set_supervised(&self, supervised: bool) {
        // Under the lock that decides whether a life is over: who ends it must see this, or be seen.
        let mut slow = self.slow();
        self.supervised.store(supervised, Ordering::Relaxed);
        let expecting = if supervised { Vec::new() } else { slow.take_expecting() };
        drop(slow);
        expecting.into_iter().for_each(wake);
    }

    pub(crate) fn traps_exits(&self) -> bool {
        self.traps.load(Ordering::Relaxed)
    }

    pub(crate) fn trap_exits(&self, traps: bool) {
        self.traps.store(traps, Ordering::Relaxed);
    }

    pub(crate) fn add_handle(&self) {
        self.handles.fetch_add(1, Ordering::Relaxed);
    }

    /// `true`: that was the last one.
    pub(crate) fn drop_handle(&self) -> bool {
        self.handles.fetch_sub(1, Ordering::AcqRel) == 1
    }

    pub(crate) fn is_referenced(&self) -> bool {
        self.handles.load(Ordering::Acquire) > 0
    }

    /// This life has something to see to beside its messages.
    pub(super) fn owe(&self) {
        self.owes.store(true, Ordering::Relaxed);
    }

    pub(super) fn owe_nothing(&self) {
        self.owes.store(false, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn owes(&self) -> bool {
        self.owes.load(Ordering::Relaxed)
    }

    /// Why a suspended handler is to be dropped, if it is.
    pub(crate) fn cut(&self) -> Option<ExitReason> {
        if self.is_cut() { self.slow().rest.as_ref().and_then(|rest| rest.cut.clone()) } else { None }
    }

    #[inline]
    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    #[inline]
    pub(crate) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Acquire)
    }

    /// The next life begins.
    pub(super) fn be_born(&self) {
        self.cut.store(false, Ordering::Release);
        // The one who starts a life is alone with that.
        self.incarnation.store(self.incarnation() + 1, Ordering::Relaxed);
        self.alive.store(true, Ordering::Release);
    }

    /// `init` is done: tells those who wait for that.
    pub(super) fn be_up(&self) {
        // A server without a supervisor is up before anybody could wait for it.
        if self.is_supervised() {
            let expecting = self.slow().take_expecting();
            expecting.into_iter().for_each(wake);
        }
    }

    /// Whether the server is up; pending while it is down and somebody may start it, and in `init`. `false`: it
    /// will not come back.
    pub(crate) fn poll_up(&self, waker: &Waker) -> Poll<bool> {
        let is_up = || self.is_alive() && self.current() != Some(INIT);
        if is_up() {
            return Poll::Ready(true);
        }
        let mut slow = self.slow();
        if is_up() {
            return Poll::Ready(true);
        }
        if !self.is_alive() && !self.is_supervised() {
            return Poll::Ready(false);
        }
        let expecting = &mut slow.whole().expecting;
        if !expecting.iter().any(|known| known.will_wake(waker)) {
            expecting.push(waker.clone());
        }
        Poll::Pending
    }

    /// Puts a signal into the control lane, for that life alone if one is given; one that ends a server cuts
    /// a suspended handler short. `false`: nobody lives here, or another.
    pub(super) fn post(&self, signal: Signal, life: Option<u32>) -> bool {
        // What most references that go find, without the lock.
        if !self.is_alive() {
            return false;
        }
        let cut = match &signal {
            Signal::Kill => Some(ExitReason::Killed),
            Signal::Exit(reason) if !self.traps_exits() => Some(reason.clone()),
            _ => None,
        };
        let runner = {
            let mut slow = self.slow();
            if !self.is_alive() || life.is_some_and(|life| life != self.incarnation()) {
                return false;
            }
            let rest = slow.whole();
            rest.signals.push(signal);
            if let Some(reason) = cut {
                rest.cut = Some(reason);
                self.cut.store(true, Ordering::Release);
                rest.runner.clone()
            } else {
                rest.errands.bell()
            }
        };
        if let Some(runner) = runner {
            wake(runner);
        }
        true
    }

    pub(super) fn take_signals(&self) -> Vec<Signal> {
        self.slow().rest.as_mut().map(|rest| std::mem::take(&mut rest.signals)).unwrap_or_default()
    }

    /// The life is over; gives out those who want to know.
    pub(super) fn be_gone(&self) -> Gone {
        let mut slow = self.slow();
        self.alive.store(false, Ordering::Release);
        let supervised = self.is_supervised();
        let Some(rest) = &mut slow.rest else { return Gone { supervised, ..Gone::default() } };
        rest.signals.clear();
        rest.cut = None;
        rest.suspended = None;
        rest.runner = None;
        self.runner.store(0, Ordering::Relaxed);
        let gone =
            Gone { watchers: std::mem::take(&mut rest.watchers), bonds: rest.bonds.take(), supervised };
        let expecting = if supervised { Vec::new() } else { slow.take_expecting() };
        drop(slow);
        expecting.into_iter().for_each(wake);
        gone
    }

    /// The life is about to be over. `false`: it has no name, is registered and subscribed nowhere, and nothing
    /// runs beside it that could change that. The plainest end of all needs no memory.
    pub(super) fn note_end(&self, reason: &ExitReason, supervised: bool) -> bool {
        let mut slow = self.slow();
        let has_ties = slow.rest.is_some();
        if reason != &ExitReason::Normal || supervised || has_ties {
            slow.whole().last = Some(reason.clone());
        }
        has_ties
    }

    /// Whether this task is known as the one that sees the suspended handler to its end. A waker that is kept keeps
    /// its task, whose address is no other's meanwhile.
    #[inline]
    pub(super) fn is_seen_to_by(&self, task: &Waker) -> bool {
        let known = self.runner.load(Ordering::Relaxed);
        // A waker without data is known by nothing.
        known != 0 && (known == task.data().addr() || makes!(TakesAnyRunner))
    }

    /// Makes it known, unless it is. The one before is to be dropped without the lock: somebody may have made it.
    #[must_use]
    pub(super) fn be_seen_to_by(&self, rest: &mut Rest, task: &Waker) -> Option<Waker> {
        if self.is_seen_to_by(task) {
            return None;
        }
        self.runner.store(task.data().addr(), Ordering::Relaxed);
        rest.runner.replace(task.clone())
    }

    /// Whoever sees the suspended handler to its end is to look at it.
    pub(super) fn wake_runner(&self) {
        let runner = self.slow().rest.as_ref().and_then(|rest| rest.runner.clone());
        if let Some(runner) = runner {
            wake(runner);
        }
    }

    /// Why what runs now is to be cut short, if it is; otherwise `waker` is woken when that changes.
    pub(super) fn cut_or_wake(&self, waker: &Waker) -> Option<ExitReason> {
        let mut slow = self.slow();
        let rest = slow.whole();
        rest.runner = Some(waker.clone());
        self.runner.store(0, Ordering::Relaxed);
        rest.cut.clone()
    }

    /// Whether that life has ended.
    pub(crate) fn is_over(&self, incarnation: u32) -> bool {
        !self.is_alive() || self.incarnation() != incarnation
    }

    /// Wants to know when that life ends; given back when it is over.
    pub(crate) fn watch(&self, incarnation: u32, watcher: Watcher) -> Result<Monitor, Watcher> {
        let monitor = Monitor::next();
        self.watch_as(monitor, incarnation, watcher).map(|()| monitor)
    }

    pub(crate) fn watch_as(
        &self,
        monitor: Monitor,
        incarnation: u32,
        watcher: Watcher,
    ) -> Result<(), Watcher> {
        let mut slow = self.slow();
        if self.is_alive() && self.incarnation() == incarnation {
            slow.whole().watchers.insert(monitor, watcher);
            Ok(())
        } else {
            Err(watcher)
        }
    }

    /// Does not want to know any more. `false`: has been told, or is being told.
    pub(crate) fn unwatch(&self, monitor: Monitor) -> bool {
        let watcher = {
            let mut slow = self.slow();
            slow.rest.as_mut().and_then(|rest| rest.watchers.remove(&monitor))
        };
        watcher.is_some()
    }

    /// Why the last life ended; `NoProc` before the first.
    pub(crate) fn last_reason(&self) -> ExitReason {
        let never = self.incarnation() == 0;
        let last = self.slow().rest.as_ref().and_then(|rest| rest.last.clone());
        last.unwrap_or(if never { ExitReason::NoProc } else { ExitReason::Normal })
    }
}

#[cfg(all(test, not(noex_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_waker_without_data_is_not_known() {
        let core = Core::new(1, "server", None);
        assert!(!core.is_seen_to_by(Waker::noop()), "to start with");
        assert!(core.be_seen_to_by(core.slow().whole(), Waker::noop()).is_none(), "nobody was");
        assert!(core.slow().rest.as_ref().is_some_and(|rest| rest.runner.is_some()), "it is woken");
        assert!(!core.is_seen_to_by(Waker::noop()), "there may be another one");
    }
}
