//! Calls as owned values: sent now, answered when somebody looks.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use thiserror::Error;

use super::{
    Call, CallError, GenServer, ServerRef,
    error::Failure,
    slot::reply::answer,
    waiting::{Asked, Over, Waiting},
};
use crate::process::{
    attendant::later,
    door::{Boxed, now, sleep_until},
};

/// A call that has been sent, as a value: a future of its reply that borrows nothing.
///
/// [`Call::request`](crate::Call::request) makes one. The message is in the mailbox, in its place among the
/// sender's other messages; that there is no server any more is found out by waiting. It fits into a task, a
/// struct, or a [`Requests`]. As `gen_server:send_request`, but the call's limit holds, counted from the
/// sending; [`Call::no_timeout`](crate::Call::no_timeout) takes it away.
///
/// # Cancel safety
///
/// [`wait`](Request::wait) and `&mut request` can be dropped and taken up again. The request itself dropped, it
/// is as with a [`Call`](crate::Call): skipped if the server has not begun it.
///
/// # Errors
///
/// [`CallError`], as of the call.
///
/// # Panics
///
/// When it is polled after it was ready.
///
/// # Examples
///
/// ```
/// use noex::prelude::*;
/// use std::time::Duration;
/// # #[genserver] struct Kitchen {}
/// # #[genserver] impl Kitchen {
/// #     #[init] fn init() -> Self { Kitchen {} }
/// #     #[call] async fn bake(&mut self, minutes: u64) -> &'static str {
/// #         tokio::time::sleep(Duration::from_millis(minutes)).await; "bread"
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kitchen = Kitchen::start().await?;
/// let mut bread = kitchen.bake(30).request();
/// assert!(bread.wait(Duration::ZERO).await.is_none());     // not yet; nothing is lost
/// assert_eq!(bread.await?, "bread");
/// # Ok(()) }
/// ```
#[must_use = "a request that is dropped is withdrawn"]
pub struct Request<T, E = Infallible> {
    reply: Boxed<Result<T, CallError<E>>>,
}

impl<T, E> Request<T, E> {
    pub(super) fn send<S: GenServer>(
        server: &ServerRef<S>,
        call: S::Call,
        mut asked: Asked,
        read: fn(S::Reply) -> Result<T, E>,
    ) -> Self
    where
        T: 'static,
        E: 'static,
    {
        let server = server.clone();
        let step = match Waiting::queue(server.slot(), call, asked, None) {
            Ok(mut waiting) => {
                // Its own limit alone: it may outlive the handler that sent it.
                let patience = asked.limit.map(|limit| (later(now(), limit), limit));
                waiting.start_clock(server.slot(), &mut asked, patience);
                Step::Waiting(waiting)
            }
            Err(failure) => Step::Failed(failure),
        };
        Request { reply: Box::pin(Sent { server, asked, read, step }) }
    }

    /// A call of a handler with policies: they act when somebody asks for the reply.
    pub(super) fn guarded<S: GenServer>(
        server: &ServerRef<S>,
        call: S::Call,
        asked: Asked,
        read: fn(S::Reply) -> Result<T, E>,
    ) -> Self
    where
        T: 'static,
        E: 'static,
    {
        let server = server.clone();
        Request { reply: Box::pin(async move { Call::again(&server, call, asked, read).await }) }
    }

    /// The reply, if it comes within `limit`. `None`: not yet; the request goes on, and can be waited for again.
    pub async fn wait(&mut self, limit: Duration) -> Option<Result<T, CallError<E>>> {
        let mut clock = sleep_until(later(now(), limit), None);
        poll_fn(|cx| match self.reply.as_mut().poll(cx) {
            Poll::Ready(reply) => Poll::Ready(Some(reply)),
            Poll::Pending => clock.as_mut().poll(cx).map(|()| None),
        })
        .await
    }
}

impl<T, E> Future for Request<T, E> {
    type Output = Result<T, CallError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.reply.as_mut().poll(cx)
    }
}

impl<T, E> fmt::Debug for Request<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").finish_non_exhaustive()
    }
}

/// A call on its way, with the reference it was made by.
struct Sent<S: GenServer, T, E> {
    server: ServerRef<S>,
    asked: Asked,
    read: fn(S::Reply) -> Result<T, E>,
    step: Step<S>,
}

enum Step<S: GenServer> {
    Waiting(Waiting<S>),
    /// It could not be sent.
    Failed(Failure),
    Over,
}

/// Nothing here is pinned.
impl<S: GenServer, T, E> Unpin for Sent<S, T, E> {}

impl<S: GenServer, T, E> Future for Sent<S, T, E> {
    type Output = Result<T, CallError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let slot = this.server.slot();
        let mut reply = None;
        let told = match &mut this.step {
            Step::Waiting(waiting) => std::task::ready!(waiting.poll(slot, &mut this.asked, &mut reply, cx)),
            Step::Failed(failure) => Err(failure.clone().into()),
            Step::Over => panic!("a request was polled after it was ready"),
        };
        if let Step::Waiting(waiting) = std::mem::replace(&mut this.step, Step::Over) {
            waiting.let_go(slot, Over::with(&told));
        }
        Poll::Ready(match answer(told, reply) {
            Ok(reply) => (this.read)(reply).map_err(CallError::Handler),
            Err(failure) => Err(this.asked.explain(slot, *failure)),
        })
    }
}

impl<S: GenServer, T, E> Drop for Sent<S, T, E> {
    fn drop(&mut self) {
        if let Step::Waiting(waiting) = std::mem::replace(&mut self.step, Step::Over) {
            waiting.let_go(self.server.slot(), Over::GivenUp);
        }
    }
}

/// Requests under way, each with a label; their replies come out in the order in which they arrive.
///
/// As a request id collection of OTP's `gen_server`. The servers may be of different types, as long as the
/// replies are of one.
///
/// # Examples
///
/// ```
/// use noex::{Requests, prelude::*};
/// # #[genserver] struct Shop { price: u32 }
/// # #[genserver] impl Shop {
/// #     #[init] fn init(price: u32) -> Self { Shop { price } }
/// #     #[call] fn price(&self) -> u32 { self.price }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (here, there) = (Shop::start(12).await?, Shop::start(11).await?);
/// let mut prices = Requests::new();
/// prices.add("here", here.price().request());
/// prices.add("there", there.price().request());
/// let mut best = None;
/// while let Some((shop, price)) = prices.next().await {
///     best = best.min(Some((price?, shop))).or(best);
/// }
/// # Ok(()) }
/// ```
#[doc(alias = "reqids_new")]
pub struct Requests<L, T, E = Infallible> {
    /// `None` where one has been answered.
    places: Vec<Option<Place<L, T, E>>>,
    free: Vec<usize>,
    ready: Arc<Ready>,
}

/// A reply and its label.
type Labelled<L, T, E> = (L, Result<T, CallError<E>>);

struct Place<L, T, E> {
    label: L,
    request: Request<T, E>,
    waker: Waker,
}

/// Which requests are to be looked at, in the order in which they were woken.
#[derive(Default)]
struct Ready {
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    woken: VecDeque<usize>,
    waker: Option<Waker>,
}

impl Ready {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, place: usize) {
        let waker = {
            let mut line = self.line();
            line.woken.push_back(place);
            line.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Wakes one request of a collection.
struct Bell {
    place: usize,
    ready: Arc<Ready>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ready.push(self.place);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ready.push(self.place);
    }
}

impl<L, T, E> Requests<L, T, E> {
    /// None so far.
    pub fn new() -> Self {
        Requests { places: Vec::new(), free: Vec::new(), ready: Arc::default() }
    }

    /// One more, under this label; labels need not differ.
    pub fn add(&mut self, label: L, request: Request<T, E>) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        });
        let waker = Waker::from(Arc::new(Bell { place, ready: self.ready.clone() }));
        self.places[place] = Some(Place { label, request, waker });
        self.ready.push(place);
    }

    /// How many have not been answered.
    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Whether all have been answered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next reply to arrive, with its label; `None` when there is no request left.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped.
    pub async fn next(&mut self) -> Option<Labelled<L, T, E>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// As [`next`](Requests::next), for at most so long.
    ///
    /// # Errors
    ///
    /// [`NotYet`]: no reply came; all requests go on.
    pub async fn next_within(&mut self, limit: Duration) -> Result<Option<Labelled<L, T, E>>, NotYet> {
        let mut clock = sleep_until(later(now(), limit), None);
        poll_fn(|cx| match self.poll_next(cx) {
            Poll::Ready(next) => Poll::Ready(Ok(next)),
            Poll::Pending => clock.as_mut().poll(cx).map(|()| Err(NotYet)),
        })
        .await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Labelled<L, T, E>>> {
        loop {
            let woken = {
                let mut line = self.ready.line();
                let woken = line.woken.pop_front();
                if woken.is_none() && !self.is_empty() {
                    line.waker = Some(cx.waker().clone());
                }
                woken
            };
            let Some(at) = woken else {
                return if self.is_empty() { Poll::Ready(None) } else { Poll::Pending };
            };
            // A place may be woken once more than it was looked at, or by who had it before.
            let Some(place) = &mut self.places[at] else { continue };
            let mut task = Context::from_waker(&place.waker);
            if let Poll::Ready(reply) = Pin::new(&mut place.request).poll(&mut task)
                && let Some(place) = self.places[at].take()
            {
                self.free.push(at);
                return Poll::Ready(Some((place.label, reply)));
            }
        }
    }
}

impl<L, T, E> Default for Requests<L, T, E> {
    fn default() -> Self {
        Requests::new()
    }
}

impl<L, T, E> fmt::Debug for Requests<L, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").field("len", &self.len()).finish()
    }
}

/// No reply came within the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no reply yet")]
pub struct NotYet;
