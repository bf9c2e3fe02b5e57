//! The keys of a limiter: a table in shards, swept little by little, never larger than it may be.
//!
//! A look-up hashes once, takes one short lock of one shard and compares by borrowed form. What is removed is
//! dropped when no lock is held.

use std::{
    borrow::Borrow,
    hash::{BuildHasher, Hash},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread::available_parallelism,
};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{LimiterKey, OnFull, line::Line, meter::Meter, meter::Window};

/// Slots of a shard that are looked at when a key is taken in, and each [`SWEEP_EVERY`] operations.
const SWEEP: usize = 2;
const SWEEP_EVERY: u32 = 16;

/// Slots that are looked at when the table is full, for keys that are over and for the oldest one.
const SEARCH: usize = 256;

/// What is kept for a key.
#[derive(Debug)]
pub(super) struct Entry<K> {
    key: K,
    pub(super) meter: Meter,
    /// Those who wait. A key that has one stays.
    pub(super) line: Option<Box<Line>>,
}

/// What a shard has counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) granted: u64,
    pub(super) refused: u64,
}

/// On cache lines of its own: two shards are used by two threads.
#[repr(align(128))]
struct Shard<K>(Mutex<Part<K>>);

struct Part<K> {
    entries: HashTable<Entry<K>>,
    tally: Tally,
    /// The next slot to be swept.
    hand: usize,
    operations: u32,
}

pub(super) struct Table<K> {
    shards: Box<[Shard<K>]>,
    hasher: DefaultHashBuilder,
    windows: Box<[Window]>,
    keys: AtomicUsize,
    max_keys: usize,
    on_full: OnFull,
    /// The next shard to be searched for room.
    hand: AtomicUsize,
    /// Before that, not all of it is searched for room again.
    searched_until: AtomicU64,
}

/// There is no room for a new key.
#[derive(Debug)]
pub(super) struct Full;

/// A key that may make room.
struct Candidate {
    shard: usize,
    slot: usize,
    freshness: u64,
}

impl<K> Part<K> {
    /// Takes out what is over, in so many slots from the hand on; what is met and kept is shown.
    fn sweep(
        &mut self,
        slots: usize,
        mut is_over: impl FnMut(&Entry<K>) -> bool,
        mut kept: impl FnMut(usize, &Entry<K>),
        mut gone: impl FnMut(Entry<K>),
    ) {
        for _ in 0..slots.min(self.entries.num_buckets()) {
            self.hand = if self.hand + 1 >= self.entries.num_buckets() { 0 } else { self.hand + 1 };
            let Ok(entry) = self.entries.get_bucket_entry(self.hand) else { continue };
            if entry.get().line.is_none() && is_over(entry.get()) {
                gone(entry.remove().0);
            } else {
                kept(self.hand, entry.get());
            }
        }
    }
}

impl<K: LimiterKey> Table<K> {
    pub(super) fn new(windows: Box<[Window]>, shards: usize, max_keys: usize, on_full: OnFull) -> Self {
        let shard = |_| {
            let (entries, tally) = (HashTable::new(), Tally::default());
            Shard(Mutex::new(Part { entries, tally, hand: 0, operations: 0 }))
        };
        Table {
            shards: (0..shards).map(shard).collect(),
            hasher: DefaultHashBuilder::default(),
            windows,
            keys: AtomicUsize::new(0),
            max_keys,
            on_full,
            hand: AtomicUsize::new(0),
            searched_until: AtomicU64::new(0),
        }
    }

    /// Enough that threads seldom meet.
    pub(super) fn many_shards() -> usize {
        (available_parallelism().map_or(4, usize::from) * 4).next_power_of_two().min(64)
    }

    pub(super) fn windows(&self) -> &[Window] {
        &self.windows
    }

    fn lock(shard: &Shard<K>) -> MutexGuard<'_, Part<K>> {
        shard.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bits that the table within the shard makes least of.
    fn shard_of(&self, hash: u64) -> usize {
        (hash >> 40) as usize & (self.shards.len() - 1)
    }

    /// What stands for a key in [`visit_hashed`](Table::visit_hashed).
    pub(super) fn hash<Q>(&self, key: &Q) -> u64
    where
        K: Borrow<Q>,
        Q: Hash + ?Sized,
    {
        self.hasher.hash_one(key)
    }

    /// Visits a key that is there and that somebody has only the hash of: 64 bits with a seed that nobody outside knows,
    /// so that two keys with the same ones are not to be expected.
    pub(super) fn visit_hashed<R>(
        &self,
        hash: u64,
        visit: impl FnOnce(&mut Entry<K>, &mut Tally) -> R,
    ) -> Option<R> {
        let mut part = Self::lock(&self.shards[self.shard_of(hash)]);
        let Part { entries, tally, .. } = &mut *part;
        let entry = entries.find_mut(hash, |entry| self.hasher.hash_one(&entry.key) == hash)?;
        Some(visit(entry, tally))
    }

    /// Visits a key that is there.
    pub(super) fn visit_known<Q, R>(
        &self,
        key: &Q,
        visit: impl FnOnce(&mut Entry<K>, &mut Tally) -> R,
    ) -> Option<R>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        let mut part = Self::lock(&self.shards[self.shard_of(hash)]);
        let Part { entries, tally, .. } = &mut *part;
        let entry = entries.find_mut(hash, |entry| entry.key.borrow() == key)?;
        Some(visit(entry, tally))
    }

    /// Visits a key, taken in if it is new.
    #[inline]
    pub(super) fn visit<Q, R>(
        &self,
        key: &Q,
        now: u64,
        visit: impl FnOnce(&mut Entry<K>, &mut Tally) -> R,
    ) -> Result<R, Full>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        let mut part = Self::lock(&self.shards[self.shard_of(hash)]);
        let Part { entries, tally, operations, .. } = &mut *part;
        if let Some(entry) = entries.find_mut(hash, |entry| entry.key.borrow() == key) {
            let seen = visit(entry, tally);
            *operations = operations.wrapping_add(1);
            let sweeps = operations.is_multiple_of(SWEEP_EVERY);
            drop(part);
            if sweeps {
                self.sweep_shard(hash, now);
            }
            return Ok(seen);
        }
        drop(part);
        self.take_in(key.to_owned(), hash, now, visit)
    }

    #[cold]
    fn take_in<R>(
        &self,
        key: K,
        hash: u64,
        now: u64,
        visit: impl FnOnce(&mut Entry<K>, &mut Tally) -> R,
    ) -> Result<R, Full> {
        while self.keys.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |it| self.one_more(it)).is_err() {
            if !self.make_room(now) {
                return Err(Full);
            }
        }
        let mut gone = [const { None }; SWEEP];
        let fresh = Entry { key, meter: Meter::new(&self.windows), line: None };
        let mut part = Self::lock(&self.shards[self.shard_of(hash)]);
        self.sweep_a_little(&mut part, now, &mut gone);
        let Part { entries, tally, .. } = &mut *part;
        // Another thread may have taken it in meanwhile.
        if let Some(known) = entries.find_mut(hash, |entry| entry.key == fresh.key) {
            self.keys.fetch_sub(1, Ordering::Relaxed);
            let seen = visit(known, tally);
            drop(part);
            return Ok(seen);
        }
        let mut entry = entries.insert_unique(hash, fresh, |entry| self.hasher.hash_one(&entry.key));
        let seen = visit(entry.get_mut(), tally);
        drop(part);
        Ok(seen)
    }

    #[cold]
    fn sweep_shard(&self, hash: u64, now: u64) {
        let mut gone = [const { None }; SWEEP];
        let mut part = Self::lock(&self.shards[self.shard_of(hash)]);
        self.sweep_a_little(&mut part, now, &mut gone);
        drop(part);
    }

    fn one_more(&self, keys: usize) -> Option<usize> {
        (keys < self.max_keys).then_some(keys + 1)
    }

    fn sweep_a_little(&self, part: &mut Part<K>, now: u64, gone: &mut [Option<Entry<K>>; SWEEP]) {
        let mut places = gone.iter_mut();
        let is_over = |entry: &Entry<K>| entry.meter.is_over(&self.windows, now);
        let mut count = 0;
        part.sweep(
            SWEEP,
            is_over,
            |_, _| {},
            |entry| {
                count += 1;
                if let Some(place) = places.next() {
                    *place = Some(entry);
                }
            },
        );
        if count > 0 {
            self.keys.fetch_sub(count, Ordering::Relaxed);
            self.shrink(part);
        }
    }

    /// Gives memory back once most of it is unused.
    fn shrink(&self, part: &mut Part<K>) {
        let keys = part.entries.len();
        if part.entries.capacity() > 64 && keys * 8 < part.entries.capacity() {
            part.entries.shrink_to(keys * 2, |entry| self.hasher.hash_one(&entry.key));
        }
    }

    /// Makes room for one key, if it can.
    fn make_room(&self, now: u64) -> bool {
        let mut gone = Vec::new();
        let mut oldest: Option<Candidate> = None;
        let mut slots = SEARCH;
        for _ in 0..self.shards.len() {
            let shard = self.hand.fetch_add(1, Ordering::Relaxed) & (self.shards.len() - 1);
            let mut part = Self::lock(&self.shards[shard]);
            let here = slots.min(part.entries.num_buckets());
            let is_over = |entry: &Entry<K>| entry.meter.is_over(&self.windows, now);
            let older = |slot, entry: &Entry<K>| {
                let freshness = entry.meter.freshness();
                let is_older = oldest.as_ref().is_none_or(|oldest| freshness < oldest.freshness);
                if entry.line.is_none() && is_older {
                    oldest = Some(Candidate { shard, slot, freshness });
                }
            };
            part.sweep(here, is_over, older, |entry| gone.push(entry));
            slots -= here;
            if slots == 0 {
                break;
            }
        }
        if gone.is_empty() && self.on_full == OnFull::EvictOldest {
            gone.extend(oldest.and_then(|oldest| self.evict(&oldest)));
        }
        self.keys.fetch_sub(gone.len(), Ordering::Relaxed);
        !gone.is_empty() || self.search_all(now)
    }

    /// Looks at every slot, which takes as long as there are keys: once a period. Between that, keys that are over and
    /// were not met stand in the way of new ones.
    fn search_all(&self, now: u64) -> bool {
        let period = self.windows.iter().map(Window::span).min().unwrap_or(0);
        let due = |until| (until <= now).then(|| now.saturating_add(period));
        let is_due = self.searched_until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, due).is_ok();
        is_due && self.cleanup(now) > 0
    }

    fn evict(&self, oldest: &Candidate) -> Option<Entry<K>> {
        let mut part = Self::lock(&self.shards[oldest.shard]);
        if oldest.slot >= part.entries.num_buckets() {
            return None;
        }
        let entry = part.entries.get_bucket_entry(oldest.slot).ok()?;
        entry.get().line.is_none().then(|| entry.remove().0)
    }

    /// Forgets a key, unless somebody waits there.
    pub(super) fn remove<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        let mut part = Self::lock(&self.shards[self.shard_of(hash)]);
        let is_it = |entry: &Entry<K>| entry.line.is_none() && entry.key.borrow() == key;
        let Ok(entry) = part.entries.find_entry(hash, is_it) else { return false };
        let (gone, _) = entry.remove();
        drop(part);
        self.keys.fetch_sub(1, Ordering::Relaxed);
        drop(gone);
        true
    }

    /// Forgets all keys that are over; how many there were.
    pub(super) fn cleanup(&self, now: u64) -> usize {
        let mut count = 0;
        for shard in &self.shards {
            let mut part = Self::lock(shard);
            let is_over =
                |entry: &mut Entry<K>| entry.line.is_none() && entry.meter.is_over(&self.windows, now);
            let gone: Vec<_> = part.entries.extract_if(is_over).collect();
            self.shrink(&mut part);
            drop(part);
            self.keys.fetch_sub(gone.len(), Ordering::Relaxed);
            count += gone.len();
        }
        count
    }

    /// The keys that are not over.
    pub(super) fn keys(&self, now: u64) -> Vec<K> {
        let mut keys = Vec::new();
        for shard in &self.shards {
            let part = Self::lock(shard);
            let in_use = |entry: &&Entry<K>| entry.line.is_some() || !entry.meter.is_over(&self.windows, now);
            keys.extend(part.entries.iter().filter(in_use).map(|entry| entry.key.clone()));
        }
        keys
    }

    /// How many keys it keeps, those that are over and not yet swept among them.
    pub(super) fn len(&self) -> usize {
        self.keys.load(Ordering::Relaxed)
    }

    /// All entries, a shard at a time.
    pub(super) fn for_each(&self, mut each: impl FnMut(&mut Entry<K>)) {
        for shard in &self.shards {
            Self::lock(shard).entries.iter_mut().for_each(&mut each);
        }
    }

    /// Changes what all entries go by, and then each of them, before anybody sees any of it.
    pub(super) fn change<W>(
        &self,
        what: impl FnOnce() -> W,
        mut each: impl FnMut(&mut Entry<K>, &mut Tally, &W),
    ) {
        // Always in this order, and nobody else holds two.
        let mut parts: Vec<_> = self.shards.iter().map(Self::lock).collect();
        let what = what();
        for part in &mut parts {
            let Part { entries, tally, .. } = &mut **part;
            entries.iter_mut().for_each(|entry| each(entry, tally, &what));
        }
    }

    pub(super) fn tally(&self) -> Tally {
        self.shards.iter().fold(Tally::default(), |sum, shard| {
            let Tally { granted, refused } = Self::lock(shard).tally;
            Tally { granted: sum.granted + granted, refused: sum.refused + refused }
        })
    }
}
