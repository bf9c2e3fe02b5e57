//! The table of a bus: for each type of event, who listens to what.
//!
//! Publishers take a snapshot of it under a lock that they share, and deliver without one.

use std::{
    any::TypeId,
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use super::{
    Outlet,
    feed::Feed,
    outlet::Outlets,
    routes::{AnyRoutes, Ended, Entry, Routes, Sink},
};

/// What the clones of a bus share.
pub(crate) struct Inner {
    name: Arc<str>,
    table: RwLock<Table>,
}

#[derive(Default)]
struct Table {
    /// The subscribers of each type of event.
    kinds: HashMap<TypeId, Arc<dyn AnyRoutes>, BuildHasherDefault<Identity>>,
    outlets: Option<Outlets>,
}

/// A hash for what is one already.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 ^= hash;
    }
}

fn downcast<E: 'static>(routes: Arc<dyn AnyRoutes>) -> Option<Arc<Routes<E>>> {
    routes.into_any().downcast().ok()
}

impl Inner {
    pub(super) fn new(name: Arc<str>) -> Self {
        Inner { name, table: RwLock::default() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn kinds(&self) -> Vec<Arc<dyn AnyRoutes>> {
        self.table().kinds.values().cloned().collect()
    }

    /// Who listens to events of this type, and who hands them on, as of now.
    pub(super) fn snapshot<E: 'static>(&self) -> (Option<Arc<Routes<E>>>, Option<Outlets>) {
        let table = self.table();
        let (routes, outlets) = (table.kinds.get(&TypeId::of::<E>()).cloned(), table.outlets.clone());
        drop(table);
        (routes.and_then(downcast), outlets)
    }

    /// From now on it gets what is published.
    pub(super) fn insert<E: 'static>(&self, feed: Arc<Feed>, sink: Arc<dyn Sink<E>>) {
        let kind = TypeId::of::<E>();
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let known = table.kinds.remove(&kind).and_then(downcast::<E>);
        let mut routes = known.unwrap_or_else(|| Arc::new(Routes::new()));
        Arc::make_mut(&mut routes).insert(Entry { feed, sink });
        table.kinds.insert(kind, routes);
    }

    pub(super) fn add_outlet(&self, outlet: Arc<dyn Outlet>) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(table.outlets.get_or_insert_default()).push(outlet);
    }

    /// Takes a subscription out of the table, for the caller to drop.
    pub(super) fn remove(&self, feed: &Feed) -> Option<Box<dyn Ended>> {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let routes = table.kinds.remove(&feed.kind())?;
        let (routes, removed) = routes.without(feed);
        table.kinds.insert(feed.kind(), routes);
        removed
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for routes in self.kinds() {
            routes.end();
        }
    }
}
