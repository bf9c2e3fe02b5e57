//! Different limits for different kinds of requests.

use std::{borrow::Borrow, fmt, hash::Hash, sync::Arc};

use thiserror::Error;

use super::{KeyedRateLimiter, LimiterKey, Quota, RateLimitOptions};
use crate::{
    Name,
    resilience::{ConfigError, RateLimited},
};

/// A rate limit for each tier and key: reads, writes, administration.
///
/// Each tier is a [`KeyedRateLimiter`] named after both, such as `api.write`, with budgets of its own.
///
/// # Examples
///
/// ```
/// use noex::resilience::{RateLimitOptions, TieredLimiter, TierError};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// const PER_MINUTE: RateLimitOptions = RateLimitOptions::new().period(Duration::from_secs(60));
/// let api: TieredLimiter = TieredLimiter::new("api", [
///     ("read", PER_MINUTE.limit(1000)),
///     ("write", PER_MINUTE.limit(100)),
///     ("admin", PER_MINUTE.limit(1)),
/// ])?;
/// assert_eq!(api.consume("read", "user:1")?.remaining, 999);
/// assert_eq!(api.consume("admin", "user:1")?.remaining, 0);
/// assert!(matches!(api.consume("admin", "user:1"), Err(TierError::Limited(_))));
/// assert!(matches!(api.consume("owner", "user:1"), Err(TierError::Unknown { .. })));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TieredLimiter<K: LimiterKey = String> {
    name: Arc<str>,
    tiers: Arc<[(Box<str>, KeyedRateLimiter<K>)]>,
}

/// Why a request to a tier does not pass.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TierError {
    /// There is no such tier.
    #[error("rate limit `{policy}` has no tier `{tier}`")]
    Unknown {
        /// The limiter's name.
        policy: Name,
        /// What was asked for.
        tier: Box<str>,
    },
    /// The tier refuses.
    #[error(transparent)]
    Limited(#[from] RateLimited),
}

impl<K: LimiterKey> TieredLimiter<K> {
    /// A limiter with these tiers. Of two of the same name the first one counts.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the tier and the option that makes no sense.
    pub fn new<N: Into<Box<str>>>(
        name: impl Into<Arc<str>>,
        tiers: impl IntoIterator<Item = (N, RateLimitOptions)>,
    ) -> Result<Self, ConfigError> {
        let name = name.into();
        let tier = |(tier, options): (N, _)| {
            let tier = tier.into();
            let limiter = KeyedRateLimiter::new(format!("{name}.{tier}"), options)?;
            Ok((tier, limiter))
        };
        let tiers = tiers.into_iter().map(tier).collect::<Result<_, ConfigError>>()?;
        Ok(TieredLimiter { name, tiers })
    }

    /// The limiter of this tier.
    pub fn tier(&self, tier: &str) -> Option<&KeyedRateLimiter<K>> {
        self.tiers.iter().find(|(name, _)| &**name == tier).map(|(_, limiter)| limiter)
    }

    /// The names of the tiers, as they were given.
    pub fn tiers(&self) -> impl Iterator<Item = &str> {
        self.tiers.iter().map(|(name, _)| &**name)
    }

    fn of(&self, tier: &str) -> Result<&KeyedRateLimiter<K>, TierError> {
        self.tier(tier).ok_or_else(|| TierError::Unknown { policy: Name::of(&self.name), tier: tier.into() })
    }

    /// How the key stands in this tier, as [`KeyedRateLimiter::check`].
    ///
    /// # Errors
    ///
    /// [`TierError::Unknown`]
    pub fn check<Q>(&self, tier: &str, key: &Q) -> Result<Quota, TierError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        Ok(self.of(tier)?.check(key))
    }

    /// Charges the key in this tier, as [`KeyedRateLimiter::consume`].
    ///
    /// # Errors
    ///
    /// [`TierError`]
    pub fn consume<Q>(&self, tier: &str, key: &Q) -> Result<Quota, TierError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        Ok(self.of(tier)?.consume(key)?)
    }

    /// Charges the key for a request that costs more than one, as [`KeyedRateLimiter::consume_cost`].
    ///
    /// # Errors
    ///
    /// [`TierError`]
    pub fn consume_cost<Q>(&self, tier: &str, key: &Q, cost: u32) -> Result<Quota, TierError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        Ok(self.of(tier)?.consume_cost(key, cost)?)
    }

    /// Makes the key a fresh one in all tiers; whether any knew it.
    pub fn reset<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.tiers.iter().fold(false, |was_known, (_, tier)| tier.reset(key) || was_known)
    }
}

impl<K: LimiterKey> fmt::Debug for TieredLimiter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tiers: Vec<&str> = self.tiers().collect();
        f.debug_struct("TieredLimiter").field("name", &self.name).field("tiers", &tiers).finish()
    }
}
