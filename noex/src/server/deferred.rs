//! Replies that come later: the reply address of a call as a value.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll, Waker},
};

use thiserror::Error;

use super::{
    GenServer,
    error::Failure,
    slot::{
        AnySlot, Slot,
        promises::orphan,
        reply::{self, ReplyCell},
        serving::Until,
        waits::Awaited,
    },
};

/// The right to answer one call, once, from anywhere: another handler, a task, another server.
///
/// A `#[call]` handler whose last argument is a `ReplyTo<T>` returns nothing; its reply is a `T`, sent later.
/// The server serves other messages meanwhile. Where `T` is a `Result<U, E>`, the caller gets a `U` or
/// `CallError::Handler(E)`, as of any handler.
///
/// | what becomes of it | what the caller gets |
/// |---|---|
/// | [`send`](ReplyTo::send) | the reply |
/// | dropped | `CallError::ReplyDropped`, at once |
/// | its server ends first | `CallError::Crashed` with the server's reason, also when the address lives on elsewhere |
/// | sent after the caller has left | – ; the value is dropped |
///
/// As `From` in `gen_server`'s `handle_call`, which is answered by `gen_server:reply`; a caller there
/// monitors the server, so that its end is the call's.
///
/// # Examples
///
/// ```
/// use noex::prelude::*;
///
/// /// Hands out numbers; who asks while there is none, waits.
/// #[genserver]
/// #[derive(Default)]
/// struct Tickets { free: Vec<u32>, waiting: Vec<ReplyTo<u32>> }
///
/// #[genserver]
/// impl Tickets {
///     #[init]
///     fn init() -> Self { Tickets::default() }
///
///     #[call]
///     pub fn take(&mut self, reply: ReplyTo<u32>) {
///         match self.free.pop() {
///             Some(ticket) => reply.send(ticket),
///             None => self.waiting.push(reply),
///         }
///     }
///
///     #[cast]
///     pub fn put(&mut self, ticket: u32) {
///         match self.waiting.pop() {
///             Some(waiting) => waiting.send(ticket),
///             None => self.free.push(ticket),
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tickets = Tickets::start().await?;
/// let (ticket, _) = tokio::join!(tickets.take(), tickets.put(7));
/// assert_eq!(ticket?, 7);
/// # Ok(()) }
/// ```
#[must_use = "a reply address that is dropped fails its call"]
pub struct ReplyTo<T> {
    address: Option<Box<dyn Address<T>>>,
}

/// A reply address without its server's type.
trait Address<T>: Send + Sync {
    fn answer(self: Box<Self>, answer: Result<T, Failure>);
    fn is_abandoned(&self) -> bool;
    fn poll_abandoned(&self, waker: &Waker) -> Poll<()>;
}

impl<T: 'static> ReplyTo<T> {
    pub(crate) fn new<S: GenServer>(
        slot: &Arc<Slot<S>>,
        reply: reply::ReplyTo<S::Reply>,
        wrap: fn(T) -> S::Reply,
    ) -> Self {
        let Some(cell) = reply.cell() else { return ReplyTo { address: None } };
        cell.defer();
        slot.core().promise(Arc::downgrade(cell) as Weak<dyn Awaited>);
        ReplyTo { address: Some(Box::new(OfServer { slot: Arc::downgrade(slot), reply: Some(reply), wrap })) }
    }
}

impl<T: Send + 'static> ReplyTo<T> {
    /// The address of a caller that there is none of.
    pub(crate) fn nobody() -> Self {
        ReplyTo { address: None }
    }

    /// The same address for replies of another type, of which `wrap` makes one of this.
    pub(crate) fn of<U: Send + 'static>(self, wrap: fn(U) -> T) -> ReplyTo<U> {
        ReplyTo { address: Some(Box::new(Wrapped { reply: self, wrap })) }
    }

    /// A reply address that belongs to no call, and where its reply comes out: to test a handler as the
    /// plain method that it is.
    ///
    /// # Examples
    ///
    /// ```
    /// # use noex::ReplyTo;
    /// let (reply, mut answer) = ReplyTo::pair();
    /// assert_eq!(answer.try_take(), None);
    /// reply.send(7);
    /// assert_eq!(answer.try_take(), Some(Ok(7)));
    /// ```
    pub fn pair() -> (Self, Answer<T>) {
        let cell = Arc::new(ReplyCell::new());
        let address = Loose(Some(cell.open(None, Until::Forever)));
        (ReplyTo { address: Some(Box::new(address)) }, Answer { cell })
    }
}

impl<T> ReplyTo<T> {
    /// Answers the call. A caller that does not wait any more gets nothing.
    pub fn send(mut self, reply: T) {
        if let Some(address) = self.address.take() {
            address.answer(Ok(reply));
        }
    }

    pub(crate) fn fail(mut self, failure: Failure) {
        if let Some(address) = self.address.take() {
            address.answer(Err(failure));
        }
    }

    /// Whether the caller is gone: it gave up, was dropped, or the server it called has ended. Work for the reply
    /// can be given up.
    pub fn is_abandoned(&self) -> bool {
        self.address.as_ref().is_none_or(|address| address.is_abandoned())
    }

    /// Ready when the caller is gone.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped.
    ///
    /// # Examples
    ///
    /// Work that stops when nobody waits for it:
    ///
    /// ```
    /// # use noex::prelude::*;
    /// # async fn search() -> String { String::new() }
    /// async fn answer(mut reply: ReplyTo<String>) {
    ///     tokio::select! {
    ///         () = reply.abandoned() => {}
    ///         found = search() => reply.send(found),
    ///     }
    /// }
    /// ```
    pub async fn abandoned(&mut self) {
        if let Some(address) = &self.address {
            poll_fn(|cx| address.poll_abandoned(cx.waker())).await;
        }
    }
}

impl<T> fmt::Debug for ReplyTo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTo").field("is_abandoned", &self.is_abandoned()).finish()
    }
}

/// The address of a server's call.
struct OfServer<S: GenServer, T> {
    slot: Weak<Slot<S>>,
    reply: Option<reply::ReplyTo<S::Reply>>,
    wrap: fn(T) -> S::Reply,
}

impl<S: GenServer, T> Address<T> for OfServer<S, T> {
    fn answer(mut self: Box<Self>, answer: Result<T, Failure>) {
        if let Some(reply) = self.reply.take() {
            match answer {
                Ok(answer) => reply.send((self.wrap)(answer)),
                Err(failure) => reply.fail(failure),
            }
        }
    }

    fn is_abandoned(&self) -> bool {
        self.reply.as_ref().and_then(|reply| reply.cell()).is_none_or(|cell| !cell.is_waited_for())
    }

    fn poll_abandoned(&self, waker: &Waker) -> Poll<()> {
        match self.reply.as_ref().and_then(|reply| reply.cell()) {
            Some(cell) => cell.poll_gone(waker),
            None => Poll::Ready(()),
        }
    }
}

impl<S: GenServer, T> Drop for OfServer<S, T> {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(reply) = self.reply.take()
            && let Some(slot) = self.slot.upgrade()
            && let Some(cell) = reply.cell().cloned()
            && orphan(&slot, &(cell as Arc<dyn Awaited>))
        {
            reply.forget();
        }
    }
}

/// The address of replies that become others.
struct Wrapped<T, U> {
    reply: ReplyTo<U>,
    wrap: fn(T) -> U,
}

impl<T, U> Address<T> for Wrapped<T, U> {
    fn answer(self: Box<Self>, answer: Result<T, Failure>) {
        match answer {
            Ok(answer) => self.reply.send((self.wrap)(answer)),
            Err(failure) => self.reply.fail(failure),
        }
    }

    fn is_abandoned(&self) -> bool {
        self.reply.is_abandoned()
    }

    fn poll_abandoned(&self, waker: &Waker) -> Poll<()> {
        self.reply.address.as_ref().map_or(Poll::Ready(()), |address| address.poll_abandoned(waker))
    }
}

/// An address without a server.
struct Loose<T>(Option<reply::ReplyTo<T>>);

impl<T: Send> Address<T> for Loose<T> {
    fn answer(mut self: Box<Self>, answer: Result<T, Failure>) {
        match (self.0.take(), answer) {
            (Some(reply), Ok(answer)) => reply.send(answer),
            (Some(reply), Err(failure)) => reply.fail(failure),
            (None, _) => {}
        }
    }

    fn is_abandoned(&self) -> bool {
        self.0.as_ref().and_then(|reply| reply.cell()).is_none_or(|cell| !cell.is_waited_for())
    }

    fn poll_abandoned(&self, waker: &Waker) -> Poll<()> {
        match self.0.as_ref().and_then(|reply| reply.cell()) {
            Some(cell) => cell.poll_gone(waker),
            None => Poll::Ready(()),
        }
    }
}

/// Where the reply of a [`ReplyTo::pair`] comes out: a future of it.
///
/// # Errors
///
/// [`Dropped`] when the address was dropped unanswered.
#[must_use = "a future does nothing until it is awaited"]
pub struct Answer<T> {
    cell: Arc<ReplyCell<T>>,
}

impl<T> Answer<T> {
    /// The answer if it is there.
    pub fn try_take(&mut self) -> Option<Result<T, Dropped>> {
        match self.cell.poll(Waker::noop()) {
            Poll::Ready(answer) => Some(answer.map_err(|_| Dropped)),
            Poll::Pending => None,
        }
    }
}

impl<T> Future for Answer<T> {
    type Output = Result<T, Dropped>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.cell.poll(cx.waker()).map(|answer| answer.map_err(|_| Dropped))
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        self.cell.abandon();
    }
}

impl<T> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

/// A reply address was dropped unanswered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the reply address was dropped unanswered")]
pub struct Dropped;
