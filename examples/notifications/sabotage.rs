//! Kills workers, at random and on demand.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use crate::deliver::WorkerRef;

/// Kills one of the workers that it knows at each Nth job. Without an N it does nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sabotage(Option<Arc<Plot>>);

#[derive(Debug)]
struct Plot {
    every: NonZeroU64,
    jobs: AtomicU64,
    killed: AtomicU64,
    /// A reference is good for all lives of a worker.
    workers: Mutex<Vec<WorkerRef>>,
}

impl Sabotage {
    pub(crate) fn every(every: Option<NonZeroU64>) -> Sabotage {
        Sabotage(every.map(|every| {
            let workers = Mutex::default();
            Arc::new(Plot { every, jobs: AtomicU64::new(0), killed: AtomicU64::new(0), workers })
        }))
    }

    /// Makes a worker a victim.
    pub(crate) fn know(&self, worker: WorkerRef) {
        let Some(plot) = &self.0 else { return };
        let mut workers = plot.workers.lock().unwrap_or_else(PoisonError::into_inner);
        if workers.iter().all(|known| known.pid().slot() != worker.pid().slot()) {
            workers.push(worker);
        }
    }

    /// One more job has begun. The victim ends where it awaits, be it the one that has this job.
    pub(crate) fn strike(&self) {
        let Some(plot) = &self.0 else { return };
        if (plot.jobs.fetch_add(1, Relaxed) + 1).is_multiple_of(plot.every.get()) {
            let workers = plot.workers.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if fastrand::choice(workers).is_some_and(|worker| worker.kill()) {
                plot.killed.fetch_add(1, Relaxed);
            }
        }
    }

    /// How many were killed.
    pub(crate) fn killed(&self) -> u64 {
        self.0.as_ref().map_or(0, |plot| plot.killed.load(Relaxed))
    }
}
