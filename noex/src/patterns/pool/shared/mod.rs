//! What the handles of a pool, its workers' tenders and its supervisor share: over all lives of any of them.

mod desks;
mod intake;
mod staff;
mod waiting;
mod work;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{
    JobDone, JobEvent, JobId, PoolStats, Queue, Work,
    desk::Desk,
    event::Topics,
    room::Room,
    stats::{Counts, read},
    waits::Waits,
};
use crate::{
    ChildOptions, WeakRef,
    observer::{EventKind, JobStep},
    process::door::Door,
    supervisor::{Planned, Supervisor},
};

/// How a pool is set up.
pub(super) struct Setup<W: Work> {
    pub(super) name: Arc<str>,
    /// What each step of a job is published under.
    pub(super) topics: Option<Topics>,
    pub(super) capacity: usize,
    pub(super) retries: u32,
    /// Clones the job for a second attempt.
    pub(super) again: Option<Again<W>>,
    pub(super) deadline: Option<Duration>,
    pub(super) on_done: Option<OnDone<W>>,
    pub(super) args: Arc<dyn Fn() -> W::Args + Send + Sync>,
}

type Again<W> = fn(&<W as Work>::Job) -> <W as Work>::Job;

pub(super) type OnDone<W> = Box<dyn Fn(&JobDone<'_, W>) + Send + Sync>;

pub(super) struct Shared<W: Work> {
    pub(super) setup: Setup<W>,
    queue: Arc<dyn Queue<W>>,
    /// How long those in the queue may be there.
    waits: Option<Waits>,
    phase: AtomicU8,
    /// Nobody takes a job any more until the pool's next life.
    is_halted: AtomicBool,
    last_id: AtomicU64,
    pub(super) room: Room,
    busy: AtomicUsize,
    counts: Counts,
    /// How many workers there are to be. Written under the lock of `crew`.
    size: AtomicUsize,
    /// The desks of workers that have nothing to do; the last one worked last.
    free: Mutex<Vec<Arc<Desk<W>>>>,
    /// How many those are; written under the lock.
    free_count: AtomicUsize,
    supervisor: OnceLock<WeakRef<Supervisor>>,
    door: OnceLock<Arc<Door>>,
    is_watched: AtomicBool,
    /// By number; there may be more than are wanted.
    crew: Mutex<Vec<Place<W>>>,
    /// One change of size at a time.
    resizing: tokio::sync::Mutex<()>,
}

struct Place<W: Work> {
    desk: Arc<Desk<W>>,
    /// A tender looks after it.
    is_tended: bool,
}

const OPEN: u8 = 0;
const DRAINING: u8 = 1;
const ENDED: u8 = 2;

impl<W: Work> Shared<W> {
    /// With so many workers, which are still to be started.
    pub(super) fn new(
        setup: Setup<W>,
        queue: Arc<dyn Queue<W>>,
        queue_timeout: Option<Duration>,
        size: usize,
    ) -> (Arc<Self>, Vec<Planned>) {
        let (planned, crew) = (0..size)
            .map(|number| worker(&setup, number))
            .map(|(planned, desk)| (planned, Place { desk, is_tended: false }))
            .unzip();
        let shared = Shared {
            queue,
            waits: queue_timeout.map(Waits::new),
            phase: AtomicU8::new(OPEN),
            is_halted: AtomicBool::new(false),
            last_id: AtomicU64::new(0),
            room: Room::new(setup.capacity.saturating_add(size)),
            busy: AtomicUsize::new(0),
            counts: Counts::default(),
            size: AtomicUsize::new(size),
            free: Mutex::default(),
            free_count: AtomicUsize::new(0),
            supervisor: OnceLock::new(),
            door: OnceLock::new(),
            is_watched: AtomicBool::new(false),
            crew: Mutex::new(crew),
            resizing: tokio::sync::Mutex::default(),
            setup,
        };
        (Arc::new(shared), planned)
    }

    fn crew(&self) -> MutexGuard<'_, Vec<Place<W>>> {
        self.crew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn free(&self) -> MutexGuard<'_, Vec<Arc<Desk<W>>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn size(&self) -> usize {
        self.size.load(Ordering::Acquire)
    }

    pub(super) fn stats(&self) -> PoolStats {
        let size = self.size();
        let up = self.crew().iter().take(size).filter(|place| place.desk.core().is_alive()).count();
        let busy = self.busy.load(Ordering::Acquire);
        PoolStats {
            size,
            available: up.saturating_sub(busy),
            queued: self.queue.len(),
            in_progress: busy,
            completed: read(&self.counts.completed),
            failed: read(&self.counts.failed),
            retried: read(&self.counts.retried),
            rejected: read(&self.counts.rejected),
            cancelled: read(&self.counts.cancelled),
        }
    }

    /// Tells the system's listeners and its bus, if anybody is to be told.
    pub(super) fn announce(&self, job: JobId, step: impl FnOnce() -> JobStep) {
        let Some(system) = self.door.get().map(|door| door.system()) else { return };
        let topics = self.setup.topics.as_ref();
        if topics.is_none() && !system.is_heard() {
            return;
        }
        let step = step();
        if let Some(topics) = topics {
            let event = JobEvent { pool: self.setup.name.clone(), job, step: step.clone() };
            system.bus().tell(topics.of(&step), event);
        }
        if let Some(supervisor) = self.supervisor() {
            system.announce(supervisor.slot().core(), || EventKind::Job { job, step });
        }
    }
}

/// A worker that is still to be started, and its desk.
fn worker<W: Work>(setup: &Setup<W>, number: usize) -> (Planned, Arc<Desk<W>>) {
    let options = ChildOptions::new(number.to_string());
    let (planned, server) = Planned::server_ref::<W>(options, setup.args.clone());
    let desk = Desk::new(number, planned.slot(), server);
    (planned, Arc::new(desk))
}
