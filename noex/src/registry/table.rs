//! The table of a registry: rows by key, spread over parts with a lock each.
//!
//! Under a lock rows are looked at, cloned and moved, and keys are compared; hashes are kept in the rows. What is
//! taken out is given back, to be dropped when no lock is held: that may end a server.

use std::{
    borrow::Borrow,
    hash::{BuildHasher, Hash},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry as Place};

use super::entry::Row;

/// What can be a key: `Eq + Hash + Clone`, and of any thread.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a registry",
    label = "a key is `Clone + Eq + Hash + Send + Sync + 'static`"
)]
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<K: Clone + Eq + Hash + Send + Sync + 'static> Key for K {}

/// What a key can be looked up by: the key itself, or what it borrows as, `str` for a `String`.
#[diagnostic::on_unimplemented(
    message = "a key `{K}` cannot be looked up by a `{Self}`",
    label = "neither the key's type nor one that it borrows as"
)]
pub trait Query<K>: Hash {
    /// Whether it is this key.
    fn is(&self, key: &K) -> bool;
}

#[diagnostic::do_not_recommend]
impl<K: Borrow<Q>, Q: Eq + Hash + ?Sized> Query<K> for Q {
    fn is(&self, key: &K) -> bool {
        key.borrow() == self
    }
}

const PARTS: usize = 16;

pub(super) struct Table<K, V> {
    parts: [Part<K, V>; PARTS],
    hasher: DefaultHashBuilder,
    len: AtomicUsize,
}

/// On cache lines of its own: readers of one part do not slow down those of another.
#[repr(align(128))]
struct Part<K, V>(RwLock<HashTable<Group<K, V>>>);

/// The entries of one key.
pub(super) enum Group<K, V> {
    One(Arc<Row<K, V>>),
    /// In the order of their numbers.
    Many(Arc<Vec<Arc<Row<K, V>>>>),
}

impl<K, V> Clone for Group<K, V> {
    fn clone(&self) -> Self {
        match self {
            Group::One(row) => Group::One(row.clone()),
            Group::Many(rows) => Group::Many(rows.clone()),
        }
    }
}

impl<K, V> Group<K, V> {
    pub(super) fn rows(&self) -> &[Arc<Row<K, V>>] {
        match self {
            Group::One(row) => std::slice::from_ref(row),
            Group::Many(rows) => rows,
        }
    }

    fn first(&self) -> &Arc<Row<K, V>> {
        &self.rows()[0]
    }

    fn add(&mut self, row: Arc<Row<K, V>>) {
        if let Group::One(first) = self {
            *self = Group::Many(Arc::new(vec![first.clone()]));
        }
        if let Group::Many(rows) = self {
            let rows = Arc::make_mut(rows);
            // Numbers are given outside of the lock, so that the last one need not be the highest.
            let at = rows.partition_point(|other| other.id < row.id);
            rows.insert(at, row);
        }
    }

    /// Puts another row of this number in its place.
    fn replace(&mut self, row: Arc<Row<K, V>>) -> Option<Arc<Row<K, V>>> {
        let place = match self {
            Group::One(held) => Some(held).filter(|held| held.id == row.id),
            Group::Many(rows) => {
                let at = rows.binary_search_by_key(&row.id, |row| row.id).ok()?;
                Arc::make_mut(rows).get_mut(at)
            }
        };
        Some(std::mem::replace(place?, row))
    }
}

impl<K, V> Table<K, V> {
    /// Entries, not keys.
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }
}

impl<K: Key, V> Table<K, V> {
    pub(super) fn new() -> Self {
        Table {
            parts: std::array::from_fn(|_| Part(RwLock::new(HashTable::new()))),
            hasher: DefaultHashBuilder::default(),
            len: AtomicUsize::new(0),
        }
    }

    pub(super) fn hash(&self, key: &(impl Hash + ?Sized)) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The table has use for the highest and the lowest bits.
    fn part(&self, hash: u64) -> &Part<K, V> {
        &self.parts[(hash >> 32) as usize % PARTS]
    }

    /// The entries of a key.
    pub(super) fn find(&self, key: &(impl Query<K> + ?Sized)) -> Option<Group<K, V>> {
        let hash = self.hash(key);
        self.part(hash).read().find(hash, |group| key.is(&group.first().key)).cloned()
    }

    /// The first entry of a key.
    pub(super) fn first(&self, key: &(impl Query<K> + ?Sized)) -> Option<Arc<Row<K, V>>> {
        let hash = self.hash(key);
        let part = self.part(hash).read();
        part.find(hash, |group| key.is(&group.first().key)).map(|group| group.first().clone())
    }

    /// All entries, as of now in each part.
    pub(super) fn groups(&self) -> Vec<Group<K, V>> {
        let mut groups = Vec::new();
        for part in &self.parts {
            groups.extend(part.read().iter().cloned());
        }
        groups
    }

    /// Adds an entry; where the key is to be unique and is held, gives who holds it.
    pub(super) fn insert(&self, row: Arc<Row<K, V>>, unique: bool) -> Result<(), Arc<Row<K, V>>> {
        let mut part = self.part(row.hash).write();
        let same = |group: &Group<K, V>| group.first().key == row.key;
        match part.entry(row.hash, same, |group| group.first().hash) {
            Place::Occupied(held) if unique => return Err(held.get().first().clone()),
            Place::Occupied(mut held) => held.get_mut().add(row),
            Place::Vacant(free) => {
                free.insert(Group::One(row));
            }
        }
        self.len.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Puts a row with another value in the place of the one that has its number.
    pub(super) fn replace(&self, row: Arc<Row<K, V>>) -> Option<Arc<Row<K, V>>> {
        let mut part = self.part(row.hash).write();
        part.find_mut(row.hash, |group| group.first().key == row.key)?.replace(row)
    }

    /// Takes an entry out, for the caller to drop.
    pub(super) fn remove(&self, row: &Row<K, V>) -> Option<Removed<K, V>> {
        let mut part = self.part(row.hash).write();
        let mut place = part.find_entry(row.hash, |group| group.first().key == row.key).ok()?;
        let removed = match place.get_mut() {
            Group::Many(rows) if rows.len() > 1 => {
                let at = rows.binary_search_by_key(&row.id, |row| row.id).ok()?;
                Removed::Row(Arc::make_mut(rows).remove(at))
            }
            group if group.first().id == row.id => Removed::Group(place.remove().0),
            _ => return None,
        };
        self.len.fetch_sub(1, Ordering::Relaxed);
        Some(removed)
    }
}

/// What was taken out of the table.
pub(super) enum Removed<K, V> {
    Row(#[expect(dead_code, reason = "it is dropped")] Arc<Row<K, V>>),
    Group(#[expect(dead_code, reason = "it is dropped")] Group<K, V>),
}

impl<K, V> Part<K, V> {
    fn read(&self) -> RwLockReadGuard<'_, HashTable<Group<K, V>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashTable<Group<K, V>>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
