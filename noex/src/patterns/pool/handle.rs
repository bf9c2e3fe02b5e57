//! The pool's handle.

use std::{fmt, ops::Deref, sync::Arc};

use super::{PoolBuilder, PoolStats, Run, Submit, Work, shared::Shared};
use crate::{AdminError, NotRunning, SupervisorRef};

/// A pool's handle: it takes jobs for workers of type `W`.
///
/// It is `Clone`, and derefs to the supervisor of the workers. When the last clone of a pool of its own is dropped, the
/// pool does what is queued and stops; one in a tree lives as long as the tree.
///
/// # Examples
///
/// ```
/// use noex::{Pool, pool::JobError, prelude::*};
///
/// #[genserver]
/// struct Mailer { from: String }
///
/// #[genserver]
/// impl Mailer {
///     #[init]
///     fn open(from: String) -> Self { Mailer { from } }
///
///     /// What a worker does: the argument is the job.
///     #[call(job)]
///     async fn deliver(&mut self, to: String) -> Result<String, String> {
///         if !to.contains('@') { return Err(format!("no address: {to}")) }
///         Ok(format!("{} to {to}", self.from))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::<Mailer>::of("mail", || ("shop@example.org".to_owned(),)).size(4).queue(100).start().await?;
///
/// let sent = pool.run("ann@example.org".to_owned()).await?;              // one `?`; a String
/// assert_eq!(sent, "shop@example.org to ann@example.org");
///
/// let urgent = pool.submit("bob@example.org".to_owned()).priority(3).await?;
/// let wrong = pool.submit("nowhere".to_owned()).now()?;                  // does not wait for room
/// assert!(urgent.await.is_ok());
/// assert!(matches!(wrong.await, Err(JobError::Handler(why)) if why == "no address: nowhere"));
///
/// let stats = pool.stats();
/// assert_eq!((stats.completed, stats.failed, stats.available), (2, 1, 4));
/// pool.stop().await?;
/// # Ok(()) }
/// ```
pub struct Pool<W: Work> {
    pub(super) shared: Arc<Shared<W>>,
    pub(super) supervisor: SupervisorRef,
}

impl<W: Work> Pool<W> {
    /// A pool under construction. `name`: what errors, events and drawings call it; `args`: makes the arguments of each
    /// life of each worker.
    pub fn of(
        name: impl Into<Arc<str>>,
        args: impl Fn() -> W::Args + Send + Sync + 'static,
    ) -> PoolBuilder<W> {
        PoolBuilder::new(name.into(), Arc::new(args))
    }

    /// Submits a job and waits for its outcome.
    pub fn run(&self, job: W::Job) -> Run<'_, W> {
        Run::new(&self.shared, job)
    }

    /// Submits a job; awaited, this is its handle.
    pub fn submit(&self, job: W::Job) -> Submit<'_, W> {
        Submit { shared: &self.shared, job, priority: 0 }
    }

    /// What the pool does and has done.
    pub fn stats(&self) -> PoolStats {
        self.shared.stats()
    }

    /// Has so many workers from now on, at least one, and gives how many it was before. Those too many finish the job
    /// they have.
    ///
    /// # Errors
    ///
    /// Why a worker did not start; the size is then what it was.
    pub async fn resize(&self, size: usize) -> Result<usize, AdminError> {
        self.shared.resize(size).await
    }

    /// Takes no more jobs, and is ready when all that were taken have ended. The workers stay.
    pub async fn drain(&self) {
        self.shared.drain();
        self.shared.room.is_empty().await;
    }

    /// Takes no more jobs, does what is queued and stops; ready when it has. `kill()` is quicker: what is queued is then
    /// [`Stopped`](super::JobError::Stopped).
    ///
    /// # Errors
    ///
    /// [`NotRunning`] when there is nothing to stop.
    pub async fn stop(&self) -> Result<(), NotRunning> {
        self.drain().await;
        self.supervisor.stop().await?;
        self.shared.end_with_supervisor();
        Ok(())
    }
}

impl<W: Work> Deref for Pool<W> {
    type Target = SupervisorRef;

    fn deref(&self) -> &SupervisorRef {
        &self.supervisor
    }
}

impl<W: Work> Clone for Pool<W> {
    fn clone(&self) -> Self {
        Pool { shared: self.shared.clone(), supervisor: self.supervisor.clone() }
    }
}

impl<W: Work> fmt::Debug for Pool<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.shared.setup.name)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
