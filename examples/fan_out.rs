//! One server tells many.
//!
//! ```text
//! cargo run --release --example fan_out -- 1000
//! ```
//!
//! The idea: each listener has a mailbox and a pace of its own, and a question waits behind what was told before it. So
//! who has told everybody need only ask each of them once to know that all was heard, in order. The argument is how
//! many listeners; how long it took is told on standard error.

use std::time::{Duration, Instant};

use noex::{multi_call, prelude::*};

/// What is told to each listener.
const LINES: u64 = 100;

/// Hears lines that are numbered from one.
#[derive(Debug, Default)]
#[genserver]
pub struct Listener {
    heard: u64,
    is_in_order: bool,
}

#[genserver]
impl Listener {
    #[init]
    fn open() -> Self {
        Listener { heard: 0, is_in_order: true }
    }

    /// The next line.
    #[cast]
    pub fn hear(&mut self, line: u64) {
        self.heard += 1;
        self.is_in_order &= line == self.heard;
    }

    /// How many lines it heard, if they came in order.
    #[call]
    pub fn heard(&self) -> Option<u64> {
        self.is_in_order.then_some(self.heard)
    }
}

/// Tells whoever listens.
#[derive(Debug)]
#[genserver(call_timeout = infinity)]
pub struct Speaker {
    listeners: Vec<ListenerRef>,
}

#[genserver]
impl Speaker {
    #[init]
    fn open(listeners: Vec<ListenerRef>) -> Self {
        Speaker { listeners }
    }

    /// Tells so many lines to each; answers when the last is on its way.
    #[call]
    pub async fn tell(&mut self, lines: u64) -> Result<(), CastError<ListenerCast>> {
        for line in 1..=lines {
            for listener in &self.listeners {
                listener.hear(line).await?;
            }
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let size: usize = std::env::args().nth(1).map_or(Ok(1_000), |it| it.parse())?;

    let mut listeners = Vec::new();
    for _ in 0..size {
        listeners.push(Listener::start().await?);
    }
    let speaker = Speaker::start(listeners.clone()).await?;

    let begun = Instant::now();
    speaker.tell(LINES).await?;
    let answers = multi_call(listeners.clone(), Duration::from_secs(60), |listener| listener.heard()).await;
    let took = begun.elapsed();

    let heard: u64 = answers.replies.iter().filter_map(|(_, heard)| *heard).sum();
    println!("{size} listeners heard {heard} lines in order, {} did not answer", answers.failed.len());
    eprintln!("{:.0} ns a message", took.as_secs_f64() * 1e9 / (size as u64 * LINES) as f64);
    speaker.stop().await?;
    for listener in listeners {
        listener.stop().await?;
    }
    Ok(())
}
