//! Sections of code that exclude each other, by key.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Key;

/// A lock for each key that somebody holds or waits for.
pub(super) struct Locks<K> {
    held: Mutex<HashMap<K, Arc<Lock>>>,
}

type Lock = tokio::sync::Mutex<()>;

impl<K: Key> Locks<K> {
    pub(super) fn new() -> Self {
        Locks { held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<K, Arc<Lock>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn run<R, F: Future<Output = R>>(&self, key: K, section: impl FnOnce() -> F) -> R {
        let lock = self.held().entry(key.clone()).or_default().clone();
        let interest = Interest { locks: self, key: Some(key), lock };
        // Dropped first: the lock is let go, then forgotten if nobody else has an interest in it.
        let _guard = interest.lock.clone().lock_owned().await;
        section().await
    }
}

/// Somebody holds the lock of a key, or waits for it.
struct Interest<'a, K: Key> {
    locks: &'a Locks<K>,
    key: Option<K>,
    lock: Arc<Lock>,
}

impl<K: Key> Drop for Interest<'_, K> {
    fn drop(&mut self) {
        let Some(key) = self.key.take() else { return };
        let mut held = self.locks.held();
        let gone = match held.entry(key) {
            // The table's own and this one: nobody gets another while the table is locked.
            Entry::Occupied(lock) if Arc::strong_count(lock.get()) <= 2 => Some(lock.remove_entry()),
            _ => None,
        };
        drop(held);
        drop(gone);
    }
}
