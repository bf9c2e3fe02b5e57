//! The time-outs of a machine: of its state, of events, and with names.

use std::{sync::atomic::Ordering, time::Duration};

use super::{Incoming, Machine, StateMachine, event::Arrived};
use crate::{Context, Timer, process::remind, server::slot::notice::Recall};

/// Which time-out; a machine has one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    State,
    Event,
    Named(&'static str),
}

/// What is to become of it.
pub(super) enum Order<E> {
    Set(Duration, E),
    Update(E),
    Cancel,
}

/// Those that are running; few, so that looking through them is the fastest.
pub(super) struct Timeouts<M: StateMachine> {
    running: Vec<Running<M::Event>>,
    /// How many were ever set.
    count: u64,
}

struct Running<E> {
    name: Name,
    number: u64,
    event: E,
    _clock: Clock,
}

/// Ends its timer when it is dropped.
struct Clock {
    timer: Timer,
    /// Calls it off when it is in the mailbox already.
    recall: Recall,
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.recall.store(true, Ordering::Release);
        let _ = self.timer.cancel();
    }
}

impl<M: StateMachine> Timeouts<M> {
    pub(super) fn new() -> Self {
        Timeouts { running: Vec::new(), count: 0 }
    }

    pub(super) fn cancel(&mut self, name: Name) {
        self.running.retain(|running| running.name != name);
    }

    /// The event that a time-out brings which is due now, unless it was set again meanwhile.
    pub(super) fn due(&mut self, number: u64) -> Option<M::Event> {
        let index = self.running.iter().position(|running| running.number == number)?;
        Some(self.running.swap_remove(index).event)
    }

    pub(super) fn heed(&mut self, name: Name, order: Order<M::Event>, cx: &Context<Machine<M>>) {
        match order {
            Order::Cancel => self.cancel(name),
            Order::Set(Duration::MAX, _) => self.cancel(name),
            Order::Set(after, event) => {
                self.cancel(name);
                self.count += 1;
                let (number, recall) = (self.count, Recall::default());
                let timer = remind(cx, after, Incoming(Arrived::Timeout(number)), recall.clone());
                self.running.push(Running { name, number, event, _clock: Clock { timer, recall } });
            }
            Order::Update(event) => match self.running.iter_mut().find(|running| running.name == name) {
                Some(running) => running.event = event,
                None => self.heed(name, Order::Set(Duration::ZERO, event), cx),
            },
        }
    }
}
