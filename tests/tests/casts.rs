//! Casts and plain messages, full mailboxes, and messages that nobody serves.
#![allow(missing_docs)]

mod support;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use noex::{
    observer::{DeadLetter, EventKind, Undelivered},
    prelude::*,
};
use support::Log;
use tokio::{task::yield_now, time::Instant};

const MS: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

struct Hail(u32);

#[genserver(mailbox = 2)]
struct Shelf {
    log: Log,
}

#[genserver]
impl Shelf {
    #[init]
    fn init(log: Log) -> Self {
        Shelf { log }
    }

    #[cast]
    fn put(&mut self, what: u32) {
        self.log.note(what.to_string());
    }

    #[cast]
    async fn hold(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }

    #[cast]
    fn finish(&mut self, cx: &mut Context<Self>) {
        cx.stop(ExitReason::other("full"));
    }

    #[info]
    fn hail(&mut self, Hail(what): Hail) {
        self.log.note(format!("hail {what}"));
    }

    #[call]
    fn get(&self, what: u32) -> u32 {
        what
    }

    #[terminate]
    fn close(&mut self, reason: &ExitReason) {
        self.log.note(format!("close: {reason}"));
    }
}

async fn shelf() -> (ShelfRef, Log) {
    let log = Log::default();
    (Shelf::start(log.clone()).await.unwrap(), log)
}

/// CAST-1
#[tokio::test(start_paused = true)]
async fn a_cast_does_not_wait_for_the_handler() {
    let (shelf, _) = shelf().await;
    shelf.hold(500 * MS).await.unwrap();
    yield_now().await;
    let begun = Instant::now();
    shelf.put(1).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

/// CAST-2: to a dead reference. The message comes back, which one may ignore.
#[tokio::test]
async fn a_cast_into_the_void_gives_the_message_back() {
    let (shelf, _) = shelf().await;
    shelf.stop().await.unwrap();
    let back = shelf.put(4).await.unwrap_err();
    assert!(matches!(back.message, ShelfCast::Put { what: 4 }));
    let back = Shelf::named("void").send(Hail(1)).await.unwrap_err();
    assert!(matches!(back.message, ShelfInfo::Hail(Hail(1))));
}

/// CAST-3
#[tokio::test]
async fn a_cast_handler_can_stop_its_server() {
    let (shelf, log) = shelf().await;
    shelf.finish().await.unwrap();
    assert_eq!(shelf.ended().await, ExitReason::other("full"));
    assert_eq!(log.read(), ["close: full"]);
}

/// CAST-4
#[tokio::test(start_paused = true)]
async fn plain_messages_keep_their_place_among_casts_and_calls() {
    let (shelf, log) = shelf().await;
    shelf.put(1).await.unwrap();
    shelf.send(Hail(2)).await.unwrap();
    shelf.put(3).await.unwrap();
    shelf.get(0).await.unwrap();
    assert_eq!(log.read(), ["1", "hail 2", "3"]);
}

#[genserver]
struct Deaf {
    count: u32,
}

#[genserver]
impl Deaf {
    #[init]
    fn init() -> Self {
        Deaf { count: 0 }
    }

    #[call]
    fn count(&mut self) -> u32 {
        self.count += 1;
        self.count
    }
}

/// CAST-5
#[tokio::test]
async fn an_unexpected_message_is_dropped_and_counted() {
    let system = System::new();
    let deaf = Deaf::start().system(&system).await.unwrap();
    let heard = Arc::new(Mutex::new(None));
    let hook = heard.clone();
    system.on_undelivered(move |letter| *hook.lock().unwrap() = letter.message.downcast_ref::<u8>().copied());
    assert_eq!(deaf.count().await.unwrap(), 1);
    deaf.send_any(Box::new(7_u8)).await.unwrap();
    assert_eq!(deaf.count().await.unwrap(), 2);
    assert_eq!(system.dead_letters(), 1);
    assert_eq!(*heard.lock().unwrap(), Some(7));

    let (shelf, log) = shelf().await;
    shelf.send_any(Box::new(Hail(1))).await.unwrap();
    shelf.send_any(Box::new("?")).await.unwrap();
    shelf.get(0).await.unwrap();
    assert_eq!(log.read(), ["hail 1"]);
}

/// A server whose mailbox is full, with a sender that waits.
async fn full() -> (ShelfRef, Log, tokio::task::JoinHandle<bool>) {
    let (shelf, log) = shelf().await;
    shelf.hold(HOUR).await.unwrap();
    yield_now().await;
    shelf.put(1).await.unwrap();
    shelf.put(2).await.unwrap();
    let sender = shelf.clone();
    let waits = tokio::spawn(async move { sender.put(3).await.is_ok() });
    yield_now().await;
    assert_eq!(shelf.snapshot().senders_waiting, 1);
    (shelf, log, waits)
}

#[tokio::test(start_paused = true)]
async fn a_full_mailbox_delays_no_kill() {
    let (shelf, _, waits) = full().await;
    let begun = Instant::now();
    shelf.kill();
    assert_eq!(shelf.ended().await, ExitReason::Killed);
    assert!(!waits.await.unwrap());
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_full_mailbox_delays_no_stop_and_no_look() {
    let (system, log) = (System::new(), Log::default());
    let shelf = Shelf::start(log.clone()).system(&system).await.unwrap();
    shelf.hold(10 * MS).await.unwrap();
    yield_now().await;
    shelf.put(1).await.unwrap();
    shelf.put(2).await.unwrap();
    let begun = Instant::now();
    let (looked, stopped, late) = tokio::join!(
        shelf.inspect(|shelf| shelf.log.read().len()),
        shelf.stop(),
        // This one waits for room, is let in behind the stop, and ends as a dead letter.
        shelf.put(3),
    );
    assert_eq!(looked.unwrap(), 0, "before the queue");
    stopped.unwrap();
    late.unwrap();
    assert_eq!(begun.elapsed(), 10 * MS);
    assert_eq!(log.read(), ["1", "2", "close: normal"]);
    assert_eq!(system.dead_letters(), 1);
}

supervisor! {
    Tree(log: Log) {
        strategy: one_for_one,
        shelf: Shelf(log) { shutdown: 1h },
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_mailbox_delays_no_supervisor() {
    let tree = Tree::start(Log::default()).await.unwrap();
    let shelf = tree.shelf().clone();
    shelf.hold(HOUR).await.unwrap();
    yield_now().await;
    shelf.put(1).await.unwrap();
    shelf.put(2).await.unwrap();
    let sender = shelf.clone();
    let waits = tokio::spawn(async move { sender.put(3).await.is_ok() });
    yield_now().await;
    let begun = Instant::now();
    tree.stop().await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert!(!waits.await.unwrap());
}

/// Letters as text, in the order in which they came.
fn letters(system: &System) -> Arc<Mutex<Vec<String>>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let hook = seen.clone();
    system.on_undelivered(move |letter: DeadLetter| {
        let what = if let Some(cast) = letter.message.downcast_ref::<ShelfCast>() {
            match cast {
                ShelfCast::Put { what } => format!("put {what}"),
                ShelfCast::Hold { .. } => "hold".into(),
                ShelfCast::Finish => "finish".into(),
            }
        } else if let Some(ShelfCall::Get { what }) = letter.message.downcast_ref() {
            format!("get {what}")
        } else if let Some(ShelfInfo::Hail(Hail(what))) = letter.message.downcast_ref() {
            format!("hail {what}")
        } else {
            "?".into()
        };
        hook.lock().unwrap().push(format!("{what} {} {:?}", letter.handler, letter.why));
        assert!(!what.ends_with('2'), "a hook's panic concerns nobody");
    });
    seen
}

#[tokio::test(start_paused = true)]
async fn undelivered_messages_are_handed_to_the_hook() {
    let system = System::new();
    let seen = letters(&system);
    let mut events = system.events();
    let shelf = Shelf::start(Log::default()).system(&system).await.unwrap();
    shelf.hold(HOUR).await.unwrap();
    yield_now().await;
    assert!(tokio::time::timeout(MS, shelf.get(1)).await.is_err());
    shelf.put(2).await.unwrap();
    // The call's place in the mailbox is free only when it is skipped, so this one waits for room.
    let sender = shelf.clone();
    let waits = tokio::spawn(async move { sender.send(Hail(3)).await.is_ok() });
    yield_now().await;
    shelf.kill();
    assert_eq!(shelf.ended().await, ExitReason::Killed);
    assert!(!waits.await.unwrap(), "who waits for room has the message back: no dead letter");
    assert_eq!(*seen.lock().unwrap(), ["get 1 get CallerGone", "put 2 put Ended(Killed)"]);
    assert_eq!(system.dead_letters(), 2);
    let mut dead = 0;
    while dead < 2 {
        if let EventKind::DeadLetter { why, .. } = events.next().await.unwrap().kind {
            dead += 1;
            assert!(matches!(why, Undelivered::CallerGone | Undelivered::Ended(_)));
        }
    }
}

#[genserver(mailbox = 1, on_restart = drop)]
struct Forgets;

#[genserver]
impl Forgets {
    #[init]
    fn init() -> Self {
        Forgets
    }

    #[cast]
    async fn fall(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
        panic!("it fell");
    }

    #[cast]
    fn put(&mut self, _what: u32) {}

    #[call]
    fn get(&self) -> u32 {
        1
    }
}

supervisor! {
    Forgetful() {
        strategy: one_for_one,
        forgets: Forgets(),
    }
}

#[tokio::test(start_paused = true)]
async fn under_on_restart_drop_who_waits_for_room_does_not_go_to_the_next_life() {
    let tree = Forgetful::start().await.unwrap();
    let server = tree.forgets();
    server.fall(10 * MS).await.unwrap();
    yield_now().await;
    server.put(1).await.unwrap();
    let (cast, call) = tokio::join!(server.put(2), server.get());
    assert!(matches!(cast.unwrap_err().message, ForgetsCast::Put { _what: 2 }), "given back");
    let error = call.unwrap_err();
    assert!(matches!(error, CallError::Crashed { may_have_run: false, .. }), "{error:?}");
    assert_eq!(server.get().await.unwrap(), 1, "the next life");
}
