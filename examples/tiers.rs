//! Different limits for reads, writes and administration.
//!
//! ```text
//! cargo run --example tiers
//! ```
//!
//! The idea: a tier is a limiter of its own, and a request that is refused says when it can come again. A read takes
//! one from its tier, an export ten: a request has a cost. One that would take more than the tier ever has is refused
//! for good.

use std::{error::Error, time::Duration};

use noex::resilience::{RateLimitOptions, TierError, TieredLimiter};

const PER_MINUTE: RateLimitOptions = RateLimitOptions::new().period(Duration::from_secs(60));

/// What can be asked of the service.
enum Request {
    Read,
    Write,
    /// So many reads in one.
    Export(u32),
    Admin,
}

impl Request {
    const fn tier(&self) -> &'static str {
        match self {
            Request::Read | Request::Export(_) => "read",
            Request::Write => "write",
            Request::Admin => "admin",
        }
    }

    const fn cost(&self) -> u32 {
        match self {
            Request::Export(rows) => *rows,
            _ => 1,
        }
    }
}

fn handle(api: &TieredLimiter, user: &str, request: &Request) -> Result<String, TierError> {
    let tier = request.tier();
    let quota = api.consume_cost(tier, user, request.cost())?;
    Ok(format!("{tier}: {} of {} left", quota.remaining, quota.limit))
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    let api = TieredLimiter::new(
        "api",
        [("read", PER_MINUTE.limit(1000)), ("write", PER_MINUTE.limit(100)), ("admin", PER_MINUTE.limit(2))],
    )?;
    let requests = [
        Request::Read,
        Request::Export(900),
        Request::Export(100),
        Request::Export(2000),
        Request::Write,
        Request::Admin,
        Request::Admin,
        Request::Admin,
    ];
    for request in &requests {
        match handle(&api, "user:123", request) {
            Ok(done) => println!("{done}"),
            Err(TierError::Limited(refused)) => println!("{refused}"),
            Err(unknown) => return Err(unknown.into()),
        }
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    println!("another user: {}", handle(&api, "user:7", &Request::Admin)?);
    println!("{}", api.consume("owner", "user:7").unwrap_err());
    Ok(())
}
