//! What happens in a registry, for those who want to know.

use std::fmt;

use super::{AnyServer, Entry};
use crate::event_bus::Topic;

/// What happened in a registry; published on its [bus](super::Registry::events) under the topic `registered`,
/// `unregistered` or `ended`.
///
/// A new value of an entry is no event. Events of one server come in their order. A key that one server gives up and
/// another takes may be told in either order: [`Entry::pid`] says whose entry is meant.
///
/// Elixir's registry says nothing of servers that end; here that is an event of its own.
///
/// # Examples
///
/// ```
/// use noex::{prelude::*, registry::{Registry, RegistryEvent}};
/// # #[genserver] struct Idle {}
/// # #[genserver] impl Idle { #[init] fn init() -> Self { Idle {} } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let rooms = Registry::<&str>::unique("rooms");
/// let mut events = rooms.events().subscribe::<RegistryEvent<&str>>("**")?;
/// let idle = Idle::start().registered(&rooms, "kitchen", ()).await?;
/// idle.kill();
/// assert!(matches!(events.recv().await.unwrap().1, RegistryEvent::Registered(entry) if entry.pid() == idle.pid()));
/// assert!(matches!(events.recv().await.unwrap().1, RegistryEvent::Ended(entry) if *entry.key() == "kitchen"));
/// # Ok(()) }
/// ```
#[non_exhaustive]
pub enum RegistryEvent<K, V = (), S = AnyServer> {
    /// A server has registered.
    Registered(Entry<K, V, S>),
    /// A server has unregistered.
    Unregistered(Entry<K, V, S>),
    /// The life of a registered server is over.
    Ended(Entry<K, V, S>),
}

impl<K, V, S> RegistryEvent<K, V, S> {
    /// The entry that came, or went.
    pub fn entry(&self) -> &Entry<K, V, S> {
        let (RegistryEvent::Registered(entry)
        | RegistryEvent::Unregistered(entry)
        | RegistryEvent::Ended(entry)) = self;
        entry
    }

    pub(super) fn topic(&self) -> Topic {
        match self {
            RegistryEvent::Registered(_) => const { Topic::from_static("registered") },
            RegistryEvent::Unregistered(_) => const { Topic::from_static("unregistered") },
            RegistryEvent::Ended(_) => const { Topic::from_static("ended") },
        }
    }
}

impl<K, V, S> Clone for RegistryEvent<K, V, S> {
    fn clone(&self) -> Self {
        match self {
            RegistryEvent::Registered(entry) => RegistryEvent::Registered(entry.clone()),
            RegistryEvent::Unregistered(entry) => RegistryEvent::Unregistered(entry.clone()),
            RegistryEvent::Ended(entry) => RegistryEvent::Ended(entry.clone()),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S> fmt::Debug for RegistryEvent<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            RegistryEvent::Registered(_) => "Registered",
            RegistryEvent::Unregistered(_) => "Unregistered",
            RegistryEvent::Ended(_) => "Ended",
        };
        f.debug_tuple(name).field(self.entry()).finish()
    }
}
