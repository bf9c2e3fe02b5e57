//! Ten requests a minute for each user, checked and paid in one step.
//!
//! ```text
//! cargo run --example limiter
//! ```
//!
//! The idea: `consume` is the decision. To `check` first and to `consume` then, as one is tempted to, lets two callers
//! pass who both looked before either paid; here both ways are tried with callers that come at once. The limiter is a
//! server with a name; who asks often takes the value out of it and sends no more messages.
//!
//! The clock is a virtual one, so that a minute takes no time.

use std::{error::Error, time::Duration};

use noex::resilience::{KeyedRateLimiter, RateLimitOptions, RateLimiterServer};

const MINUTE: Duration = Duration::from_secs(60);

/// Does what a user wants, if it is not too much.
fn handle(api: &KeyedRateLimiter, user: &str) -> String {
    match api.consume(user) {
        Ok(quota) => format!("done, {} of {} left", quota.remaining, quota.limit),
        Err(refused) => format!("{refused}"),
    }
}

/// How many of three callers get through who look first and pay after a moment.
async fn look_then_pay(api: &KeyedRateLimiter, user: &str) -> usize {
    let one = async || {
        let quota = api.check(user);
        tokio::task::yield_now().await;
        let _ = api.consume(user);
        quota.allowed
    };
    let all = tokio::join!(one(), one(), one());
    [all.0, all.1, all.2].into_iter().filter(|passed| *passed).count()
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    RateLimiterServer::start(RateLimitOptions::new().limit(10).period(MINUTE)).name("api-limiter").await?;
    let limiter = RateLimiterServer::named("api-limiter");
    let api = limiter.limiter().await?;

    for request in 1..=12 {
        println!("{request:>2}: {}", handle(&api, "user:1"));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    println!("another user: {}", handle(&api, "user:2"));

    let status = limiter.get_status("user:1".into()).await?;
    println!("{} of {} used, again in {:?}", status.current, status.limit, status.retry_after);
    tokio::time::advance(status.retry_after).await;
    println!("after that: {}", handle(&api, "user:1"));

    println!("one place left, three look first: {} pass", {
        api.consume_cost("user:3", 9)?;
        look_then_pay(&api, "user:3").await
    });
    println!("one place left, three pay at once: {} passes", {
        api.consume_cost("user:4", 9)?;
        (0..3).filter(|_| api.consume("user:4").is_ok()).count()
    });

    limiter.stop().await?;
    println!("stopped: {}", handle(&api, "user:2"));
    Ok(())
}
