//! Cache: what was loaded is kept for a while, and loaded once, however many ask for it.
//!
//! The table is quick_cache's: bounded, scan-resistant, with places for values that are being loaded. It has no
//! clock, so that time is this crate's own, and a test can pause it; and it needs no task to tidy up.

use std::{
    borrow::Borrow,
    fmt,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hashbrown::DefaultHashBuilder;
use quick_cache::{
    UnitWeighter,
    sync::{Cache as Table, DefaultLifecycle, EntryAction, EntryResult},
};
use tokio::time::Instant;

use crate::process::door::now;

/// Keeps values by key: so many at most, for so long at most. A clone is the same cache.
///
/// [`get_or_load`](Cache::get_or_load) is what it is for: a value that is not there is loaded by whoever asks first, and
/// all who ask meanwhile wait for that one load. An error is given to who loaded and not kept: of those who waited, the
/// next one loads. What must not be asked again and again has a [circuit breaker](crate::resilience::CircuitBreaker)
/// in its loader.
///
/// Values are cloned out: what is expensive to clone is kept as an `Arc`. When the cache is full, what was used least
/// goes. What has expired is never given out, and goes when it is asked for or when room is needed.
///
/// # Examples
///
/// ```
/// use noex::patterns::Cache;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cities: Cache<String, u32> = Cache::builder().capacity(10_000).ttl(Duration::from_secs(60)).build();
/// let look_up = async |name: &str| cities.get_or_load(name, async || match name {
///     "Bergen" => Ok(5003),           // from a database, say
///     _ => Err("no such city"),
/// }).await;
///
/// assert_eq!(look_up("Bergen").await, Ok(5003));
/// assert_eq!(look_up("Bergen").await, Ok(5003));
/// assert_eq!(look_up("Atlantis").await, Err("no such city"));
/// let stats = cities.stats();
/// assert_eq!((stats.hits, stats.loads, stats.failures), (1, 1, 1));
/// # Ok(()) }
/// ```
pub struct Cache<K, V> {
    inner: Arc<Inner<K, V>>,
}

struct Inner<K, V> {
    table: Table<K, Arc<Kept<V>>, UnitWeighter, DefaultHashBuilder>,
    ttl: Option<Duration>,
    hits: AtomicU64,
    misses: AtomicU64,
    loads: AtomicU64,
    failures: AtomicU64,
    expired: AtomicU64,
}

struct Kept<V> {
    value: V,
    until: Option<Instant>,
}

impl<V> Kept<V> {
    fn is_fresh(&self) -> bool {
        self.until.is_none_or(|until| now() < until)
    }
}

/// What a [`Cache`] is to be like.
#[derive(Clone, Copy, Debug)]
#[must_use = "a cache is made by `build`"]
pub struct CacheBuilder {
    capacity: usize,
    ttl: Option<Duration>,
}

/// How a [`Cache`] has fared, as of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Values that were there, or that another had loaded meanwhile.
    pub hits: u64,
    /// Values that were asked for and were not there.
    pub misses: u64,
    /// Values that were loaded.
    pub loads: u64,
    /// Loads that ended with an error, a panic, or not at all.
    pub failures: u64,
    /// Values that were found expired; they are misses as well.
    pub expired: u64,
    /// Values that are kept, expired ones included.
    pub len: usize,
}

impl CacheBuilder {
    /// How many values are kept at most; 1,000 by default.
    ///
    /// # Panics
    ///
    /// When it is 0: nothing would ever be kept.
    #[track_caller]
    pub fn capacity(mut self, capacity: usize) -> Self {
        assert!(capacity > 0, "a cache without room keeps nothing");
        self.capacity = capacity;
        self
    }

    /// How long a value is kept from when it was loaded; without limit by default.
    ///
    /// # Panics
    ///
    /// When it is 0: nothing would ever be kept.
    #[track_caller]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        assert!(!ttl.is_zero(), "values without a time to live are never kept");
        self.ttl = Some(ttl);
        self
    }

    /// The cache.
    pub fn build<K, V>(self) -> Cache<K, V>
    where
        K: Eq + Hash + Clone,
        V: Clone,
    {
        let CacheBuilder { capacity, ttl } = self;
        let (hashes, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        let table = Table::with(capacity, capacity as u64, UnitWeighter, hashes, lifecycle);
        let (hits, misses, loads, failures, expired) = Default::default();
        Cache { inner: Arc::new(Inner { table, ttl, hits, misses, loads, failures, expired }) }
    }
}

/// One more.
fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// A load that has failed unless it is done.
struct Load<'a> {
    failures: &'a AtomicU64,
    is_done: bool,
}

impl Drop for Load<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            count(self.failures);
        }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// The value of this key, loaded if it is not there.
    ///
    /// `load` runs on the caller's task. A value that is [removed](Cache::remove) while it is loaded is given to its
    /// loader and not kept.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it loads, the load is dropped, and of those who wait the next one loads.
    ///
    /// # Errors
    ///
    /// What `load` fails with.
    ///
    /// # Panics
    ///
    /// When `load` does; of those who wait the next one loads. A `load` that asks this cache for its own key
    /// waits for itself.
    pub async fn get_or_load<Q, E, F>(&self, key: &Q, load: impl FnOnce() -> F) -> Result<V, E>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
        F: Future<Output = Result<V, E>>,
    {
        let Inner { table, ttl, hits, misses, loads, failures, expired } = &*self.inner;
        // Readers share a lock; only where there is nothing to read it is worth a look with the other one.
        if let Some(kept) = table.get(key)
            && kept.is_fresh()
        {
            count(hits);
            return Ok(kept.value.clone());
        }
        let look = |_: &K, kept: &mut Arc<Kept<V>>| match kept.is_fresh() {
            true => EntryAction::Retain(kept.clone()),
            false => EntryAction::ReplaceWithGuard,
        };
        let place = match table.entry_async(key, look).await {
            EntryResult::Retained(kept) => {
                count(hits);
                return Ok(kept.value.clone());
            }
            EntryResult::Replaced(place, _) => {
                count(expired);
                place
            }
            EntryResult::Vacant(place) => place,
            EntryResult::Removed(..) | EntryResult::Timeout => unreachable!("neither was asked for"),
        };
        count(misses);
        let mut under_way = Load { failures, is_done: false };
        let value = load().await?;
        under_way.is_done = true;
        count(loads);
        let until = ttl.and_then(|ttl| now().checked_add(ttl));
        // It was removed meanwhile: then it is not kept.
        let _ = place.insert(Arc::new(Kept { value: value.clone(), until }));
        Ok(value)
    }

    /// The value of this key, if it is there.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let Inner { table, hits, misses, expired, .. } = &*self.inner;
        match table.get(key) {
            Some(kept) if kept.is_fresh() => {
                count(hits);
                return Some(kept.value.clone());
            }
            Some(stale) => {
                count(expired);
                // Unless it has been loaded again meanwhile.
                drop(table.remove_if(key, |kept| Arc::ptr_eq(kept, &stale)));
            }
            None => {}
        }
        count(misses);
        None
    }

    /// Keeps a value, in place of the one that is there.
    pub fn insert(&self, key: K, value: V) {
        let until = self.inner.ttl.and_then(|ttl| now().checked_add(ttl));
        self.inner.table.insert(key, Arc::new(Kept { value, until }));
    }

    /// Keeps the value of this key no longer. Gives it, if it is there.
    pub fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let (_, kept) = self.inner.table.remove(key)?;
        kept.is_fresh().then(|| kept.value.clone())
    }

    /// Keeps none of the values any longer.
    pub fn clear(&self) {
        self.inner.table.clear();
    }

    /// How it has fared.
    pub fn stats(&self) -> CacheStats {
        let Inner { table, hits, misses, loads, failures, expired, .. } = &*self.inner;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CacheStats {
            hits: read(hits),
            misses: read(misses),
            loads: read(loads),
            failures: read(failures),
            expired: read(expired),
            len: table.len(),
        }
    }
}

impl Cache<(), ()> {
    /// A cache under construction, of whatever types [`build`](CacheBuilder::build) is asked for.
    pub fn builder() -> CacheBuilder {
        CacheBuilder { capacity: 1_000, ttl: None }
    }
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Cache { inner: self.inner.clone() }
    }
}

impl<K, V> fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("ttl", &self.inner.ttl).finish_non_exhaustive()
    }
}
