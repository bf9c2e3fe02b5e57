//! Those who wait for one key, first come first served.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Waker,
};

/// What has become of somebody who waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Turn {
    Waits,
    /// It has what it waited for, since then.
    Granted(u64),
    /// The line was dissolved.
    Dissolved,
}

/// What somebody who waits holds. Read and written under the lock of the line.
#[derive(Debug, Default)]
pub(super) struct Ticket(AtomicU64);

const WAITS: u64 = 0;
const DISSOLVED: u64 = 1;

impl Ticket {
    pub(super) fn turn(&self) -> Turn {
        match self.0.load(Ordering::Relaxed) {
            WAITS => Turn::Waits,
            DISSOLVED => Turn::Dissolved,
            at => Turn::Granted(at),
        }
    }

    fn set(&self, word: u64) {
        self.0.store(word, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct Waiter {
    ticket: Arc<Ticket>,
    cost: u32,
    waker: Option<Waker>,
    /// It knows that it is the first and has a timer for its turn.
    is_armed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Line {
    waiters: VecDeque<Waiter>,
    /// Of all that wait.
    cost: u64,
}

impl Line {
    pub(super) fn len(&self) -> usize {
        self.waiters.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// Of all that wait.
    pub(super) fn cost(&self) -> u64 {
        self.cost
    }

    pub(super) fn join(&mut self, cost: u32) -> Arc<Ticket> {
        let ticket = Arc::<Ticket>::default();
        self.cost += u64::from(cost);
        self.waiters.push_back(Waiter { ticket: ticket.clone(), cost, waker: None, is_armed: false });
        ticket
    }

    /// What the first one wants.
    pub(super) fn first_cost(&self) -> Option<u32> {
        self.waiters.front().map(|first| first.cost)
    }

    /// The first one has it.
    pub(super) fn grant_first(&mut self, now: u64) -> Option<Waker> {
        let first = self.waiters.pop_front()?;
        self.cost -= u64::from(first.cost);
        first.ticket.set(now.max(DISSOLVED + 1));
        first.waker
    }

    /// The waker of one who has become the first and does not know.
    pub(super) fn newly_first(&mut self) -> Option<Waker> {
        let first = self.waiters.front_mut()?;
        if std::mem::replace(&mut first.is_armed, true) { None } else { first.waker.clone() }
    }

    /// The waker of the first one.
    pub(super) fn first_waker(&self) -> Option<Waker> {
        self.waiters.front()?.waker.clone()
    }

    /// Notes the waker of one who still waits; whether that is the first.
    pub(super) fn wait(&mut self, ticket: &Arc<Ticket>, waker: &Waker) -> bool {
        let Some(place) = self.waiters.iter().position(|it| Arc::ptr_eq(&it.ticket, ticket)) else {
            return false;
        };
        let waiter = &mut self.waiters[place];
        if !waiter.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            waiter.waker = Some(waker.clone());
        }
        waiter.is_armed |= place == 0;
        place == 0
    }

    /// One gives up; whether it was there.
    pub(super) fn leave(&mut self, ticket: &Arc<Ticket>) -> bool {
        let place = self.waiters.iter().position(|it| Arc::ptr_eq(&it.ticket, ticket));
        let gone = place.and_then(|place| self.waiters.remove(place));
        self.cost -= gone.as_ref().map_or(0, |gone| u64::from(gone.cost));
        gone.is_some()
    }

    /// Sends all of them away.
    pub(super) fn dissolve(&mut self) -> impl Iterator<Item = Waker> + '_ {
        self.cost = 0;
        self.waiters.drain(..).filter_map(|waiter| {
            waiter.ticket.set(DISSOLVED);
            waiter.waker
        })
    }
}
