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

use noex::{Backoff, ChildOptions, Strategy, Supervisor, prelude::*};

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

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The panic is expected here; one line about it is enough.
    panic::set_hook(Box::new(|panic| eprintln!("{panic}")));

    let mut kitchen = Supervisor::builder("kitchen");
    kitchen.strategy(Strategy::RestForOne);
    let pause = Duration::from_millis(500);
    kitchen.backoff(Backoff::new(pause, pause).jitter(false));
    let oven = kitchen.child::<Oven>(ChildOptions::new("oven"), || ());
    let cook = {
        let oven = oven.clone();
        kitchen.child::<Cook>(ChildOptions::new("cook"), move || (oven.clone(),))
    };
    let mut floor = Supervisor::builder("floor");
    floor.child::<Waiter>(ChildOptions::new("ann"), || ());
    floor.child::<Waiter>(ChildOptions::new("ben"), || ());

    let mut house = Supervisor::builder("house");
    let kitchen = house.nest(ChildOptions::new("kitchen"), kitchen.start());
    house.nest(ChildOptions::new("floor"), floor.start());
    let house = house.start().await?;
    println!("{}\n{}", cook.cook(200).await?, house.draw().await?);

    let burnt = cook.cook(500).await;
    println!("{}\n", if burnt.is_err() { "the oven broke" } else { "charcoal" });
    // In the pause both are down, and an order waits.
    tokio::time::sleep(pause / 5).await;
    let (order, drawing) = tokio::join!(cook.cook(180), house.draw());
    println!("{}", drawing?);
    println!("{}\n{}", order?, house.draw().await?);

    let log = kitchen.restart_log();
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
