//! The queue of a pool as a trait: what is taken is leased until it is acknowledged.

use std::fmt;

use tokio::time::Instant;

use super::{JobError, Work, outcome::Ticket};

/// Names a job in its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub(super) u64);

impl JobId {
    /// The number: jobs are counted as they are submitted, from 1.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}", self.0)
    }
}

/// Where the pool's jobs wait.
///
/// What [`take`](Queue::take) gives out is leased: the queue answers for it until it is
/// [acknowledged](Queue::acknowledge), because its end is known, or [given back](Queue::give_back), because the worker
/// that had it is gone. One that keeps jobs on a disk forgets them no earlier, and takes them up again after a crash of
/// the whole program. [`MemoryQueue`](super::MemoryQueue) has nothing to remember.
///
/// How many jobs there may be is the pool's business, and so is waiting. Its methods are called from many threads at
/// once and should not block for long.
pub trait Queue<W: Work>: Send + Sync + 'static {
    /// Adds a job.
    fn push(&self, entry: Entry<W>);

    /// The job whose turn it is, leased.
    fn take(&self) -> Option<Entry<W>>;

    /// The job that was taken has ended.
    fn acknowledge(&self, job: JobId);

    /// The job that was taken did not end: it returns to its place, with the attempt counted.
    fn give_back(&self, entry: Entry<W>);

    /// Takes out a job that waits; it has ended. `None`: it does not wait here.
    fn remove(&self, job: JobId) -> Option<Entry<W>>;

    /// How many jobs wait.
    fn len(&self) -> usize;

    /// Whether none waits.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A job's outcome.
pub(super) type Outcome<W> = Result<<W as Work>::Output, JobError<<W as Work>::Error>>;

/// A job in a queue.
pub struct Entry<W: Work> {
    pub(super) id: JobId,
    pub(super) priority: i8,
    pub(super) attempts: u32,
    /// Until when it may wait.
    pub(super) until: Option<Instant>,
    pub(super) job: W::Job,
    /// Who waits for the outcome.
    pub(super) ticket: Ticket<W>,
}

impl<W: Work> Entry<W> {
    /// Which job.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// Its priority; higher goes first.
    pub fn priority(&self) -> i8 {
        self.priority
    }

    /// How often it was tried.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// What is to be done.
    pub fn job(&self) -> &W::Job {
        &self.job
    }
}

impl<W: Work> fmt::Debug for Entry<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("id", &self.id)
            .field("priority", &self.priority)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
