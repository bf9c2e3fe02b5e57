//! One subscription, without the type of its events: how many wait, what becomes of those for which there
//! is no room, and how it ends.

use std::{
    any::TypeId,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::{Semaphore, TryAcquireError};

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

/// What publishers and the subscriber of a subscription share.
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

    pub(super) fn id(&self) -> SubscriberId {
        self.id
    }

    /// The type of its events, as Rust prints it.
    pub(super) fn event(&self) -> &'static str {
        self.event
    }

    pub(super) fn buffer(&self) -> Buffer {
        self.buffer
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
            Err(TryAcquireError::NoPermits) => Admission::Full,
            Err(TryAcquireError::Closed) => Admission::Over,
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
            drop_quietly(ended);
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
