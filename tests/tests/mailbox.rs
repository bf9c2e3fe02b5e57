//! Mailboxes: overflow rules, waiting senders, what a restart does to the queue.
#![allow(missing_docs)]

mod support;

use std::time::Duration;

use noex::{ChildOptions, NotSent, Supervisor, observer::EventKind, observer::Undelivered, prelude::*};
use support::Log;
use tokio::task::yield_now;

const MS: Duration = Duration::from_millis(1);

/// The same server under each overflow rule.
macro_rules! shelf {
    ($name:ident, $($options:tt)*) => {
        #[genserver(mailbox = 2, $($options)*)]
        struct $name {
            log: Log,
        }

        #[genserver]
        impl $name {
            #[init]
            fn init(log: Log) -> Self {
                $name { log }
            }

            #[cast]
            fn put(&mut self, what: u32) {
                self.log.note(what.to_string());
            }

            #[cast]
            async fn hold(&mut self, pause: Duration) {
                tokio::time::sleep(pause).await;
            }

            #[call]
            fn get(&mut self, what: u32) -> u32 {
                self.log.note(format!("get {what}"));
                what
            }

            #[call]
            fn thread(&self) -> std::thread::ThreadId {
                std::thread::current().id()
            }

            #[cast]
            async fn fall(&mut self, pause: Duration) {
                tokio::time::sleep(pause).await;
                panic!("it fell");
            }
        }
    };
}

shelf!(Waits, overflow = wait);
shelf!(Fails, overflow = fail);
shelf!(DropsOldest, overflow = drop_oldest);
shelf!(DropsNewest, overflow = drop_newest);
shelf!(Forgets, on_restart = drop);
shelf!(NeverInline, inline = never);

#[tokio::test(start_paused = true)]
async fn overflow_fail_gives_the_message_back() {
    let log = Log::default();
    let shelf = Fails::start(log.clone()).await.unwrap();
    shelf.hold(MS).await.unwrap();
    yield_now().await;
    shelf.put(1).await.unwrap();
    shelf.put(2).await.unwrap();
    let back = shelf.put(3).await.unwrap_err();
    assert!(matches!(back.message, FailsCast::Put { what: 3 }));
    assert!(matches!(back.why, NotSent::MailboxFull { capacity: 2, .. }));
    let error = shelf.get(4).await.unwrap_err();
    assert!(matches!(error, CallError::MailboxFull { capacity: 2, .. }));
    tokio::time::sleep(2 * MS).await;
    assert_eq!(log.take(), ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn overflow_drop_oldest_keeps_the_newest() {
    let (log, system) = (Log::default(), System::new());
    let shelf = DropsOldest::start(log.clone()).system(&system).await.unwrap();
    let mut events = system.events();
    shelf.hold(MS).await.unwrap();
    yield_now().await;
    let dropped = {
        let shelf = shelf.clone();
        tokio::spawn(async move { shelf.get(1).await })
    };
    yield_now().await;
    for what in 2..=4 {
        shelf.put(what).await.unwrap();
    }
    assert!(matches!(dropped.await.unwrap(), Err(CallError::MailboxFull { .. })), "a caller is told");
    assert_eq!(shelf.snapshot().queue, 2);
    tokio::time::sleep(2 * MS).await;
    assert_eq!(log.take(), ["3", "4"]);
    assert_eq!(system.dead_letters(), 1, "the cast is counted");
    let event = events.next().await.unwrap();
    assert!(matches!(event.kind, EventKind::DeadLetter { handler: "put", why: Undelivered::Overflow }));
}

#[tokio::test(start_paused = true)]
async fn overflow_drop_newest_keeps_the_oldest() {
    let (log, system) = (Log::default(), System::new());
    let shelf = DropsNewest::start(log.clone()).system(&system).await.unwrap();
    shelf.hold(MS).await.unwrap();
    yield_now().await;
    for what in 1..=4 {
        shelf.put(what).await.unwrap();
    }
    assert!(matches!(shelf.get(5).await, Err(CallError::MailboxFull { .. })));
    tokio::time::sleep(2 * MS).await;
    assert_eq!(log.take(), ["1", "2"]);
    assert_eq!(system.dead_letters(), 2);
}

#[tokio::test(start_paused = true)]
async fn many_callers_and_casts_wait_in_line() {
    let log = Log::default();
    let shelf = Waits::start(log.clone()).await.unwrap();
    shelf.hold(MS).await.unwrap();
    yield_now().await;
    let mut tasks = Vec::new();
    for what in 0..100 {
        let shelf = shelf.clone();
        tasks.push(tokio::spawn(async move {
            if what % 2 == 0 {
                assert_eq!(shelf.get(what).await.unwrap(), what);
            } else {
                shelf.put(what).await.unwrap();
            }
        }));
        yield_now().await;
    }
    let seen = shelf.snapshot();
    assert_eq!((seen.queue, seen.senders_waiting), (2, 98));
    for task in tasks {
        task.await.unwrap();
    }
    shelf.get(100).await.unwrap();
    let expected: Vec<_> =
        (0..=100).map(|n| if n % 2 == 0 { format!("get {n}") } else { n.to_string() }).collect();
    assert_eq!(log.take(), expected, "first come, first served");
}

#[tokio::test(start_paused = true)]
async fn on_restart_drop_tells_callers_and_counts_casts() {
    let (log, system) = (Log::default(), System::new());
    let mut builder = Supervisor::builder("tree");
    let shelf = {
        let log = log.clone();
        builder.child::<Forgets>(ChildOptions::new("shelf"), move || (log.clone(),))
    };
    let _tree = builder.start().system(&system).await.unwrap();
    shelf.fall(MS).await.unwrap();
    yield_now().await;
    shelf.put(1).await.unwrap();
    let error = shelf.get(2).await.unwrap_err();
    assert!(matches!(error, CallError::Crashed { may_have_run: false, .. }), "{error:?}");
    assert_eq!(error.was_executed(), noex::Executed::No);
    assert_eq!(shelf.get(3).await.unwrap(), 3);
    assert_eq!(log.take(), ["get 3"]);
    assert_eq!(system.dead_letters(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_run_an_idle_server_themselves_unless_told_never() {
    let here = std::thread::current().id();
    let waits = Waits::start(Log::default()).await.unwrap();
    assert_eq!(waits.thread().await.unwrap(), here, "`block_on`'s own thread");
    let never = NeverInline::start(Log::default()).await.unwrap();
    assert_ne!(never.thread().await.unwrap(), here, "a worker");
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_fills_and_empties_is_an_event() {
    let system = System::new();
    let shelf = Waits::start(Log::default()).system(&system).await.unwrap();
    let mut events = system.events();
    shelf.hold(MS).await.unwrap();
    yield_now().await;
    for what in 0..2 {
        shelf.put(what).await.unwrap();
    }
    let (first, second) = tokio::join!(shelf.put(2), shelf.put(3));
    first.unwrap();
    second.unwrap();
    assert!(matches!(events.next().await.unwrap().kind, EventKind::MailboxHigh));
    assert!(matches!(events.next().await.unwrap().kind, EventKind::MailboxLow));
    shelf.get(4).await.unwrap();
    shelf.stop().await.unwrap();
    assert!(matches!(events.next().await.unwrap().kind, EventKind::Stopped { .. }), "each once");
}
