//! The registry as a value, and what those can do with it who look for servers.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    AnyServer, Entry, Key, Query,
    entry::Row,
    lock::Locks,
    owners::Owners,
    table::{Group, Table},
};
use crate::{GenServer, Pid, event_bus::EventBus};

/// Servers by key, each with a value of its own. Cheap to clone: a clone is the same registry.
///
/// `V` is what a server says of itself, `S` the type of the servers, [`AnyServer`] for those of all types. See the
/// [room's page](crate::registry) for what a registry is and what it costs.
///
/// # Examples
///
/// ```
/// use noex::{prelude::*, registry::Registry};
///
/// #[genserver]
/// struct Member { heard: Vec<String> }
///
/// #[genserver]
/// impl Member {
///     #[init]
///     fn init() -> Self { Member { heard: Vec::new() } }
///
///     #[cast]
///     fn hear(&mut self, what: String) { self.heard.push(what) }
///
///     #[call]
///     fn heard(&self) -> Vec<String> { self.heard.clone() }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let rooms: Registry<String, u32, Member> = Registry::duplicate("rooms");
/// let ann = Member::start().registered(&rooms, "garden".into(), 1).await?;
/// let ben = Member::start().registered(&rooms, "garden".into(), 2).registered(&rooms, "hall".into(), 1).await?;
///
/// assert_eq!(rooms.dispatch("garden", |member| drop(member.server().try_cast(MemberCast::Hear { what: "hi".into() }))), 2);
/// assert_eq!((ann.heard().await?.len(), ben.heard().await?.len()), (1, 1));
///
/// assert_eq!(rooms.matching("garden", |seat| *seat > 1)[0].pid(), ben.pid());
/// assert_eq!(rooms.count(|entry| *entry.value() == 1), 2);
/// # Ok(()) }
/// ```
pub struct Registry<K, V = (), S = AnyServer> {
    pub(super) inner: Arc<Inner<K, V, S>>,
}

/// What the clones share.
pub(super) struct Inner<K, V, S> {
    pub(super) name: Arc<str>,
    pub(super) is_unique: bool,
    pub(super) table: Table<K, V>,
    pub(super) owners: Owners<K, V>,
    pub(super) events: EventBus,
    metadata: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    locks: Locks<K>,
    _servers: std::marker::PhantomData<fn() -> S>,
}

impl<K: Key, V: Send + Sync + 'static, S: 'static> Registry<K, V, S> {
    /// A registry in which a key has one entry at most, and keeps its server alive as a name does.
    ///
    /// # Panics
    ///
    /// When `name` is empty.
    #[track_caller]
    pub fn unique(name: impl Into<Arc<str>>) -> Self {
        Registry::new(name.into(), true)
    }

    /// A registry in which a key has any number of entries. They keep no server alive.
    ///
    /// # Panics
    ///
    /// When `name` is empty.
    #[track_caller]
    pub fn duplicate(name: impl Into<Arc<str>>) -> Self {
        Registry::new(name.into(), false)
    }

    #[track_caller]
    fn new(name: Arc<str>, is_unique: bool) -> Self {
        assert!(!name.is_empty(), "a registry needs a name");
        Registry {
            inner: Arc::new(Inner {
                events: EventBus::new(name.clone()),
                name,
                is_unique,
                table: Table::new(),
                owners: Owners::new(),
                metadata: RwLock::default(),
                locks: Locks::new(),
                _servers: std::marker::PhantomData,
            }),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Whether a key has one entry at most.
    pub fn is_unique(&self) -> bool {
        self.inner.is_unique
    }

    /// How many entries there are, under all keys.
    pub fn len(&self) -> usize {
        self.inner.table.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry of this key; where there are several, the one that came first.
    pub fn get(&self, key: &(impl Query<K> + ?Sized)) -> Option<Entry<K, V, S>> {
        let row = self.inner.table.first(key)?;
        if self.is_unique() {
            return live(&row).then(|| Entry::new(row));
        }
        if live(&row) { Some(Entry::new(row)) } else { self.lookup(key).into_iter().next() }
    }

    /// All entries of this key, in the order of registration.
    pub fn lookup(&self, key: &(impl Query<K> + ?Sized)) -> Vec<Entry<K, V, S>> {
        self.matching(key, |_| true)
    }

    /// The entries of this key whose values fit. `fits` may do what it likes with the registry.
    pub fn matching(
        &self,
        key: &(impl Query<K> + ?Sized),
        mut fits: impl FnMut(&V) -> bool,
    ) -> Vec<Entry<K, V, S>> {
        let group = self.inner.table.find(key);
        rows(group.as_slice()).filter(|row| fits(&row.value)).cloned().map(Entry::new).collect()
    }

    /// All entries that fit, whatever their key; those of one key in the order of registration.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::{event_bus::Pattern, prelude::*, registry::Registry};
    /// # #[genserver] struct Idle {}
    /// # #[genserver] impl Idle { #[init] fn init() -> Self { Idle {} } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let devices = Registry::<String>::unique("devices");
    /// Idle::start().registered(&devices, "floor1.lamp".into(), ()).await?;
    /// Idle::start().registered(&devices, "floor2.lamp".into(), ()).await?;
    ///
    /// let lamps = Pattern::new("*.lamp")?;
    /// assert_eq!(devices.select(|device| lamps.matches(device.key())).len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn select(&self, mut fits: impl FnMut(&Entry<K, V, S>) -> bool) -> Vec<Entry<K, V, S>> {
        let groups = self.inner.table.groups();
        rows(&groups).cloned().map(Entry::new).filter(|entry| fits(entry)).collect()
    }

    /// How many entries fit, whatever their key.
    pub fn count(&self, mut fits: impl FnMut(&Entry<K, V, S>) -> bool) -> usize {
        let groups = self.inner.table.groups();
        rows(&groups).cloned().map(Entry::new).filter(|entry| fits(entry)).count()
    }

    /// Runs `act` with each entry of this key, as of now, and gives their number: 0 when there is none.
    ///
    /// It runs on the caller's task without a lock. Its panic is the caller's.
    pub fn dispatch(&self, key: &(impl Query<K> + ?Sized), act: impl FnMut(Entry<K, V, S>)) -> usize {
        let mut act = act;
        let group = self.inner.table.find(key);
        rows(group.as_slice()).cloned().map(|row| act(Entry::new(row))).count()
    }

    /// The keys that have entries, each once.
    pub fn keys(&self) -> Vec<K> {
        let groups = self.inner.table.groups();
        groups
            .iter()
            .filter_map(|group| Some(rows(std::slice::from_ref(group)).next()?.key.clone()))
            .collect()
    }

    /// What this life of a server has here, in the order it registered.
    pub fn entries_of(&self, server: Pid) -> Vec<Entry<K, V, S>> {
        self.inner.owners.of(server).into_iter().map(Entry::new).collect()
    }

    /// Where it tells what happens here: a [`RegistryEvent`](super::RegistryEvent) for each entry that comes or goes. A
    /// subscriber that lets publishers wait ([`Overflow::Wait`](crate::event_bus::Overflow::Wait)) and has no room
    /// misses them: nobody waits to register.
    pub fn events(&self) -> &EventBus {
        &self.inner.events
    }

    /// Keeps a value for all who have the registry, in place of the one of its type.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::registry::Registry;
    ///
    /// #[derive(Debug, PartialEq)]
    /// struct Limit(usize);
    ///
    /// let sessions = Registry::<String>::unique("sessions");
    /// sessions.put_metadata(Limit(100));
    /// assert_eq!(sessions.metadata::<Limit>().as_deref(), Some(&Limit(100)));
    /// assert_eq!(sessions.metadata::<String>(), None);
    /// ```
    #[doc(alias = "put_meta")]
    pub fn put_metadata<T: Send + Sync + 'static>(&self, value: T) {
        let mut metadata = self.inner.metadata.write().unwrap_or_else(PoisonError::into_inner);
        let before = metadata.insert(TypeId::of::<T>(), Arc::new(value));
        drop(metadata);
        drop(before);
    }

    /// The value of this type that is kept for all.
    #[doc(alias = "meta")]
    pub fn metadata<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let metadata = self.inner.metadata.read().unwrap_or_else(PoisonError::into_inner);
        let value = metadata.get(&TypeId::of::<T>()).cloned();
        drop(metadata);
        value?.downcast().ok()
    }

    /// Runs `section` while nobody else runs one with this key; those that wait come in their order. It has nothing to
    /// do with entries: lookups and registrations go on.
    ///
    /// A section must not lock its own key again: it would wait for itself.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the section is dropped and the key is free.
    ///
    /// # Examples
    ///
    /// Start a server if there is none, once:
    ///
    /// ```
    /// use noex::{prelude::*, registry::Registry};
    /// # #[genserver] struct Session {}
    /// # #[genserver] impl Session { #[init] fn init() -> Self { Session {} } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sessions: Registry<String, (), Session> = Registry::unique("sessions");
    /// let open = async |user: &str| {
    ///     sessions.lock(user.to_owned(), async || match sessions.whereis(user) {
    ///         Some(session) => Ok(session),
    ///         None => Session::start().registered(&sessions, user.to_owned(), ()).await,
    ///     }).await
    /// };
    /// assert_eq!(open("ann").await?.pid(), open("ann").await?.pid());
    /// # Ok(()) }
    /// ```
    pub async fn lock<R, F: Future<Output = R>>(&self, key: K, section: impl FnOnce() -> F) -> R {
        self.inner.locks.run(key, section).await
    }
}

impl<K: Key, V: Send + Sync + 'static, S: GenServer> Registry<K, V, S> {
    /// The server of this key; where there are several, the one that came first.
    pub fn whereis(&self, key: &(impl Query<K> + ?Sized)) -> Option<S::Ref> {
        self.get(key).map(|entry| entry.server())
    }
}

impl<K: Key, V: Send + Sync + 'static> Registry<K, V, AnyServer> {
    /// The server of this key, if it is of type `S`; where there are several, the one that came first.
    pub fn whereis<S: GenServer>(&self, key: &(impl Query<K> + ?Sized)) -> Option<S::Ref> {
        self.get(key)?.server::<S>()
    }
}

/// Whether the server has a runtime to run on; else it ends now.
fn live<K, V>(row: &Row<K, V>) -> bool {
    let stranded = row.is_stranded();
    if stranded {
        row.reap();
    }
    !stranded
}

/// The entries of several keys, but for those of servers that are stranded.
fn rows<K, V>(groups: &[Group<K, V>]) -> impl Iterator<Item = &Arc<Row<K, V>>> {
    groups.iter().flat_map(Group::rows).filter(|row| live(row))
}

impl<K, V, S> Clone for Registry<K, V, S> {
    fn clone(&self) -> Self {
        Registry { inner: self.inner.clone() }
    }
}

impl<K, V, S> fmt::Debug for Registry<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("name", &self.inner.name)
            .field("unique", &self.inner.is_unique)
            .field("entries", &self.inner.table.len())
            .finish()
    }
}
