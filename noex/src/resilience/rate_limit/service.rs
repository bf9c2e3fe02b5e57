//! A limiter as a server: a child in a tree, found by its name.

use noex_macros::genserver;

use super::{KeyedRateLimiter, Quota, RateLimitOptions};
use crate::{
    Context, ExitReason,
    resilience::{NamedError, RateLimited},
};

/// A [`KeyedRateLimiter`] as a server, for programs that want their limiter in a tree and by name.
///
/// A limiter needs no server: it is a value that all threads share, and a call to it takes no message. What the server
/// adds is a place in a [`supervisor!`](crate::supervisor!), a name in the system, and an owner that can be stopped.
/// Who asks often fetches [`limiter`](RateLimiterServerRef::limiter) once and asks that.
///
/// Of a server with a name, the budgets outlive a crash and a restart; [`stop`](crate::ServerRef::stop) forgets them.
///
/// # Examples
///
/// ```
/// use noex::{prelude::*, resilience::{RateLimitOptions, RateLimiterServer}};
/// use std::time::Duration;
///
/// const OPTIONS: RateLimitOptions = RateLimitOptions::new().limit(2).period(Duration::from_secs(60));
///
/// supervisor! {
///     /// What the program stands on.
///     pub Base() {
///         strategy: one_for_one,
///         mail: RateLimiterServer(OPTIONS),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let base = Base::start().await?;
/// assert_eq!(base.mail().consume("user:1".into()).await?.remaining, 1);
///
/// RateLimiterServer::start(OPTIONS).name("api-limiter").await?;
/// let limiter = RateLimiterServer::named("api-limiter");
/// assert_eq!(limiter.consume("user:1".into()).await?.remaining, 1);
/// let shared = limiter.limiter().await?;              // the value itself: no message from here on
/// assert_eq!(shared.consume("user:1")?.remaining, 0);
/// assert!(shared.consume("user:1").is_err());
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[genserver(crate = crate)]
pub struct RateLimiterServer {
    limiter: KeyedRateLimiter,
}

#[genserver(crate = crate)]
impl RateLimiterServer {
    #[init]
    fn init(cx: &mut Context<Self>, options: RateLimitOptions) -> Result<Self, NamedError> {
        let limiter = match cx.me().name() {
            Some(name) => KeyedRateLimiter::find_or_make(&cx.system(), &name, Some(options))?,
            None => KeyedRateLimiter::new("a server's", options)?,
        };
        Ok(RateLimiterServer { limiter })
    }

    /// How the key stands for one more request. Nothing is charged.
    #[call]
    pub fn check(&self, key: String) -> Quota {
        self.limiter.check(&*key)
    }

    /// Charges the key for one request, or refuses.
    #[call]
    pub fn consume(&self, key: String) -> Result<Quota, RateLimited> {
        self.limiter.consume(&*key)
    }

    /// Charges the key for a request that costs so much, or refuses.
    #[call]
    pub fn consume_cost(&self, key: String, cost: u32) -> Result<Quota, RateLimited> {
        self.limiter.consume_cost(&*key, cost)
    }

    /// How the key stands.
    #[call]
    pub fn get_status(&self, key: String) -> Quota {
        self.limiter.get_status(&*key)
    }

    /// Makes the key a fresh one; whether it was known.
    #[call]
    pub fn reset(&self, key: String) -> bool {
        self.limiter.reset(&*key)
    }

    /// The keys with grants that are not over, in no order.
    #[call]
    pub fn keys(&self) -> Vec<String> {
        self.limiter.keys()
    }

    /// The limiter itself.
    #[call]
    pub fn limiter(&self) -> KeyedRateLimiter {
        self.limiter.clone()
    }

    #[terminate]
    fn terminate(&mut self, reason: ExitReason) {
        if reason == ExitReason::Normal {
            self.limiter.dispose();
        }
    }
}
