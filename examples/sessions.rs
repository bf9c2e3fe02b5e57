//! Registries: servers found by what they say of themselves.
//!
//! ```text
//! cargo run --example sessions
//! ```
//!
//! The idea: nobody keeps a list of sessions. Each says which user it belongs to and which rooms it listens to, and
//! what it said is gone when it ends, at once; a session that is restarted says it again.

use std::panic;

use noex::{
    AdminError, DynamicSupervisor,
    prelude::*,
    registry::{AlreadyRegistered, NotRegistered, Registry, RegistryEvent},
};

/// What a session says of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Status {
    /// It reads what comes.
    Here,
    /// It does not.
    Away,
}

/// Where sessions are found: one for each user, any number for each room.
#[derive(Clone, Debug)]
pub struct Lists {
    users: Registry<String, Status, Session>,
    rooms: Registry<String, (), Session>,
}

/// What one user sees.
#[derive(Debug)]
#[genserver]
pub struct Session {
    lists: Lists,
    user: String,
    lines: usize,
}

#[genserver]
impl Session {
    /// In each life: the last one's entries ended with it.
    #[init]
    fn open(cx: &mut Context<Self>, lists: Lists, user: String) -> Result<Self, AlreadyRegistered> {
        cx.register(&lists.users, user.clone(), Status::Here)?;
        cx.register(&lists.rooms, "hall".to_owned(), ())?;
        Ok(Session { lists, user, lines: 0 })
    }

    /// Listens to a room as well.
    #[call]
    pub fn join(&mut self, cx: &mut Context<Self>, room: String) -> Result<(), AlreadyRegistered> {
        cx.register(&self.lists.rooms, room, ())
    }

    /// Reads no more for a while.
    #[call]
    pub fn leave(&mut self, cx: &mut Context<Self>) -> Result<(), NotRegistered> {
        cx.update_value(&self.lists.users, &self.user, |_| Status::Away)?;
        Ok(())
    }

    /// A line was said in a room; this one is hard to print.
    #[cast]
    pub fn hear(&mut self, line: String) {
        assert!(!line.contains('%'), "{} cannot print this", self.user);
        self.lines += 1;
    }

    /// How many lines it has heard in this life.
    #[call]
    pub fn lines(&self) -> usize {
        self.lines
    }
}

impl Lists {
    /// Says something to all in a room, and counts them.
    fn say(&self, room: &str, line: &str) -> usize {
        self.rooms.dispatch(room, |entry| {
            // Who has ended, or is too busy, misses it.
            let _ = entry.server().try_cast(SessionCast::Hear { line: line.to_owned() });
        })
    }

    /// The session of a user, opened if there is none; once, whoever asks meanwhile.
    async fn open(&self, all: &Sessions, user: &str) -> Result<SessionRef, AdminError> {
        let section = async || match self.users.whereis(user) {
            Some(session) => Ok(session),
            None => all.start_child(user.to_owned()).await,
        };
        self.users.lock(user.to_owned(), section).await
    }
}

/// All sessions; one is started with its user's name.
type Sessions = DynamicSupervisor<Session, String>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The panic is expected here; one line about it is enough.
    panic::set_hook(Box::new(|panic| eprintln!("{panic}")));

    let lists = Lists { users: Registry::unique("users"), rooms: Registry::duplicate("rooms") };
    lists.users.events().subscribe_fn("**", |topic, event: RegistryEvent<String, Status, Session>| {
        println!("{}: {topic}, life {}", event.entry().key(), event.entry().pid().incarnation());
    })?;
    let for_each = lists.clone();
    let all: Sessions =
        DynamicSupervisor::with("sessions", move |user| (for_each.clone(), user)).start().await?;

    let ann = lists.open(&all, "ann").await?;
    let ben = lists.open(&all, "ben").await?;
    assert_eq!(lists.open(&all, "ann").await?, ann);
    ann.join("garden".into()).await?;
    println!("{} in the hall, {} in the garden", lists.say("hall", "hello"), lists.say("garden", "hello"));
    println!("ann heard {}, ben {}", ann.lines().await?, ben.lines().await?);

    ben.leave().await?;
    for away in lists.users.select(|entry| *entry.value() == Status::Away) {
        println!("{} is away", away.key());
    }

    // Ann's session crashes, comes back, and listens to the hall again; of the garden its new life knows nothing.
    lists.say("garden", "100 %");
    ann.lines().await?;
    println!("{} in the hall, {} in the garden", lists.say("hall", "again"), lists.say("garden", "again"));

    all.terminate_child(&ben).await?;
    all.stop().await?;
    println!("{} users, {} entries in rooms", lists.users.len(), lists.rooms.len());
    Ok(())
}
