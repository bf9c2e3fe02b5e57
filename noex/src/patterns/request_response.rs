//! Request and response: a named handler behind one way in, with a time-out and statistics.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use thiserror::Error;

use crate::{
    process::door::{now, sleep_until},
    resilience::deadline,
};

/// What is asked: data, and what is said about it.
///
/// # Examples
///
/// ```
/// use noex::patterns::Request;
/// use std::time::Duration;
///
/// let request = Request::new("ann").timeout(Duration::from_secs(5)).with("trace", "7f");
/// assert_eq!(request.metadata.get("trace"), Some("7f"));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[must_use = "a request does nothing until it is executed"]
pub struct Request<Q> {
    /// What is asked.
    pub data: Q,
    /// What is said about it.
    pub metadata: Metadata,
}

impl<Q> Request<Q> {
    /// A request without metadata.
    pub fn new(data: Q) -> Self {
        Request { data, metadata: Metadata::default() }
    }

    /// How long it may take, from its execution on.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.metadata.timeout = Some(limit);
        self
    }

    /// Says something about it, in place of what was said under this key before.
    pub fn with(mut self, key: impl Into<Arc<str>>, value: impl Into<Arc<str>>) -> Self {
        let (key, value) = (key.into(), value.into());
        self.metadata.entries.retain(|(known, _)| *known != key);
        self.metadata.entries.push((key, value));
        self
    }
}

/// What is said about a request.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Metadata {
    /// How long it may take; without a limit of its own, the pattern's counts.
    pub timeout: Option<Duration>,
    entries: Vec<(Arc<str>, Arc<str>)>,
}

impl Metadata {
    /// What is said under this key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entries.iter().find(|(known, _)| **known == *key).map(|(_, value)| &**value)
    }

    /// All that is said, in the order it was.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(key, value)| (&**key, &**value))
    }
}

/// What is answered: data, and a status as of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response<R> {
    /// The answer.
    pub data: R,
    /// As of HTTP: 200 is a success, 404 says that there is no such thing, 500 that something is wrong.
    pub status: u16,
}

impl<R> Response<R> {
    /// A success, with status 200.
    pub fn ok(data: R) -> Self {
        Response { data, status: 200 }
    }

    /// The same with another status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Whether the status is from 200 to 299.
    pub fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

/// Why a request has no response; `E` is the handler's own error.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestError<E> {
    /// The handler ran and failed.
    #[error("{0}")]
    Failed(E),
    /// The handler took too long, and was dropped.
    #[error("`{pattern}` did not respond within {after:?}")]
    TimedOut {
        /// Whose handler it is.
        pattern: Arc<str>,
        /// The limit.
        after: Duration,
    },
}

impl<E> RequestError<E> {
    /// The handler's own error, if it is one.
    ///
    /// # Errors
    ///
    /// Anything else comes back as it was.
    pub fn into_failed(self) -> Result<E, Self> {
        match self {
            RequestError::Failed(error) => Ok(error),
            other => Err(other),
        }
    }
}

/// How a [`RequestResponse`] has fared, as of one moment. Each request that is over counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestStats {
    /// Requests that were executed.
    pub requests: u64,
    /// Requests under way.
    pub active: u64,
    /// Responses with a status from 200 to 299.
    pub succeeded: u64,
    /// Responses with any other status.
    pub refused: u64,
    /// Requests whose handler returned an error, or panicked.
    pub failed: u64,
    /// Requests that took too long.
    pub timed_out: u64,
    /// Requests whose caller did not wait for the end.
    pub cancelled: u64,
    /// How long all requests have taken together that have a response or an error.
    pub busy: Duration,
}

impl RequestStats {
    /// How long a request takes, on average; 0 before the first is over.
    pub fn mean(&self) -> Duration {
        let over = self.succeeded + self.refused + self.failed + self.timed_out;
        u32::try_from(over).ok().and_then(|over| self.busy.checked_div(over)).unwrap_or_default()
    }
}

type Handled<R, E> = Pin<Box<dyn Future<Output = Result<Response<R>, E>> + Send>>;

/// A handler with a name, a time-out and statistics: one part of a system asks another, as over HTTP.
///
/// The handler is any async closure: it computes, calls a service, or calls a server. It runs on the caller's task, as
/// many at a time as there are callers; inside it, calls to servers wait no longer than the request may take. A request
/// says in its metadata how long that is, and otherwise [`timeout`](RequestResponse::timeout) does. A clone is the same
/// pattern.
///
/// # Examples
///
/// A server behind it:
///
/// ```
/// use noex::{patterns::{Request, RequestError, RequestResponse, Response}, prelude::*};
/// use std::time::Duration;
///
/// #[genserver]
/// struct Users {}
///
/// #[genserver]
/// impl Users {
///     #[init]
///     fn init() -> Self { Users {} }
///
///     #[call]
///     fn name(&self, id: u32) -> Option<String> { (id == 7).then(|| "ann".into()) }
///
///     #[call(concurrent)]
///     async fn audit(&self) { std::future::pending().await }
/// }
/// # impl Clone for Users { fn clone(&self) -> Self { Users {} } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let users = Users::start().await?;
/// let service = RequestResponse::new("users", move |request: Request<u32>| {
///     let users = users.clone();
///     async move {
///         if request.metadata.get("audit").is_some() { users.audit().await?; }
///         let name = users.name(request.data).await?;
///         let status = if name.is_some() { 200 } else { 404 };
///         Ok::<_, CallError>(Response::ok(name).status(status))
///     }
/// });
///
/// let response = service.execute(Request::new(7)).await?;
/// assert_eq!((response.data.as_deref(), response.status), (Some("ann"), 200));
/// assert_eq!(service.execute(Request::new(8)).await?.status, 404);
///
/// let slow = Request::new(7).with("audit", "yes").timeout(Duration::from_millis(5));
/// assert!(service.execute(slow).await.is_err());
/// let stats = service.stats();
/// assert_eq!((stats.requests, stats.succeeded, stats.refused), (3, 1, 1));
/// # Ok(()) }
/// ```
pub struct RequestResponse<Q, R, E> {
    inner: Arc<Inner<Q, R, E>>,
    limit: Option<Duration>,
}

struct Inner<Q, R, E> {
    name: Arc<str>,
    handler: Box<dyn Fn(Request<Q>) -> Handled<R, E> + Send + Sync>,
    counters: Counters,
}

#[derive(Default)]
struct Counters {
    requests: AtomicU64,
    succeeded: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    timed_out: AtomicU64,
    cancelled: AtomicU64,
    /// In nanoseconds.
    busy: AtomicU64,
}

impl<Q, R, E> RequestResponse<Q, R, E> {
    /// A pattern of this name around `handler`, whose requests may take 30 s.
    ///
    /// # Panics
    ///
    /// When `name` is empty.
    #[track_caller]
    pub fn new<F>(
        name: impl Into<Arc<str>>,
        handler: impl Fn(Request<Q>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Response<R>, E>> + Send + 'static,
    {
        let name = name.into();
        assert!(!name.is_empty(), "a request-response pattern needs a name");
        let handler = Box::new(move |request| Box::pin(handler(request)) as Handled<R, E>);
        let inner = Arc::new(Inner { name, handler, counters: Counters::default() });
        RequestResponse { inner, limit: Some(Duration::from_secs(30)) }
    }

    /// How long requests may take that do not say so themselves; `None`: as long as they like. Of this clone.
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limit = limit.into();
        self
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Has the handler respond to a request.
    ///
    /// The limit is the shorter of the request's, or else the pattern's, and what is left of the time that the caller
    /// of the handler around it waits. A handler that is ready at the very end of its time wins.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the handler is dropped where it awaits, and the request counts as cancelled.
    ///
    /// # Errors
    ///
    /// [`RequestError`]: the handler failed, or took too long.
    ///
    /// # Panics
    ///
    /// When the handler does; the request has failed then.
    pub async fn execute(&self, request: Request<Q>) -> Result<Response<R>, RequestError<E>> {
        let Inner { name, handler, counters } = &*self.inner;
        let limit = request.metadata.timeout.or(self.limit);
        let mut under_way = UnderWay::begin(counters);
        let until = deadline::after(limit);
        let started = now();
        let mut handled = pin!(handler(request));
        // Armed by the first pending poll: a handler that is ready at once costs no timer.
        let mut clock = None;
        let outcome = poll_fn(|cx| {
            let Some((at, _)) = until else { return handled.as_mut().poll(cx).map(Some) };
            if let Poll::Ready(outcome) = deadline::scope(at, || handled.as_mut().poll(cx)) {
                return Poll::Ready(Some(outcome));
            }
            clock.get_or_insert_with(|| sleep_until(at, None)).as_mut().poll(cx).map(|()| None)
        })
        .await;
        let counter = match &outcome {
            Some(Ok(response)) if response.is_success() => &counters.succeeded,
            Some(Ok(_)) => &counters.refused,
            Some(Err(_)) => &counters.failed,
            None => &counters.timed_out,
        };
        under_way.end(counter, now() - started);
        match outcome {
            Some(outcome) => outcome.map_err(RequestError::Failed),
            None => {
                let after = until.map(|(_, after)| after).unwrap_or_default();
                Err(RequestError::TimedOut { pattern: name.clone(), after })
            }
        }
    }

    /// How it has fared, over all clones.
    pub fn stats(&self) -> RequestStats {
        let Counters { requests, succeeded, refused, failed, timed_out, cancelled, busy } =
            &self.inner.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        // Those that are over first: one that ends meanwhile is still under way then, never over before it began.
        let mut stats = RequestStats {
            succeeded: read(succeeded),
            refused: read(refused),
            failed: read(failed),
            timed_out: read(timed_out),
            cancelled: read(cancelled),
            busy: Duration::from_nanos(read(busy)),
            ..RequestStats::default()
        };
        let over = stats.succeeded + stats.refused + stats.failed + stats.timed_out + stats.cancelled;
        stats.requests = read(requests).max(over);
        stats.active = stats.requests - over;
        stats
    }
}

/// A request that counts as cancelled, or failed by a panic, unless it ends.
struct UnderWay<'a> {
    counters: &'a Counters,
    is_over: bool,
}

impl<'a> UnderWay<'a> {
    fn begin(counters: &'a Counters) -> Self {
        counters.requests.fetch_add(1, Ordering::Relaxed);
        UnderWay { counters, is_over: false }
    }

    fn end(&mut self, counter: &AtomicU64, elapsed: Duration) {
        let nanos = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        self.counters.busy.fetch_add(nanos, Ordering::Relaxed);
        counter.fetch_add(1, Ordering::Relaxed);
        self.is_over = true;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            let panics = std::thread::panicking();
            let counter = if panics { &self.counters.failed } else { &self.counters.cancelled };
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<Q, R, E> Clone for RequestResponse<Q, R, E> {
    fn clone(&self) -> Self {
        RequestResponse { inner: self.inner.clone(), limit: self.limit }
    }
}

impl<Q, R, E> fmt::Debug for RequestResponse<Q, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestResponse")
            .field("name", &self.inner.name)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
