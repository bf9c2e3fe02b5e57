//! Replies that come later, and calls that are sent before they are awaited.
//!
//! ```text
//! cargo run --example later
//! ```
//!
//! The idea: neither side need wait. A server keeps a reply address until it has an answer; a caller keeps
//! a request until it wants the reply.

use std::{collections::VecDeque, time::Duration};

use noex::{Requests, multi_call, prelude::*};

/// Parcels that arrive some time, and people who ask for one.
#[derive(Debug, Default)]
#[genserver(call_timeout = 1s)]
pub struct Depot {
    parcels: VecDeque<String>,
    waiting: VecDeque<ReplyTo<String>>,
}

#[genserver]
impl Depot {
    #[init]
    fn open() -> Self {
        Depot::default()
    }

    /// The next parcel. Without one the caller waits, and the depot goes on.
    #[call]
    pub fn fetch(&mut self, reply: ReplyTo<String>) {
        match self.parcels.pop_front() {
            Some(parcel) => reply.send(parcel),
            None => self.waiting.push_back(reply),
        }
    }

    /// To whoever waits the longest, or on the shelf.
    #[cast]
    pub fn deliver(&mut self, parcel: String) {
        // Who gave up does not want it any more.
        self.waiting.retain(|reply| !reply.is_abandoned());
        match self.waiting.pop_front() {
            Some(reply) => reply.send(parcel),
            None => self.parcels.push_back(parcel),
        }
    }

    /// How many parcels are there.
    #[call]
    pub fn stock(&self) -> usize {
        self.parcels.len()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let north = Depot::start().name("north").await?;
    let south = Depot::start().name("south").await?;

    // Answered by another message.
    let (parcel, sent) = tokio::join!(north.fetch(), north.deliver("a lamp".into()));
    sent?;
    println!("fetched: {}", parcel?);

    // Who gives up is told so, and nothing is sent to it.
    let late = north.fetch().timeout(Duration::from_millis(20)).await.unwrap_err();
    println!("{late}");
    north.deliver("a chair".into()).await?;
    println!("in stock: {}", north.stock().await?);

    // A request owns what it needs: into a task with it, or into a collection.
    let elsewhere = tokio::spawn(north.fetch().request());
    println!("in a task: {}", elsewhere.await??);

    let mut orders = Requests::new();
    orders.add("north", north.fetch().request());
    orders.add("south", south.fetch().request());
    south.deliver("a desk".into()).await?;
    north.deliver("a door".into()).await?;
    while let Some((depot, parcel)) = orders.next().await {
        println!("{depot}: {}", parcel?);
    }

    // One question to many, and one time limit for all.
    south.deliver("a bell".into()).await?;
    let depots = [north, south, Depot::named("west")];
    let stock = multi_call(depots, Duration::from_millis(500), |depot| depot.stock()).await;
    println!("in stock: {}", stock.replies.iter().map(|(_, count)| count).sum::<usize>());
    for (_, error) in stock.failed {
        println!("{error}");
    }
    Ok(())
}
