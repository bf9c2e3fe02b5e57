//! The supervisor itself: a server whose messages are its children's ends and its administrators' questions.
//!
//! No handler waits for anything: `init`s run on tasks of their own, ends and deadlines come as notices. So a
//! supervisor hears whatever its children do. Only its own `init` and `terminate` wait: for the children to
//! be up, and to be gone.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use super::{
    builder::SupervisorBuilder,
    child::{Child, Phase, Then, notify},
    error::SupervisorError,
    intensity::Intensity,
    line::Line,
    place::{Failed, Permit},
    plan::Plan,
    question::{Question, Reply},
    spec::Restart,
    stop::see_off,
};
use crate::{
    Context, ExitReason, GenServer, Init, Mailbox, Message, Never, Now, Pid, Reason, ServerConfig, ServerRef,
    WeakRef,
    process::door::{self, Door},
};

/// A reference to a supervisor.
pub type SupervisorRef = ServerRef<Supervisor>;

/// A running supervisor. Made by `supervisor!`, or by hand with [`Supervisor::builder`].
pub struct Supervisor {
    pub(super) plan: Arc<Plan>,
    pub(super) intensity: Intensity,
    /// By slot: slots are numbered in the order in which they are made, and so children start.
    pub(super) children: BTreeMap<u64, Child>,
    /// Slots by id; empty in a dynamic supervisor.
    pub(super) ids: HashMap<Arc<str>, u64>,
    pub(super) line: Line,
    pub(super) me: WeakRef<Supervisor>,
    pub(super) door: Arc<Door>,
    pub(super) since: Instant,
    /// All children were stopped.
    pub(super) is_done: bool,
}

impl Supervisor {
    /// A tree under construction; `name` is what errors and events call it.
    pub fn builder(name: impl Into<Arc<str>>) -> SupervisorBuilder {
        SupervisorBuilder::new(name.into())
    }

    /// The supervisor that has this name in the global [`System`](crate::System).
    pub fn whereis(name: &str) -> Option<SupervisorRef> {
        crate::System::global().whereis::<Supervisor>(name)
    }
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// What a supervisor hears.
#[derive(Debug)]
#[doc(hidden)]
pub enum Notice {
    /// That life is over.
    Ended { pid: Pid, reason: ExitReason },
    /// That start is done.
    #[allow(private_interfaces)]
    Started { slot: u64, attempt: u64, outcome: Result<(), Failed> },
    /// The time that this life had to end is over.
    Overdue { pid: Pid },
    /// The pause before a restart is over: a child's, or that of the line.
    Resume { slot: Option<u64>, attempt: u64 },
}

impl Message for Notice {
    const VARIANTS: &'static [&'static str] = &["child_ended", "child_started", "child_overdue", "resume"];

    fn variant(&self) -> usize {
        match self {
            Notice::Ended { .. } => 0,
            Notice::Started { .. } => 1,
            Notice::Overdue { .. } => 2,
            Notice::Resume { .. } => 3,
        }
    }
}

impl ServerConfig for Supervisor {
    const MAILBOX: Mailbox = Mailbox::UNBOUNDED;
    const CALL_TIMEOUT: Option<Duration> = None;
    const TRAP_EXIT: bool = true;
}

impl GenServer for Supervisor {
    type Args = Arc<Plan>;
    type InitError = SupervisorError;
    type Call = Question;
    type Reply = Reply;
    type Cast = Never;
    type Info = Notice;
    type Continue = Never;
    type Ref = SupervisorRef;

    async fn init(plan: Arc<Plan>, cx: &mut Context<Self>) -> Result<Init<Self>, SupervisorError> {
        let slot = cx.slot();
        slot.core().set_keepsake(plan.clone());
        plan.chronicle.begin();
        // They stay listed until they are gone: this life may be killed as well.
        let orphans = plan.orphans();
        see_off(orphans).await;
        plan.list_orphans(Vec::new());
        let children: BTreeMap<u64, Child> = plan
            .children
            .iter()
            .map(|it| (it.place.slot().core().id, Child::new(it.clone(), true)))
            .collect();
        let mut supervisor = Supervisor {
            intensity: Intensity::new(plan.restarts),
            ids: children.iter().map(|(slot, child)| (child.spec.options.id.clone(), *slot)).collect(),
            children,
            line: Line::default(),
            me: cx.me().downgrade(),
            door: cx.door(),
            since: door::now(),
            is_done: false,
            plan,
        };
        for slot in supervisor.children.keys().copied().collect::<Vec<_>>() {
            if let Err(error) = supervisor.start_first(slot).await {
                supervisor.stop_all().await;
                return Err(error);
            }
        }
        Ok(Init::ready(supervisor))
    }

    fn call_now(&mut self, question: Question, _: &mut Context<Self>) -> Now<Reply, Question> {
        Now::Done(self.answer(question))
    }

    fn info_now(&mut self, notice: Notice, cx: &mut Context<Self>) -> Now<(), Notice> {
        match notice {
            Notice::Ended { pid, reason } => self.ended(pid, reason, cx),
            Notice::Started { slot, attempt, outcome } => self.started(slot, attempt, outcome, cx),
            Notice::Overdue { pid } => {
                if let Some(child) = self.children.get(&pid.slot()).filter(|child| child.pid == Some(pid)) {
                    child.kill();
                }
            }
            Notice::Resume { slot: Some(slot), attempt } => {
                if let Some(child) = self.children.get_mut(&slot)
                    && matches!(child.phase, Phase::Waiting { attempt: waited, .. } if waited == attempt)
                {
                    child.begin_start(&self.me, &self.door);
                }
            }
            Notice::Resume { slot: None, attempt } => self.pause_over(attempt),
        }
        Now::Done(())
    }

    async fn terminate(&mut self, _: &ExitReason, _: &mut Context<Self>) {
        self.stop_all().await;
    }
}

impl Supervisor {
    /// Starts a child with the tree.
    async fn start_first(&mut self, slot: u64) -> Result<(), SupervisorError> {
        let Some(child) = self.children.get_mut(&slot) else { return Ok(()) };
        let entry = child.entry(Arc::new(Permit::default()));
        let (supervisor, id) = (self.plan.name.clone(), child.spec.options.id.clone());
        match child.place.clone().start(self.door.clone(), entry).await {
            Ok(()) => self.is_up(slot),
            Err(Failed::Ignored) => self.ignored(slot),
            Err(Failed::NotReady(after)) => {
                return Err(SupervisorError::NotReady { supervisor, child: id, after });
            }
            Err(failed) => {
                let reason = Reason(failed.reason());
                return Err(SupervisorError::Child { supervisor, child: id, reason });
            }
        }
        Ok(())
    }

    /// The child's life has begun: watches it.
    fn is_up(&mut self, slot: u64) {
        let Some(child) = self.children.get_mut(&slot) else { return };
        let place = child.place.slot();
        let pid = place.core().pid();
        child.pid = Some(pid);
        child.phase = Phase::Running;
        child.is_new = false;
        child.failures.is_up();
        let me = self.me.clone();
        let watcher = Box::new(move |pid: Pid, reason: &ExitReason| {
            notify(&me, Notice::Ended { pid, reason: reason.clone() });
        });
        match place.core().watch(pid.incarnation(), watcher) {
            Ok(monitor) => child.monitor = Some(monitor),
            Err(_) => notify(&self.me, Notice::Ended { pid, reason: place.core().last_reason() }),
        }
    }

    /// It does not want to run: it keeps its place, unless it is one that is forgotten.
    fn ignored(&mut self, slot: u64) {
        let Some(child) = self.children.get_mut(&slot) else { return };
        child.phase = Phase::Down;
        if self.plan.is_dynamic || child.spec.restart_type() == Restart::Temporary {
            self.forget(slot, &ExitReason::Normal);
        } else {
            child.place.close(&ExitReason::Normal);
        }
    }

    /// A start is done.
    fn started(&mut self, slot: u64, attempt: u64, outcome: Result<(), Failed>, cx: &mut Context<Self>) {
        let Some(child) = self.children.get_mut(&slot) else { return };
        let cancelled = match child.phase {
            Phase::Starting { attempt: present, cancelled, .. } if present == attempt => cancelled,
            _ => return,
        };
        match (outcome, cancelled) {
            (Ok(()), None) => {
                self.is_up(slot);
                self.answer_start(slot, Ok(()));
                self.settled(slot);
            }
            (Ok(()), Some(then)) => {
                self.is_up(slot);
                self.stop_child(slot, then);
            }
            (Err(_), Some(then)) => {
                child.phase = Phase::Stopping { then, _alarm: None };
                self.is_down(slot);
            }
            (Err(Failed::Ignored), None) => {
                self.answer_start(slot, Err(Failed::Ignored));
                self.ignored(slot);
                self.settled(slot);
            }
            (Err(failed), None) if child.asked.is_some() => {
                child.phase = Phase::Down;
                let (is_new, reason) = (child.is_new, ExitReason::Normal);
                self.answer_start(slot, Err(failed));
                if is_new || self.plan.is_dynamic {
                    self.forget(slot, &reason);
                } else if let Some(child) = self.children.get(&slot) {
                    child.place.close(&reason);
                }
                self.settled(slot);
            }
            (Err(failed), None) => {
                child.phase = Phase::Down;
                self.line.let_go(slot);
                self.restart(slot, super::log::Cause::NotStarted(failed.reason()), cx);
            }
        }
    }

    /// A life is over.
    fn ended(&mut self, pid: Pid, reason: ExitReason, cx: &mut Context<Self>) {
        let slot = pid.slot();
        // News of a life that is none of this supervisor's any more is old.
        let Some(child) = self.children.get_mut(&slot).filter(|child| child.pid == Some(pid)) else { return };
        child.pid = None;
        child.monitor = None;
        // It was to be stopped with its group and has ended before its turn: that is no restart of its own.
        if matches!(child.phase, Phase::Running) && self.line.is_to_stop(slot) {
            child.phase = Phase::Stopping { then: Then::Return, _alarm: None };
        }
        if let Phase::Stopping { .. } = child.phase {
            return self.is_down(slot);
        }
        child.phase = Phase::Down;
        match child.spec.restart_type() {
            Restart::Permanent => self.restart(slot, super::log::Cause::Ended(reason), cx),
            Restart::Transient if !reason.is_orderly() => {
                self.restart(slot, super::log::Cause::Ended(reason), cx);
            }
            Restart::Transient if !self.plan.is_dynamic => {
                child.place.close(&reason);
                self.is_finished(slot, cx);
            }
            Restart::Transient | Restart::Temporary => {
                self.is_finished(slot, cx);
                self.forget(slot, &reason);
            }
        }
    }

    /// A child that was to stop is down.
    pub(super) fn is_down(&mut self, slot: u64) {
        let Some(child) = self.children.get(&slot) else { return };
        let then = match child.phase {
            Phase::Stopping { then, .. } => then,
            _ => Then::Stay,
        };
        if then == Then::Stay {
            self.answer_start(slot, Err(Failed::Cancelled));
        }
        let Some(child) = self.children.get_mut(&slot) else { return };
        child.answer_leaving();
        child.phase = if then == Then::Return { Phase::Queued } else { Phase::Down };
        if self.plan.is_dynamic || child.spec.restart_type() == Restart::Temporary {
            self.forget(slot, &ExitReason::Shutdown);
        } else if then == Then::Stay {
            child.place.close(&ExitReason::Shutdown);
        }
        self.settled(slot);
    }

    /// Stops a child; `true`: it is down already.
    pub(super) fn stop_child(&mut self, slot: u64, then: Then) -> bool {
        let Some(child) = self.children.get_mut(&slot) else { return true };
        child.begin_stop(then, &self.me, &self.door)
    }

    /// The child is none of this supervisor's any more.
    pub(super) fn forget(&mut self, slot: u64, reason: &ExitReason) {
        let Some(child) = self.children.remove(&slot) else { return };
        if !self.plan.is_dynamic {
            self.ids.remove(&child.spec.options.id);
        }
        child.place.retire(reason);
    }

    /// Whether this supervisor may have another life.
    pub(super) fn may_return(&self) -> bool {
        self.me.upgrade().is_some_and(|me| me.slot().core().is_supervised())
    }
}

impl Drop for Supervisor {
    /// A supervisor that is killed stops nobody; its children end by themselves.
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let may_return = self.may_return();
        let orphans = self.children.values_mut().rev().filter_map(|child| child.orphan(may_return)).collect();
        self.plan.list_orphans(orphans);
    }
}
