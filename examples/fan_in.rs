//! Many servers tell one.
//!
//! ```text
//! cargo run --release --example fan_in -- 1000
//! ```
//!
//! The idea: a mailbox has an end, and who tells faster than is listened waits there. A thousand meters report to
//! one sum whose mailbox holds 64: nothing is lost, nothing piles up, and no meter knows that it waited. The argument
//! is how many meters; how long it took is told on standard error.

use std::time::Instant;

use noex::prelude::*;

/// What each meter reports.
const READINGS: u64 = 100;

/// Adds up.
#[derive(Debug, Default)]
#[genserver(mailbox = 64, call_timeout = infinity)]
pub struct Sum {
    readings: u64,
    total: u64,
    /// Who waits for so many readings.
    waiting: Option<(u64, ReplyTo<u64>)>,
}

#[genserver]
impl Sum {
    #[init]
    fn open() -> Self {
        Sum::default()
    }

    /// A reading.
    #[cast]
    pub fn add(&mut self, reading: u64) {
        self.readings += 1;
        self.total += reading;
        self.answer();
    }

    /// The total, as soon as there were so many readings.
    #[call]
    pub fn total(&mut self, readings: u64, reply: ReplyTo<u64>) {
        self.waiting = Some((readings, reply));
        self.answer();
    }

    fn answer(&mut self) {
        if let Some((_, reply)) = self.waiting.take_if(|(wanted, _)| *wanted <= self.readings) {
            reply.send(self.total);
        }
    }
}

/// Reads and reports.
#[derive(Debug)]
#[genserver]
pub struct Meter {
    number: u64,
    sum: SumRef,
}

#[genserver]
impl Meter {
    #[init]
    fn open(number: u64, sum: SumRef) -> Self {
        Meter { number, sum }
    }

    /// Reports so many readings, as fast as the sum takes them.
    #[cast]
    pub async fn report(&mut self, readings: u64) {
        for _ in 0..readings {
            // Waits for room in the mailbox; who does not want to wait has `try_cast`.
            self.sum.add(self.number).await.expect("the sum outlives the meters");
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let size: u64 = std::env::args().nth(1).map_or(Ok(1_000), |it| it.parse())?;

    let sum = Sum::start().await?;
    let mut meters = Vec::new();
    for number in 1..=size {
        meters.push(Meter::start(number, sum.clone()).await?);
    }
    let begun = Instant::now();
    for meter in &meters {
        meter.report(READINGS).await?;
    }
    let readings = size * READINGS;
    let total = sum.total(readings).await?;
    let took = begun.elapsed();

    println!("{size} meters, {readings} readings, {total} in all");
    eprintln!("{:.0} ns a message", took.as_secs_f64() * 1e9 / readings as f64);
    for meter in meters {
        meter.stop().await?;
    }
    sum.stop().await?;
    Ok(())
}
