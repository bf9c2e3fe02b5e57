//! Administration: children that are looked at, added, stopped, restarted and taken away while the tree runs.

use std::{sync::Arc, time::Duration};

use super::{
    builder::StartTree,
    error::AdminError,
    place::Place,
    plan::{Budget, Planned},
    question::{ChildCount, ChildInfo, Question, Reply, Seen, Who},
    server::{Supervisor, SupervisorRef},
    spec::{ChildOptions, ChildSpec},
};
use crate::{GenServer, NotRunning, Pid, Reason, ServerRef};

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
        AdminError::NotRunning(NotRunning { server: core.label().into(), reason: Reason(core.last_reason()) })
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
    /// [`PlanError::ZeroWindow`](super::PlanError::ZeroWindow).
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
