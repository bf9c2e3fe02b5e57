//! A service that is down for a while, behind a circuit breaker.
//!
//! ```text
//! cargo run --example breaker
//! ```
//!
//! The idea: whoever is down is left alone. After three failures nobody asks for five seconds, then one
//! request tries; two that succeed, and all may. The clock leaps from request to request, so nothing here
//! takes time.

use std::{cell::Cell, time::Duration};

use noex::resilience::{CircuitBreaker, CircuitBreakerOptions, PolicyError};
use tokio::time::{Instant, sleep};

/// Somebody else's service, of which we know nothing but whether it answers.
struct Api {
    since: Instant,
    asked: Cell<u32>,
}

impl Api {
    /// Down from second 1 to second 9.
    async fn quote(&self) -> Result<u32, &'static str> {
        self.asked.set(self.asked.get() + 1);
        match self.since.elapsed().as_secs() {
            1..9 => Err("the API is unavailable"),
            second => Ok(100 + second as u32),
        }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    const OPTIONS: CircuitBreakerOptions = CircuitBreakerOptions::new()
        .failure_threshold(3)
        .success_threshold(2)
        .reset_timeout(Duration::from_secs(5));
    // Options are checked where they are written, if one likes.
    const { assert!(OPTIONS.fault().is_none()) }

    let breaker = CircuitBreaker::new("external-api", OPTIONS)?;
    let api = Api { since: Instant::now(), asked: Cell::new(0) };
    let mut requests = 0;
    while api.since.elapsed() < Duration::from_secs(16) {
        let at = api.since.elapsed().as_secs();
        requests += 1;
        match breaker.execute(|| api.quote()).await {
            Ok(quote) => println!("{at:2} s: {quote}, {}", breaker.state()),
            Err(PolicyError::Failed(error)) => println!("{at:2} s: {error}, {}", breaker.state()),
            Err(refused) => println!("{at:2} s: {refused}"),
        }
        sleep(Duration::from_secs(1)).await;
    }
    println!("{requests} requests, {} reached the API", api.asked.get());
    Ok(())
}
