//! The news of jobs on the bus.

use std::sync::Arc;

use super::JobId;
use crate::{event_bus::Topic, observer::JobStep};

/// A job has got so far: what a pool with a [`topic`](super::PoolBuilder::topic) publishes.
///
/// Under the topic `job` it comes as `job.queued`, `job.started`, `job.requeued`, `job.completed`, `job.failed`,
/// `job.cancelled` or `job.rejected`, by its step; `job.*` has them all. The events of one job come in the order of its
/// steps. They are the same that [`System::events`](crate::System::events) tells of all pools, for whoever would rather
/// listen to one pool, one step, or in a handler.
///
/// A pool waits for no subscriber: one with [`Overflow::Wait`](crate::event_bus::Overflow::Wait) that has no room loses
/// the event, which is counted as dropped. Jobs that are submitted before the pool has begun are not told of as queued.
///
/// # Examples
///
/// ```
/// use noex::{Pool, event_bus::Topic, observer::JobStep, pool::JobEvent, prelude::*};
///
/// #[genserver]
/// struct Worker {}
///
/// #[genserver]
/// impl Worker {
///     #[init]
///     fn open() -> Self { Worker {} }
///
///     #[call(job)]
///     fn halve(&mut self, number: u32) -> Result<u32, String> {
///         if number % 2 == 0 { Ok(number / 2) } else { Err(format!("{number} is odd")) }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new();
/// let mut done = system.bus().subscribe::<JobEvent>("job.completed")?;
/// let pool = Pool::<Worker>::of("halves", || ()).topic(Topic::from_static("job"));
/// let pool = pool.start().system(&system).await?;
///
/// assert!(pool.run(3).await.is_err());
/// assert_eq!(pool.run(4).await?, 2);
///
/// let (topic, event) = done.recv().await.unwrap();
/// assert_eq!((topic.as_str(), event.job.number(), event.step), ("job.completed", 2, JobStep::Completed));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobEvent {
    /// The pool's name.
    pub pool: Arc<str>,
    /// Which job; number 0 for one that was not taken.
    pub job: JobId,
    /// How far it has got.
    pub step: JobStep,
}

/// What steps are published under, made once.
pub(super) struct Topics {
    queued: Topic,
    rejected: Topic,
    started: Topic,
    requeued: Topic,
    completed: Topic,
    failed: Topic,
    cancelled: Topic,
}

impl Topics {
    pub(super) fn under(topic: &Topic) -> Self {
        Topics {
            queued: topic.under("queued"),
            rejected: topic.under("rejected"),
            started: topic.under("started"),
            requeued: topic.under("requeued"),
            completed: topic.under("completed"),
            failed: topic.under("failed"),
            cancelled: topic.under("cancelled"),
        }
    }

    pub(super) fn of(&self, step: &JobStep) -> &Topic {
        match step {
            JobStep::Queued => &self.queued,
            JobStep::Rejected => &self.rejected,
            JobStep::Started { .. } => &self.started,
            JobStep::Requeued { .. } => &self.requeued,
            JobStep::Completed => &self.completed,
            JobStep::Failed { .. } => &self.failed,
            JobStep::Cancelled => &self.cancelled,
        }
    }
}
