//! Third stage: adds what the feed does not say. And crashes, when asked to.

use std::num::NonZeroU64;
use std::sync::Arc;

use noex::prelude::*;

use crate::event::{Enriched, Event};
use crate::meter::Meter;
use crate::places::{PlaceCache, Places};
use crate::sabotage::ON_PURPOSE;
use crate::severity::Severity;

/// Cells the cache keeps; a busy week touches some 1,300.
const CACHED_CELLS: usize = 4096;

/// Finds the nearest populated place of an event and the class of its magnitude.
///
/// The places are shared by all lives of the stage: they never change, and reading them takes half
/// a second. The cache belongs to one life, and a crash begins with an empty one: state that may
/// have been the reason for the crash is not kept.
#[genserver(mailbox = 64, call_timeout = infinity)]
pub(crate) struct Enrich {
    places: Arc<Places>,
    cache: PlaceCache,
    sabotage: Option<NonZeroU64>,
    /// Events handled in this life. It begins at zero after a crash, so it is every Nth again.
    handled: u64,
    meter: Meter,
}

#[genserver]
impl Enrich {
    #[init]
    fn init(places: Arc<Places>, sabotage: Option<NonZeroU64>, meter: Meter) -> Self {
        Enrich { places, cache: PlaceCache::new(CACHED_CELLS), sabotage, handled: 0, meter }
    }

    /// The event and what is known about where it was and how strong.
    #[call(job)]
    pub(crate) fn enrich(&mut self, event: Event) -> Enriched {
        let _busy = self.meter.handling();
        self.handled += 1;
        if self.sabotage.is_some_and(|every| self.handled.is_multiple_of(every.get())) {
            panic!("{ON_PURPOSE}");
        }
        let (nearest, distance_km) = self.cache.nearest(&self.places, event.latitude, event.longitude);
        let severity = Severity::of(event.magnitude);
        Enriched { event, nearest, distance_km, severity }
    }
}
