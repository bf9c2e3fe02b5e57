//! What the handles of a pool, its workers' tenders and its supervisor share: over all lives of any of them.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence},
    },
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};

use super::{
    Entry, JobDone, JobError, JobEvent, JobId, NotAccepted, PoolStats, Queue, Rejected, Work,
    desk::{Begun, Desk, Handed},
    event::Topics,
    queue::Outcome,
    room::Room,
    stats::{Counts, one_more, read},
    tender::tend,
    waits::Waits,
};
use crate::{
    AdminError, ChildOptions, SupervisorRef, WeakRef,
    observer::{EventKind, JobStep},
    process::{
        attendant::later,
        door::{Door, now, spawn_here},
        panic::{catch, drop_quietly},
    },
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

/// Taking jobs.
impl<W: Work> Shared<W> {
    /// Why no job is taken, if none is.
    pub(super) fn refusal(&self) -> Option<NotAccepted> {
        let pool = || self.setup.name.clone();
        match self.phase.load(Ordering::SeqCst) {
            OPEN => None,
            DRAINING => Some(NotAccepted::Draining { pool: pool() }),
            _ => Some(NotAccepted::Ended { pool: pool() }),
        }
    }

    pub(super) fn full(&self) -> NotAccepted {
        NotAccepted::QueueFull { pool: self.setup.name.clone(), capacity: self.setup.capacity }
    }

    pub(super) fn expired(&self) -> NotAccepted {
        let after = self.waits.as_ref().map(Waits::limit).unwrap_or_default();
        NotAccepted::Expired { pool: self.setup.name.clone(), after }
    }

    /// Until when a job may wait that begins to wait now.
    pub(super) fn until(&self) -> Option<Instant> {
        self.waits.as_ref().map(|waits| later(now(), waits.limit()))
    }

    pub(super) fn reject(&self, job: W::Job, why: NotAccepted) -> Rejected<W::Job> {
        one_more(&self.counts.rejected);
        self.announce(JobId(0), || JobStep::Rejected);
        Rejected { job, why }
    }

    pub(super) fn next_id(&self) -> JobId {
        JobId(self.last_id.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Takes a job for which there is room: for a worker that has nothing to do, or into the queue.
    pub(super) fn take_in(
        self: &Arc<Self>,
        job: W::Job,
        priority: i8,
        until: Option<Instant>,
        ticket: oneshot::Sender<Outcome<W>>,
    ) -> JobId {
        let id = self.next_id();
        self.announce(id, || JobStep::Queued);
        let entry = Entry { id, priority, attempts: 0, until, job, ticket };
        match self.take_desk() {
            Some(desk) => {
                self.busy.fetch_add(1, Ordering::AcqRel);
                self.hand(&desk, Handed::Job(entry));
            }
            None => {
                self.enqueue(entry, |entry| self.queue.push(entry));
                self.call_one();
            }
        }
        if self.door.get().is_none() {
            self.watch();
        }
        if self.is_ended() {
            self.sweep();
        }
        id
    }

    /// Takes back a job that waits.
    pub(super) fn cancel(&self, job: JobId) -> bool {
        let Some(Entry { attempts, until, ticket, .. }) = self.queue.remove(job) else { return false };
        self.forget(job, until);
        one_more(&self.counts.cancelled);
        self.announce(job, || JobStep::Cancelled);
        self.close_books(job, attempts, Err(JobError::Cancelled { job, attempts }), Some(ticket));
        true
    }
}

/// Waiting no longer than one may.
impl<W: Work> Shared<W> {
    /// Has a job wait in the queue.
    fn enqueue(&self, entry: Entry<W>, push: impl FnOnce(Entry<W>)) {
        match (&self.waits, entry.until) {
            (Some(waits), Some(until)) => waits.keep(until, entry.id, || push(entry)),
            _ => push(entry),
        }
    }

    /// The job does not wait any more.
    fn forget(&self, job: JobId, until: Option<Instant>) {
        if let (Some(waits), Some(until)) = (&self.waits, until) {
            waits.forget(until, job);
        }
    }

    /// Looks after those that wait, as long as the pool is there.
    async fn watch_waits(self: Arc<Self>) {
        let Some(waits) = &self.waits else { return };
        while !self.is_ended() {
            waits.next().await;
            while let Some(entry) = waits.due(now(), |job| self.queue.remove(job)) {
                let (Entry { id: job, attempts, ticket, .. }, after) = (entry, waits.limit());
                self.fail_unrun(job, attempts, JobError::Expired { job, attempts, after }, ticket);
            }
        }
    }

    /// A job that waited has ended without a worker.
    fn fail_unrun(
        &self,
        job: JobId,
        attempts: u32,
        error: JobError<W::Error>,
        ticket: oneshot::Sender<Outcome<W>>,
    ) {
        one_more(&self.counts.failed);
        self.announce(job, || JobStep::Failed { why: error.failure() });
        self.close_books(job, attempts, Err(error), Some(ticket));
    }
}

/// Desks.
impl<W: Work> Shared<W> {
    /// The desk of a worker that has nothing to do, for a job that need not wait for others.
    pub(super) fn take_desk(&self) -> Option<Arc<Desk<W>>> {
        if !self.queue.is_empty() || self.is_halted.load(Ordering::SeqCst) {
            return None;
        }
        loop {
            let desk = self.free().pop()?;
            if desk.number < self.size() {
                return Some(desk);
            }
            // Not wanted any more; its tender knows what to do.
            self.hand(&desk, Handed::Look);
        }
    }

    /// The worker has nothing to do: its desk is free, unless there is a reason for its tender to look.
    pub(super) fn give_desk(&self, desk: Arc<Desk<W>>) {
        if self.has_news(desk.number) {
            return self.hand(&desk, Handed::Look);
        }
        self.free().push(desk);
        // A job that was queued before the desk was there is seen here; one that comes after it finds the desk.
        fence(Ordering::SeqCst);
        if self.has_news(usize::MIN) {
            self.call_one();
        }
    }

    fn has_news(&self, number: usize) -> bool {
        !self.queue.is_empty()
            || number >= self.size()
            || self.is_halted.load(Ordering::SeqCst)
            || self.is_ended()
    }

    /// Whether jobs are taken at all.
    pub(super) fn is_free_for_all(&self) -> bool {
        !self.is_halted.load(Ordering::SeqCst)
    }

    /// Hands the desk to its tender. Where there is none any more, the pool is at its end.
    pub(super) fn hand(&self, desk: &Desk<W>, handed: Handed<W>) {
        if let Err(handed) = desk.hand(handed) {
            self.left_over(desk, handed);
        }
    }

    fn left_over(&self, desk: &Desk<W>, handed: Handed<W>) {
        match handed {
            Handed::Look => {}
            Handed::Job(entry) => self.put_back(entry),
            Handed::Begun(begun, _) => self.lose(desk, *begun),
        }
    }

    /// Nobody will know how far the job came.
    pub(super) fn lose(&self, desk: &Desk<W>, Begun { id, attempts, ticket, .. }: Begun<W>) {
        let error = crate::CallError::ReplyDropped { target: desk.core().target("work") };
        drop(self.done(id, attempts, Err(JobError::Crashed { job: id, attempts, error }), ticket));
    }

    /// Takes this very desk back, if it is free.
    pub(super) fn retake(&self, desk: &Arc<Desk<W>>) -> bool {
        let mut free = self.free();
        let at = free.iter().position(|other| Arc::ptr_eq(other, desk));
        at.map(|at| free.swap_remove(at)).is_some()
    }

    /// A job is queued: calls a tender whose worker has nothing to do.
    fn call_one(&self) {
        fence(Ordering::SeqCst);
        let desk = self.free().pop();
        if let Some(desk) = desk {
            self.hand(&desk, Handed::Look);
        }
    }

    /// Has all tenders look.
    fn call_all(&self) {
        let desks: Vec<_> = self.crew().iter().map(|place| place.desk.clone()).collect();
        for desk in desks {
            desk.nudge();
        }
    }
}

/// Doing jobs.
impl<W: Work> Shared<W> {
    /// The next job, unless nobody may take one now.
    pub(super) fn next(&self) -> Option<Entry<W>> {
        if self.is_halted.load(Ordering::SeqCst) {
            return None;
        }
        let entry = self.queue.take()?;
        self.forget(entry.id, entry.until);
        self.busy.fetch_add(1, Ordering::AcqRel);
        Some(entry)
    }

    /// Gives a job to a worker; it begins when its call is polled. What the user's code panics with is a failure.
    pub(super) fn begin(
        &self,
        desk: &Desk<W>,
        (id, priority, attempts): (JobId, i8, u32),
        job: W::Job,
    ) -> Result<Begun<W>, JobError<W::Error>> {
        let attempts = attempts + 1;
        let setup = &self.setup;
        let again = setup.again.filter(|_| attempts <= setup.retries);
        self.announce(id, || JobStep::Started { worker: desk.core().pid() });
        let begun = catch(|| {
            let spare = again.map(|again| again(&job));
            let call = W::work(&desk.reference, job);
            let limited = match setup.deadline {
                Some(deadline) => call.timeout(deadline),
                None => call.no_timeout(),
            };
            (spare, crate::server::Calling::new(limited))
        });
        match begun {
            Ok((spare, call)) => {
                let life = desk.core().incarnation();
                Ok(Begun { id, priority, attempts, spare, life, call, ticket: None })
            }
            Err(panic) => {
                let reason = crate::Reason(panic.into_reason("work"));
                let target = desk.core().target("work");
                let error = crate::CallError::Crashed { target, reason, may_have_run: false };
                Err(JobError::Crashed { job: id, attempts, error })
            }
        }
    }

    /// A caller has a worker do a job right away.
    pub(super) fn begin_here(
        &self,
        desk: &Desk<W>,
        id: JobId,
        priority: i8,
        job: W::Job,
    ) -> Result<Begun<W>, JobError<W::Error>> {
        self.busy.fetch_add(1, Ordering::AcqRel);
        self.announce(id, || JobStep::Queued);
        self.begin(desk, (id, priority, 0), job)
    }

    /// The job that a worker had did not end; it waits again.
    pub(super) fn retry(&self, entry: Entry<W>) {
        one_more(&self.counts.retried);
        let (job, attempt) = (entry.id, entry.attempts + 1);
        self.announce(job, || JobStep::Requeued { attempt });
        self.put_back(entry);
    }

    /// The job that was taken for a worker returns to its place.
    pub(super) fn put_back(&self, entry: Entry<W>) {
        self.busy.fetch_sub(1, Ordering::AcqRel);
        self.enqueue(entry, |entry| self.queue.give_back(entry));
        self.call_one();
        if self.is_ended() {
            self.sweep();
        }
    }

    /// The job that a worker had has ended; the outcome, if nobody but the caller is to be told.
    pub(super) fn done(
        &self,
        job: JobId,
        attempts: u32,
        outcome: Outcome<W>,
        ticket: Option<oneshot::Sender<Outcome<W>>>,
    ) -> Option<Outcome<W>> {
        self.queue.acknowledge(job);
        match &outcome {
            Ok(_) => {
                one_more(&self.counts.completed);
                self.announce(job, || JobStep::Completed);
            }
            Err(error) => {
                one_more(&self.counts.failed);
                self.announce(job, || JobStep::Failed { why: error.failure() });
            }
        }
        self.busy.fetch_sub(1, Ordering::AcqRel);
        self.close_books(job, attempts, outcome, ticket)
    }

    /// Tells everybody, and makes room.
    fn close_books(
        &self,
        job: JobId,
        attempts: u32,
        outcome: Outcome<W>,
        ticket: Option<oneshot::Sender<Outcome<W>>>,
    ) -> Option<Outcome<W>> {
        if let Some(on_done) = &self.setup.on_done {
            let done = JobDone { job, attempts, outcome: &outcome };
            // It is told, and has no say: not by a panic either.
            if let Err(panic) = catch(|| on_done(&done)) {
                drop(panic.into_reason("on_done"));
            }
        }
        let outcome = match ticket {
            Some(ticket) => {
                // Whoever waited for it may be gone.
                drop_quietly(ticket.send(outcome));
                None
            }
            None => Some(outcome),
        };
        self.room.leave();
        outcome
    }
}

/// Coming and going.
impl<W: Work> Shared<W> {
    pub(super) fn supervisor(&self) -> Option<SupervisorRef> {
        self.supervisor.get()?.upgrade()
    }

    /// The pool has a handle.
    pub(super) fn set_supervisor(self: &Arc<Self>, supervisor: &SupervisorRef) {
        if self.supervisor.set(supervisor.downgrade()).is_ok() {
            self.staff();
        }
    }

    /// A life of the pool begins.
    pub(super) fn open(self: &Arc<Self>, door: Arc<Door>) {
        let is_first = self.door.set(door).is_ok();
        // Drained is drained until the end of a life; ended is ended.
        let _ = self.phase.compare_exchange(DRAINING, OPEN, Ordering::SeqCst, Ordering::SeqCst);
        self.is_halted.store(false, Ordering::SeqCst);
        self.call_all();
        if is_first {
            self.staff();
            if let (Some(door), Some(_)) = (self.door.get(), &self.waits) {
                door.spawn(self.clone().watch_waits());
            }
        } else {
            self.send_home();
        }
    }

    /// A life of the pool ends: nobody takes a job any more.
    pub(super) fn halt(&self) {
        self.is_halted.store(true, Ordering::SeqCst);
    }

    /// Gives each worker its tender, once the pool has both a door and a supervisor.
    fn staff(self: &Arc<Self>) {
        let Some(door) = self.door.get().filter(|_| self.supervisor.get().is_some()) else { return };
        let mut untended = Vec::new();
        for (number, place) in self.crew().iter_mut().enumerate().take(self.size()) {
            if !std::mem::replace(&mut place.is_tended, true) {
                untended.push(number);
            }
        }
        for number in untended {
            door.spawn(tend(self.clone(), number));
        }
    }

    /// Workers that the supervisor's next life has started and that nobody wants.
    fn send_home(self: &Arc<Self>) {
        let (size, all) = (self.size(), self.crew().len());
        let (Some(door), Some(supervisor)) = (self.door.get(), self.supervisor()) else { return };
        if size < all {
            // The supervisor is in its `init`, and answers later.
            door.spawn(async move {
                for number in size..all {
                    let _ = supervisor.terminate_child(number.to_string()).await;
                }
            });
        }
    }

    pub(super) fn desk(&self, number: usize) -> Arc<Desk<W>> {
        self.crew()[number].desk.clone()
    }

    /// Starts the worker of this number, which is down or does not exist.
    pub(super) async fn hire(&self, number: usize) -> Result<(), AdminError> {
        let id = number.to_string();
        let Some(supervisor) = self.supervisor() else {
            return Err(AdminError::NotFound { child: id.into() });
        };
        match supervisor.restart_child(id).await {
            Ok(_) | Err(AdminError::Running { .. } | AdminError::Starting { .. }) => return Ok(()),
            Err(AdminError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        let (planned, desk) = worker(&self.setup, number);
        supervisor.start_planned(planned).await?;
        let mut crew = self.crew();
        match crew.get_mut(number) {
            Some(place) => place.desk = desk,
            None => crew.push(Place { desk, is_tended: false }),
        }
        Ok(())
    }

    /// The tender of this number has nothing more to do, if that is still so.
    pub(super) fn leaves(&self, number: usize) -> bool {
        let (desk, left_over) = {
            let mut crew = self.crew();
            if !self.is_ended() && number < self.size() {
                return false;
            }
            crew[number].is_tended = false;
            let desk = crew[number].desk.clone();
            let left_over = desk.close();
            (desk, left_over)
        };
        if let Some(handed) = left_over {
            self.left_over(&desk, handed);
        }
        true
    }

    /// The tender of this number is no more. With the last one nobody would ever come for a job.
    pub(super) fn is_gone(&self, number: usize) {
        let (desk, nobody) = {
            let mut crew = self.crew();
            crew[number].is_tended = false;
            (crew[number].desk.clone(), crew.iter().all(|place| !place.is_tended))
        };
        if let Some(handed) = desk.close() {
            self.left_over(&desk, handed);
        }
        if nobody {
            self.end();
        }
    }

    pub(super) fn is_wanted(&self, number: usize) -> bool {
        !self.is_ended() && number < self.size()
    }

    /// Has so many workers from now on; how many there were to be before.
    pub(super) async fn resize(self: &Arc<Self>, to: usize) -> Result<usize, AdminError> {
        let _one = self.resizing.lock().await;
        let (before, to) = (self.size(), to.max(1));
        for number in before..to {
            let is_tended = self.crew().get(number).is_some_and(|place| place.is_tended);
            if !is_tended {
                self.hire(number).await?;
            }
        }
        {
            // With the lock: a tender that leaves has seen the one size or the other.
            let _crew = self.crew();
            self.size.store(to, Ordering::SeqCst);
        }
        self.room.set_limit(self.setup.capacity.saturating_add(to));
        self.staff();
        self.call_all();
        Ok(before)
    }

    pub(super) fn drain(&self) {
        if self.phase.compare_exchange(OPEN, DRAINING, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            self.room.send_away();
        }
    }

    /// Says so at once, where the supervisor was stopped for good.
    pub(super) fn end_with_supervisor(&self) {
        if self.supervisor().is_none() {
            self.end();
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.phase.load(Ordering::SeqCst) == ENDED
    }

    /// The pool has ended for good: those who wait are told.
    pub(super) fn end(&self) {
        self.phase.store(ENDED, Ordering::SeqCst);
        self.room.send_away();
        self.call_all();
        if let Some(waits) = &self.waits {
            waits.stop();
        }
        self.sweep();
    }

    /// Tells those whose jobs were not run. Not acknowledged: a queue that outlives the program keeps them.
    fn sweep(&self) {
        while let Some(Entry { id: job, attempts, ticket, .. }) = self.queue.take() {
            self.fail_unrun(job, attempts, JobError::Stopped { job, attempts }, ticket);
        }
    }

    /// Jobs are here before the pool runs. Should its tree never start, somebody has to say so.
    fn watch(self: &Arc<Self>) {
        if tokio::runtime::Handle::try_current().is_err() || self.is_watched.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = self.clone();
        spawn_here(async move {
            if !shared.is_up().await {
                shared.end();
            }
        });
    }

    /// Ready when the supervisor is up. `false`: it will not be any more.
    pub(super) async fn is_up(&self) -> bool {
        let Some(slot) = self.supervisor().map(|supervisor| supervisor.slot().clone()) else { return false };
        poll_fn(|cx| slot.core().poll_up(cx.waker())).await
    }
}
