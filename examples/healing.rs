//! A tree heals: drawn before a crash, in the middle of it, and after.
//!
//! ```text
//! cargo run --example healing
//! ```
//!
//! The idea: a kitchen whose oven breaks. The cook works at the oven, so that both start again; the waiters next
//! door notice nothing, and the order that waited for the cook is served by the new one. The restart log says what
//! happened, and the tree says how it ended.

use std::{panic, time::Duration};

use noex::prelude::*;

/// Bakes, and breaks when it gets too hot.
#[derive(Debug)]
#[genserver]
pub struct Oven {}

#[genserver]
impl Oven {
    #[init]
    fn install() -> Self {
        Oven {}
    }

    /// Bakes at so many degrees.
    #[call]
    pub fn bake(&mut self, degrees: u32) -> &'static str {
        assert!(degrees < 300, "{degrees} degrees are too many");
        "bread"
    }
}

/// Cooks what is ordered, at the oven.
#[derive(Debug)]
#[genserver]
pub struct Cook {
    oven: OvenRef,
}

#[genserver]
impl Cook {
    #[init]
    fn hire(oven: OvenRef) -> Self {
        Cook { oven }
    }

    /// Cooks one order.
    #[call]
    pub async fn cook(&mut self, degrees: u32) -> Result<&'static str, CallError> {
        self.oven.bake(degrees).await
    }
}

/// Brings what is ready.
#[derive(Debug)]
#[genserver]
pub struct Waiter {}

#[genserver]
impl Waiter {
    #[init]
    fn hire() -> Self {
        Waiter {}
    }
}

supervisor! {
    /// Who works at the oven starts again with it, after a pause.
    pub Kitchen {
        strategy: rest_for_one,
        backoff: 500ms..500ms,
        oven: Oven(),
        cook: Cook(oven),
    }
}

supervisor! {
    /// Where the guests are.
    pub Floor {
        strategy: one_for_one,
        ann: Waiter(),
        ben: Waiter(),
    }
}

supervisor! {
    /// All of it.
    pub House {
        strategy: one_for_one,
        kitchen: supervisor Kitchen(),
        floor: supervisor Floor(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The panic is expected here; one line about it is enough.
    panic::set_hook(Box::new(|panic| eprintln!("{panic}")));

    let house = House::start().await?;
    let cook = house.kitchen().cook();
    println!("{}\n{}", cook.cook(200).await?, house.draw().await?);

    let burnt = cook.cook(500).await;
    println!("{}\n", if burnt.is_err() { "the oven broke" } else { "charcoal" });
    // In the pause both are down, and an order waits.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (order, drawing) = tokio::join!(cook.cook(180), house.draw());
    println!("{}", drawing?);
    println!("{}\n{}", order?, house.draw().await?);

    let log = house.kitchen().restart_log();
    for entry in log.entries() {
        let with = entry.taken_down.join(", ");
        let message = entry.message.unwrap_or("?");
        println!("{} restarted after a {message}, and {with} with it", entry.child);
    }
    eprintln!("{log}");

    house.stop().await?;
    println!("{}", house.end().await);
    Ok(())
}
