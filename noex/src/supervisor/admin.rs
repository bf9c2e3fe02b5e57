//! Administration: children that are looked at, added, stopped, restarted and taken away while the tree runs.

use std::{sync::Arc, time::Duration};

use thiserror::Error;
use tokio::sync::oneshot;

use super::{
    builder::StartTree,
    check::PlanError,
    child::{Child, Phase, Then},
    place::{Failed, Place},
    plan::{Budget, Planned},
    server::{Supervisor, SupervisorRef},
    spec::{ChildOptions, ChildSpec, Kind},
};
use crate::{ExitReason, GenServer, Message, NotRunning, Pid, Reason, ServerRef};

/// Why a supervisor did not do what it was asked.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum AdminError {
    /// A child of this id runs.
    #[error("child `{child}` runs already, as {pid}")]
    AlreadyStarted {
        /// The child's id.
        child: Arc<str>,
        /// Its present life.
        pid: Pid,
    },
    /// There is a child of this id, which is down.
    #[error("there is a child `{child}`, which is down")]
    AlreadyPresent {
        /// The child's id.
        child: Arc<str>,
    },
    /// There is no such child.
    #[error("there is no child `{child}`")]
    NotFound {
        /// The id, or what stands for it.
        child: Arc<str>,
    },
    /// The child runs, and would have to be stopped first.
    #[error("child `{child}` is running, as {pid}")]
    Running {
        /// The child's id.
        child: Arc<str>,
        /// Its present life.
        pid: Pid,
    },
    /// The child is being started.
    #[error("child `{child}` is being started")]
    Starting {
        /// The child's id.
        child: Arc<str>,
    },
    /// There are as many children as there may be.
    #[error("there are {max} children, as many as there may be")]
    TooMany {
        /// How many there may be.
        max: usize,
    },
    /// The child does not fit into the plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The child's `init` refused or crashed, or its name is taken.
    #[error("child `{child}` did not start: {reason}")]
    NotStarted {
        /// The child's id.
        child: Arc<str>,
        /// Why.
        #[source]
        reason: Reason,
    },
    /// The child was not ready in its time.
    #[error("child `{child}` was not ready within {after:?}")]
    NotReady {
        /// The child's id.
        child: Arc<str>,
        /// The time it had.
        after: Duration,
    },
    /// The child's `init` asked to be ignored. A supervisor keeps a place for it, a dynamic one does not.
    #[error("child `{child}` does not want to run now")]
    Ignored {
        /// The child's id.
        child: Arc<str>,
    },
    /// The child was stopped while it started.
    #[error("child `{child}` was stopped while it started")]
    Cancelled {
        /// The child's id.
        child: Arc<str>,
    },
    /// The supervisor has ended.
    #[error(transparent)]
    NotRunning(#[from] NotRunning),
}

/// A child as its supervisor sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChildInfo {
    /// The spec.
    pub spec: ChildSpec,
    /// The running incarnation; `None` when it is down.
    pub pid: Option<Pid>,
    /// What it does.
    pub state: ChildState,
}

/// What a child does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChildState {
    /// Nothing: it was stopped, is done, or asked to be ignored.
    Down,
    /// It waits for its turn, or for the end of a back-off.
    Waiting,
    /// Its `init` is under way.
    Starting,
    /// It runs.
    Running,
    /// It was told to end.
    Stopping,
}

/// How many children there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildCount {
    /// Children, running or not.
    pub specs: usize,
    /// Those with a process.
    pub active: usize,
    /// Those that are supervisors, running or not.
    pub supervisors: usize,
    /// The rest, running or not.
    pub workers: usize,
}

/// What a supervisor is asked.
#[doc(hidden)]
#[allow(private_interfaces)]
pub enum Question {
    WhichChildren,
    CountChildren,
    Spec(Arc<str>),
    StartChild(Planned),
    Terminate(Who),
    Restart(Arc<str>),
    Delete(Arc<str>),
    Restarts(Budget),
    /// What is drawn of so many children, and how many there are.
    Picture(usize),
}

/// Which child.
#[doc(hidden)]
#[derive(Debug)]
pub enum Who {
    Id(Arc<str>),
    Slot(u64),
}

impl Message for Question {
    const VARIANTS: &'static [&'static str] = &[
        "children",
        "count_children",
        "child_spec",
        "start_child",
        "terminate_child",
        "restart_child",
        "delete_child",
        "set_restarts",
        "draw",
    ];

    fn variant(&self) -> usize {
        match self {
            Question::WhichChildren => 0,
            Question::CountChildren => 1,
            Question::Spec(_) => 2,
            Question::StartChild(_) => 3,
            Question::Terminate(_) => 4,
            Question::Restart(_) => 5,
            Question::Delete(_) => 6,
            Question::Restarts(_) => 7,
            Question::Picture(_) => 8,
        }
    }
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::VARIANTS[self.variant()])
    }
}

/// What a supervisor answers.
#[doc(hidden)]
#[derive(Debug)]
#[allow(private_interfaces)]
pub enum Reply {
    Children(Vec<ChildInfo>),
    Count(ChildCount),
    Spec(Result<Box<ChildSpec>, AdminError>),
    Done(Result<(), AdminError>),
    /// It is under way.
    Wait(oneshot::Receiver<Result<Option<Pid>, AdminError>>),
    Picture(Vec<Seen>, usize),
}

/// A child as it is drawn.
pub(crate) struct Seen {
    pub(super) spec: ChildSpec,
    pub(super) name: Arc<str>,
    pub(super) place: Arc<dyn Place>,
    pub(super) state: ChildState,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen").field("spec", &self.spec).field("state", &self.state).finish_non_exhaustive()
    }
}

impl Child {
    pub(super) fn state(&self) -> ChildState {
        match self.phase {
            Phase::Down => ChildState::Down,
            Phase::Queued | Phase::Waiting { .. } => ChildState::Waiting,
            Phase::Starting { .. } => ChildState::Starting,
            Phase::Running => ChildState::Running,
            Phase::Stopping { .. } => ChildState::Stopping,
        }
    }

    /// Why it cannot be started or taken away: it is not down.
    fn not_down(&self) -> Option<AdminError> {
        let child = self.spec.options.id.clone();
        match (&self.phase, self.pid) {
            (Phase::Down, _) => None,
            (_, Some(pid)) => Some(AdminError::Running { child, pid }),
            (_, None) => Some(AdminError::Starting { child }),
        }
    }
}

impl Supervisor {
    pub(super) fn answer(&mut self, question: Question) -> Reply {
        match question {
            Question::WhichChildren => Reply::Children(self.children.values().map(info).collect()),
            Question::CountChildren => Reply::Count(self.count()),
            Question::Spec(id) => {
                Reply::Spec(self.find(&Who::Id(id)).map(|slot| Box::new(self.children[&slot].spec.clone())))
            }
            Question::StartChild(planned) => wait(self.add_child(planned)),
            Question::Terminate(who) => wait(self.find(&who).map(|slot| self.terminate_child(slot))),
            Question::Restart(id) => wait(self.restart_child(id)),
            Question::Delete(id) => Reply::Done(self.delete_child(id)),
            Question::Restarts(budget) if budget.window.is_zero() => {
                Reply::Done(Err(PlanError::ZeroWindow.into()))
            }
            Question::Restarts(budget) => {
                self.intensity.change(budget);
                Reply::Done(Ok(()))
            }
            Question::Picture(most) => {
                let seen = self.children.values().take(most).map(|child| Seen {
                    spec: child.spec.clone(),
                    name: self.name_of(child),
                    place: child.place.clone(),
                    state: child.state(),
                });
                Reply::Picture(seen.collect(), self.children.len())
            }
        }
    }

    fn count(&self) -> ChildCount {
        let mut count = ChildCount { specs: self.children.len(), ..ChildCount::default() };
        for child in self.children.values() {
            count.active += usize::from(child.pid.is_some());
            count.supervisors += usize::from(child.spec.kind() == Kind::Supervisor);
        }
        count.workers = count.specs - count.supervisors;
        count
    }

    fn find(&self, who: &Who) -> Result<u64, AdminError> {
        let found = match who {
            Who::Id(id) => self.ids.get(id).copied(),
            Who::Slot(slot) => Some(*slot).filter(|slot| self.children.contains_key(slot)),
        };
        found.ok_or_else(|| AdminError::NotFound {
            child: match who {
                Who::Id(id) => id.clone(),
                Who::Slot(slot) => Pid::local(*slot, 0).to_string().into(),
            },
        })
    }

    fn add_child(&mut self, planned: Planned) -> Result<Waited, AdminError> {
        let id = planned.spec.options.id.clone();
        let refused = self.cannot_add(&planned.spec).err();
        if let Some(error) = refused {
            planned.place.retire(&ExitReason::NoProc);
            return Err(error);
        }
        let mut child = Child::new(planned, false);
        let slot = child.slot();
        let (answer, waited) = oneshot::channel();
        child.asked = Some(answer);
        if !self.plan.is_dynamic {
            self.ids.insert(id, slot);
        }
        self.children.insert(slot, child);
        self.request_start(slot);
        Ok(waited)
    }

    fn cannot_add(&self, spec: &ChildSpec) -> Result<(), AdminError> {
        self.plan.check_child(spec)?;
        if self.children.len() >= self.plan.most {
            return Err(AdminError::TooMany { max: self.plan.most });
        }
        let Some(slot) = self.ids.get(spec.id()) else { return Ok(()) };
        let child = spec.options.id.clone();
        Err(match self.children[slot].not_down() {
            Some(AdminError::Running { pid, .. }) => AdminError::AlreadyStarted { child, pid },
            Some(other) => other,
            None => AdminError::AlreadyPresent { child },
        })
    }

    fn terminate_child(&mut self, slot: u64) -> Waited {
        let (answer, waited) = oneshot::channel();
        if let Some(child) = self.children.get_mut(&slot) {
            child.leaving.push(answer);
        }
        if self.stop_child(slot, Then::Stay) {
            self.is_down(slot);
        }
        waited
    }

    fn restart_child(&mut self, id: Arc<str>) -> Result<Waited, AdminError> {
        let slot = self.find(&Who::Id(id))?;
        let (answer, waited) = oneshot::channel();
        if let Some(child) = self.children.get_mut(&slot) {
            if let Some(error) = child.not_down() {
                return Err(error);
            }
            child.asked = Some(answer);
        }
        self.request_start(slot);
        Ok(waited)
    }

    fn delete_child(&mut self, id: Arc<str>) -> Result<(), AdminError> {
        let slot = self.find(&Who::Id(id))?;
        match self.children[&slot].not_down() {
            Some(error) => Err(error),
            None => {
                self.forget(slot, &ExitReason::Shutdown);
                Ok(())
            }
        }
    }

    /// Tells whoever asked for the child how its start went.
    pub(super) fn answer_start(&mut self, slot: u64, outcome: Result<(), Failed>) {
        let Some(child) = self.children.get_mut(&slot) else { return };
        let Some(asked) = child.asked.take() else { return };
        let id = child.spec.options.id.clone();
        // Who asked may have gone.
        let _ = asked.send(match outcome {
            Ok(()) => Ok(child.pid),
            Err(Failed::Ignored) => Err(AdminError::Ignored { child: id }),
            Err(Failed::NotReady(after)) => Err(AdminError::NotReady { child: id, after }),
            Err(Failed::Cancelled) => Err(AdminError::Cancelled { child: id }),
            Err(Failed::Refused(reason)) => Err(AdminError::NotStarted { child: id, reason: Reason(reason) }),
        });
    }
}

type Waited = oneshot::Receiver<Result<Option<Pid>, AdminError>>;

fn info(child: &Child) -> ChildInfo {
    ChildInfo { spec: child.spec.clone(), pid: child.pid, state: child.state() }
}

fn wait(begun: Result<Waited, AdminError>) -> Reply {
    begun.map_or_else(|error| Reply::Done(Err(error)), Reply::Wait)
}

/// Administration. All of it fails with [`AdminError::NotRunning`] when the supervisor has ended.
///
/// # Examples
///
/// ```
/// use noex::{ChildOptions, Supervisor, prelude::*, supervisor::AdminError};
/// # #[genserver] struct Counter { count: u64 }
/// # #[genserver] impl Counter {
/// #     #[init] fn init(count: u64) -> Self { Counter { count } }
/// #     #[call] fn get(&self) -> u64 { self.count }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tree = Supervisor::builder("counters").start().await?;
/// let counter = tree.start_child::<Counter>(ChildOptions::new("seven"), || (7,)).await?;
/// assert_eq!(counter.get().await?, 7);
/// assert!(matches!(tree.delete_child("seven").await, Err(AdminError::Running { .. })));
/// tree.terminate_child("seven").await?;
/// assert_eq!(tree.count_children().await?.active, 0);
/// tree.restart_child("seven").await?;
/// assert_eq!(counter.get().await?, 7);        // the same place, so the reference is good
/// # Ok(()) }
/// ```
impl ServerRef<Supervisor> {
    async fn ask(&self, question: Question) -> Result<Reply, AdminError> {
        self.call(question).await.map_err(|_| self.has_ended())
    }

    fn has_ended(&self) -> AdminError {
        let core = self.slot().core();
        AdminError::NotRunning(NotRunning { server: core.label(), reason: Reason(core.last_reason()) })
    }

    /// Asks for something that takes a while.
    async fn order(&self, question: Question) -> Result<Option<Pid>, AdminError> {
        match self.ask(question).await? {
            Reply::Wait(waited) => waited.await.unwrap_or_else(|_| Err(self.has_ended())),
            Reply::Done(done) => done.map(|()| None),
            _ => unreachable!("an order is done, or waited for"),
        }
    }

    /// The children in start order, as the supervisor sees them.
    ///
    /// # Errors
    ///
    /// When the supervisor has ended.
    pub async fn children(&self) -> Result<Vec<ChildInfo>, AdminError> {
        match self.ask(Question::WhichChildren).await? {
            Reply::Children(children) => Ok(children),
            _ => unreachable!("a question has its own answer"),
        }
    }

    /// How many children there are.
    ///
    /// # Errors
    ///
    /// When the supervisor has ended.
    pub async fn count_children(&self) -> Result<ChildCount, AdminError> {
        match self.ask(Question::CountChildren).await? {
            Reply::Count(count) => Ok(count),
            _ => unreachable!("a question has its own answer"),
        }
    }

    /// The spec of a child, with the defaults filled in.
    ///
    /// # Errors
    ///
    /// [`NotFound`](AdminError::NotFound).
    pub async fn child_spec(&self, id: impl Into<Arc<str>>) -> Result<ChildSpec, AdminError> {
        match self.ask(Question::Spec(id.into())).await? {
            Reply::Spec(spec) => spec.map(|spec| *spec),
            _ => unreachable!("a question has its own answer"),
        }
    }

    /// Adds a child behind the others and starts it. It is supervised as they are, and forgotten when the
    /// supervisor is itself restarted.
    ///
    /// # Errors
    ///
    /// [`AlreadyStarted`](AdminError::AlreadyStarted) or [`AlreadyPresent`](AdminError::AlreadyPresent): the id is
    /// in use. What does not start is not kept, except what asked to be [`Ignored`](AdminError::Ignored).
    pub async fn start_child<S: GenServer>(
        &self,
        options: ChildOptions,
        args: impl Fn() -> S::Args + Send + Sync + 'static,
    ) -> Result<S::Ref, AdminError> {
        let (planned, child) = Planned::server::<S>(options, Arc::new(args));
        self.order(Question::StartChild(planned)).await?;
        Ok(child)
    }

    /// The same by its spec; the life that was started.
    ///
    /// # Errors
    ///
    /// As [`start_child`](ServerRef::start_child).
    pub async fn start_spec(&self, spec: ChildSpec) -> Result<Pid, AdminError> {
        let child = spec.options.id.clone();
        let pid = self.start_planned(Planned::of(spec)).await?;
        pid.ok_or(AdminError::Cancelled { child })
    }

    /// The same with a tree.
    ///
    /// # Errors
    ///
    /// As [`start_child`](ServerRef::start_child).
    pub async fn start_tree<T: 'static>(
        &self,
        options: ChildOptions,
        tree: StartTree<T>,
    ) -> Result<T, AdminError> {
        let (planned, handle) = tree.planned(options);
        self.start_planned(planned).await?;
        Ok(handle)
    }

    pub(crate) async fn start_planned(&self, planned: Planned) -> Result<Option<Pid>, AdminError> {
        if let Some(plan) = planned.place.plan() {
            plan.check(planned.spec.shutdown_type()).map_err(|(_, error)| error)?;
        }
        self.order(Question::StartChild(planned)).await
    }

    /// Stops a child as its spec says; ready when it is gone. Its spec is kept, unless it is temporary, and it
    /// does not come back by itself. While it starts, or waits for its restart, that is called off.
    ///
    /// # Errors
    ///
    /// [`NotFound`](AdminError::NotFound).
    pub async fn terminate_child(&self, id: impl Into<Arc<str>>) -> Result<(), AdminError> {
        self.order(Question::Terminate(Who::Id(id.into()))).await.map(drop)
    }

    pub(crate) async fn terminate_slot(&self, slot: u64) -> Result<(), AdminError> {
        self.order(Question::Terminate(Who::Slot(slot))).await.map(drop)
    }

    /// Starts a child again that is down. That counts as no restart.
    ///
    /// # Errors
    ///
    /// [`Running`](AdminError::Running), [`Starting`](AdminError::Starting), [`NotFound`](AdminError::NotFound), or
    /// why it did not start.
    pub async fn restart_child(&self, id: impl Into<Arc<str>>) -> Result<Pid, AdminError> {
        let id = id.into();
        let pid = self.order(Question::Restart(id.clone())).await?;
        pid.ok_or(AdminError::Cancelled { child: id })
    }

    /// Takes away a child that is down.
    ///
    /// # Errors
    ///
    /// [`Running`](AdminError::Running), [`Starting`](AdminError::Starting), [`NotFound`](AdminError::NotFound).
    pub async fn delete_child(&self, id: impl Into<Arc<str>>) -> Result<(), AdminError> {
        self.order(Question::Delete(id.into())).await.map(drop)
    }

    /// From now on at most `max` restarts within `window`. Those of the past count.
    ///
    /// # Errors
    ///
    /// [`PlanError::ZeroWindow`].
    pub async fn set_restarts(&self, max: u32, window: Duration) -> Result<(), AdminError> {
        self.order(Question::Restarts(Budget { max, window })).await.map(drop)
    }

    /// So many of its children, and how many there are, to be drawn.
    pub(super) async fn picture(&self, most: usize) -> Result<(Vec<Seen>, usize), AdminError> {
        match self.ask(Question::Picture(most)).await? {
            Reply::Picture(seen, of) => Ok((seen, of)),
            _ => unreachable!("a question has its own answer"),
        }
    }
}

/// The supervisor that lives in a place, if one does.
pub(super) fn supervisor_in(place: &Arc<dyn Place>) -> Option<SupervisorRef> {
    place.slot().into_any().downcast().ok().map(ServerRef::new)
}
