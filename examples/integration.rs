//! The six integration patterns, one after the other, around one service that is somewhere else.
//!
//! ```text
//! cargo run -p noex-examples --example integration
//! ```
//!
//! The idea: each is a value with a name and one way in, and tells by its error what it did. The policies among them are
//! found by their name in any part of a program, and disposed of when they are not needed any more; a request-response is
//! handed on as any value is.
//!
//! The clock is a virtual one, so that time-outs and pauses take no time.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use noex::patterns::{Request, RequestResponse, Response};
use noex::resilience::{
    Bulkhead, BulkheadOptions, CircuitBreaker, CircuitBreakerOptions, Pattern, PolicyEvent, RateLimitOptions,
    RateLimiter, Retry, RetryOptions, Timeout, TimeoutOptions,
};
use tokio::{
    join,
    time::{Instant, sleep},
};

const SECOND: Duration = Duration::from_secs(1);

/// What the service says when it says nothing of users.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Trouble(&'static str);

/// Users, somewhere else: each answer takes a second, the first so many fail.
#[derive(Default)]
struct Users {
    failures: AtomicU32,
    asked: AtomicU32,
}

impl Users {
    fn fail(&self, times: u32) {
        self.failures.store(times, Ordering::Relaxed);
    }

    async fn find(&self, id: u32) -> Result<String, Trouble> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        sleep(SECOND).await;
        let one_less = |left: u32| left.checked_sub(1);
        match self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less) {
            Ok(_) => Err(Trouble("network error")),
            Err(_) if id == 0 => Err(Trouble("no such user")),
            Err(_) => Ok(format!("user {id}")),
        }
    }
}

/// The outcome in a few words.
fn told<E: std::fmt::Display>(outcome: &Result<String, E>) -> String {
    match outcome {
        Ok(user) => user.clone(),
        Err(error) => error.to_string(),
    }
}

/// 1. A named handler; the request says how long it may take.
async fn request_response(users: &Arc<Users>) {
    let users = users.clone();
    let service = RequestResponse::new("users", move |request: Request<u32>| {
        let users = users.clone();
        async move {
            match users.find(request.data).await {
                Err(Trouble("no such user")) => Ok(Response::ok("nobody".to_owned()).status(404)),
                found => found.map(Response::ok),
            }
        }
    });
    for request in [Request::new(7).timeout(5 * SECOND), Request::new(0), Request::new(7).timeout(SECOND / 2)]
    {
        match service.execute(request).await {
            Ok(Response { data, status, .. }) => println!("request-response: {status} {data}"),
            Err(error) => println!("request-response: {error}"),
        }
    }
    let stats = service.stats();
    println!(
        "request-response: {} requests, {} succeeded, {} refused, {} timed out",
        stats.requests, stats.succeeded, stats.refused, stats.timed_out
    );
}

/// 2. Who is down is left alone for a while.
async fn circuit_breaker(users: &Arc<Users>) -> Result<(), Box<dyn Error>> {
    let options = CircuitBreakerOptions::new().failure_threshold(3).reset_timeout(30 * SECOND);
    let breaker = CircuitBreaker::new("database", options)?;
    let find = breaker.wrap({
        let users = users.clone();
        move |id| {
            let users = users.clone();
            async move { users.find(id).await }
        }
    });
    users.fail(3);
    for _ in 0..4 {
        println!("circuit breaker: {}", told(&find(7).await));
    }
    sleep(30 * SECOND).await;
    // Whoever knows the name has the same breaker.
    let same = CircuitBreaker::get("database");
    println!("circuit breaker: {}, and {}", told(&find(7).await), same.state());
    breaker.dispose();
    println!("circuit breaker: {}", told(&find(7).await));
    Ok(())
}

/// 3. Not more at once than are good for the service; the rest waits, or is refused.
async fn bulkhead(users: &Users) -> Result<(), Box<dyn Error>> {
    let bulkhead = Bulkhead::new("requests", BulkheadOptions::new().max_concurrent(2).max_queue(1))?;
    let begun = Instant::now();
    let find = async |id| {
        let found = bulkhead.execute(|| users.find(id)).await;
        format!("{} after {:?}", told(&found), begun.elapsed())
    };
    let all = join!(find(1), find(2), find(3), find(4));
    for found in [all.0, all.1, all.2, all.3] {
        println!("bulkhead: {found}");
    }
    bulkhead.dispose();
    Ok(())
}

/// 4. Not longer than one can wait.
async fn timeout(users: &Users) -> Result<(), Box<dyn Error>> {
    let timeout = Timeout::new("query", TimeoutOptions::new().timeout(SECOND / 2))?;
    let mut events = timeout.events();
    println!("timeout: {}", told(&timeout.execute(|| users.find(7)).await));
    if let PolicyEvent::TimedOut { after } = events.next().await? {
        println!("timeout: who listens hears of it as well, after {after:?}");
    }
    timeout.dispose();
    Ok(())
}

/// 5. Once more, where that may help: by what the error says.
async fn retry(users: &Users) -> Result<(), Box<dyn Error>> {
    let options = RetryOptions::new().max_attempts(3).initial_delay(SECOND).backoff_factor(2.0);
    let options = options.retryable_errors(&[Pattern::Text("network error"), Pattern::Text("timeout")]);
    let retry = Retry::new("api-call", options)?;
    for (failures, id) in [(2, 7), (9, 7), (0, 0)] {
        users.fail(failures);
        let (begun, asked) = (Instant::now(), users.asked.load(Ordering::Relaxed));
        let found = told(&retry.execute(|| users.find(id)).await);
        let attempts = users.asked.load(Ordering::Relaxed) - asked;
        println!("retry: {found}, at attempt {attempts}, after {:?}", begun.elapsed());
    }
    users.fail(0);
    retry.dispose();
    Ok(())
}

/// 6. Not more in a time than was agreed.
async fn rate_limiter(users: &Users) -> Result<(), Box<dyn Error>> {
    let options =
        RateLimitOptions::new().limit(2).period(60 * SECOND).max_queue_size(1).queue_timeout(90 * SECOND);
    let limiter = RateLimiter::new("api-requests", options)?;
    let begun = Instant::now();
    let find = async |id| {
        let found = limiter.execute(|| users.find(id)).await;
        format!("{} after {:?}", told(&found), begun.elapsed())
    };
    let all = join!(find(1), find(2), find(3), find(4));
    for found in [all.0, all.1, all.2, all.3] {
        println!("rate limiter: {found}");
    }
    limiter.dispose();
    Ok(())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    let users = Arc::new(Users::default());
    request_response(&users).await;
    circuit_breaker(&users).await?;
    bulkhead(&users).await?;
    timeout(&users).await?;
    retry(&users).await?;
    rate_limiter(&users).await
}
