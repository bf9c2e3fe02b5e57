//! The same message to many servers.

use std::{fmt, time::Duration};

use super::{Call, CallError, Cast, CastError, GenServer, Requests};

/// What a [`multi_call`] came to: each server is in one of the two parts, in the order in which they were given.
#[non_exhaustive]
pub struct Answers<R, T, E> {
    /// Those that answered, with their replies.
    pub replies: Vec<(R, T)>,
    /// Those that did not, and why.
    pub failed: Vec<(R, CallError<E>)>,
}

impl<R: fmt::Debug, T: fmt::Debug, E: fmt::Debug> fmt::Debug for Answers<R, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("replies", &self.replies).field("failed", &self.failed).finish()
    }
}

/// Calls several servers at once and waits at most `limit` for all of them together.
///
/// As `GenServer.multi_call`, with a reason for each that did not answer. The references are taken by value and
/// come back with the answers; `limit` stands in for the server's `call_timeout`.
///
/// # Examples
///
/// ```
/// use noex::{multi_call, prelude::*};
/// use std::time::Duration;
/// # #[genserver] struct Shop { price: u32 }
/// # #[genserver] impl Shop {
/// #     #[init] fn init(price: u32) -> Self { Shop { price } }
/// #     #[call] fn price(&self) -> u32 { self.price }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shops = [Shop::start(12).await?, Shop::named("closed"), Shop::start(11).await?];
/// let answers = multi_call(shops, Duration::from_millis(500), |shop| shop.price()).await;
/// let prices: Vec<u32> = answers.replies.into_iter().map(|(_, price)| price).collect();
/// assert_eq!(prices, [12, 11]);
/// assert!(matches!(answers.failed[..], [(_, CallError::NotRunning { .. })]));
/// # Ok(()) }
/// ```
pub async fn multi_call<R, S, T, E>(
    servers: impl IntoIterator<Item = R>,
    limit: Duration,
    call: impl for<'a> Fn(&'a R) -> Call<'a, S, T, E>,
) -> Answers<R, T, E>
where
    S: GenServer,
    T: 'static,
    E: 'static,
{
    let mut requests = Requests::new();
    let servers: Vec<R> = servers.into_iter().collect();
    for (at, server) in servers.iter().enumerate() {
        requests.add(at, call(server).timeout(limit).request());
    }
    let mut outcomes: Vec<_> = servers.iter().map(|_| None).collect();
    while let Some((at, outcome)) = requests.next().await {
        outcomes[at] = Some(outcome);
    }
    let mut answers = Answers { replies: Vec::new(), failed: Vec::new() };
    for (server, outcome) in servers.into_iter().zip(outcomes) {
        match outcome {
            Some(Ok(reply)) => answers.replies.push((server, reply)),
            Some(Err(error)) => answers.failed.push((server, error)),
            None => unreachable!("each request is answered"),
        }
    }
    answers
}

/// Casts to several servers, without waiting for any: each gets the message once or it is given back.
///
/// As `GenServer.abcast`, which does not say who got nothing.
///
/// # Examples
///
/// ```
/// use noex::{abcast, prelude::*};
/// # #[genserver] struct Shop { price: u32 }
/// # #[genserver] impl Shop {
/// #     #[init] fn init(price: u32) -> Self { Shop { price } }
/// #     #[cast] fn reduce(&mut self, by: u32) { self.price -= by }
/// #     #[call] fn price(&self) -> u32 { self.price }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shops = [Shop::start(12).await?, Shop::named("closed")];
/// let refused = abcast(&shops, |shop| shop.reduce(2));
/// assert_eq!((shops[0].price().await?, refused.len()), (10, 1));
/// # Ok(()) }
/// ```
pub fn abcast<'a, R, S: GenServer>(
    servers: impl IntoIterator<Item = &'a R>,
    cast: impl Fn(&'a R) -> Cast<'a, S>,
) -> Vec<(&'a R, CastError<S::Cast>)> {
    let sent = servers.into_iter().map(|server| (server, cast(server).try_send()));
    sent.filter_map(|(server, sent)| Some((server, sent.err()?))).collect()
}
