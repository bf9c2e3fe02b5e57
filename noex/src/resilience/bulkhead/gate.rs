//! The gate: who is inside is counted in one word, who waits stands in a line behind a lock.
//!
//! ```text
//! word = weight of all inside | WAITS: the line is not empty
//!
//! enter  one compare-and-swap, unless WAITS is set or there is no room     ─▶ else lock the line
//! leave  one subtraction; when it finds WAITS                              ─▶ lock, let the first ones in
//! join   lock, set WAITS, then *look again*: whoever left before that did not see it
//! ```
//!
//! While WAITS is set nobody enters but from the front of the line, so that a newcomer passes nobody.

use std::{
    collections::VecDeque,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU8, AtomicUsize},
    },
    task::Waker,
};

use tokio::time::Instant;

use super::{
    Demand, QueueOrder,
    sync::{AtomicU64, Mutex, MutexGuard, Ordering},
};
use crate::{mistakes::makes, process::door::now, resilience::codel::Codel};

/// The line is not empty.
const WAITS: u64 = 1 << 63;

pub(super) struct Gate {
    word: AtomicU64,
    line: Mutex<Line>,
    limit: AtomicUsize,
    /// As the line's length, for a look without the lock.
    queued: AtomicUsize,
    max_queue: usize,
    order: QueueOrder,
}

#[derive(Default)]
struct Line {
    /// The next one first.
    waiters: VecDeque<Waiter>,
    codel: Option<Codel>,
    closed: bool,
}

struct Waiter {
    seat: Arc<Seat>,
    demand: Demand,
    since: Option<Instant>,
    waker: Option<Waker>,
}

/// What one who waits holds. Read and written under the lock of the line.
#[derive(Debug, Default)]
pub(super) struct Seat(AtomicU8);

/// What has become of one who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Waits,
    Inside,
    Shed,
    Closed,
}

/// What one meets who wants to wait.
#[derive(Debug)]
pub(super) enum Joined {
    /// There was room after all.
    Inside,
    InLine(Arc<Seat>),
    Full,
    Closed,
}

impl Seat {
    fn turn(&self) -> Turn {
        match self.0.load(Ordering::Relaxed) {
            0 => Turn::Waits,
            1 => Turn::Inside,
            2 => Turn::Shed,
            _ => Turn::Closed,
        }
    }

    fn set(&self, turn: Turn) {
        self.0.store(turn as u8, Ordering::Relaxed);
    }
}

/// To be woken when the lock is gone.
#[must_use]
#[derive(Default)]
pub(super) struct Woken(Vec<Waker>);

impl Woken {
    pub(super) fn wake(self) {
        self.0.into_iter().for_each(Waker::wake);
    }
}

impl Gate {
    pub(super) fn new(limit: usize, max_queue: usize, order: QueueOrder) -> Self {
        let codel = match order {
            QueueOrder::Codel { target, interval } => Some(Codel::new(target, interval)),
            QueueOrder::Fifo | QueueOrder::Lifo => None,
        };
        Gate {
            word: AtomicU64::new(0),
            line: Mutex::new(Line { waiters: VecDeque::new(), codel, closed: false }),
            limit: AtomicUsize::new(limit),
            queued: AtomicUsize::new(0),
            max_queue,
            order,
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// The weight of all inside.
    pub(super) fn active(&self) -> usize {
        (self.word.load(Ordering::Relaxed) & !WAITS) as usize
    }

    pub(super) fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// Enters if there is room and, unless one comes from the line, nobody waits.
    #[inline]
    fn take(&self, weight: u32, closed: u64) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let active = word & !WAITS;
            if word & closed != 0 || active + u64::from(weight) > self.limit() as u64 {
                // One who came before the limit shrank below its weight is let in alone.
                let may_alone = closed == 0 && active == 0;
                if !may_alone {
                    return false;
                }
            }
            let with = word + u64::from(weight);
            match self.word.compare_exchange_weak(word, with, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(other) => word = other,
            }
        }
    }

    /// Enters if there is room and nobody waits.
    #[inline]
    pub(super) fn enter(&self, weight: u32) -> bool {
        self.take(weight, WAITS)
    }

    #[inline]
    pub(super) fn leave(&self, weight: u32) {
        if self.word.fetch_sub(weight.into(), Ordering::AcqRel) & WAITS != 0 {
            self.let_in();
        }
    }

    /// Lets in who can be let in.
    #[cold]
    fn let_in(&self) {
        let mut woken = Woken::default();
        self.advance(&mut self.line(), &mut woken);
        woken.wake();
    }

    /// Lets in the first ones, as long as there is room; sheds those that waited for too long.
    fn advance(&self, line: &mut Line, woken: &mut Woken) {
        while let Some(first) = line.waiters.front() {
            let turn = if self.is_late(&mut line.codel, first.since) {
                Turn::Shed
            } else if self.take(first.demand.weight, 0) {
                Turn::Inside
            } else {
                break;
            };
            if let Some(first) = line.waiters.pop_front() {
                first.seat.set(turn);
                woken.0.extend(first.waker);
            }
        }
        self.note_length(line);
    }

    /// Only when there is room: how long the first one waited is known when its time has come.
    fn is_late(&self, codel: &mut Option<Codel>, since: Option<Instant>) -> bool {
        let (Some(codel), Some(since)) = (codel, since) else { return false };
        if self.active() >= self.limit() {
            return false;
        }
        let now = now();
        codel.is_late(now, now.saturating_duration_since(since))
    }

    fn note_length(&self, line: &Line) {
        self.queued.store(line.waiters.len(), Ordering::Relaxed);
        if line.waiters.is_empty() {
            self.word.fetch_and(!WAITS, Ordering::Relaxed);
        }
    }

    /// Enters, or stands in line.
    pub(super) fn join(&self, demand: Demand) -> Joined {
        let since = matches!(self.order, QueueOrder::Codel { .. }).then(now);
        let mut woken = Woken::default();
        let mut line = self.line();
        let joined = self.join_line(&mut line, demand, since, &mut woken);
        drop(line);
        woken.wake();
        joined
    }

    fn join_line(
        &self,
        line: &mut Line,
        demand: Demand,
        since: Option<Instant>,
        woken: &mut Woken,
    ) -> Joined {
        if line.closed {
            return Joined::Closed;
        }
        if line.waiters.is_empty() && self.take(demand.weight, 0) {
            return Joined::Inside;
        }
        if line.waiters.len() >= self.max_queue {
            // One of a lower priority gives way.
            match line.waiters.back() {
                Some(last) if last.demand.priority < demand.priority => {
                    if let Some(last) = line.waiters.pop_back() {
                        last.seat.set(Turn::Shed);
                        woken.0.extend(last.waker);
                    }
                }
                _ => return Joined::Full,
            }
        }
        let seat = Arc::<Seat>::default();
        let place = line.waiters.partition_point(|waiter| match self.order {
            QueueOrder::Lifo => waiter.demand.priority > demand.priority,
            QueueOrder::Fifo | QueueOrder::Codel { .. } => waiter.demand.priority >= demand.priority,
        });
        line.waiters.insert(place, Waiter { seat: seat.clone(), demand, since, waker: None });
        self.word.fetch_or(WAITS, Ordering::Relaxed);
        if !makes!(JoinsUnseen) {
            self.advance(line, woken);
        }
        Joined::InLine(seat)
    }

    /// What has become of this one; its waker is noted while it waits.
    pub(super) fn look(&self, seat: &Arc<Seat>, waker: &Waker) -> Turn {
        let mut line = self.line();
        let turn = seat.turn();
        if turn == Turn::Waits
            && let Some(waiter) = line.waiters.iter_mut().find(|waiter| Arc::ptr_eq(&waiter.seat, seat))
            && !waiter.waker.as_ref().is_some_and(|known| known.will_wake(waker))
        {
            waiter.waker = Some(waker.clone());
        }
        turn
    }

    /// Leaves the line, and what it was given meanwhile goes to the next. What it had come to.
    pub(super) fn give_up(&self, seat: &Arc<Seat>, weight: u32) -> Turn {
        let mut woken = Woken::default();
        let mut line = self.line();
        let turn = seat.turn();
        match turn {
            Turn::Waits => line.waiters.retain(|waiter| !Arc::ptr_eq(&waiter.seat, seat)),
            Turn::Inside => drop(self.word.fetch_sub(weight.into(), Ordering::AcqRel)),
            Turn::Shed | Turn::Closed => return turn,
        }
        self.advance(&mut line, &mut woken);
        drop(line);
        woken.wake();
        turn
    }

    /// From now on so many may be inside. Those who are stay.
    pub(super) fn resize(&self, limit: usize) -> usize {
        let mut woken = Woken::default();
        let mut line = self.line();
        let before = self.limit.swap(limit, Ordering::Relaxed);
        self.advance(&mut line, &mut woken);
        drop(line);
        woken.wake();
        before
    }

    /// Sends away those who wait, and lets nobody stand in line any more.
    pub(super) fn close(&self) {
        let mut woken = Woken::default();
        let mut line = self.line();
        line.closed = true;
        for waiter in line.waiters.drain(..) {
            waiter.seat.set(Turn::Closed);
            woken.0.extend(waiter.waker);
        }
        self.note_length(&line);
        drop(line);
        woken.wake();
    }
}
