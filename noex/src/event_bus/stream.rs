//! A subscription that is read: a queue with one reader.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use futures_core::Stream;

use super::{
    Event, EventBus, Subscriber, Topic,
    feed::{Feed, Ticket},
    publish::Done,
    routes::Sink,
};
use crate::process::panic::drop_quietly;

/// A subscription that is read, event by event. Dropped, it is over.
///
/// It is a [`Stream`] as well, so that [`Context::attach`](crate::Context::attach) feeds a server with it.
///
/// # Examples
///
/// ```
/// use noex::event_bus::{Buffer, EventBus, Overflow};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = EventBus::new("letters");
/// let mut letters = bus.subscribe_with::<char>("**", Buffer::new(2).overflow(Overflow::Disconnect))?;
/// for letter in ['a', 'b', 'c'] {
///     bus.publish("letter", letter).await?;
/// }
/// assert_eq!(letters.recv().await.unwrap().1, 'a');
/// assert_eq!(letters.recv().await.unwrap().1, 'b');
/// assert_eq!(letters.recv().await, None);                 // `c` found no room
/// # Ok(()) }
/// ```
#[must_use = "dropped, it subscribes no more"]
pub struct Subscription<E: Event> {
    queue: Arc<Queue<E>>,
}

struct Queue<E> {
    feed: Arc<Feed>,
    lines: Mutex<Lines<E>>,
}

struct Lines<E> {
    items: VecDeque<Item<E>>,
    reader: Option<Waker>,
}

struct Item<E> {
    topic: Topic,
    event: E,
    _place: Ticket,
    _done: Option<Done>,
}

pub(super) fn subscribe<E: Event>(bus: &EventBus, feed: Arc<Feed>) -> Subscription<E> {
    let lines = Mutex::new(Lines { items: VecDeque::new(), reader: None });
    let queue = Arc::new(Queue { feed: feed.clone(), lines });
    bus.insert(feed, queue.clone() as Arc<dyn Sink<E>>);
    Subscription { queue }
}

impl<E> Queue<E> {
    fn lines(&self) -> MutexGuard<'_, Lines<E>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pop(&self) -> Option<Item<E>> {
        self.lines().items.pop_front()
    }
}

impl<E: Send> Sink<E> for Queue<E> {
    fn deliver(&self, topic: &Topic, event: E, ticket: Ticket, done: Option<Done>) -> bool {
        let item = Item { topic: topic.clone(), event, _place: ticket, _done: done };
        let (lost, reader) = {
            let mut lines = self.lines();
            // From here on whoever ends it sees this event.
            if self.feed.is_over() {
                return false;
            }
            let is_full = self.feed.drops_oldest() && lines.items.len() >= self.feed.capacity();
            let lost = if is_full { lines.items.pop_front() } else { None };
            lines.items.push_back(item);
            (lost, lines.reader.take())
        };
        if let Some(reader) = reader {
            reader.wake();
        }
        if let Some(lost) = lost {
            self.feed.note_dropped();
            drop_quietly(lost);
        }
        true
    }

    fn over(&self) {
        let (items, reader) = {
            let mut lines = self.lines();
            let items = self.feed.is_called_off().then(|| std::mem::take(&mut lines.items));
            (items, lines.reader.take())
        };
        drop_quietly(items);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl<E: Event> Subscription<E> {
    /// The next event, with its topic. `None`: there will be none, because the subscription was ended, the
    /// subscriber was too slow for [`Overflow::Disconnect`](super::Overflow::Disconnect), or the bus is gone.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, no event is lost.
    pub async fn recv(&mut self) -> Option<(Topic, E)> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The next event that is there already.
    pub fn try_recv(&mut self) -> Option<(Topic, E)> {
        self.queue.pop().map(|item| (item.topic, item.event))
    }

    /// The same as a poll.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Topic, E)>> {
        if let Some(item) = self.try_recv() {
            return Poll::Ready(Some(item));
        }
        let waker = cx.waker().clone();
        // Noted before the last look: whoever brings an event or ends it afterwards wakes the reader.
        let before = self.queue.lines().reader.replace(waker);
        drop(before);
        if let Some(item) = self.try_recv() {
            return Poll::Ready(Some(item));
        }
        if !self.queue.feed.is_over() {
            return Poll::Pending;
        }
        // It may have come just before the end.
        Poll::Ready(self.try_recv())
    }

    /// How it stands: what waits, what was dropped.
    pub fn subscriber(&self) -> Subscriber {
        Subscriber::new(self.queue.feed.clone())
    }
}

impl<E: Event> Stream for Subscription<E> {
    type Item = (Topic, E);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<(Topic, E)>> {
        self.poll_recv(cx)
    }
}

impl<E: Event> Drop for Subscription<E> {
    fn drop(&mut self) {
        self.queue.feed.call_off();
        // If it was over before.
        let items = std::mem::take(&mut self.queue.lines().items);
        drop(items);
    }
}

impl<E: Event> fmt::Debug for Subscription<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscription").field(&self.subscriber()).finish()
    }
}
