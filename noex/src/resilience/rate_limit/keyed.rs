//! A budget for each key.

use std::{borrow::Borrow, fmt, future::Future, hash::Hash, sync::Arc};

use super::{Denied, Grant, LimiterKey, Queued, Quota, RateLimitOptions, core::Core};
use crate::{
    System,
    resilience::{
        ConfigError, Identity, LimitedBy, NamedError, Policy, PolicyError, PolicyEvents, PolicyKind,
        PolicyStatus, RateLimited,
    },
};

/// A rate limit for each key: user, address, tenant.
///
/// A cheap handle; clones share the budgets. Keys are looked up by borrowed form, so that a `KeyedRateLimiter<String>` is
/// asked with a `&str`.
///
/// # What is decided when
///
/// - [`consume`](KeyedRateLimiter::consume) is the decision: it tests and charges in one step, however many threads ask.
///   [`check`](KeyedRateLimiter::check) only looks. To check first and to consume then, as one is tempted to, lets two
///   callers pass who both looked before either paid.
/// - A grant at `t` is over at exactly `t` plus the period.
/// - Who waits is served in order, at each key; a newcomer waits behind them. Whose wait would be longer than
///   `queue_timeout`, or than the caller of the handler around it waits, is refused at once.
/// - A key whose grants are all over is the same as an unknown one, and is forgotten little by little;
///   [`cleanup`](KeyedRateLimiter::cleanup) forgets all of them now. There are never more than `max_keys`.
///
/// # Cost
///
/// A key is one look-up in one of several shards, each with a lock that is held for some nanoseconds; a refusal allocates
/// nothing. Hashes are quick ones with a seed of the process, as in `hashbrown`: hard to guess for those who see no
/// hash, and no cryptography.
///
/// Ten thousand keys of type `String` that each had a request hold 1.5 MB in a sliding window and 1.2 MB in a token
/// bucket, of type `u64` 1.1 MB and 0.8 MB; resident in the process it was 3.0 and 2.5 MB for the texts, with what the
/// allocator keeps. A sliding window adds 8 bytes for each further grant that is not over. With
/// [`max_keys`](RateLimitOptions::max_keys) that is bounded.
///
/// # Examples
///
/// ```
/// use noex::resilience::{KeyedRateLimiter, RateLimitOptions};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let minute = Duration::from_secs(60);
/// let api: KeyedRateLimiter = KeyedRateLimiter::new("api", RateLimitOptions::new().limit(2).period(minute))?;
/// assert_eq!(api.consume("user:1")?.remaining, 1);
/// assert_eq!(api.consume("user:1")?.remaining, 0);
/// let refused = api.consume("user:1").unwrap_err();
/// assert!(refused.retry_after > minute / 2);
/// assert!(api.check("user:2").allowed);
/// # Ok(()) }
/// ```
pub struct KeyedRateLimiter<K: LimiterKey = String> {
    pub(super) core: Arc<Core<K>>,
}

impl<K: LimiterKey> KeyedRateLimiter<K> {
    /// A limiter of its own, which no other call of `new` or [`get`](KeyedRateLimiter::get) gives.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the option that makes no sense.
    pub fn new(name: impl Into<Arc<str>>, options: RateLimitOptions) -> Result<Self, ConfigError> {
        KeyedRateLimiter::within(Identity::new(PolicyKind::RateLimiter, name, &System::global()), options)
    }

    /// One with this identity, in the table of its system.
    pub(crate) fn within(identity: Identity, options: RateLimitOptions) -> Result<Self, ConfigError> {
        Ok(KeyedRateLimiter { core: Core::new(identity, options)? })
    }

    /// The limiter of this name, made with the defaults if there is none. Keyed or not, and keys of another type: a
    /// name is one limiter's.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::resilience::KeyedRateLimiter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// KeyedRateLimiter::<u64>::get("downloads").consume(&7)?;
    /// assert_eq!(KeyedRateLimiter::<u64>::get("downloads").get_status(&7).current, 1);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "get_limiter")]
    pub fn get(name: &str) -> Self {
        match KeyedRateLimiter::find_or_make(&System::global(), name, None) {
            Ok(limiter) => limiter,
            Err(_) => unreachable!("the defaults are no error"),
        }
    }

    /// The limiter of this name, made with these options if there is none.
    ///
    /// # Errors
    ///
    /// [`NamedError`] when there is one with other options, or these make no sense.
    pub fn get_or_create(name: &str, options: RateLimitOptions) -> Result<Self, NamedError> {
        KeyedRateLimiter::find_or_make(&System::global(), name, Some(options))
    }

    /// The one of this name in this system, made with these options if there is none.
    pub(crate) fn shared(system: &System, name: &str, options: RateLimitOptions) -> Result<Self, NamedError> {
        KeyedRateLimiter::find_or_make(system, name, Some(options))
    }

    pub(super) fn find_or_make(
        system: &System,
        name: &str,
        options: Option<RateLimitOptions>,
    ) -> Result<Self, NamedError> {
        let core = system.book().get_or_create(PolicyKind::RateLimiter, name, || {
            let identity = Identity::new(PolicyKind::RateLimiter, name, system);
            Core::new(identity, options.unwrap_or_default())
        })?;
        match options {
            Some(options) if options != core.options => Err(NamedError::Conflict { policy: name.into() }),
            _ => Ok(KeyedRateLimiter { core }),
        }
    }

    /// How the key stands for one more request. Nothing is charged, no key taken in.
    ///
    /// It is no promise: another caller may come first. [`consume`](KeyedRateLimiter::consume) decides.
    pub fn check<Q>(&self, key: &Q) -> Quota
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.core.look(key, 1)
    }

    /// As [`check`](KeyedRateLimiter::check), for a request that costs more than one.
    pub fn check_cost<Q>(&self, key: &Q, cost: u32) -> Quota
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.core.look(key, cost)
    }

    /// How the key stands: the same as [`check`](KeyedRateLimiter::check), by the name that a monitor looks for.
    pub fn get_status<Q>(&self, key: &Q) -> Quota
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.core.look(key, 1)
    }

    /// Charges the key for one request, or refuses. It never waits, and never passes those who do.
    ///
    /// # Errors
    ///
    /// [`RateLimited`] says after how long a new try can succeed.
    #[inline(always)]
    pub fn consume<Q>(&self, key: &Q) -> Result<Quota, RateLimited>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.core.consume(key, 1)
    }

    /// As [`consume`](KeyedRateLimiter::consume), for a request that costs more than one.
    ///
    /// # Errors
    ///
    /// As [`consume`](KeyedRateLimiter::consume); a cost of 0, and one above the limit, is always refused.
    pub fn consume_cost<Q>(&self, key: &Q, cost: u32) -> Result<Quota, RateLimited>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.core.consume(key, cost)
    }

    /// As [`consume_cost`](KeyedRateLimiter::consume_cost), for one who may give it back.
    #[inline]
    pub(crate) fn try_consume<Q>(&self, key: &Q, cost: u32) -> Result<Grant, Denied<'_>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.core.try_consume(key, cost)
    }

    /// Spells out, counts and tells why it could not be charged.
    #[inline(always)]
    pub(crate) fn refusal(&self, denied: Denied<'_>) -> RateLimited {
        self.core.refuse(denied)
    }

    /// What stands for a key where the key itself is not at hand any more.
    #[inline]
    pub(crate) fn hash<Q>(&self, key: &Q) -> u64
    where
        K: Borrow<Q>,
        Q: Hash + ?Sized,
    {
        self.core.hash(key)
    }

    /// Gives back what [`try_consume`](KeyedRateLimiter::try_consume) or [`queue`](KeyedRateLimiter::queue) took from the
    /// key with this [hash](KeyedRateLimiter::hash).
    pub(crate) fn refund(&self, key: u64, grant: Grant) {
        self.core.refund(key, grant);
    }

    /// As [`drain`](KeyedRateLimiter::drain), of the key with this [hash](KeyedRateLimiter::hash).
    pub(crate) fn drain_known(&self, key: u64) {
        self.core.drain_known(key);
    }

    /// As [`try_consume`](KeyedRateLimiter::try_consume), as soon as it is this call's turn. It stands in line from now
    /// on, not only from the first poll.
    pub(crate) fn queue<Q>(&self, key: &Q, cost: u32) -> Queued<K>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.core.queue(key, cost)
    }

    /// Runs the operation, on the caller's task, when it is its turn.
    ///
    /// Turns are taken from the first poll on.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it leaves the line and is charged nothing. Once the operation runs, it is paid.
    ///
    /// # Errors
    ///
    /// [`PolicyError::RateLimited`], at once, when too many wait or the wait would be too long.
    pub async fn execute<Q, T, E, F>(
        &self,
        key: &Q,
        operation: impl FnOnce() -> F,
    ) -> Result<T, PolicyError<E>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        F: Future<Output = Result<T, E>>,
    {
        self.execute_cost(key, 1, operation).await
    }

    /// As [`execute`](KeyedRateLimiter::execute), for an operation that costs more than one.
    ///
    /// # Errors
    ///
    /// As [`execute`](KeyedRateLimiter::execute); a cost of 0, and one above the limit, is always refused.
    pub async fn execute_cost<Q, T, E, F>(
        &self,
        key: &Q,
        cost: u32,
        operation: impl FnOnce() -> F,
    ) -> Result<T, PolicyError<E>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        F: Future<Output = Result<T, E>>,
    {
        match self.core.queue(key, cost).await {
            Ok(_) => operation().await.map_err(PolicyError::Failed),
            Err(RateLimited { why: LimitedBy::Disposed, .. }) => Err(self.core.identity.disposed().into()),
            Err(refused) => Err(refused.into()),
        }
    }

    /// Takes all that the key has left, and says how much that was: for a service that asks to be left alone, and whose
    /// own count of what it was sent goes before this one. What was granted before is over when it would have been.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::resilience::{KeyedRateLimiter, RateLimitOptions};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let partners: KeyedRateLimiter = KeyedRateLimiter::new("partners", RateLimitOptions::new().limit(5))?;
    /// partners.consume("acme")?;
    /// assert_eq!(partners.drain("acme"), 4);
    /// assert!(partners.consume("acme").is_err());
    /// # Ok(()) }
    /// ```
    pub fn drain<Q>(&self, key: &Q) -> u32
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.core.drain(key)
    }

    /// Whether an outcome that asks for a pause takes all that is left.
    pub(crate) fn drains(&self) -> bool {
        self.core.options.drain
    }

    /// Makes the key a fresh one; whether it was known. Those who wait for it go on at once, as far as they can.
    pub fn reset<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.core.reset(key)
    }

    /// The keys with grants that are not over, in no order.
    pub fn keys(&self) -> Vec<K> {
        self.core.keys()
    }

    /// Forgets the keys whose grants are all over, and says how many those were. It is never needed for new keys to
    /// find room; it gives memory back early.
    pub fn cleanup(&self) -> usize {
        self.core.cleanup()
    }

    /// How many may pass in each period: as it was given, or [set](KeyedRateLimiter::set_limit) since. Of several windows it is the
    /// first one's.
    pub fn limit(&self) -> u32 {
        self.core.limit()
    }

    /// From now on so many may pass in each period; at least 1. What was used stays used, and who waits goes on as far as it
    /// can. How it counts stays as it was made, a token bucket's burst and further windows among that.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for 0.
    pub fn set_limit(&self, limit: u32) -> Result<(), ConfigError> {
        self.core.set_limit(limit, false)
    }

    /// As [`set_limit`](KeyedRateLimiter::set_limit), and all keys are fresh, in one step: nothing that was granted by the
    /// old limit counts by the new one.
    ///
    /// # Errors
    ///
    /// As of [`set_limit`](KeyedRateLimiter::set_limit).
    pub fn reset_to(&self, limit: u32) -> Result<(), ConfigError> {
        self.core.set_limit(limit, true)
    }

    /// Whether calls may wait for their turn.
    pub(crate) fn has_queue(&self) -> bool {
        self.core.options.max_queue_size > 0
    }

    /// Its options, as they were given.
    pub fn options(&self) -> &RateLimitOptions {
        &self.core.options
    }

    /// Its events from now on.
    pub fn events(&self) -> PolicyEvents {
        self.core.identity.listen()
    }

    /// How it stands as a whole.
    pub fn status(&self) -> PolicyStatus {
        self.core.status()
    }

    /// Gives up the name, sends away those who wait and refuses whatever would; operations under way go on. Again, it
    /// does nothing.
    pub fn dispose(&self) {
        self.core.dispose();
    }
}

impl<K: LimiterKey> Clone for KeyedRateLimiter<K> {
    fn clone(&self) -> Self {
        KeyedRateLimiter { core: self.core.clone() }
    }
}

impl<K: LimiterKey> fmt::Debug for KeyedRateLimiter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRateLimiter").field("name", &self.core.identity.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::resilience::Algorithm;

    /// What is given back can be had again, and not twice.
    #[tokio::test(start_paused = true)]
    async fn a_refund_is_charged_no_more() {
        let algorithms =
            [Algorithm::SlidingWindow, Algorithm::FixedWindow, Algorithm::TokenBucket { burst: 2 }];
        for algorithm in algorithms {
            for limit in [2, 2000] {
                let options = RateLimitOptions::new().limit(limit).algorithm(algorithm);
                let limiter = KeyedRateLimiter::<()>::new("test", options).unwrap();
                let most = limiter.check(&()).limit;
                let grant = limiter.try_consume(&(), most / 2).ok().unwrap();
                limiter.consume_cost(&(), most / 2).unwrap();
                assert!(limiter.consume(&()).is_err());
                limiter.refund(limiter.hash(&()), grant);
                assert_eq!(limiter.check(&()).remaining, most / 2, "{algorithm:?}");
                limiter.consume_cost(&(), most / 2).unwrap();
                assert!(limiter.consume(&()).is_err());
                // What is over anyway is not given back on top.
                tokio::time::advance(Duration::from_secs(3)).await;
                limiter.consume_cost(&(), most).unwrap();
                limiter.refund(limiter.hash(&()), grant);
                assert!(limiter.consume(&()).is_err(), "{algorithm:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refund_goes_to_who_waits() {
        let limiter = KeyedRateLimiter::<String>::new("test", RateLimitOptions::new().limit(1)).unwrap();
        let grant = limiter.try_consume("a", 1).ok().unwrap();
        let waits = limiter.queue("a", 1);
        let key = limiter.hash("a");
        limiter.refund(key, grant);
        let began = tokio::time::Instant::now();
        let passed = waits.await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
        // One that was given its turn and is gone passes it on as well.
        let (gone, stays) = (limiter.queue("a", 1), limiter.queue("a", 1));
        limiter.refund(key, passed);
        drop(gone);
        stays.await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
