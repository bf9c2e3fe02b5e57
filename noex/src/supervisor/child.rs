//! One child of a supervisor: what it does, and what is to become of it.
//!
//! ```text
//!          ┌── Waiting (back-off) ◀─┐
//!          ▼                        │ ended, did not start
//! Queued ─▶ Starting ─▶ Running ────┤
//!   ▲          │           │        │
//!   │          ▼           ▼        ▼
//!   └────── Stopping ◀─────┘ ────▶ Down
//! ```

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::oneshot,
    task::{AbortHandle, JoinHandle},
};

use super::{
    backoff::Failures,
    error::AdminError,
    place::{Entry, Failed, Permit, Place},
    plan::Planned,
    server::{Notice, Supervisor},
    spec::{ChildSpec, Shutdown},
};
use crate::{
    ExitReason, Monitor, Pid, WeakRef,
    process::{
        attendant::later,
        door::{self, Door},
    },
    server::{
        slot::{AnySlot, Signal, core::TERMINATE},
        tell,
    },
};

/// Who asked for it is told how it went: the life that was started, if one was.
pub(crate) type Answer = oneshot::Sender<Result<Option<Pid>, AdminError>>;

pub(crate) struct Child {
    pub(super) spec: ChildSpec,
    pub(super) place: Arc<dyn Place>,
    pub(super) phase: Phase,
    /// The life that is supposed to be running, or ends.
    pub(super) pid: Option<Pid>,
    pub(super) monitor: Option<Monitor>,
    pub(super) failures: Failures,
    /// It has its place in every life of the supervisor.
    pub(super) is_planned: bool,
    /// It has never run here.
    pub(super) is_new: bool,
    /// Who asked for it to start.
    pub(super) asked: Option<Answer>,
    /// Who waits for it to be down.
    pub(super) leaving: Vec<Answer>,
}

pub(crate) enum Phase {
    /// Nothing runs, and nothing will by itself.
    Down,
    /// It is to be started when its turn comes.
    Queued,
    /// A restart waits for its time.
    Waiting {
        attempt: u64,
        _alarm: Alarm,
    },
    Starting {
        attempt: u64,
        permit: Arc<Permit>,
        task: JoinHandle<()>,
        cancelled: Option<Then>,
    },
    Running,
    /// It was told to end.
    Stopping {
        then: Then,
        _alarm: Option<Alarm>,
    },
}

/// What becomes of a child that was stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// It stays down.
    Stay,
    /// It comes back with its group.
    Return,
}

/// A notice to the supervisor itself when the time has come; dropped, it does not come.
pub(crate) struct Alarm(AbortHandle);

impl Alarm {
    pub(super) fn set(me: &WeakRef<Supervisor>, door: &Door, after: Duration, notice: Notice) -> Self {
        let me = me.clone();
        let due = later(door::now(), after);
        Alarm(door.spawn(async move {
            door::sleep_until(due, None).await;
            notify(&me, notice);
        }))
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Tells the supervisor, unless it is ending: then it asks nobody any more.
pub(super) fn notify(me: &WeakRef<Supervisor>, notice: Notice) {
    if let Some(me) = me.upgrade()
        && me.slot().core().current() != Some(TERMINATE)
    {
        tell(&me, notice);
    }
}

/// Numbers starts and pauses, so that the news of an old one is not taken for that of the present one.
pub(super) fn next_attempt() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Tells the supervisor how a start went, in any case.
struct Report {
    me: WeakRef<Supervisor>,
    slot: u64,
    attempt: u64,
    outcome: Result<(), Failed>,
}

impl Drop for Report {
    fn drop(&mut self) {
        let outcome = std::mem::replace(&mut self.outcome, Err(Failed::Cancelled));
        notify(&self.me, Notice::Started { slot: self.slot, attempt: self.attempt, outcome });
    }
}

impl Child {
    pub(super) fn new(Planned { spec, place }: Planned, is_planned: bool) -> Self {
        place.slot().core().set_supervised(true);
        Child {
            spec,
            place,
            phase: Phase::Down,
            pid: None,
            monitor: None,
            failures: Failures::default(),
            is_planned,
            is_new: true,
            asked: None,
            leaving: Vec::new(),
        }
    }

    pub(super) fn slot(&self) -> u64 {
        self.place.slot().core().id
    }

    /// Whether it runs, or is on its way to.
    pub(super) fn is_active(&self) -> bool {
        !matches!(self.phase, Phase::Down)
    }

    /// What the leave to start it says.
    pub(super) fn entry(&self, permit: Arc<Permit>) -> Entry {
        Entry { permit, limit: self.spec.ready_limit() }
    }

    /// Starts the next life, on a task of its own: `init` may take its time, or hang.
    pub(super) fn begin_start(&mut self, me: &WeakRef<Supervisor>, door: &Arc<Door>) {
        let (permit, attempt, slot) = (Arc::new(Permit::default()), next_attempt(), self.slot());
        let report = Report { me: me.clone(), slot, attempt, outcome: Err(Failed::Cancelled) };
        let (place, entry, inside) = (self.place.clone(), self.entry(permit.clone()), door.clone());
        let task = door.spawn_joined(async move {
            // The whole of it, so that it is dropped with the task: then the start was called off.
            let mut report = report;
            report.outcome = place.start(inside, entry).await;
        });
        self.phase = Phase::Starting { attempt, permit, task, cancelled: None };
    }

    /// Begins to stop the child, as its spec says. `true`: it is down already.
    pub(super) fn begin_stop(&mut self, then: Then, me: &WeakRef<Supervisor>, door: &Door) -> bool {
        match &mut self.phase {
            Phase::Starting { permit, task, cancelled, .. } => {
                permit.revoke();
                task.abort();
                *cancelled = Some(then);
                false
            }
            Phase::Stopping { then: planned, .. } => {
                *planned = then;
                false
            }
            Phase::Running => {
                let limit = self.tell_to_end();
                let overdue = self.pid.map(|pid| Notice::Overdue { pid });
                let alarm = limit.zip(overdue).map(|(limit, notice)| Alarm::set(me, door, limit, notice));
                self.phase = Phase::Stopping { then, _alarm: alarm };
                false
            }
            Phase::Down | Phase::Queued | Phase::Waiting { .. } => {
                self.phase = if then == Then::Return { Phase::Queued } else { Phase::Down };
                true
            }
        }
    }

    /// Tells the life to end; the time that it is given, where that is not the end of it.
    fn tell_to_end(&self) -> Option<Duration> {
        let (slot, life) = (self.place.slot(), self.pid.map_or(0, Pid::incarnation));
        match self.spec.shutdown_type() {
            Shutdown::BrutalKill => {
                slot.signal_life(life, Signal::Kill);
                None
            }
            Shutdown::Timeout(limit) => {
                slot.signal_life(life, Signal::Exit(ExitReason::Shutdown));
                Some(limit)
            }
            Shutdown::Infinity => {
                slot.signal_life(life, Signal::Exit(ExitReason::Shutdown));
                None
            }
        }
    }

    pub(super) fn kill(&self) {
        if let Some(pid) = self.pid {
            self.place.slot().signal_life(pid.incarnation(), Signal::Kill);
        }
    }

    /// The supervisor ends: from here on it hears no more of the child. Gives the start under way, called off.
    pub(super) fn part(&mut self) -> Option<JoinHandle<()>> {
        if let Some(monitor) = self.monitor.take() {
            self.place.slot().core().unwatch(monitor);
        }
        match std::mem::replace(&mut self.phase, Phase::Down) {
            Phase::Starting { permit, task, .. } => {
                permit.revoke();
                task.abort();
                Some(task)
            }
            _ => None,
        }
    }

    /// Tells whatever life there is to end, after [`part`](Child::part): whom to wait for, and how long.
    pub(super) fn dismiss(&mut self) -> Option<Leaving> {
        let slot = self.place.slot();
        if !slot.core().is_alive() {
            return None;
        }
        let pid = slot.core().pid();
        self.pid = Some(pid);
        let limit = self.tell_to_end();
        Some(Leaving { slot, life: pid.incarnation(), limit })
    }

    /// The supervisor was killed: the child ends by itself. With `comes_back` its place is kept for the
    /// supervisor's next life, which is told whom it has to wait for.
    pub(super) fn orphan(&mut self, comes_back: bool) -> Option<Leaving> {
        drop(self.part());
        let slot = self.place.slot();
        let life = slot.core().incarnation();
        let limit = self.spec.shutdown_type().limit();
        let leaving = slot.core().is_alive().then(|| Leaving { slot: slot.clone(), life, limit });
        if comes_back && self.is_planned {
            slot.signal_life(life, Signal::Exit(ExitReason::Killed));
        } else {
            self.place.clone().retire(&ExitReason::Killed);
        }
        leaving.filter(|_| comes_back)
    }

    /// Tells those who asked for its end.
    pub(super) fn answer_leaving(&mut self) {
        for answer in self.leaving.drain(..) {
            // Who asked may have gone.
            let _ = answer.send(Ok(None));
        }
    }
}

/// A child that was told to end.
#[derive(Clone)]
pub(crate) struct Leaving {
    pub(super) slot: Arc<dyn AnySlot>,
    pub(super) life: u32,
    /// When it is killed.
    pub(super) limit: Option<Duration>,
}
