//! Time-out: an operation that takes too long is dropped.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use super::{
    ConfigError, Disposed, Fault, Identity, NamedError, Policy, PolicyError, PolicyEvent, PolicyEvents,
    PolicyKind, PolicyStatus, Protected, TimedOut, deadline,
};
use crate::{
    Name, System,
    process::door::{now, sleep_until},
};

/// The options of a [`Timeout`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
#[must_use = "options do nothing until a policy is made of them"]
pub struct TimeoutOptions {
    #[cfg_attr(feature = "serde", serde(alias = "timeoutMs", with = "super::config::duration"))]
    timeout: Duration,
}

impl TimeoutOptions {
    /// 5 s.
    pub const fn new() -> Self {
        TimeoutOptions { timeout: Duration::from_secs(5) }
    }

    /// How long an operation may take; more than 0.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The first option that breaks a rule.
    pub const fn fault(&self) -> Option<Fault> {
        if self.timeout.is_zero() {
            return Some(Fault { option: "timeout", rule: "an operation with no time can never succeed" });
        }
        None
    }
}

impl Default for TimeoutOptions {
    fn default() -> Self {
        TimeoutOptions::new()
    }
}

/// Drops an operation that takes too long.
///
/// The limit is the shorter of its own and what is left of the time that the caller of the handler around it waits.
/// An operation that is ready at the very end of its time wins. Inside the operation, calls to servers inherit the
/// limit. The defaults are those of the seeds' `Timeout`.
///
/// # Examples
///
/// ```
/// use noex::resilience::{PolicyError, Timeout, TimeoutOptions};
/// use std::{convert::Infallible, time::Duration};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limit = Timeout::new("query", TimeoutOptions::new().timeout(Duration::from_millis(5)))?;
/// let slow = limit.execute(std::future::pending::<Result<(), Infallible>>).await;
/// assert!(matches!(slow, Err(PolicyError::TimedOut(_))));
/// let quick = limit.execute(async || Ok::<_, Infallible>(7)).await;
/// assert_eq!(quick, Ok(7));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Timeout {
    core: Arc<Core>,
}

struct Core {
    identity: Identity,
    options: TimeoutOptions,
    is_disposed: AtomicBool,
    done: AtomicU64,
    timed_out: AtomicU64,
}

impl Timeout {
    /// A time-out of its own, which no other call of `new` or [`get`](Timeout::get) gives.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the option that makes no sense.
    pub fn new(name: impl Into<Arc<str>>, options: TimeoutOptions) -> Result<Self, ConfigError> {
        Timeout::within(Identity::new(PolicyKind::Timeout, name, &System::global()), options)
    }

    /// One with this identity, in the table of its system.
    pub(crate) fn within(identity: Identity, options: TimeoutOptions) -> Result<Self, ConfigError> {
        if let Some(fault) = options.fault() {
            return Err(fault.of(&identity.name));
        }
        let (done, timed_out) = Default::default();
        let core = Arc::new(Core { identity, options, is_disposed: AtomicBool::new(false), done, timed_out });
        if let Some(system) = core.identity.system() {
            system.book().list(&core);
        }
        Ok(Timeout { core })
    }

    /// The time-out of this name, made with the defaults if there is none.
    pub fn get(name: &str) -> Self {
        match Timeout::find_or_make(name, None) {
            Ok(timeout) => timeout,
            Err(_) => unreachable!("the defaults are no error"),
        }
    }

    /// The time-out of this name, made with these options if there is none.
    ///
    /// # Errors
    ///
    /// [`NamedError`] when there is one with other options, or these make no sense.
    pub fn get_or_create(name: &str, options: TimeoutOptions) -> Result<Self, NamedError> {
        Timeout::find_or_make(name, Some(options))
    }

    fn find_or_make(name: &str, options: Option<TimeoutOptions>) -> Result<Self, NamedError> {
        let core = System::global().book().get_or_create(PolicyKind::Timeout, name, || {
            Timeout::new(name, options.unwrap_or_default()).map(|timeout| timeout.core)
        })?;
        match options {
            Some(options) if options != core.options => Err(NamedError::Conflict { policy: name.into() }),
            _ => Ok(Timeout { core }),
        }
    }

    /// Runs the operation, on the caller's task, for as long as it may take.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the operation is dropped; nothing is counted.
    ///
    /// # Errors
    ///
    /// [`PolicyError::TimedOut`] when it took too long: it is dropped before this returns.
    pub async fn execute<T, E, F>(&self, operation: impl FnOnce() -> F) -> Result<T, PolicyError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.admit()?;
        match self.limit(operation()).await {
            Ok(done) => done.map_err(PolicyError::Failed),
            Err(late) => Err(late.into()),
        }
    }

    /// As [`execute`](Timeout::execute), for a future that need not be a `Result`.
    async fn limit<F: Future>(&self, operation: F) -> Result<F::Output, TimedOut> {
        let limit = self.core.options.timeout;
        // Without an end there is only what the clock cannot count to.
        let Some((at, after)) = deadline::after(Some(limit)) else { return Ok(operation.await) };
        let started = at - after;
        let ended = {
            let mut operation = pin!(operation);
            // Armed by the first pending poll: an operation that is ready at once costs no timer.
            let mut clock = None;
            poll_fn(|cx| {
                if let Poll::Ready(done) = deadline::scope(at, || operation.as_mut().poll(cx)) {
                    return Poll::Ready(Some(done));
                }
                // Of two whose time is over at once the outer one has the last word: its caller is to be told.
                if after < limit && deadline::is_kept_further_out() {
                    return Poll::Pending;
                }
                clock.get_or_insert_with(|| sleep_until(at, None)).as_mut().poll(cx).map(|()| None)
            })
            .await
        };
        match ended {
            Some(done) => {
                self.was_met();
                Ok(done)
            }
            None => Err(self.was_missed(after, now() - started)),
        }
    }

    /// Its own limit.
    pub(crate) fn own_limit(&self) -> Duration {
        self.core.options.timeout
    }

    /// Something was done in time.
    pub(crate) fn was_met(&self) {
        self.core.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Something was not.
    #[cold]
    pub(crate) fn was_missed(&self, limit: Duration, elapsed: Duration) -> TimedOut {
        self.core.timed_out.fetch_add(1, Ordering::Relaxed);
        self.core.identity.tell(|| PolicyEvent::TimedOut { after: limit });
        TimedOut { policy: Name::of(&self.core.identity.name), limit, elapsed }
    }

    /// A function that runs this one under the limit. Its future is boxed; [`execute`](Timeout::execute) needs no
    /// allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// # use noex::resilience::{PolicyError, Timeout};
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let double = Timeout::get("arithmetic").wrap(async |number: u32| number.checked_mul(2).ok_or("too large"));
    /// assert_eq!(double(4).await, Ok(8));
    /// assert_eq!(tokio::spawn(double(u32::MAX)).await?, Err(PolicyError::Failed("too large")));
    /// # Ok(()) }
    /// ```
    pub fn wrap<A, T, E, F, W>(&self, function: W) -> impl Fn(A) -> Protected<T, E> + use<A, T, E, F, W>
    where
        A: Send + 'static,
        F: Future<Output = Result<T, E>> + Send,
        W: Fn(A) -> F + Send + Sync + 'static,
    {
        let (timeout, function) = (self.clone(), Arc::new(function));
        move |argument| {
            let (timeout, function) = (timeout.clone(), function.clone());
            Box::pin(async move { timeout.execute(|| function(argument)).await })
        }
    }

    pub(crate) fn admit(&self) -> Result<(), Disposed> {
        match self.core.is_disposed.load(Ordering::Relaxed) {
            true => Err(self.core.identity.disposed()),
            false => Ok(()),
        }
    }

    /// Its events from now on.
    pub fn events(&self) -> PolicyEvents {
        self.core.identity.listen()
    }

    /// How it stands.
    pub fn status(&self) -> PolicyStatus {
        self.core.status()
    }

    /// Gives up the name and refuses whatever comes; operations under way go on. Again, it does nothing.
    pub fn dispose(&self) {
        if !self.core.is_disposed.swap(true, Ordering::Relaxed) {
            if let Some(system) = self.core.identity.system() {
                system.book().forget(&*self.core);
            }
            self.core.identity.tell(|| PolicyEvent::Disposed);
        }
    }
}

impl Policy for Core {
    fn kind(&self) -> PolicyKind {
        self.identity.kind
    }

    fn name(&self) -> &Arc<str> {
        &self.identity.name
    }

    fn status(&self) -> PolicyStatus {
        let counters = vec![
            ("done", self.done.load(Ordering::Relaxed)),
            ("timed_out", self.timed_out.load(Ordering::Relaxed)),
        ];
        PolicyStatus { kind: self.kind(), name: self.name().clone(), state: "", counters }
    }
}

impl fmt::Debug for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").field("name", &self.core.identity.name).finish_non_exhaustive()
    }
}
