//! One subscription, without the type of its events: how many wait, what becomes of those for which there
//! is no room, and how it ends.

use std::{
    any::TypeId,
    pin::pin,
    sync::{
        Arc, Weak,
        atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

use super::{Buffer, Overflow, Pattern, SubscriberId, table::Inner};
use crate::{process::panic::drop_quietly, server::slot::AnySlot};

/// The server that a subscription belongs to.
pub(crate) struct Owner {
    pub(crate) slot: Weak<dyn AnySlot>,
    pub(crate) id: u64,
    /// The life that it ends with; `None` where it ends with the slot.
    pub(crate) life: Option<u32>,
    /// The `#[subscribe]` handler.
    pub(crate) handler: Option<&'static str>,
}

/// What publishers and the subscriber of a subscription share. In this order: what each delivery looks at comes first.
#[repr(C)]
pub(crate) struct Feed {
    waiting: AtomicUsize,
    /// `OVER`, `CALLED_OFF`
    state: AtomicU8,
    overflow: Overflow,
    /// The life that it ends with; 0 where it ends with the slot, or has none.
    life: u32,
    capacity: usize,
    /// In which lap of its server's queue `queued` is counted.
    lap: AtomicU64,
    /// How many of its events are in that queue; meant for when it lags.
    queued: AtomicUsize,
    room: Room,
    dropped: AtomicU64,
    /// Where it is among those of its pattern; changed under the table's lock.
    place: AtomicUsize,
    owner: Option<Owner>,
    id: SubscriberId,
    pattern: Pattern,
    kind: TypeId,
    event: &'static str,
    bus: Weak<Inner>,
}

/// It gets no further event.
const OVER: u8 = 1;
/// What waits is not to be handled: it was ended by hand.
const CALLED_OFF: u8 = 2;

/// Publishers that wait for a place.
#[derive(Default)]
struct Room {
    /// How many; others do not take a place before them.
    waiting: AtomicUsize,
    free: Notify,
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
        Arc::new(Feed {
            waiting: AtomicUsize::new(0),
            state: AtomicU8::new(0),
            overflow: buffer.overflow,
            life: owner.as_ref().and_then(|owner| owner.life).unwrap_or(0),
            capacity: buffer.capacity(),
            lap: AtomicU64::new(0),
            queued: AtomicUsize::new(0),
            room: Room::default(),
            dropped: AtomicU64::new(0),
            place: AtomicUsize::new(0),
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

    pub(super) fn place(&self) -> usize {
        self.place.load(Ordering::Relaxed)
    }

    pub(super) fn set_place(&self, place: usize) {
        self.place.store(place, Ordering::Relaxed);
    }

    pub(super) fn id(&self) -> SubscriberId {
        self.id
    }

    /// The type of its events, as Rust prints it.
    pub(super) fn event(&self) -> &'static str {
        self.event
    }

    pub(super) fn buffer(&self) -> Buffer {
        Buffer::new(self.capacity).overflow(self.overflow)
    }

    /// How many events were dropped, those not counted that are to be passed over when their turn comes.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn kind(&self) -> TypeId {
        self.kind
    }

    pub(crate) fn owner(&self) -> Option<&Owner> {
        self.owner.as_ref()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn drops_oldest(&self) -> bool {
        self.overflow == Overflow::DropOldest
    }

    /// Gives a new event a place, or says why not.
    #[inline]
    pub(crate) fn admit(self: &Arc<Self>) -> Admission {
        if self.is_over() {
            return Admission::Over;
        }
        match self.overflow {
            Overflow::DropOldest => drop(self.waiting.fetch_add(1, Ordering::Relaxed)),
            Overflow::Wait => {
                if self.room.waiting.load(Ordering::SeqCst) > 0 || !self.take_place() {
                    return Admission::Full;
                }
            }
            Overflow::DropNewest | Overflow::Disconnect => {
                if !self.take_place() {
                    self.note_dropped();
                    return Admission::Dropped;
                }
            }
        }
        Admission::Go(Ticket(self.clone()))
    }

    /// One place more is taken, if there is one. Never for a moment without: another would see none for that long.
    #[inline]
    fn take_place(&self) -> bool {
        let more = |waiting| (waiting < self.capacity).then_some(waiting + 1);
        self.waiting.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).is_ok()
    }

    /// One place less is taken. Whoever waits for one either sees that, or is seen.
    #[inline]
    fn give_back(&self) {
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        if self.overflow == Overflow::Wait && self.room.waiting.load(Ordering::SeqCst) > 0 {
            self.room.free.notify_one();
        }
    }

    /// Waits for a place, first come first served; `None` when the subscription is over.
    pub(crate) async fn wait_for_room(self: &Arc<Self>) -> Option<Ticket> {
        let _waits = Waits::new(&self.room);
        loop {
            let mut freed = pin!(self.room.free.notified());
            freed.as_mut().enable();
            if self.is_over() {
                return None;
            }
            if self.take_place() {
                return Some(Ticket(self.clone()));
            }
            freed.await;
        }
    }

    /// One more event was dropped.
    pub(crate) fn note_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many of its events are in its server's queue, which was emptied `lap` times; counted when that is not known.
    /// Called under the queue's lock, as all that has to do with it.
    pub(crate) fn queued(&self, lap: u64, count: impl FnOnce() -> usize) -> usize {
        if self.lap.load(Ordering::Relaxed) != lap {
            self.lap.store(lap, Ordering::Relaxed);
            // The one that comes is counted by now.
            self.queued.store(count() + 1, Ordering::Relaxed);
        }
        self.queued.load(Ordering::Relaxed) - 1
    }

    /// One of them made room.
    pub(crate) fn note_unqueued(&self) {
        let queued = self.queued.load(Ordering::Relaxed);
        self.queued.store(queued.saturating_sub(1), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.state.load(Ordering::Acquire) & OVER != 0
    }

    #[inline]
    pub(crate) fn is_called_off(&self) -> bool {
        self.state.load(Ordering::Acquire) & CALLED_OFF != 0
    }

    pub(crate) fn disconnects(&self) -> bool {
        self.overflow == Overflow::Disconnect
    }

    /// It is over. `false`: it was.
    pub(crate) fn note_end(&self) -> bool {
        if self.state.fetch_or(OVER, Ordering::SeqCst) & OVER != 0 {
            return false;
        }
        self.room.free.notify_waiters();
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
            drop_quietly(ended);
        }
        true
    }

    /// Takes it off the bus, and with it what waits.
    pub(crate) fn call_off(&self) -> bool {
        self.state.fetch_or(CALLED_OFF, Ordering::Release);
        self.end()
    }
}

/// A place in a subscriber's buffer; free again when this is dropped.
pub(crate) struct Ticket(Arc<Feed>);

impl Ticket {
    pub(crate) fn feed(&self) -> &Arc<Feed> {
        &self.0
    }

    /// It is about to be queued, in this lap of the queue. `true`: there are more than may wait.
    #[inline]
    pub(crate) fn note_queued(&self, lap: u64) -> bool {
        let feed = &self.0;
        if feed.lap.load(Ordering::Relaxed) == lap {
            feed.queued.store(feed.queued.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
        self.is_late()
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
        self.0.life != 0 && self.0.life != life
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
        self.0.give_back();
    }
}

/// A publisher is among those who wait, however that ends.
struct Waits<'a>(&'a Room);

impl<'a> Waits<'a> {
    fn new(room: &'a Room) -> Self {
        room.waiting.fetch_add(1, Ordering::SeqCst);
        Waits(room)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}
