//! Publishing: one event to all who listen.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{sync::oneshot, task::coop};

use super::{
    Event, EventBus, IntoTopic, Topic, TopicError,
    feed::{Admission, Feed},
    routes::Entry,
    wait::{Awaiting, wait_for},
};
use crate::{process::Pid, server::DeadlockPath};

/// What became of an event that was published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// How many subscribers have it.
    pub delivered: usize,
    /// How many subscribers had no room for it, and lost it.
    pub dropped: usize,
}

/// Why an event was not published, or not to all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The text is no topic. Nobody has the event.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// A subscriber that was to be waited for waits for the publisher. All others have the event.
    #[error("publishing would wait for ever: {path}")]
    Deadlock {
        /// Who waits for whom.
        path: DeadlockPath,
    },
}

/// Why an event was not published, or not to all, without waiting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TryPublishError {
    /// The text is no topic. Nobody has the event.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// Some subscribers that want to be waited for have no room, and did not get the event; all others have it.
    #[error("{full} subscribers had no room for the event")]
    Full {
        /// How many.
        full: usize,
        /// What became of the event elsewhere.
        published: Published,
    },
}

/// Dropped when the event is handled by its subscriber, or will not be.
pub(crate) struct Done {
    _tell: oneshot::Sender<()>,
}

/// An event about to be published. It waits only for subscribers that asked for it.
///
/// # Cancel safety
///
/// Dropped while it waits, the subscribers that it waits for do not get the event.
///
/// # Errors
///
/// [`PublishError`]: the text is no topic, or a subscriber waits for this very publisher.
#[must_use = "an event is not published until this is awaited"]
pub struct Publish<'a, T, E: Event> {
    bus: &'a EventBus,
    to: To,
    step: Step<T, E>,
}

/// Whom it is for, and how far it goes.
#[derive(Clone, Copy, Default)]
struct To {
    /// Not for the subscriptions of this slot.
    except: Option<u64>,
    is_local: bool,
    is_handled: bool,
}

enum Step<T, E> {
    New(T, E),
    Waiting(Pin<Box<dyn Future<Output = Result<Published, PublishError>> + Send>>),
    Over,
}

/// The event is moved, never pinned.
impl<T, E: Event> Unpin for Publish<'_, T, E> {}

impl<'a, T: IntoTopic, E: Event> Publish<'a, T, E> {
    pub(super) fn new(bus: &'a EventBus, topic: T, event: E) -> Self {
        Publish { bus, to: To::default(), step: Step::New(topic, event) }
    }

    pub(super) fn handled(mut self) -> Self {
        self.to.is_handled = true;
        self
    }

    /// Leaves out the subscriptions of this server: mostly the publisher's own, as `broadcast_from` of
    /// Phoenix.PubSub does.
    pub fn except(mut self, server: Pid) -> Self {
        self.to.except = Some(server.slot());
        self
    }

    /// Publishes on this bus alone, without handing the event on to its [outlets](super::Outlet).
    pub fn local(mut self) -> Self {
        self.to.is_local = true;
        self
    }

    /// Publishes now, without waiting, from anywhere.
    ///
    /// # Errors
    ///
    /// As of [`EventBus::try_publish`].
    ///
    /// # Panics
    ///
    /// When it was polled before.
    pub fn try_publish(mut self) -> Result<Published, TryPublishError> {
        let Step::New(topic, event) = std::mem::replace(&mut self.step, Step::Over) else {
            panic!("an event that was polled is published, or on its way")
        };
        self.to.is_handled = false;
        let Round { published, full, .. } = self.to.deliver(self.bus, topic, event)?;
        match full.len() {
            0 => Ok(published),
            full => Err(TryPublishError::Full { full, published }),
        }
    }
}

impl<E: Event> Publish<'_, &Topic, E> {
    /// See [`EventBus::tell`].
    pub(super) fn tell(mut self) {
        let Step::New(topic, event) = std::mem::replace(&mut self.step, Step::Over) else { return };
        // A topic is one.
        let Ok(round) = self.to.deliver(self.bus, topic, event) else { return };
        for (entry, topic, event) in round.full {
            entry.feed.note_dropped();
            entry.sink.lost(&topic, event);
        }
    }
}

impl<T: IntoTopic, E: Event> Future for Publish<'_, T, E> {
    type Output = Result<Published, PublishError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if !matches!(self.step, Step::Waiting(_)) {
            ready!(coop::poll_proceed(cx)).made_progress();
            let Step::New(topic, event) = std::mem::replace(&mut self.step, Step::Over) else {
                panic!("an event was polled after it was published")
            };
            let round = self.to.deliver(self.bus, topic, event)?;
            if round.full.is_empty() && round.handled.is_empty() {
                return Poll::Ready(Ok(round.published));
            }
            self.step = Step::Waiting(Box::pin(round.finish(self.to)));
        }
        let Step::Waiting(rest) = &mut self.step else { unreachable!("it waits") };
        let outcome = ready!(rest.as_mut().poll(cx));
        self.step = Step::Over;
        Poll::Ready(outcome)
    }
}

/// The first round: all who need not be waited for have the event.
struct Round<E> {
    published: Published,
    /// Those to be waited for, with the event.
    full: Vec<(Entry<E>, Topic, E)>,
    /// What handling it is told by.
    handled: Vec<(Option<Awaiting>, oneshot::Receiver<()>)>,
}

impl To {
    fn deliver<T: IntoTopic, E: Event>(
        self,
        bus: &EventBus,
        topic: T,
        event: E,
    ) -> Result<Round<E>, TopicError> {
        topic.check()?;
        let mut round = Round { published: Published::default(), full: Vec::new(), handled: Vec::new() };
        let (routes, outlets) = bus.inner.snapshot::<E>();
        let outlets = outlets.filter(|_| !self.is_local);
        let found = routes.as_ref().map(|routes| routes.find(topic.text()));
        let is_for = |entry: &&Entry<E>| {
            self.except.is_none() || entry.feed.owner().map(|owner| owner.id) != self.except
        };
        let mut entries = found.iter().flat_map(|found| found.entries()).filter(is_for);
        let first = entries.next();
        if first.is_none() && outlets.is_none() {
            return Ok(round);
        }
        let topic = topic.into_topic();
        for outlet in outlets.iter().flat_map(|outlets| outlets.iter()) {
            outlet.publish(&topic, &event);
        }
        let Some(mut last) = first else { return Ok(round) };
        entries.for_each(|entry| {
            let before = std::mem::replace(&mut last, entry);
            round.deliver(before, &topic, event.clone(), self.is_handled);
        });
        // The last one need not have a copy.
        round.deliver(last, &topic, event, self.is_handled);
        Ok(round)
    }
}

impl<E: Event> Round<E> {
    #[inline]
    fn deliver(&mut self, entry: &Entry<E>, topic: &Topic, event: E, is_handled: bool) {
        match entry.feed.admit() {
            Admission::Go(ticket) => self.hand_over(entry, topic, event, ticket, is_handled),
            Admission::Dropped => {
                self.published.dropped += 1;
                entry.sink.lost(topic, event);
                if entry.feed.disconnects() && entry.feed.end() {
                    entry.sink.disconnected();
                }
            }
            Admission::Full => self.full.push((entry.clone(), topic.clone(), event)),
            Admission::Over => {}
        }
    }

    #[inline]
    fn hand_over(
        &mut self,
        entry: &Entry<E>,
        topic: &Topic,
        event: E,
        ticket: super::Ticket,
        is_handled: bool,
    ) {
        let done = is_handled.then(|| self.expect(&entry.feed));
        if entry.sink.deliver(topic, event, ticket, done) {
            self.published.delivered += 1;
        } else {
            // Nobody is there any more.
            entry.feed.end();
        }
    }

    #[cold]
    fn expect(&mut self, feed: &Feed) -> Done {
        let (tell, handled) = oneshot::channel();
        self.handled.push((awaiting(feed), handled));
        Done { _tell: tell }
    }

    /// Waits for those who want to be waited for.
    async fn finish(mut self, to: To) -> Result<Published, PublishError> {
        let mut deadlock = None;
        for (entry, topic, event) in std::mem::take(&mut self.full) {
            match wait_for(awaiting(&entry.feed), entry.feed.wait_for_room()).await {
                Ok(Some(ticket)) => self.hand_over(&entry, &topic, event, ticket, to.is_handled),
                Ok(None) => {}
                Err(path) => deadlock = Some(path),
            }
        }
        for (server, handled) in std::mem::take(&mut self.handled) {
            // The other end is dropped, never used.
            if let Err(path) = wait_for(server, handled).await {
                deadlock = Some(path);
            }
        }
        match deadlock {
            Some(path) => Err(PublishError::Deadlock { path }),
            None => Ok(self.published),
        }
    }
}

fn awaiting(feed: &Feed) -> Option<Awaiting> {
    let owner = feed.owner()?;
    Some((owner.slot.upgrade()?, owner.handler.unwrap_or("info")))
}

impl<T: IntoTopic, E: Event> fmt::Debug for Publish<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topic = match &self.step {
            Step::New(topic, _) => topic.text(),
            Step::Waiting(_) | Step::Over => "",
        };
        f.debug_struct("Publish")
            .field("bus", &self.bus.name())
            .field("topic", &topic)
            .finish_non_exhaustive()
    }
}
