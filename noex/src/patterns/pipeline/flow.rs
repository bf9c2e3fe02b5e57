//! Many requests through a pipeline, and what comes out.

use std::{
    collections::VecDeque,
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use tokio::task::{JoinHandle, JoinSet};

use crate::process::door::spawn_here;

/// Requests under way unless said otherwise.
const IN_FLIGHT: usize = 64;

/// Sends a request on its way, as a task.
type Process<I, O> = Box<dyn FnMut(I, &mut UnderWay<O>) + Send>;

/// Many requests on their way: a stream of their outcomes, each a `Result`.
///
/// So many are under way at a time, each on a task of its own, so that the stages work side by side. Nothing is taken
/// from the source while so many are under way, and nothing happens while nobody asks: a slow reader slows the source.
///
/// # Cancel safety
///
/// Nothing is lost when [`next`](Flow::next) is dropped. When the flow is, what is under way ends where it awaits: a
/// handler that has begun runs to its end.
///
/// # Panics
///
/// When a request's own code does, in `From` or `Clone` of the user's types; handlers' panics are outcomes.
#[must_use = "nothing goes through before it is asked for"]
pub struct Flow<S: Stream, O> {
    source: Option<S>,
    process: Process<S::Item, O>,
    in_flight: usize,
    under_way: UnderWay<O>,
}

enum UnderWay<O> {
    /// The first in is the first out.
    Kept(VecDeque<Abort<O>>),
    Any(JoinSet<O>),
}

impl<O: Send + 'static> UnderWay<O> {
    fn add(&mut self, work: impl Future<Output = O> + Send + 'static) {
        match self {
            UnderWay::Kept(tasks) => tasks.push_back(Abort(spawn_here(work))),
            UnderWay::Any(tasks) => drop(tasks.spawn(work)),
        }
    }
}

/// A task that ends with its handle.
struct Abort<O>(JoinHandle<O>);

impl<O> Drop for Abort<O> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An iterator as a source of requests.
#[derive(Debug)]
pub struct Items<I>(I);

impl<I> Items<I> {
    /// The requests of an iterator.
    pub fn new(items: impl IntoIterator<IntoIter = I>) -> Self {
        Items(items.into_iter())
    }
}

impl<I: Iterator + Unpin> Stream for Items<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

impl<S: Stream + Unpin, O: Send + 'static> Flow<S, O> {
    /// Requests from `source`, each sent on its way by `process`; outcomes come in the order of the requests, or as
    /// they are there.
    pub fn new<F>(source: S, is_ordered: bool, mut process: impl FnMut(S::Item) -> F + Send + 'static) -> Self
    where
        F: Future<Output = O> + Send + 'static,
    {
        let under_way =
            if is_ordered { UnderWay::Kept(VecDeque::new()) } else { UnderWay::Any(JoinSet::new()) };
        let process: Process<S::Item, O> = Box::new(move |item, under_way| under_way.add(process(item)));
        Flow { source: Some(source), process, in_flight: IN_FLIGHT, under_way }
    }

    /// At most so many requests under way at a time, at least one; 64 unless said otherwise.
    pub fn in_flight(mut self, most: usize) -> Self {
        self.in_flight = most.max(1);
        self
    }

    /// The next outcome; `None` when all requests have one.
    pub async fn next(&mut self) -> Option<O> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// All outcomes.
    pub async fn collect(mut self) -> Vec<O> {
        let mut outcomes = Vec::new();
        while let Some(outcome) = self.next().await {
            outcomes.push(outcome);
        }
        outcomes
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<O>> {
        self.fill(cx);
        let outcome = match &mut self.under_way {
            UnderWay::Kept(tasks) => match tasks.front_mut() {
                Some(first) => {
                    let outcome = std::task::ready!(Pin::new(&mut first.0).poll(cx));
                    tasks.pop_front();
                    Some(outcome)
                }
                None => None,
            },
            UnderWay::Any(tasks) => std::task::ready!(tasks.poll_join_next(cx)),
        };
        match outcome {
            Some(Ok(outcome)) => {
                // There is room for one more; nobody may ask again for a while.
                self.fill(cx);
                Poll::Ready(Some(outcome))
            }
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // Its runtime is going, and this task with it.
            Some(Err(_)) => Poll::Pending,
            None if self.source.is_none() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    /// Takes requests as long as there is room.
    fn fill(&mut self, cx: &mut Context<'_>) {
        while self.len() < self.in_flight
            && let Some(source) = &mut self.source
        {
            match Pin::new(source).poll_next(cx) {
                Poll::Pending => return,
                Poll::Ready(None) => self.source = None,
                Poll::Ready(Some(item)) => (self.process)(item, &mut self.under_way),
            }
        }
    }
}

impl<S: Stream, O> Flow<S, O> {
    /// How many requests are under way.
    pub fn len(&self) -> usize {
        match &self.under_way {
            UnderWay::Kept(tasks) => tasks.len(),
            UnderWay::Any(tasks) => tasks.len(),
        }
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Nothing here is pinned.
impl<S: Stream + Unpin, O> Unpin for Flow<S, O> {}

impl<S: Stream + Unpin, O: Send + 'static> Stream for Flow<S, O> {
    type Item = O;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<O>> {
        self.poll(cx)
    }
}

impl<S: Stream, O> fmt::Debug for Flow<S, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("in_flight", &self.in_flight)
            .field("under_way", &self.len())
            .finish_non_exhaustive()
    }
}
