//! Which entries a life has: what is to go when it ends.

use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use hashbrown::HashMap;

use super::entry::Row;
use crate::Pid;

type Rows<K, V> = Vec<Arc<Row<K, V>>>;

const PARTS: usize = 16;

/// Only the life itself changes what it has, one thing at a time.
pub(super) struct Owners<K, V> {
    parts: [RwLock<HashMap<Pid, Rows<K, V>>>; PARTS],
}

impl<K, V> Owners<K, V> {
    pub(super) fn new() -> Self {
        Owners { parts: std::array::from_fn(|_| RwLock::default()) }
    }

    fn part(&self, pid: Pid) -> &RwLock<HashMap<Pid, Rows<K, V>>> {
        &self.parts[pid.slot() as usize % PARTS]
    }

    fn write(&self, pid: Pid) -> RwLockWriteGuard<'_, HashMap<Pid, Rows<K, V>>> {
        self.part(pid).write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, row: Arc<Row<K, V>>) {
        self.write(row.pid).entry(row.pid).or_default().push(row);
    }

    /// What a life has, in the order it was registered.
    pub(super) fn of(&self, pid: Pid) -> Rows<K, V> {
        let part = self.part(pid).read().unwrap_or_else(PoisonError::into_inner);
        part.get(&pid).cloned().unwrap_or_default()
    }

    pub(super) fn replace(&self, row: Arc<Row<K, V>>) -> Option<Arc<Row<K, V>>> {
        let mut part = self.write(row.pid);
        let rows = part.get_mut(&row.pid)?;
        let at = position(rows, &row)?;
        Some(std::mem::replace(&mut rows[at], row))
    }

    pub(super) fn remove(&self, row: &Row<K, V>) -> Option<Arc<Row<K, V>>> {
        let mut part = self.write(row.pid);
        let rows = part.get_mut(&row.pid)?;
        let at = position(rows, row)?;
        let removed = rows.remove(at);
        if rows.is_empty() {
            part.remove(&row.pid);
        }
        Some(removed)
    }

    /// Takes all that a life has.
    pub(super) fn take(&self, pid: Pid) -> Rows<K, V> {
        self.write(pid).remove(&pid).unwrap_or_default()
    }
}

/// A life registers one thing at a time, so that the numbers of its rows go up.
fn position<K, V>(rows: &Rows<K, V>, row: &Row<K, V>) -> Option<usize> {
    rows.binary_search_by_key(&row.id, |held| held.id).ok()
}
