//! One budget for all.

use std::{fmt, future::Future, sync::Arc};

use super::{KeyedRateLimiter, Quota, RateLimitOptions};
use crate::resilience::{
    ConfigError, NamedError, PolicyError, PolicyEvents, PolicyStatus, Protected, RateLimited,
};

/// One rate limit for all who use it.
///
/// A cheap handle; clones share the budget. The defaults are those of the seeds' `RateLimiter`: 10 a second, and 100
/// may wait for up to 30 s. For a budget a user there is [`KeyedRateLimiter`], which also tells [what is decided
/// when](KeyedRateLimiter#what-is-decided-when); how it counts is an [`Algorithm`](super::Algorithm).
///
/// A limiter says how many per second, a [`Bulkhead`](crate::resilience::Bulkhead) how many at once. In front of a
/// service that has become slow, the second one holds and the first does not.
///
/// A look at the clock is most of what a request costs; a token bucket is one compare-and-swap besides. A refusal
/// allocates nothing.
///
/// # Examples
///
/// ```
/// use noex::resilience::{RateLimitOptions, RateLimiter};
/// use std::{convert::Infallible, time::Duration};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mail = RateLimiter::new("mail", RateLimitOptions::new().limit(2).period(Duration::from_secs(1)))?;
/// let start = tokio::time::Instant::now();
/// for number in 0..3 {
///     let sent = mail.execute(async || Ok::<_, Infallible>(number)).await;      // the third one waits for its turn
///     assert_eq!(sent, Ok(number));
/// }
/// assert_eq!(start.elapsed().as_secs(), 1);
/// assert_eq!(mail.consume()?.remaining, 0);                        // never waits
/// assert!(mail.consume().is_err());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct RateLimiter {
    pub(super) all: KeyedRateLimiter<()>,
}

impl RateLimiter {
    /// A limiter of its own, which no other call of `new` or [`get`](RateLimiter::get) gives.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the option that makes no sense.
    pub fn new(name: impl Into<Arc<str>>, options: RateLimitOptions) -> Result<Self, ConfigError> {
        Ok(RateLimiter { all: KeyedRateLimiter::new(name, options)? })
    }

    /// The limiter of this name, made with the defaults if there is none.
    #[doc(alias = "get_limiter")]
    pub fn get(name: &str) -> Self {
        RateLimiter { all: KeyedRateLimiter::get(name) }
    }

    /// The limiter of this name, made with these options if there is none.
    ///
    /// # Errors
    ///
    /// [`NamedError`] when there is one with other options, or these make no sense.
    pub fn get_or_create(name: &str, options: RateLimitOptions) -> Result<Self, NamedError> {
        Ok(RateLimiter { all: KeyedRateLimiter::get_or_create(name, options)? })
    }

    /// How the limiter stands for one more request. Nothing is charged.
    ///
    /// It is no promise: another caller may come first. [`consume`](RateLimiter::consume) decides.
    #[doc(alias = "get_status")]
    pub fn check(&self) -> Quota {
        self.all.check(&())
    }

    /// As [`check`](RateLimiter::check), for a request that costs more than one.
    pub fn check_cost(&self, cost: u32) -> Quota {
        self.all.check_cost(&(), cost)
    }

    /// Charges one request, or refuses. It never waits, and never passes those who do.
    ///
    /// # Errors
    ///
    /// [`RateLimited`] says after how long a new try can succeed.
    // A quota that nobody reads is not made.
    #[inline(always)]
    pub fn consume(&self) -> Result<Quota, RateLimited> {
        self.all.consume(&())
    }

    /// As [`consume`](RateLimiter::consume), for a request that costs more than one.
    ///
    /// # Errors
    ///
    /// As [`consume`](RateLimiter::consume); a cost of 0, and one above the limit, is always refused.
    pub fn consume_cost(&self, cost: u32) -> Result<Quota, RateLimited> {
        self.all.consume_cost(&(), cost)
    }

    /// Runs the operation, on the caller's task, when it is its turn.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it leaves the line and is charged nothing. Once the operation runs, it is paid.
    ///
    /// # Errors
    ///
    /// [`PolicyError::RateLimited`], at once, when too many wait or the wait would be too long.
    pub async fn execute<T, E, F>(&self, operation: impl FnOnce() -> F) -> Result<T, PolicyError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.all.execute(&(), operation).await
    }

    /// As [`execute`](RateLimiter::execute), for an operation that costs more than one.
    ///
    /// # Errors
    ///
    /// As [`execute`](RateLimiter::execute); a cost of 0, and one above the limit, is always refused.
    pub async fn execute_cost<T, E, F>(
        &self,
        cost: u32,
        operation: impl FnOnce() -> F,
    ) -> Result<T, PolicyError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.all.execute_cost(&(), cost, operation).await
    }

    /// A function that runs this one at the rate. Its future is boxed; [`execute`](RateLimiter::execute) needs no
    /// allocation.
    pub fn wrap<A, T, E, F, W>(&self, function: W) -> impl Fn(A) -> Protected<T, E> + use<A, T, E, F, W>
    where
        A: Send + 'static,
        F: Future<Output = Result<T, E>> + Send,
        W: Fn(A) -> F + Send + Sync + 'static,
    {
        let (limiter, function) = (self.clone(), Arc::new(function));
        move |argument| {
            let (limiter, function) = (limiter.clone(), function.clone());
            Box::pin(async move { limiter.execute(|| function(argument)).await })
        }
    }

    /// Takes all that is left, and says how much that was; see [`KeyedRateLimiter::drain`].
    pub fn drain(&self) -> u32 {
        self.all.drain(&())
    }

    /// Gives the whole budget back; whether anything of it was used. Those who wait go on at once, as far as they
    /// can.
    pub fn reset(&self) -> bool {
        self.all.reset(&())
    }

    /// How many may pass in each period: as it was given, or [set](RateLimiter::set_limit) since. Of several windows it is the
    /// first one's.
    pub fn limit(&self) -> u32 {
        self.all.limit()
    }

    /// From now on so many may pass in each period; at least 1. What was used stays used, and who waits goes on as far as it
    /// can. How it counts stays as it was made, a token bucket's burst and further windows among that.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::resilience::{RateLimitOptions, RateLimiter};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mail = RateLimiter::new("mail", RateLimitOptions::new().limit(1))?;
    /// mail.consume()?;
    /// mail.set_limit(3)?;
    /// assert_eq!((mail.limit(), mail.check().remaining), (3, 2));
    /// mail.reset_to(5)?;
    /// assert_eq!((mail.limit(), mail.check().remaining), (5, 5));
    /// # Ok(()) }
    /// ```
    pub fn set_limit(&self, limit: u32) -> Result<(), ConfigError> {
        self.all.set_limit(limit)
    }

    /// As [`set_limit`](RateLimiter::set_limit), and nothing is used any more, in one step: nobody is counted by the new
    /// limit who was counted by the old one.
    ///
    /// # Errors
    ///
    /// As of [`set_limit`](RateLimiter::set_limit).
    pub fn reset_to(&self, limit: u32) -> Result<(), ConfigError> {
        self.all.reset_to(limit)
    }

    /// The same as a limiter of one key.
    pub(crate) fn into_keyed(self) -> KeyedRateLimiter<()> {
        self.all
    }

    /// Its options, as they were given.
    pub fn options(&self) -> &RateLimitOptions {
        self.all.options()
    }

    /// Its events from now on.
    pub fn events(&self) -> PolicyEvents {
        self.all.events()
    }

    /// How it stands as a policy among others.
    pub fn status(&self) -> PolicyStatus {
        self.all.status()
    }

    /// Gives up the name, sends away those who wait and refuses whatever would; operations under way go on. Again, it
    /// does nothing.
    pub fn dispose(&self) {
        self.all.dispose();
    }
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter").field("name", &self.all.core.identity.name).finish_non_exhaustive()
    }
}
