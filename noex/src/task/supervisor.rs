//! The supervisor of tasks.

use std::{fmt, future::Future, ops::Deref, sync::Arc, time::Duration};

use tokio::sync::oneshot;

use super::{
    handle::Task,
    process::{TaskRef, child},
    stream::TaskStream,
};
use crate::{
    AdminError, Context, GenServer, Shutdown, StartTree, Supervisor, SupervisorBuilder, SupervisorRef,
    server::adopt,
};

/// A supervisor of tasks: its handle. Tasks are temporary; those that run are its children.
///
/// # Examples
///
/// ```
/// use noex::{prelude::*, task::TaskSupervisor};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tasks = TaskSupervisor::builder("tasks").start().await?;
/// let mut squares = tasks.stream(1..=4, |n| async move { n * n }).concurrency(2);
/// let mut seen = Vec::new();
/// while let Some(square) = squares.next().await {
///     seen.push(square?);
/// }
/// assert_eq!(seen, [1, 4, 9, 16]);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TaskSupervisor {
    supervisor: SupervisorRef,
    grace: Option<Shutdown>,
}

impl TaskSupervisor {
    /// A supervisor of tasks under construction.
    pub fn builder(name: impl Into<Arc<str>>) -> TaskBuilder {
        let mut builder = Supervisor::builder(name);
        builder.make_dynamic();
        TaskBuilder { builder, grace: None }
    }

    /// Runs a future as a task that is linked to this server: one's end is the other's, as with
    /// [`Context::link`]. Dropping the handle ends the task.
    ///
    /// # Errors
    ///
    /// [`TooMany`](AdminError::TooMany), or the supervisor has ended.
    pub fn run_linked<P: GenServer, T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        cx: &Context<P>,
        future: F,
    ) -> impl Future<Output = Result<Task<T>, AdminError>> + Send + 'static + use<P, T, F> {
        let owner = cx.life();
        let (tasks, started) = (self.clone(), valued(future, true));
        async move {
            let (work, value) = started;
            let (planned, process) = child(work, None);
            let task = Task::new(process, value, true);
            tasks.supervisor.start_planned(planned).await?;
            adopt(&owner, &task.life());
            Ok(task)
        }
    }

    /// Runs a future as a task that is nobody's: its failure is told to whoever asks its handle.
    ///
    /// # Errors
    ///
    /// [`TooMany`](AdminError::TooMany), or the supervisor has ended.
    pub async fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<Task<T>, AdminError> {
        let (work, value) = valued(future, false);
        let (planned, process) = child(work, self.grace);
        self.supervisor.start_planned(planned).await?;
        Ok(Task::new(process, value, false))
    }

    /// Runs a future whose value nobody wants.
    ///
    /// # Errors
    ///
    /// [`TooMany`](AdminError::TooMany), or the supervisor has ended.
    pub async fn start_child(
        &self,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> Result<TaskRef, AdminError> {
        let (planned, process) = child(Box::pin(future), self.grace);
        self.supervisor.start_planned(planned).await?;
        Ok(process)
    }

    /// Ends a task; ready when it is gone.
    ///
    /// # Errors
    ///
    /// [`NotFound`](AdminError::NotFound): it was done before, or is not one of these.
    pub async fn terminate_child(&self, task: &TaskRef) -> Result<(), AdminError> {
        self.supervisor.terminate_slot(task.pid().slot()).await
    }

    /// A task for each item, so many at a time, and their values as a stream: see [`TaskStream`].
    pub fn stream<I, F, W>(&self, items: I, work: F) -> TaskStream<I::IntoIter, F, W::Output>
    where
        I: IntoIterator,
        F: FnMut(I::Item) -> W,
        W: Future + Send + 'static,
        W::Output: Send + 'static,
    {
        TaskStream::new(self.clone(), items.into_iter(), work)
    }
}

/// The future as work that leaves its value. Of an owned one nobody is told when the owner has gone before it
/// begins.
fn valued<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
    is_owned: bool,
) -> (super::process::Work, oneshot::Receiver<T>) {
    let (leave, value) = oneshot::channel();
    let work = async move {
        if is_owned && leave.is_closed() {
            return;
        }
        // Whoever asks it may be gone, or come later.
        let _ = leave.send(future.await);
    };
    (Box::pin(work), value)
}

impl Deref for TaskSupervisor {
    type Target = SupervisorRef;

    fn deref(&self) -> &SupervisorRef {
        &self.supervisor
    }
}

impl fmt::Debug for TaskSupervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskSupervisor").field(&self.supervisor).finish()
    }
}

/// A supervisor of tasks before it runs.
#[derive(Debug)]
#[must_use = "a supervisor does not run until it is started"]
pub struct TaskBuilder {
    builder: SupervisorBuilder,
    grace: Option<Shutdown>,
}

impl TaskBuilder {
    /// How many tasks there may be at a time; any number by default.
    pub fn max(&mut self, max: usize) -> &mut Self {
        self.builder.limit(max);
        self
    }

    /// How long tasks may go on when the supervisor stops; by default they end where they await. Linked ones
    /// always do.
    pub fn grace(&mut self, grace: Duration) -> &mut Self {
        self.grace = Some(Shutdown::Timeout(grace));
        self
    }

    /// Starts the supervisor, without tasks.
    pub fn start(self) -> StartTree<TaskSupervisor> {
        let grace = self.grace;
        StartTree::new(self.builder, move |supervisor| TaskSupervisor { supervisor, grace })
    }
}
