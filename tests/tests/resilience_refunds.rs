//! What a rate limiter gives back after a call that was not served, and takes away after one that asks for a pause.
#![allow(missing_docs)]

use std::time::Duration;

use noex::{
    prelude::*,
    resilience::{
        Algorithm, Class, Classify, KeyedRateLimiter, LimitedBy, PolicyEvent, RateLimitOptions, RateLimiter,
        Stack,
    },
};
use tokio::time::{Instant, timeout};

#[derive(Clone, Copy, Debug, PartialEq)]
struct Busy;

impl Classify for Busy {
    fn class(&self) -> Class {
        Class::Throttled { retry_after: Duration::from_secs(5) }
    }
}

#[genserver(mailbox = 1, overflow = fail, on_restart = drop)]
struct Api;

#[genserver]
impl Api {
    #[init]
    fn open() -> Self {
        Api
    }

    #[call]
    #[rate_limit(5 per 1min, key = user, name = "refunds.search")]
    async fn search(&mut self, user: String) -> Result<usize, String> {
        tokio::task::yield_now().await;
        Ok(user.len())
    }

    #[call]
    #[rate_limit(5 per 1min, key = user, name = "refunds.buy", drain)]
    fn buy(&mut self, user: u32) -> Result<u32, Busy> {
        if user == 7 { Err(Busy) } else { Ok(user) }
    }

    #[call]
    #[rate_limit(5 per 1min, name = "refunds.sell", drain)]
    async fn sell(&mut self) -> Result<u32, Busy> {
        Err(Busy)
    }
}

#[tokio::test(start_paused = true)]
async fn who_finds_a_full_mailbox_has_spent_nothing() {
    let api = Api::start().await.unwrap();
    let limit = KeyedRateLimiter::<String>::get("refunds.search");
    // One runs, one waits in the mailbox, and there is no room for the third.
    let (first, second, third) =
        tokio::join!(api.search("ann".into()), api.search("bob".into()), api.search("cay".into()));
    assert_eq!((first.unwrap(), second.unwrap()), (3, 3));
    assert!(matches!(third, Err(CallError::MailboxFull { .. })), "{third:?}");
    let left = |user: &str| limit.get_status(user).remaining;
    assert_eq!((left("ann"), left("bob"), left("cay")), (4, 4, 5));

    api.stop().await.unwrap();
    assert!(matches!(api.search("ann".into()).await, Err(CallError::NotRunning { .. })));
    assert_eq!(left("ann"), 4);
}

/// Takes notes, slowly.
#[genserver(mailbox = 1)]
struct Clerk;

#[genserver]
impl Clerk {
    #[init]
    fn open() -> Self {
        Clerk
    }

    #[cast]
    #[rate_limit(50 per 1min, key = about, name = "refunds.note")]
    async fn note(&mut self, about: u32) {
        let _ = about;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_cast_that_is_not_sent_has_spent_nothing() {
    let clerk = Clerk::start().await.unwrap();
    let limit = KeyedRateLimiter::<u32>::get("refunds.note");
    let used = || limit.get_status(&7).current;
    // Until there is no room: each that got in is charged, the one that did not is not.
    let mut sent = 0;
    while clerk.note(7).try_send().is_ok() {
        sent += 1;
        assert!(sent < 10);
    }
    assert_eq!(used(), sent);

    // One that waits for room is charged while it waits, and no more when it is dropped.
    let mut waits = Box::pin(clerk.note(7));
    assert!(timeout(Duration::ZERO, &mut waits).await.is_err());
    assert_eq!(used(), sent + 1);
    drop(waits);
    assert_eq!(used(), sent);

    // One that gets its place stays charged; one whose server ends does not.
    clerk.note(7).await.unwrap();
    assert_eq!(used(), sent + 1);
    let (noted, killed) = tokio::join!(clerk.note(7), async { clerk.kill() });
    assert!(noted.is_err() && killed);
    assert_eq!(used(), sent + 1);
    assert!(clerk.note(7).await.is_err());
    assert_eq!(used(), sent + 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_asks_for_a_pause_drains_its_key() {
    let api = Api::start().await.unwrap();
    assert_eq!(api.buy(8).await.unwrap(), 8);
    assert!(matches!(api.buy(7).await, Err(CallError::Handler(Busy))));
    match api.buy(7).await {
        Err(CallError::RateLimited { limited, .. }) => {
            assert_eq!(limited.retry_after, Duration::from_secs(60));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        KeyedRateLimiter::<u32>::get("refunds.buy").get_status(&8).remaining,
        4,
        "others are not touched"
    );
    // Without keys it is the one budget.
    assert!(matches!(api.sell().await, Err(CallError::Handler(Busy))));
    assert!(matches!(api.sell().await, Err(CallError::RateLimited { .. })));
}

#[tokio::test(start_paused = true)]
async fn what_is_drained_is_all_there_is_in_every_algorithm() {
    let algorithms = [
        Algorithm::SlidingWindow,
        Algorithm::FixedWindow,
        Algorithm::TokenBucket { burst: 10 },
        Algorithm::TokenBucket { burst: 3 },
        Algorithm::Smooth,
    ];
    for algorithm in algorithms {
        for limit in [10, 5000] {
            let options = RateLimitOptions::new().limit(limit).algorithm(algorithm);
            let limiter = RateLimiter::new("drained", options).unwrap();
            let all = limiter.check().remaining;
            limiter.consume().unwrap();
            assert_eq!(limiter.drain(), all - 1, "{algorithm:?}");
            assert_eq!(limiter.drain(), 0, "{algorithm:?}");
            assert_eq!(limiter.consume().unwrap_err().why, LimitedBy::Rate, "{algorithm:?}");
            let keyed =
                KeyedRateLimiter::<u8>::new("drained", options.and(2, Duration::from_secs(60))).unwrap();
            assert_eq!(keyed.drain(&1), keyed.check(&2).remaining, "a new key, by the window with the least");
            assert!(keyed.consume(&1).is_err() && keyed.consume(&2).is_ok(), "{algorithm:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stack_drains_and_those_who_wait_wait_longer() {
    let limiter = RateLimiter::new("stacked", RateLimitOptions::new().limit(2).drain(true)).unwrap();
    let mut events = limiter.events();
    let stack = Stack::<u8, Busy>::builder()
        .judged_by(Classify::class)
        .rate_limiter(limiter.clone())
        .build()
        .unwrap();
    let start = Instant::now();
    assert!(stack.execute(async || Err(Busy)).await.is_err());
    assert_eq!(stack.execute(async || Ok(1)).await, Ok(1));
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    assert_eq!(events.next().await.unwrap(), PolicyEvent::Drained { units: 1 });
    assert_eq!(events.next().await.unwrap(), PolicyEvent::Queued);
    assert_eq!(events.next().await.unwrap(), PolicyEvent::Admitted);
    // Nothing was left to be drained by the second one, which succeeded.
    assert!(timeout(Duration::ZERO, events.next()).await.is_err());
}
