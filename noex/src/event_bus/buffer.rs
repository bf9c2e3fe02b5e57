//! How many events may wait for a subscriber, and what becomes of one more.

use std::num::NonZeroUsize;

/// What becomes of an event when as many wait for the subscriber as its buffer holds.
///
/// The words are those of the server's [`Overflow`](crate::Overflow).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest event that waits for this subscriber is dropped, and counted.
    #[default]
    DropOldest,
    /// The new event is dropped for this subscriber, and counted.
    DropNewest,
    /// The subscription ends. What waits is still handled.
    Disconnect,
    /// The publisher waits for room: [`publish`](super::EventBus::publish) when it is awaited.
    /// [`try_publish`](super::EventBus::try_publish) says that there was none.
    Wait,
}

/// How many events may wait for a subscriber, and what becomes of one more.
///
/// 1024 events and [`Overflow::DropOldest`] where nothing else is said.
///
/// # Examples
///
/// ```
/// use noex::event_bus::{Buffer, Overflow};
///
/// const LATEST: Buffer = Buffer::new(1);
/// assert_eq!(LATEST, Buffer::new(1).overflow(Overflow::DropOldest));
/// assert_eq!(Buffer::default().capacity(), 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a buffer does nothing until something subscribes with it"]
pub struct Buffer {
    capacity: NonZeroUsize,
    pub(super) overflow: Overflow,
}

impl Buffer {
    /// 1024 events; the oldest makes room.
    pub const DEFAULT: Buffer = Buffer::new(1024);

    /// Holds at most `capacity` events: events, not bytes.
    ///
    /// # Panics
    ///
    /// When `capacity` is 0; in a constant that is a compile error.
    #[track_caller]
    pub const fn new(capacity: usize) -> Self {
        match NonZeroUsize::new(capacity) {
            Some(capacity) => Buffer { capacity, overflow: Overflow::DropOldest },
            None => panic!("a buffer must hold at least one event"),
        }
    }

    /// What becomes of one more.
    pub const fn overflow(self, overflow: Overflow) -> Self {
        Buffer { overflow, ..self }
    }

    /// How many it holds.
    pub const fn capacity(self) -> usize {
        self.capacity.get()
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Buffer::DEFAULT
    }
}
