//! A pool before it runs.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    JobDone, MemoryQueue, Pool, Queue, Work,
    event::Topics,
    gate::{Gate, Opens},
    shared::{Setup, Shared},
};
use crate::{
    ChildOptions, Shutdown, StartTree, Supervisor,
    event_bus::Topic,
    supervisor::{Backoff, cores},
};

/// A pool under construction: [`Pool::of`] begins it, [`start`](PoolBuilder::start) ends it.
#[must_use = "a pool does not run until it is started"]
pub struct PoolBuilder<W: Work> {
    setup: Setup<W>,
    size: usize,
    queue: Option<Arc<dyn Queue<W>>>,
    ageing: u64,
    queue_timeout: Option<Duration>,
    drain: Duration,
    restarts: Option<(u32, Duration)>,
    backoff: Option<Backoff>,
}

impl<W: Work> PoolBuilder<W> {
    pub(super) fn new(name: Arc<str>, args: Arc<dyn Fn() -> W::Args + Send + Sync>) -> Self {
        let setup = Setup {
            name,
            topics: None,
            capacity: 1024,
            retries: 0,
            again: None,
            deadline: None,
            on_done: None,
            args,
        };
        let drain = Duration::from_secs(5);
        PoolBuilder {
            setup,
            size: cores(),
            queue: None,
            ageing: 100,
            queue_timeout: None,
            drain,
            restarts: None,
            backoff: None,
        }
    }

    /// How many workers there are, at least one; as many as there are cores unless said otherwise. The
    /// [table](crate::pool#how-many-workers) says how many are good.
    pub fn size(mut self, workers: usize) -> Self {
        self.size = workers.max(1);
        self
    }

    /// How many jobs may wait while all workers are busy; 1024 unless said otherwise.
    pub fn queue(mut self, jobs: usize) -> Self {
        self.setup.capacity = jobs;
        self
    }

    /// Where jobs wait; in memory unless said otherwise.
    pub fn kept_in(mut self, queue: Arc<dyn Queue<W>>) -> Self {
        self.queue = Some(queue);
        self
    }

    /// How many jobs that were there before one step of priority may overtake, at least 1; 100 unless said otherwise.
    /// Of a queue of one's own that is its own business.
    pub fn ageing(mut self, jobs: u64) -> Self {
        self.ageing = jobs;
        self
    }

    /// How long a job may wait for a worker, from when it is submitted, waiting for room included; without limit unless
    /// said otherwise. One that waits longer is never begun: it is [`Expired`](super::JobError::Expired), or given back
    /// where there was not even room. A job that is tried again may wait as long anew.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::{Pool, pool::JobError, prelude::*};
    /// # use std::time::Duration;
    /// # #[genserver] struct Clerk {}
    /// # #[genserver] impl Clerk {
    /// #     #[init] fn open() -> Self { Clerk {} }
    /// #     #[call(job)] async fn file(&mut self, page: u32) -> u32 { tokio::time::sleep(Duration::from_secs(60)).await; page }
    /// # }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let clerks = Pool::<Clerk>::of("clerks", || ()).size(1).queue_timeout(Duration::from_secs(10)).start().await?;
    /// let (first, second) = tokio::join!(clerks.run(1), clerks.run(2));       // each takes a minute
    /// assert_eq!(first?, 1);
    /// assert!(matches!(second, Err(JobError::Expired { attempts: 0, .. })));
    /// # Ok(()) }
    /// ```
    pub fn queue_timeout(mut self, limit: Duration) -> Self {
        self.queue_timeout = Some(limit);
        self
    }

    /// How often a job is tried again whose worker ended with it: by a crash, a kill, or the deadline. Never unless said
    /// otherwise, because what the job did before is done; a handler that returns `Err` is not tried again.
    pub fn retries(mut self, retries: u32) -> Self
    where
        W::Job: Clone,
    {
        self.setup.retries = retries;
        self.setup.again = Some(W::Job::clone);
        self
    }

    /// How long a worker may take for a job, from when it is given the job; without limit unless said otherwise.
    /// One that takes longer is killed, where it awaits, and its supervisor starts its next life. Calls that the handler
    /// makes wait no longer either.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.setup.deadline = Some(limit);
        self
    }

    /// How long the pool may take to do what is queued when its supervisor is stopped; 5 s unless said otherwise. What
    /// is left then is kept for the pool's next life, or [`Stopped`](super::JobError::Stopped) if there is none.
    pub fn drain(mut self, limit: Duration) -> Self {
        self.drain = limit;
        self
    }

    /// At most `max` restarts of workers within `window`; 3 for each worker in 5 s unless said otherwise.
    pub fn restarts(mut self, max: u32, window: Duration) -> Self {
        self.restarts = Some((max, window));
        self
    }

    /// Pauses before restarts; there are none unless said otherwise.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = Some(backoff);
        self
    }

    /// Has `hook` told of each job that has ended, before whoever waits for it. It runs on the task that saw the end, and
    /// should be short.
    pub fn on_done(mut self, hook: impl Fn(&JobDone<'_, W>) + Send + Sync + 'static) -> Self {
        self.setup.on_done = Some(Box::new(hook));
        self
    }

    /// Publishes how far each job has got as a [`JobEvent`](super::JobEvent), on the bus of the system that the pool
    /// runs in: under `topic.completed` when it is done, and so on. Not published unless said otherwise.
    pub fn topic(mut self, topic: Topic) -> Self {
        self.setup.topics = Some(Topics::under(&topic));
        self
    }

    /// Starts the pool, or makes it a child: of a [`SupervisorBuilder`](crate::SupervisorBuilder) by
    /// [`nest`](crate::SupervisorBuilder::nest), of anything by [`ChildSpec::tree`](crate::ChildSpec::tree).
    pub fn start(self) -> StartTree<Pool<W>> {
        let PoolBuilder { setup, size, queue, ageing, queue_timeout, drain, restarts, backoff } = self;
        let mut tree = Supervisor::builder(setup.name.clone());
        let (max, window) = restarts.unwrap_or_else(|| {
            (u32::try_from(size).unwrap_or(u32::MAX).saturating_mul(3), Duration::from_secs(5))
        });
        tree.restarts(max, window);
        if let Some(backoff) = backoff {
            tree.backoff(backoff);
        }
        let queue = queue.unwrap_or_else(|| Arc::new(MemoryQueue::new(ageing)));
        let (shared, workers) = Shared::new(setup, queue, queue_timeout, size);
        for worker in workers {
            tree.add_planned(worker);
        }
        let options = ChildOptions::new("gate").shutdown(Shutdown::Timeout(drain));
        let opens = shared.clone();
        tree.child::<Gate>(options, move || Opens(opens.clone()));
        StartTree::new(tree, move |supervisor| {
            shared.set_supervisor(&supervisor);
            Pool { shared, supervisor }
        })
    }
}

impl<W: Work> fmt::Debug for PoolBuilder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuilder")
            .field("name", &self.setup.name)
            .field("size", &self.size)
            .field("queue", &self.setup.capacity)
            .field("retries", &self.setup.retries)
            .field("deadline", &self.setup.deadline)
            .finish_non_exhaustive()
    }
}
