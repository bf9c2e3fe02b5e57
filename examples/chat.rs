//! All kinds of children in one declared tree: a nested tree, partitions by key, guests who come and go.
//!
//! ```text
//! cargo run --example chat
//! ```
//!
//! The idea: a chat whose rooms are spread over a few servers by their names. What is said is kept by a tree of its
//! own, which the rooms are given by its typed handle; the guests are given the rooms. A room that breaks takes nobody
//! with it, and guests that leave cost nothing any more.

use std::panic;

use noex::{Partitions, prelude::*};

/// Keeps what was said, in order.
#[derive(Debug)]
#[genserver]
pub struct Journal {
    lines: Vec<(String, String)>,
}

#[genserver]
impl Journal {
    #[init]
    fn open() -> Self {
        Journal { lines: Vec::new() }
    }

    /// Keeps one line and gives its number.
    #[call]
    pub fn keep(&mut self, room: String, line: String) -> usize {
        self.lines.push((room, line));
        self.lines.len()
    }

    /// The room where it was said last.
    #[call]
    pub fn last(&self, line: String) -> Option<String> {
        self.lines.iter().rev().find(|(_, said)| *said == line).map(|(room, _)| room.clone())
    }
}

/// Finds what was said.
#[derive(Debug)]
#[genserver]
pub struct Search {
    journal: JournalRef,
}

#[genserver]
impl Search {
    #[init]
    fn open(journal: JournalRef) -> Self {
        Search { journal }
    }

    /// The room where it was said last.
    #[call]
    pub async fn find(&mut self, line: String) -> Result<Option<String>, CallError> {
        self.journal.last(line).await
    }
}

/// Some of the rooms.
#[derive(Debug)]
#[genserver]
pub struct Rooms {
    storage: Storage,
}

#[genserver]
impl Rooms {
    #[init]
    fn open(storage: Storage) -> Self {
        Rooms { storage }
    }

    /// Says it in a room; the number of the line.
    #[call]
    pub async fn say(&mut self, room: String, line: String) -> Result<usize, CallError> {
        assert!(line != "fire", "the {room} burns down");
        self.storage.journal().keep(room, line).await
    }
}

/// Somebody who talks.
#[derive(Debug)]
#[genserver]
pub struct Guest {
    rooms: Partitions<RoomsRef, str>,
}

#[genserver]
impl Guest {
    #[init]
    fn enter(rooms: Partitions<RoomsRef, str>) -> Self {
        Guest { rooms }
    }

    /// Says it in a room; the number of the line, if the room is still there.
    #[call]
    pub async fn say(&mut self, room: &'static str, line: &'static str) -> Option<usize> {
        self.rooms.get(room).say(room.to_owned(), line.to_owned()).await.ok()
    }
}

supervisor! {
    /// What was said.
    pub Storage {
        strategy: one_for_all,
        journal: Journal(),
        search: Search(journal),
    }
}

supervisor! {
    /// A chat of so many servers and at most so many guests.
    pub Chat(servers: usize, most: usize) {
        strategy: rest_for_one,
        storage: supervisor Storage() { shutdown: 5s },
        rooms: partition Rooms(storage) { by: str, count: servers },
        guests: dynamic Guest(rooms) { max: most, restart: temporary },
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The panic is expected here; one line about it is enough.
    panic::set_hook(Box::new(|panic| eprintln!("{panic}")));

    let chat = Chat::start(2, 2).await?;
    println!("{}", chat.draw().await?);
    let (ann, ben) = (chat.guests().start_child(()).await?, chat.guests().start_child(()).await?);

    for (name, guest, room) in [("ann", &ann, "garden"), ("ben", &ben, "garden"), ("ann", &ann, "kitchen")] {
        let line = guest.say(room, "hello").await?.ok_or("the room is gone")?;
        println!("{name} says hello in {room}: line {line}");
    }
    if let Err(error) = chat.guests().start_child(()).await {
        println!("a third guest: {error}");
    }
    let room = chat.storage().search().find("hello".to_owned()).await?.unwrap_or_default();
    println!("\"hello\" was said in {room}, last of all");

    let gone = ann.say("garden", "fire").await?.is_none();
    let line = ben.say("garden", "sorry").await?.ok_or("the room is gone")?;
    println!(
        "the garden {}, and ben says sorry there: line {line}",
        if gone { "burnt down" } else { "stands" }
    );

    chat.guests().terminate_child(&ann).await?;
    println!("ann left: {} guest", chat.guests().count_children().await?.specs);
    chat.stop().await?;
    Ok(())
}
