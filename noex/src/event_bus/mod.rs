//! The event bus: typed publish and subscribe by topic.
//!
//! ```
//! use noex::{event_bus::Topic, prelude::*};
//!
//! #[derive(Clone, Debug, PartialEq)]
//! struct Rate { cents: u64 }
//!
//! #[genserver]
//! struct Board { cents: u64 }
//!
//! #[genserver]
//! impl Board {
//!     #[init]
//!     fn init() -> Self { Board { cents: 0 } }
//!
//!     #[subscribe("rates.*")]
//!     fn rate_changed(&mut self, _topic: Topic, rate: Rate) { self.cents = rate.cents }
//!
//!     #[call]
//!     fn cents(&self) -> u64 { self.cents }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let system = System::new();
//! let board = Board::start().system(&system).await?;
//! let mut all = system.bus().subscribe::<Rate>("**")?;
//!
//! system.bus().publish("rates.eur", Rate { cents: 108 }).await?;
//!
//! assert_eq!(board.cents().await?, 108);
//! let (topic, rate) = all.recv().await.unwrap();
//! assert_eq!((topic.as_str(), rate), ("rates.eur", Rate { cents: 108 }));
//! # Ok(()) }
//! ```
//!
//! # What an event is, and whom it reaches
//!
//! An event is any value that is `Clone + Send + 'static`, published under a [`Topic`]. It reaches the subscribers
//! of **exactly its type** whose [`Pattern`] matches the topic: `*` stands for one segment, `**` for any number of
//! them, also none. So `delivery.*` gets `delivery.failed` and neither `delivery` nor `delivery.email.failed`;
//! `delivery.**` gets all three. Whoever subscribes twice gets each event twice, as in Phoenix.PubSub.
//!
//! "Exactly" has a trap: a bare `7` is an `i32`, an `Arc<Rate>` is no `Rate`, and what nobody listens to is no error.
//! [`Published::delivered`] says how many have an event, [`EventBus::subscribers_of`] who listens to a topic and for
//! which type.
//!
//! Each subscriber gets a clone, the last one the event itself. What is expensive to clone is published as an
//! `Arc<T>`, and subscribed to as one. A small event is cheaper as it is: to clone it costs less than to count
//! references.
//!
//! # Subscribers
//!
//! | | gets events as | ends with |
//! |---|---|---|
//! | [`#[subscribe("a.*")]`](macro@crate::subscribe) | a handler of its server | its server, over restarts; see there |
//! | [`Context::subscribe`](crate::Context::subscribe) | its server's `#[info]` handler | this life of the server |
//! | [`EventBus::subscribe`] | a stream, or [`recv`](Subscription::recv) | the [`Subscription`] that is dropped |
//! | [`EventBus::subscribe_fn`] | calls of a closure, on the publisher's task | [`Subscriber::unsubscribe`] |
//!
//! # A slow subscriber
//!
//! Each subscription has a [`Buffer`] of its own: so many events may wait for it, whatever else waits in a server's
//! mailbox, and its [`Overflow`] says what becomes of one more. A publisher waits only for subscribers that asked
//! for it ([`Overflow::Wait`]), and only where a publish is awaited. What is dropped is counted
//! ([`Subscriber::dropped`]); where a server was too slow, it is a dead letter as well.
//!
//! # Order
//!
//! What one publisher publishes one after the other, each subscriber gets in that order; between publishers there
//! is none. An event reaches those who are subscribed when it is published. No lock is held while it is delivered,
//! and publishers do not wait for one another.
//!
//! # Elsewhere
//!
//! A bus is local. [`EventBus::add_outlet`] hands on what is published, and [`Publish::local`] publishes
//! what came from elsewhere without handing it on again.

mod closure;
mod feed;
mod pattern;
mod publish;
mod routes;
mod server;
mod stream;
mod text;
mod topic;
mod wait;

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hasher},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

pub use feed::{Buffer, Overflow, Subscriber, SubscriberId};
pub(crate) use feed::{Feed, Ticket};
pub use pattern::{Pattern, PatternError};
pub(crate) use publish::Done;
pub use publish::{Publish, PublishError, Published, TryPublishError};
pub(crate) use server::subscribe_handler;
pub use stream::Subscription;
pub use topic::{IntoTopic, Topic, TopicError};

use feed::Owner;
use routes::{AnyRoutes, Ended, Entry, Routes, Sink};

/// What can be published: `Clone + Send + 'static`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be published",
    label = "an event is `Clone + Send + 'static`: each subscriber gets a clone",
    note = "derive `Clone`, or publish an `Arc<{Self}>` and subscribe to that"
)]
pub trait Event: Clone + Send + 'static {}

// That it is not `Clone`, the message says.
#[diagnostic::do_not_recommend]
impl<E: Clone + Send + 'static> Event for E {}

/// Hands events on to elsewhere, such as another node.
///
/// Any `Fn(&Topic, &dyn Any)` is one.
pub trait Outlet: Send + Sync + 'static {
    /// An event is published here. Called on the publisher's task, in its order, before the event is delivered; it
    /// must not block.
    fn publish(&self, topic: &Topic, event: &dyn Any);
}

impl<F: Fn(&Topic, &dyn Any) + Send + Sync + 'static> Outlet for F {
    fn publish(&self, topic: &Topic, event: &dyn Any) {
        self(topic, event);
    }
}

/// A bus: where events are published and subscribed to. Cheap to clone; each [`System`](crate::System) has one.
///
/// When the last clone is dropped its subscriptions are over.
///
/// # Examples
///
/// ```
/// use noex::event_bus::EventBus;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = EventBus::new("jobs");
/// let mut completed = bus.subscribe::<u64>("job.completed")?;
/// assert_eq!(bus.publish("job.completed", 7_u64).await?.delivered, 1);
/// assert_eq!(bus.publish("job.failed", 8_u64).await?.delivered, 0);
/// assert_eq!(bus.publish("job.completed", "another type").await?.delivered, 0);
/// assert_eq!(completed.recv().await.unwrap().1, 7);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct EventBus {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    name: Arc<str>,
    table: RwLock<Table>,
}

#[derive(Default)]
struct Table {
    /// The subscribers of each type of event.
    kinds: HashMap<TypeId, Arc<dyn AnyRoutes>, BuildHasherDefault<Identity>>,
    outlets: Option<Arc<Vec<Arc<dyn Outlet>>>>,
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

impl EventBus {
    /// A bus of its own.
    ///
    /// # Panics
    ///
    /// When `name` is empty.
    #[track_caller]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        let name = name.into();
        assert!(!name.is_empty(), "a bus needs a name");
        EventBus { inner: Arc::new(Inner { name, table: RwLock::default() }) }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Publishes an event under a topic: awaited, it is with all subscribers, and waits for those that want to be
    /// waited for ([`Overflow::Wait`]) and for nobody else.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, the subscribers that it waits for do not get the event.
    ///
    /// # Errors
    ///
    /// [`PublishError`]: the text is no topic, or a subscriber waits for this very publisher.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::event_bus::{Buffer, EventBus, Overflow};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bus = EventBus::new("numbers");
    /// let latest = bus.subscribe_with::<u32>("odd", Buffer::new(1))?;
    /// for number in [1_u32, 3, 5] {
    ///     bus.publish("odd", number).await?;
    /// }
    /// assert_eq!((latest.subscriber().waiting(), latest.subscriber().dropped()), (1, 2));
    /// # Ok(()) }
    /// ```
    pub fn publish<T: IntoTopic, E: Event>(&self, topic: T, event: E) -> Publish<'_, T, E> {
        Publish::new(self, topic, event)
    }

    /// Publishes an event without waiting, from anywhere.
    ///
    /// # Errors
    ///
    /// [`TryPublishError`]: the text is no topic; or a subscriber that is to be waited for has no room, so that it
    /// alone did not get the event.
    pub fn try_publish<T: IntoTopic, E: Event>(
        &self,
        topic: T,
        event: E,
    ) -> Result<Published, TryPublishError> {
        self.publish(topic, event).try_publish()
    }

    /// As [`publish`](EventBus::publish), and waits until each subscriber has handled the event: closures and
    /// handlers have returned, streams have been read that far.
    ///
    /// What is dropped, or waits for a server that ends, is not waited for any more.
    ///
    /// # Errors
    ///
    /// As of [`publish`](EventBus::publish): a handler that would wait for its own server is told of the deadlock.
    pub fn publish_sync<T: IntoTopic, E: Event>(&self, topic: T, event: E) -> Publish<'_, T, E> {
        self.publish(topic, event).handled()
    }

    /// Subscribes to the events of type `E` whose topics match, as a stream with the default [`Buffer`].
    ///
    /// # Errors
    ///
    /// [`PatternError`] when the text is no pattern.
    pub fn subscribe<E: Event>(
        &self,
        pattern: impl TryInto<Pattern, Error: Into<PatternError>>,
    ) -> Result<Subscription<E>, PatternError> {
        self.subscribe_with(pattern, Buffer::default())
    }

    /// As [`subscribe`](EventBus::subscribe), with a buffer of your choice.
    ///
    /// # Errors
    ///
    /// [`PatternError`] when the text is no pattern.
    pub fn subscribe_with<E: Event>(
        &self,
        pattern: impl TryInto<Pattern, Error: Into<PatternError>>,
        buffer: Buffer,
    ) -> Result<Subscription<E>, PatternError> {
        let feed = self.feed::<E>(pattern.try_into().map_err(Into::into)?, buffer, None);
        Ok(stream::subscribe(self, feed))
    }

    /// Calls `listener` with each event of type `E` whose topic matches, on the publisher's task, before the publish
    /// is ready. It should be short: nobody but its publishers waits for it. Its panic concerns nobody.
    ///
    /// It listens until it is [unsubscribed](Subscriber::unsubscribe), or as long as the bus is there.
    ///
    /// # Errors
    ///
    /// [`PatternError`] when the text is no pattern.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::event_bus::EventBus;
    /// use std::sync::{Arc, Mutex};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bus = EventBus::new("deliveries");
    /// let log = Arc::new(Mutex::new(Vec::new()));
    /// let lines = log.clone();
    /// let logger = bus.subscribe_fn("delivery.*", move |topic, to: String| {
    ///     lines.lock().unwrap().push(format!("[{topic}] {to}"));
    /// })?;
    ///
    /// bus.publish("delivery.failed", "user1".to_string()).await?;
    /// logger.unsubscribe();
    /// bus.publish("delivery.success", "user2".to_string()).await?;
    /// assert_eq!(*log.lock().unwrap(), ["[delivery.failed] user1"]);
    /// # Ok(()) }
    /// ```
    pub fn subscribe_fn<E: Event>(
        &self,
        pattern: impl TryInto<Pattern, Error: Into<PatternError>>,
        listener: impl Fn(&Topic, E) + Send + Sync + 'static,
    ) -> Result<Subscriber, PatternError> {
        let feed = self.feed::<E>(pattern.try_into().map_err(Into::into)?, Buffer::default(), None);
        self.insert(feed.clone(), closure::sink(listener));
        Ok(Subscriber::new(feed))
    }

    /// All subscriptions, in the order they were made.
    pub fn subscribers(&self) -> Vec<Subscriber> {
        let mut found = Vec::new();
        for routes in self.inner.kinds() {
            routes.each(&mut |feed| found.push(Subscriber::new(feed.clone())));
        }
        found.sort_by_key(Subscriber::id);
        found
    }

    /// The subscriptions whose patterns match this topic, of whatever type of event.
    pub fn subscribers_of(&self, topic: &str) -> Vec<Subscriber> {
        let mut found = self.subscribers();
        found.retain(|subscriber| subscriber.pattern().matches(topic));
        found
    }

    /// The patterns that anybody is subscribed to, each with how many subscriptions it has; sorted.
    pub fn patterns(&self) -> Vec<(Pattern, usize)> {
        let mut patterns = std::collections::BTreeMap::new();
        for subscriber in self.subscribers() {
            *patterns.entry(subscriber.pattern().clone()).or_insert(0) += 1;
        }
        patterns.into_iter().collect()
    }

    /// Has each event that is published here, of whatever type, handed to `outlet` as well, from now on.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::event_bus::{EventBus, Topic};
    /// use std::any::Any;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (here, there) = (EventBus::new("here"), EventBus::new("there"));
    /// let far = there.clone();
    /// here.add_outlet(move |topic: &Topic, event: &dyn Any| {
    ///     if let Some(number) = event.downcast_ref::<u64>() {
    ///         let _ = far.publish(topic, *number).local().try_publish();
    ///     }
    /// });
    /// let mut numbers = there.subscribe::<u64>("number")?;
    /// here.publish("number", 7_u64).await?;
    /// assert_eq!(numbers.recv().await.unwrap().1, 7);
    /// # Ok(()) }
    /// ```
    pub fn add_outlet(&self, outlet: impl Outlet) {
        let mut table = self.inner.table.write().unwrap_or_else(PoisonError::into_inner);
        let outlets = table.outlets.get_or_insert_default();
        Arc::make_mut(outlets).push(Arc::new(outlet));
    }

    fn feed<E: 'static>(&self, pattern: Pattern, buffer: Buffer, owner: Option<Owner>) -> Arc<Feed> {
        Feed::new::<E>(Arc::downgrade(&self.inner), pattern, buffer, owner)
    }

    fn insert<E: 'static>(&self, feed: Arc<Feed>, sink: Arc<dyn Sink<E>>) {
        let kind = TypeId::of::<E>();
        let mut table = self.inner.table.write().unwrap_or_else(PoisonError::into_inner);
        let known = table.kinds.remove(&kind).and_then(downcast::<E>);
        let mut routes = known.unwrap_or_else(|| Arc::new(Routes::new()));
        Arc::make_mut(&mut routes).insert(Entry { feed, sink });
        table.kinds.insert(kind, routes);
    }
}

fn downcast<E: 'static>(routes: Arc<dyn AnyRoutes>) -> Option<Arc<Routes<E>>> {
    routes.into_any().downcast().ok()
}

impl Inner {
    fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn kinds(&self) -> Vec<Arc<dyn AnyRoutes>> {
        self.table().kinds.values().cloned().collect()
    }

    /// Who listens to events of this type, and who hands them on, as of now.
    fn snapshot<E: 'static>(&self) -> (Option<Arc<Routes<E>>>, Option<Arc<Vec<Arc<dyn Outlet>>>>) {
        let table = self.table();
        let (routes, outlets) = (table.kinds.get(&TypeId::of::<E>()).cloned(), table.outlets.clone());
        drop(table);
        (routes.and_then(downcast), outlets)
    }

    /// Takes a subscription out of the table, for the caller to drop.
    fn remove(&self, feed: &Feed) -> Option<Box<dyn Ended>> {
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

impl fmt::Debug for EventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBus")
            .field("name", &self.name())
            .field("subscribers", &self.subscribers().len())
            .finish()
    }
}
