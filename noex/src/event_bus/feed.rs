//! One subscription, without the type of its events: how many wait, what becomes of those for which there
//! is no room, and how it ends.

use std::{
    any::TypeId,
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::Semaphore;

use super::{Inner, Pattern};
use crate::{process::Pid, server::slot::AnySlot};

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
pub struct Buffer {
    capacity: NonZeroUsize,
    overflow: Overflow,
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
    #[must_use]
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

/// Identifies one subscription; unique in the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriberId(u64);

impl SubscriberId {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        SubscriberId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Debug for SubscriberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subscriber#{}", self.0)
    }
}

/// The server that a subscription belongs to.
pub(crate) struct Owner {
    pub(crate) slot: Weak<dyn AnySlot>,
    pub(crate) id: u64,
    /// The life that it ends with; `None` where it ends with the slot.
    pub(crate) life: Option<u32>,
    /// The `#[subscribe]` handler.
    pub(crate) handler: Option<&'static str>,
}

pub(crate) struct Feed {
    /// What a delivery writes, and he who takes what was delivered.
    waiting: AtomicUsize,
    /// Written for events that found no room.
    dropped: AtomicU64,
    is_over: AtomicBool,
    /// It was ended by hand: what waits is not to be handled.
    is_called_off: AtomicBool,
    buffer: Buffer,
    /// A permit for each free place, where publishers wait for one.
    room: Option<Semaphore>,
    /// See [`note_queued`](Feed::note_queued).
    lap: AtomicU64,
    queued: AtomicUsize,
    owner: Option<Owner>,
    id: SubscriberId,
    pattern: Pattern,
    kind: TypeId,
    event: &'static str,
    bus: Weak<Inner>,
}

/// What becomes of an event.
pub(crate) enum Admission {
    /// It has a place.
    Go(Ticket),
    /// There is no place, and it is not to be waited for.
    Dropped,
    /// There is no place yet.
    Full,
    /// The subscription is over.
    Over,
}

impl Feed {
    pub(crate) fn new<E: 'static>(
        bus: Weak<Inner>,
        pattern: Pattern,
        buffer: Buffer,
        owner: Option<Owner>,
    ) -> Arc<Self> {
        let waits = buffer.overflow == Overflow::Wait;
        Arc::new(Feed {
            waiting: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            is_called_off: AtomicBool::new(false),
            buffer,
            room: waits.then(|| Semaphore::new(buffer.capacity().min(Semaphore::MAX_PERMITS))),
            lap: AtomicU64::new(0),
            queued: AtomicUsize::new(0),
            owner,
            id: SubscriberId::next(),
            pattern,
            kind: TypeId::of::<E>(),
            event: std::any::type_name::<E>(),
            bus,
        })
    }

    pub(crate) fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    pub(crate) fn kind(&self) -> TypeId {
        self.kind
    }

    pub(crate) fn owner(&self) -> Option<&Owner> {
        self.owner.as_ref()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    pub(crate) fn drops_oldest(&self) -> bool {
        self.buffer.overflow == Overflow::DropOldest
    }

    /// Gives a new event a place, or says why not.
    #[inline]
    pub(crate) fn admit(self: &Arc<Self>) -> Admission {
        if self.is_over() {
            return Admission::Over;
        }
        match self.buffer.overflow {
            Overflow::DropOldest => self.waiting.fetch_add(1, Ordering::Relaxed),
            Overflow::Wait => return self.admit_if_room(),
            Overflow::DropNewest | Overflow::Disconnect => {
                let before = self.waiting.fetch_add(1, Ordering::Relaxed);
                if before >= self.capacity() {
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                    self.note_dropped();
                    return Admission::Dropped;
                }
                before
            }
        };
        Admission::Go(Ticket(self.clone()))
    }

    fn admit_if_room(self: &Arc<Self>) -> Admission {
        let Some(room) = &self.room else { return Admission::Over };
        match room.try_acquire() {
            Ok(place) => {
                place.forget();
                self.waiting.fetch_add(1, Ordering::Relaxed);
                Admission::Go(Ticket(self.clone()))
            }
            Err(tokio::sync::TryAcquireError::NoPermits) => Admission::Full,
            Err(tokio::sync::TryAcquireError::Closed) => Admission::Over,
        }
    }

    /// Waits for a place; `None` when the subscription is over.
    pub(crate) async fn wait_for_room(self: &Arc<Self>) -> Option<Ticket> {
        self.room.as_ref()?.acquire().await.ok()?.forget();
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Some(Ticket(self.clone()))
    }

    /// One more event was dropped.
    pub(crate) fn note_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many of this subscription's events are in its server's queue, one more included, where the queue
    /// is emptied as a whole and has been so `lap` times. Called under the queue's lock.
    pub(crate) fn note_queued(&self, lap: u64) -> usize {
        let before = match self.lap.swap(lap, Ordering::Relaxed) == lap {
            true => self.queued.load(Ordering::Relaxed),
            false => 0,
        };
        self.queued.store(before + 1, Ordering::Relaxed);
        before + 1
    }

    /// One of them made room for it.
    pub(crate) fn note_unqueued(&self) {
        self.queued.fetch_sub(1, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    #[inline]
    pub(crate) fn is_called_off(&self) -> bool {
        self.is_called_off.load(Ordering::Acquire)
    }

    pub(crate) fn disconnects(&self) -> bool {
        self.buffer.overflow == Overflow::Disconnect
    }

    /// It is over. `false`: it was.
    pub(crate) fn note_end(&self) -> bool {
        if self.is_over.swap(true, Ordering::AcqRel) {
            return false;
        }
        if let Some(room) = &self.room {
            room.close();
        }
        true
    }

    /// Takes it off the bus; what waits is still handled. `false`: it was over.
    pub(crate) fn end(&self) -> bool {
        if !self.note_end() {
            return false;
        }
        if let Some(bus) = self.bus.upgrade()
            && let Some(ended) = bus.remove(self)
        {
            ended.over();
            // What a subscriber holds is the user's.
            crate::process::panic::drop_quietly(ended);
        }
        true
    }

    /// Takes it off the bus, and with it what waits.
    pub(crate) fn call_off(&self) -> bool {
        self.is_called_off.store(true, Ordering::Release);
        self.end()
    }
}

/// A place in a subscriber's buffer; free again when this is dropped.
pub(crate) struct Ticket(Arc<Feed>);

impl Ticket {
    pub(crate) fn feed(&self) -> &Arc<Feed> {
        &self.0
    }

    /// Newer events have taken its place.
    #[inline]
    fn is_late(&self) -> bool {
        self.0.waiting() > self.0.capacity() && self.0.drops_oldest()
    }

    /// It is not to be handled by this life.
    #[inline]
    pub(crate) fn is_void(&self, life: u32) -> bool {
        self.is_late() || self.is_called_off() || self.is_of_another(life)
    }

    /// It is for another life than this.
    #[inline]
    pub(crate) fn is_of_another(&self, life: u32) -> bool {
        self.0.owner.as_ref().and_then(|owner| owner.life).is_some_and(|own| own != life)
    }

    /// Nobody misses the event.
    #[inline]
    pub(crate) fn is_called_off(&self) -> bool {
        self.0.is_called_off()
    }
}

impl Drop for Ticket {
    #[inline]
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
        if let Some(room) = &self.0.room {
            room.add_permits(1);
        }
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
        self.feed.id
    }

    /// Which topics it listens to.
    pub fn pattern(&self) -> &Pattern {
        &self.feed.pattern
    }

    /// The type of its events, as Rust prints it.
    pub fn event_type(&self) -> &'static str {
        self.feed.event
    }

    /// The server that it belongs to, in its present life.
    pub fn server(&self) -> Option<Pid> {
        Some(self.feed.owner.as_ref()?.slot.upgrade()?.core().pid())
    }

    /// The `#[subscribe]` method that it belongs to.
    pub fn handler(&self) -> Option<&'static str> {
        self.feed.owner.as_ref()?.handler
    }

    /// How many events may wait, and what becomes of one more.
    pub fn buffer(&self) -> Buffer {
        self.feed.buffer
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
        self.feed.dropped.load(Ordering::Relaxed) + late as u64
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
