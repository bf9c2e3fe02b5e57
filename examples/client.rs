//! A client of a service that is not always well: a retry outside of a circuit breaker outside of a rate limit.
//!
//! ```text
//! cargo run --example client
//! ```
//!
//! The idea: each policy answers one question, and the error type says once how an error counts for all of them.
//!
//! ```text
//! retry ▶ circuit breaker ▶ rate limit ▶ service
//!   │            │              └ may this user ask so often? A refusal is no failure of the service
//!   │            └ is the service well? If not, nobody asks it, and no user's rate is used up
//!   └ is it worth another try? A refusal is not; a hiccup is; "not before" is waited for
//! ```

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use noex::{
    System,
    resilience::{
        CircuitBreaker, CircuitBreakerOptions, ConfigError, KeyedRateLimiter, PolicyError, RateLimitOptions,
        Resilience, Retry, RetryOptions, judge,
    },
};
use tokio::time::sleep;

/// What the weather service says when it says nothing of the weather.
#[derive(Debug, thiserror::Error, Resilience)]
pub enum WeatherError {
    /// Gone in a moment.
    #[error("the service is down")]
    Down,
    /// An answer: the service is well.
    #[error("no such city")]
    #[ignored]
    NoSuchCity,
    /// Asked to come back later.
    #[error("busy, come back in {pause:?}")]
    #[throttled(retry_after = pause)]
    Busy {
        /// When.
        pause: Duration,
    },
}

/// The service, somewhere else.
#[derive(Debug, Default)]
pub struct Weather {
    is_down: AtomicBool,
    busy: AtomicU32,
    asked: AtomicU32,
}

impl Weather {
    async fn of(&self, city: &str) -> Result<&'static str, WeatherError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(20)).await;
        if self.is_down.load(Ordering::Relaxed) {
            return Err(WeatherError::Down);
        }
        if self.busy.swap(0, Ordering::Relaxed) > 0 {
            return Err(WeatherError::Busy { pause: Duration::from_millis(700) });
        }
        match city {
            "Bergen" => Ok("rain"),
            "Cairo" => Ok("sun"),
            _ => Err(WeatherError::NoSuchCity),
        }
    }
}

/// What the rest of the program uses.
#[derive(Debug)]
pub struct Client {
    service: Weather,
    retry: Retry,
    breaker: CircuitBreaker,
    limit: KeyedRateLimiter<String>,
}

impl Client {
    fn new() -> Result<Self, ConfigError> {
        let retry = RetryOptions::new().max_attempts(3).initial_delay(Duration::from_millis(100));
        let breaker = CircuitBreakerOptions::new()
            .failure_threshold(5)
            .reset_timeout(Duration::from_secs(30))
            .unmonitored();
        let limit = RateLimitOptions::new().limit(8).period(Duration::from_secs(60));
        Ok(Client {
            service: Weather::default(),
            retry: Retry::new("weather", retry)?,
            breaker: CircuitBreaker::new("weather", breaker)?,
            limit: KeyedRateLimiter::new("weather", limit)?,
        })
    }

    /// The weather of a city, for a user.
    pub async fn weather(&self, user: &str, city: &str) -> Result<&'static str, PolicyError<WeatherError>> {
        // Asked and charged in one step: two that ask at once cannot both have the last one.
        let ask = async || {
            self.limit.consume(user)?;
            self.service.of(city).await.map_err(PolicyError::Failed)
        };
        let protected = || self.breaker.execute_with(judge::classified, &ask);
        let weather = self.retry.execute_with(judge::classified, protected).await;
        weather.map_err(|error| error.flatten().flatten())
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::new()?;
    let show = async |user: &str, city: &str| match client.weather(user, city).await {
        Ok(weather) => println!("{user} asks for {city}: {weather}"),
        Err(error) => println!("{user} asks for {city}: {error}"),
    };
    let asked = || client.service.asked.load(Ordering::Relaxed);

    show("ann", "Bergen").await;
    client.service.busy.store(1, Ordering::Relaxed);
    show("ann", "Cairo").await;
    println!("asked {} times: it was busy, and is asked again when it said", asked());
    show("ann", "Atlantis").await;
    println!("asked {} times: that there is no such city is an answer", asked());

    client.service.is_down.store(true, Ordering::Relaxed);
    show("bob", "Cairo").await;
    show("bob", "Cairo").await;
    println!("asked {} times, and the circuit is {}", asked(), client.breaker.state());
    show("ann", "Cairo").await;
    println!("asked {} times: nobody waits for what is down", asked());

    client.service.is_down.store(false, Ordering::Relaxed);
    sleep(Duration::from_secs(30)).await;
    show("ann", "Cairo").await;
    println!("the circuit is {}", client.breaker.state());

    for _ in 0..3 {
        show("bob", "Bergen").await;
    }
    show("bob", "Bergen").await;
    println!("the circuit is {}: bob's haste is not the service's fault", client.breaker.state());

    for policy in System::global().policies() {
        println!("{policy}");
    }
    Ok(())
}
