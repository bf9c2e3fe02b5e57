//! Coming and going: of the pool, and of its workers.

use std::{
    future::poll_fn,
    sync::{Arc, atomic::Ordering},
};

use super::{DRAINING, ENDED, OPEN, Place, Shared, worker};
use crate::{
    AdminError, SupervisorRef,
    patterns::pool::{Entry, JobError, Work, desk::Desk, tender::tend},
    process::door::{Door, spawn_here},
};

impl<W: Work> Shared<W> {
    pub(in crate::patterns::pool) fn supervisor(&self) -> Option<SupervisorRef> {
        self.supervisor.get()?.upgrade()
    }

    /// The pool has a handle.
    pub(in crate::patterns::pool) fn set_supervisor(self: &Arc<Self>, supervisor: &SupervisorRef) {
        if self.supervisor.set(supervisor.downgrade()).is_ok() {
            self.staff();
        }
    }

    /// A life of the pool begins.
    pub(in crate::patterns::pool) fn open(self: &Arc<Self>, door: Arc<Door>) {
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
    pub(in crate::patterns::pool) fn halt(&self) {
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

    pub(in crate::patterns::pool) fn desk(&self, number: usize) -> Arc<Desk<W>> {
        self.crew()[number].desk.clone()
    }

    /// Starts the worker of this number, which is down or does not exist.
    pub(in crate::patterns::pool) async fn hire(&self, number: usize) -> Result<(), AdminError> {
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
            Some(place) => std::mem::replace(&mut place.desk, desk).replace(),
            None => crew.push(Place { desk, is_tended: false }),
        }
        Ok(())
    }

    /// The tender of this number has nothing more to do, if that is still so.
    pub(in crate::patterns::pool) fn leaves(&self, number: usize) -> bool {
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
    pub(in crate::patterns::pool) fn is_gone(&self, number: usize) {
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

    pub(in crate::patterns::pool) fn is_wanted(&self, number: usize) -> bool {
        !self.is_ended() && number < self.size()
    }

    /// Has so many workers from now on; how many there were to be before.
    pub(in crate::patterns::pool) async fn resize(self: &Arc<Self>, to: usize) -> Result<usize, AdminError> {
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

    pub(in crate::patterns::pool) fn drain(&self) {
        if self.phase.compare_exchange(OPEN, DRAINING, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            self.room.send_away();
        }
    }

    /// Says so at once, where the supervisor was stopped for good.
    pub(in crate::patterns::pool) fn end_with_supervisor(&self) {
        if self.supervisor().is_none() {
            self.end();
        }
    }

    pub(in crate::patterns::pool) fn is_ended(&self) -> bool {
        self.phase.load(Ordering::SeqCst) == ENDED
    }

    /// The pool has ended for good: those who wait are told.
    pub(in crate::patterns::pool) fn end(&self) {
        self.phase.store(ENDED, Ordering::SeqCst);
        self.room.send_away();
        self.call_all();
        if let Some(waits) = &self.waits {
            waits.stop();
        }
        self.sweep();
    }

    /// Tells those whose jobs were not run. Not acknowledged: a queue that outlives the program keeps them.
    pub(super) fn sweep(&self) {
        while let Some(Entry { id: job, attempts, ticket, .. }) = self.queue.take() {
            self.fail_unrun(job, attempts, JobError::Stopped { job, attempts }, ticket);
        }
    }

    /// Jobs are here before the pool runs. Should its tree never start, somebody has to say so.
    pub(super) fn watch(self: &Arc<Self>) {
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
    pub(in crate::patterns::pool) async fn is_up(&self) -> bool {
        let Some(slot) = self.supervisor().map(|supervisor| supervisor.slot().clone()) else { return false };
        poll_fn(|cx| slot.core().poll_up(cx.waker())).await
    }
}
