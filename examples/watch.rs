//! Links, monitors and timers: a server that looks after others.
//!
//! ```text
//! cargo run --example watch
//! ```
//!
//! The idea: what ends, says so. A session that crashes is heard of, one that nobody uses ends itself, and
//! all end with the lobby that opened them.

use std::{collections::HashMap, panic, time::Duration};

use noex::prelude::*;

/// What one user does.
#[derive(Debug)]
#[genserver]
pub struct Session {
    user: String,
}

#[genserver]
impl Session {
    #[init]
    fn open(user: String) -> Self {
        Session { user }
    }

    /// Passes it on; to say nothing is a mistake.
    #[call]
    pub fn say(&mut self, what: String) -> String {
        if what.is_empty() {
            panic!("{} said nothing", self.user);
        }
        format!("{}: {what}", self.user)
    }

    /// Nobody has said anything for a while.
    #[idle(15min)]
    fn expire(&mut self, cx: &mut Context<Self>) {
        cx.stop(ExitReason::shutdown("expired"));
    }
}

/// Time is up.
struct Close;

/// Opens sessions, and notices how they end.
#[derive(Debug)]
#[genserver(trap_exit)]
pub struct Lobby {
    users: HashMap<Pid, String>,
    guest: Option<(Monitor, SessionRef)>,
    minutes: u64,
}

#[genserver]
impl Lobby {
    /// Watches a guest's session, which somebody else has opened, and closes when the time has come.
    #[init]
    fn open(cx: &mut Context<Self>, guest: SessionRef, hours: Duration) -> Self {
        let monitor = cx.monitor(&guest);
        cx.send_after(hours, Close);
        Lobby { users: HashMap::new(), guest: Some((monitor, guest)), minutes: 0 }
    }

    /// Linked: it ends with the lobby, and its own end is an `Exit` here.
    #[call]
    pub async fn enter(&mut self, cx: &mut Context<Self>, user: String) -> Result<SessionRef, StartError> {
        let session = Session::start(user.clone()).linked(cx).await?;
        self.users.insert(session.pid(), user);
        Ok(session)
    }

    #[info]
    fn left(&mut self, exit: Exit) {
        if let Some(user) = exit.pid.and_then(|pid| self.users.remove(&pid)) {
            println!("{user} left after {} min: {}", self.minutes, exit.reason);
        }
    }

    /// Watched: its end is a `Down` here, and the lobby's is nothing to it.
    #[info]
    fn guest_left(&mut self, down: Down) {
        if self.guest.take_if(|(monitor, _)| *monitor == down.monitor).is_some() {
            println!("the guest left after {} min: {}", self.minutes, down.reason);
        }
    }

    #[every(1min)]
    fn count(&mut self) {
        self.minutes += 1;
    }

    #[info]
    fn close(&mut self, cx: &mut Context<Self>, _: Close) {
        cx.stop(ExitReason::shutdown("closed"));
    }

    #[terminate]
    fn closed(&mut self, reason: ExitReason) {
        println!("the lobby ends after {} min with {} inside: {reason}", self.minutes, self.users.len());
    }
}

// The hours pass at once: the clock stands still while there is work, and leaps to the next timer.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The panic is expected here; one line about it is enough.
    panic::set_hook(Box::new(|panic| eprintln!("{panic}")));

    let guest = Session::start("guest".into()).await?;
    let lobby = Lobby::start(guest.clone(), Duration::from_secs(100 * 60 + 30)).await?;
    let ann = lobby.enter("ann".into()).await?;
    let bob = lobby.enter("bob".into()).await?;
    let eve = lobby.enter("eve".into()).await?;

    println!("{}", ann.say("hello".into()).await?);
    let Err(error) = bob.say(String::new()).await else { unreachable!("it crashed") };
    println!("bob is {}", if matches!(error, CallError::Crashed { .. }) { "gone" } else { "?" });

    // Ann talks on; nobody hears of the guest and of Eve.
    for _ in 0..9 {
        tokio::time::sleep(Duration::from_secs(10 * 60)).await;
        ann.say("still here".into()).await?;
    }
    println!("eve: {}; guest: {}", eve.ended().await, guest.ended().await);
    println!("ann: {}; lobby: {}", ann.ended().await, lobby.ended().await);
    Ok(())
}
