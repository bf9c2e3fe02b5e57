//! A desk: where a worker is given its jobs.
//!
//! A desk is in one hand at a time: its tender's, while that looks after the worker; the list's of those that are free;
//! or a caller's, who has the worker do a job right away. Whoever takes a desk from the list gives it back, or hands it
//! to its tender.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
};

use super::{Entry, JobId, Work, outcome::Ticket};
use crate::{
    ServerRef,
    server::{
        Calling,
        slot::{AnySlot, Core},
    },
};

pub(super) struct Desk<W: Work> {
    pub(super) number: usize,
    pub(super) slot: Arc<dyn AnySlot>,
    pub(super) server: ServerRef<W>,
    pub(super) reference: W::Ref,
    news: Mutex<News<W>>,
    /// The worker of this number has another one.
    is_replaced: AtomicBool,
}

struct News<W: Work> {
    handed: Option<Handed<W>>,
    /// There is something to look at, whoever has the desk.
    is_nudged: bool,
    /// A tender looks after the desk.
    is_tended: bool,
    tender: Option<Waker>,
}

/// What comes with the desk when it is handed to its tender.
pub(super) enum Handed<W: Work> {
    /// Nothing: look what there is to do.
    Look,
    /// A job.
    Job(Entry<W>),
    /// A job that the worker has begun, or has failed.
    Begun(Box<Begun<W>>, Option<Box<Answer<W>>>),
}

/// What the worker says.
pub(super) type Answer<W> = Result<<W as Work>::Output, crate::CallError<<W as Work>::Error>>;

/// A job in a worker's hands.
pub(super) struct Begun<W: Work> {
    pub(super) id: JobId,
    pub(super) priority: i8,
    pub(super) attempts: u32,
    /// For the next attempt.
    pub(super) spare: Option<W::Job>,
    /// The worker's life when it was given the job.
    pub(super) life: u32,
    pub(super) call: Calling<W, W::Output, W::Error>,
    pub(super) ticket: Option<Ticket<W>>,
}

/// What a tender hears.
pub(super) enum Heard<W: Work> {
    Handed(Handed<W>),
    Nudge,
}

impl<W: Work> Desk<W> {
    pub(super) fn new(number: usize, slot: Arc<dyn AnySlot>, server: ServerRef<W>) -> Self {
        let reference = server.clone().into();
        let news = Mutex::new(News { handed: None, is_nudged: false, is_tended: false, tender: None });
        Desk { number, slot, server, reference, news, is_replaced: AtomicBool::new(false) }
    }

    pub(super) fn core(&self) -> &Core {
        self.slot.core()
    }

    fn news(&self) -> MutexGuard<'_, News<W>> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The worker of this number has another one. Its tender has this one in hand: nobody else will bring it anything.
    pub(super) fn replace(&self) {
        self.is_replaced.store(true, Ordering::Release);
    }

    pub(super) fn is_replaced(&self) -> bool {
        self.is_replaced.load(Ordering::Acquire)
    }

    /// A tender comes.
    pub(super) fn open(&self) {
        self.news().is_tended = true;
    }

    /// The tender goes; what it was handed and has not seen.
    pub(super) fn close(&self) -> Option<Handed<W>> {
        let mut news = self.news();
        news.is_tended = false;
        news.handed.take()
    }

    /// Hands the desk to its tender; given back where there is none any more.
    pub(super) fn hand(&self, handed: Handed<W>) -> Result<(), Handed<W>> {
        let tender = {
            let mut news = self.news();
            if !news.is_tended {
                return Err(handed);
            }
            news.handed = Some(handed);
            news.tender.take()
        };
        if let Some(tender) = tender {
            tender.wake();
        }
        Ok(())
    }

    pub(super) fn nudge(&self) {
        let tender = {
            let mut news = self.news();
            news.is_nudged = true;
            news.tender.take()
        };
        if let Some(tender) = tender {
            tender.wake();
        }
    }

    pub(super) fn poll_news(&self, waker: &Waker) -> Poll<Heard<W>> {
        let mut news = self.news();
        if let Some(handed) = news.handed.take() {
            return Poll::Ready(Heard::Handed(handed));
        }
        if std::mem::take(&mut news.is_nudged) {
            return Poll::Ready(Heard::Nudge);
        }
        if !news.tender.as_ref().is_some_and(|known| known.will_wake(waker)) {
            news.tender = Some(waker.clone());
        }
        Poll::Pending
    }
}
