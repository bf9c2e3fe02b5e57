//! A token round a ring of servers.
//!
//! ```text
//! cargo run --release --example ring -- 1000 1000
//! ```
//!
//! The idea: a server costs little more than the struct it is, so there may be as many as the problem has parts. Each
//! knows the next one and nothing else. The arguments are how many servers, and how many times round; how long it
//! took is told on standard error.

use std::time::Instant;

use noex::prelude::*;

/// One place in the ring.
#[derive(Debug)]
#[genserver(call_timeout = infinity)]
pub struct Place {
    /// Nobody as long as the ring is open.
    next: Option<PlaceRef>,
    seen: u64,
    /// Who asked for a round, in the place that began it.
    caller: Option<ReplyTo<u64>>,
}

#[genserver]
impl Place {
    #[init]
    fn open(next: Option<PlaceRef>) -> Self {
        Place { next, seen: 0, caller: None }
    }

    /// Closes the ring.
    #[call]
    pub fn join(&mut self, next: PlaceRef) {
        self.next = Some(next);
    }

    /// Sends a token that is passed on so many times, and answers with the hops when it has come to its end.
    #[call]
    pub async fn send(&mut self, hops: u64, reply: ReplyTo<u64>) {
        self.caller = Some(reply);
        self.pass(hops, 0).await;
    }

    /// A token: how often it is passed on yet, and how often it was.
    #[cast]
    pub async fn token(&mut self, left: u64, passed: u64) {
        self.seen += 1;
        match self.caller.take() {
            Some(caller) if left == 0 => caller.send(passed),
            caller => {
                self.caller = caller;
                self.pass(left, passed).await;
            }
        }
    }

    /// How many tokens came by.
    #[call]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    async fn pass(&self, left: u64, passed: u64) {
        if let (Some(next), Some(left)) = (&self.next, left.checked_sub(1)) {
            next.token(left, passed + 1).await.expect("the next place runs as long as the ring does");
        }
    }
}

/// So many places in a circle, in their order.
async fn ring(size: usize) -> Result<Vec<PlaceRef>, Box<dyn std::error::Error>> {
    let mut places = vec![Place::start(None).await?];
    while places.len() < size {
        places.push(Place::start(places.last().cloned()).await?);
    }
    // Each knows the one that was started before it.
    places.reverse();
    places[size - 1].join(places[0].clone()).await?;
    Ok(places)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let size: usize = arguments.next().map_or(Ok(1_000), |it| it.parse())?;
    let laps: u64 = arguments.next().map_or(Ok(1_000), |it| it.parse())?;

    let places = ring(size.max(1)).await?;
    let begun = Instant::now();
    let hops = places[0].send(places.len() as u64 * laps.max(1)).await?;
    let took = begun.elapsed();

    let mut fewest = u64::MAX;
    for place in &places {
        fewest = fewest.min(place.seen().await?);
    }
    println!("{} servers, {hops} messages, {fewest} to each", places.len());
    eprintln!("{:.0} ns a message", took.as_secs_f64() * 1e9 / hops as f64);
    for place in places {
        place.stop().await?;
    }
    Ok(())
}
