//! The event bus: servers that do not know of one another.
//!
//! ```text
//! cargo run --example rates
//! ```
//!
//! The idea: whoever knows something publishes it under a topic, whoever wants it subscribes. Nobody waits for a
//! listener that is slow, and one that crashes misses nothing.

use std::panic;

use noex::{
    event_bus::{Buffer, Overflow},
    prelude::*,
};

/// What a currency costs, in cents. `Clone` makes it an event.
#[derive(Clone, Debug)]
pub struct Rate {
    /// Of one unit.
    pub cents: u64,
}

/// Shows the latest rates.
#[derive(Debug)]
#[genserver(name = "board")]
pub struct Board {
    lines: Vec<String>,
}

#[genserver]
impl Board {
    #[init]
    fn init() -> Self {
        Board { lines: Vec::new() }
    }

    /// `*` is one segment: the rates of all currencies, and not those of yesterday.
    #[subscribe("rates.*")]
    fn changed(&mut self, topic: Topic, rate: Rate) {
        assert!(rate.cents > 0, "{topic} costs nothing");
        self.lines.push(format!("{topic} at {}", rate.cents));
    }

    /// What was shown, since the board was set up.
    #[call]
    pub fn lines(&self) -> Vec<String> {
        self.lines.clone()
    }
}

/// Keeps all there ever was; it takes its time, and whoever publishes waits for it.
#[derive(Debug)]
#[genserver]
pub struct Archive {
    rates: Vec<u64>,
}

#[genserver]
impl Archive {
    #[init]
    fn init() -> Self {
        Archive { rates: Vec::new() }
    }

    /// `**` is any number of segments.
    #[subscribe("rates.**", buffer = 2, overflow = wait)]
    async fn keep(&mut self, rate: Rate) {
        tokio::task::yield_now().await;
        self.rates.push(rate.cents);
    }

    /// How many it has.
    #[call]
    pub fn count(&self) -> usize {
        self.rates.len()
    }
}

supervisor! {
    /// Those who listen.
    pub Listeners() {
        strategy: one_for_one,
        board: Board(),
        archive: Archive(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The panic is expected here; one line about it is enough.
    panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    let system = System::global();
    let bus = system.bus();
    let listeners = Listeners::start().await?;

    // A closure runs on the publisher's task: for something short.
    let doubts = bus.subscribe_fn("rates.*", |topic, rate: Rate| {
        if rate.cents == 0 {
            println!("{topic}: that cannot be");
        }
    })?;
    // A stream is read when there is time for it: here there is room for one, the latest.
    let mut latest =
        bus.subscribe_with::<Rate>("rates.eur", Buffer::new(1).overflow(Overflow::DropOldest))?;

    for (topic, cents) in [
        ("rates.eur", 108),
        ("rates.gbp", 127),
        ("rates.chf", 0),
        ("rates.yesterday.eur", 107),
        ("rates.eur", 109),
    ] {
        let published = bus.publish(topic, Rate { cents }).await?;
        println!("{topic} at {cents}: {} listeners", published.delivered);
    }

    // The board crashed over a rate that cannot be. What came after that was kept for its next life.
    println!("on the board: {}", listeners.board().lines().await?.join(", "));
    println!("in the archive: {}", listeners.archive().count().await?);
    if let Some((topic, rate)) = latest.recv().await {
        println!("latest: {topic} at {}, {} dropped before", rate.cents, latest.subscriber().dropped());
    }
    for (pattern, subscribers) in bus.patterns() {
        println!("{pattern}: {subscribers}");
    }
    // Servers end their subscriptions when they end, streams when they are dropped, closures when they are told to.
    listeners.stop().await?;
    drop(latest);
    doubts.unsubscribe();
    println!("{} subscribers left", bus.subscribers().len());
    Ok(())
}
