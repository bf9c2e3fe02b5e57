//! A subscription as others see it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{Buffer, Pattern, feed::Feed};
use crate::process::Pid;

/// Identifies one subscription; unique in the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriberId(u64);

impl SubscriberId {
    pub(super) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        SubscriberId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Debug for SubscriberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subscriber#{}", self.0)
    }
}

/// One subscription, as seen from outside. Dropping this does not end it.
#[derive(Clone)]
pub struct Subscriber {
    feed: Arc<Feed>,
}

impl Subscriber {
    pub(crate) fn new(feed: Arc<Feed>) -> Self {
        Subscriber { feed }
    }

    /// Identifies the subscription.
    pub fn id(&self) -> SubscriberId {
        self.feed.id()
    }

    /// Which topics it listens to.
    pub fn pattern(&self) -> &Pattern {
        self.feed.pattern()
    }

    /// The type of its events, as Rust prints it.
    pub fn event_type(&self) -> &'static str {
        self.feed.event()
    }

    /// The server that it belongs to, in its present life.
    pub fn server(&self) -> Option<Pid> {
        Some(self.feed.owner()?.slot.upgrade()?.core().pid())
    }

    /// The `#[subscribe]` method that it belongs to.
    pub fn handler(&self) -> Option<&'static str> {
        self.feed.owner()?.handler
    }

    /// How many events may wait, and what becomes of one more.
    pub fn buffer(&self) -> Buffer {
        self.feed.buffer()
    }

    /// How many events wait to be handled.
    pub fn waiting(&self) -> usize {
        match self.feed.waiting() {
            waiting if self.feed.drops_oldest() => waiting.min(self.feed.capacity()),
            waiting => waiting,
        }
    }

    /// How many events were dropped because there was no room for them.
    pub fn dropped(&self) -> u64 {
        let late = match self.feed.drops_oldest() {
            true => self.feed.waiting().saturating_sub(self.feed.capacity()),
            false => 0,
        };
        self.feed.dropped() + late as u64
    }

    /// Whether it is over: unsubscribed, disconnected, or its subscriber or bus is gone.
    pub fn is_over(&self) -> bool {
        self.feed.is_over()
    }

    /// Ends the subscription: no further event is handled, also none that waits already. `false`: it was over.
    pub fn unsubscribe(&self) -> bool {
        self.feed.call_off()
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber")
            .field("id", &self.id())
            .field("pattern", self.pattern())
            .field("event", &self.event_type())
            .field("server", &self.server())
            .field("waiting", &self.waiting())
            .field("dropped", &self.dropped())
            .field("over", &self.is_over())
            .finish()
    }
}
