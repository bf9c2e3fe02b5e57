//! The bus as a value.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::{
    Buffer, Event, IntoTopic, Outlet, Pattern, PatternError, Publish, Published, Subscriber, Subscription,
    Topic, TryPublishError, closure,
    feed::{Feed, Owner},
    routes::Sink,
    stream,
    table::Inner,
};

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
    pub(super) inner: Arc<Inner>,
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
        EventBus { inner: Arc::new(Inner::new(name)) }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        self.inner.name()
    }

    /// Publishes an event under a topic: awaited, it is with all subscribers, and waits for those that want to be
    /// waited for ([`Overflow::Wait`](super::Overflow::Wait)) and for nobody else.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, the subscribers that it waits for do not get the event.
    ///
    /// # Errors
    ///
    /// [`PublishError`](super::PublishError): the text is no topic, or a subscriber waits for this very publisher.
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

    /// Publishes from where nobody can wait, nor be told: a subscriber that is to be waited for and has no room loses the
    /// event, as others do.
    pub(crate) fn tell<E: Event>(&self, topic: &Topic, event: E) {
        self.publish(topic, event).tell();
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
        let mut patterns = BTreeMap::new();
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
        self.inner.add_outlet(Arc::new(outlet));
    }

    pub(super) fn feed<E: 'static>(
        &self,
        pattern: Pattern,
        buffer: Buffer,
        owner: Option<Owner>,
    ) -> Arc<Feed> {
        Feed::new::<E>(Arc::downgrade(&self.inner), pattern, buffer, owner)
    }

    pub(super) fn insert<E: 'static>(&self, feed: Arc<Feed>, sink: Arc<dyn Sink<E>>) {
        self.inner.insert(feed, sink);
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
