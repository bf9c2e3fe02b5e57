//! Entries: who is registered under a key, and with what.

use std::{fmt, marker::PhantomData, sync::Arc};

use crate::{
    GenServer, Pid, ServerRef,
    server::slot::{AnySlot, Signal, Slot},
};

/// In the place of a server's type: the registry takes servers of all types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnyServer {}

/// A registry of `Self` takes servers of type `S`: its own, or, as [`AnyServer`], all.
#[diagnostic::on_unimplemented(
    message = "`{S}` cannot register here: the registry is for servers of type `{Self}`",
    label = "a registry of `{Self}`",
    note = "a `Registry<K, V>` without a third type takes servers of all types"
)]
pub trait Admits<S>: 'static {}

impl<S: GenServer> Admits<S> for AnyServer {}

impl<S: GenServer> Admits<S> for S {}

/// One registration, as the table keeps it.
pub(super) struct Row<K, V> {
    /// In the order of registration, over all registries.
    pub(super) id: u64,
    pub(super) hash: u64,
    pub(super) key: K,
    pub(super) value: V,
    pub(super) pid: Pid,
    slot: Arc<dyn AnySlot>,
    /// The key is a name: it keeps the server alive.
    is_name: bool,
}

impl<K, V> Row<K, V> {
    pub(super) fn new(
        (id, hash): (u64, u64),
        (key, value): (K, V),
        (pid, slot): (Pid, Arc<dyn AnySlot>),
        is_name: bool,
    ) -> Self {
        if is_name {
            slot.core().add_handle();
        }
        Row { id, hash, key, value, pid, slot, is_name }
    }

    /// The same with another value.
    pub(super) fn with(&self, value: V) -> Self
    where
        K: Clone,
    {
        let server = (self.pid, self.slot.clone());
        Row::new((self.id, self.hash), (self.key.clone(), value), server, self.is_name)
    }

    /// The server has no runtime to run on any more; it was idle when that went away.
    pub(super) fn is_stranded(&self) -> bool {
        self.slot.core().door().is_some_and(|door| door.is_closed())
    }

    /// Ends a stranded server.
    pub(super) fn reap(&self) {
        self.slot.clone().signal(Signal::Kill);
        self.slot.clone().abandon();
    }

    fn server<S: GenServer>(&self) -> Option<S::Ref> {
        let slot = self.slot.clone().into_any().downcast::<Slot<S>>().ok()?;
        Some(ServerRef::new(slot).into())
    }
}

impl<K, V> Drop for Row<K, V> {
    fn drop(&mut self) {
        if self.is_name && self.slot.core().drop_handle() && !self.slot.core().is_supervised() {
            self.slot.clone().signal(Signal::Unreferenced);
        }
    }
}

/// One registration: a key, a value, and the server that has them. A clone copies neither.
///
/// It is as the registry had it when it was looked up: the server may have unregistered or ended since. In a registry
/// with unique keys it keeps the server alive, as a reference does.
///
/// # Examples
///
/// ```
/// # use noex::{prelude::*, registry::Registry};
/// # #[genserver] struct Sensor {}
/// # #[genserver] impl Sensor {
/// #     #[init] fn init() -> Self { Sensor {} }
/// #     #[call] fn read(&self) -> u32 { 21 }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let rooms = Registry::<&str, u32>::duplicate("rooms");
/// let sensor = Sensor::start().registered(&rooms, "kitchen", 3).await?;
/// for entry in rooms.lookup("kitchen") {
///     assert_eq!((*entry.key(), *entry.value(), entry.pid()), ("kitchen", 3, sensor.pid()));
///     assert_eq!(entry.server::<Sensor>().unwrap().read().await?, 21);
/// }
/// # Ok(()) }
/// ```
pub struct Entry<K, V = (), S = AnyServer> {
    pub(super) row: Arc<Row<K, V>>,
    _server: PhantomData<fn() -> S>,
}

impl<K, V, S> Entry<K, V, S> {
    pub(super) fn new(row: Arc<Row<K, V>>) -> Self {
        Entry { row, _server: PhantomData }
    }

    /// What it is registered under.
    pub fn key(&self) -> &K {
        &self.row.key
    }

    /// What its server says of it.
    pub fn value(&self) -> &V {
        &self.row.value
    }

    /// The life that it belongs to.
    pub fn pid(&self) -> Pid {
        self.row.pid
    }
}

impl<K, V, S: GenServer> Entry<K, V, S> {
    /// The server.
    pub fn server(&self) -> S::Ref {
        self.row.server::<S>().expect("only servers of this type can register")
    }
}

impl<K, V> Entry<K, V, AnyServer> {
    /// The server, if it is of this type.
    pub fn server<S: GenServer>(&self) -> Option<S::Ref> {
        self.row.server::<S>()
    }
}

impl<K, V, S> Clone for Entry<K, V, S> {
    fn clone(&self) -> Self {
        Entry::new(self.row.clone())
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S> fmt::Debug for Entry<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", self.key())
            .field("value", self.value())
            .field("pid", &self.pid())
            .finish()
    }
}
