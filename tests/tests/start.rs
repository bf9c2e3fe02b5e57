//! Starting: what `init` may answer, and names.
#![allow(missing_docs)]

mod support;

use std::{
    future::IntoFuture,
    task::{Context as TaskContext, Poll, Waker},
    time::Duration,
};

use noex::{observer::EventKind, prelude::*};
use support::Log;
use tokio::time::Instant;

#[genserver]
struct Moody;

#[genserver]
impl Moody {
    #[init]
    async fn init(mood: &'static str, log: Log) -> Result<Init<Self>, String> {
        log.note("init");
        match mood {
            "refuse" => Err("not today".into()),
            "ignore" => Ok(Init::ignore()),
            "panic" => panic!("too much"),
            "slow" => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(Init::ready(Moody))
            }
            _ => Ok(Init::ready(Moody)),
        }
    }

    #[call]
    fn hello(&self) -> &'static str {
        "hello"
    }
}

#[genserver]
struct Other;

#[genserver]
impl Other {
    #[init]
    fn init() -> Self {
        Other
    }
}

#[tokio::test(start_paused = true)]
async fn start_returns_when_init_is_done() {
    // START-1
    let begun = Instant::now();
    let moody = Moody::start("slow", Log::default()).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    assert_eq!(moody.hello().await.unwrap(), "hello");
}

#[tokio::test]
async fn init_refuses() {
    // START-4
    let error = Moody::start("refuse", Log::default()).await.unwrap_err();
    assert!(matches!(&error, StartError::Init { error, .. } if error == "not today"), "{error}");
}

#[tokio::test]
async fn init_asks_to_be_ignored() {
    // START-5
    let error = Moody::start("ignore", Log::default()).await.unwrap_err();
    assert!(matches!(error, StartError::Ignored { .. }));
}

#[tokio::test]
async fn init_crashes() {
    // START-6
    let error = Moody::start("panic", Log::default()).await.unwrap_err();
    assert!(matches!(&error, StartError::Crashed { .. }));
    assert!(error.to_string().contains("`init` panicked"), "{error}");
    assert!(error.to_string().contains("too much"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn init_takes_too_long() {
    // START-7
    let begun = Instant::now();
    let limit = Duration::from_millis(100);
    let error = Moody::start("slow", Log::default()).name("slow moody").timeout(limit).await.unwrap_err();
    assert!(matches!(error, StartError::Timeout { after, .. } if after == limit));
    assert_eq!(begun.elapsed(), limit);
    assert!(Moody::whereis("slow moody").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_given_up_leaves_nothing() {
    let start = Moody::start("slow", Log::default()).name("given up").into_future();
    assert!(tokio::time::timeout(Duration::from_millis(1), start).await.is_err());
    assert!(Moody::whereis("given up").is_none());
    Moody::start("", Log::default()).name("given up").await.unwrap();
}

#[tokio::test]
async fn names_are_unique_and_typed() {
    // START-8, START-9, START-13 (a reference needs no resolving)
    let log = Log::default();
    let first = Moody::start("", log.clone()).name("moody").await.unwrap();
    assert_eq!(Moody::whereis("moody").unwrap().hello().await.unwrap(), "hello");
    let error = Moody::start("", log.clone()).name("moody").await.unwrap_err();
    assert!(matches!(error, StartError::NameTaken { holder, .. } if holder == first.pid()));
    assert_eq!(log.read(), ["init"], "the second init was never run");
    assert!(Moody::whereis("nobody").is_none());
    assert!(Other::whereis("moody").is_none(), "another type");
    assert!(first.kill());
    assert!(Moody::whereis("moody").is_none());
}

#[tokio::test]
async fn a_name_keeps_its_server() {
    drop(Moody::start("", Log::default()).name("kept").await.unwrap());
    tokio::task::yield_now().await;
    let kept = Moody::whereis("kept").unwrap();
    assert_eq!(kept.hello().await.unwrap(), "hello");
    kept.stop().await.unwrap();
    assert!(Moody::whereis("kept").is_none());
}

#[tokio::test]
async fn a_name_is_free_after_a_failed_init() {
    // START-10
    for _ in 0..100 {
        for mood in ["refuse", "ignore", "panic"] {
            Moody::start(mood, Log::default()).name("again").await.unwrap_err();
            assert!(Moody::whereis("again").is_none());
        }
    }
}

#[test]
fn outside_a_runtime_start_says_so() {
    let mut start = Moody::start("", Log::default()).into_future();
    let polled = start.as_mut().poll(&mut TaskContext::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Err(StartError::NoRuntime { .. }))));
}

#[tokio::test]
async fn names_are_events() {
    let system = System::new();
    let mut events = system.events();
    let moody = Moody::start("", Log::default()).name("seen").system(&system).await.unwrap();
    moody.stop().await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..4 {
        let event = events.next().await.unwrap();
        assert_eq!(&*event.server, "seen");
        seen.push(match event.kind {
            EventKind::NameClaimed { name } if &*name == "seen" => "claimed",
            EventKind::Started { restarts: 0 } => "started",
            EventKind::NameFreed { name } if &*name == "seen" => "freed",
            EventKind::Stopped { reason: ExitReason::Normal } => "stopped",
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(seen, ["claimed", "started", "freed", "stopped"]);
}

/// Sends itself a message by name while it starts.
#[genserver]
struct Eager {
    log: Log,
}

struct First;

#[genserver]
impl Eager {
    #[init]
    async fn init(log: Log) -> Init<Self> {
        let me = Eager::whereis("eager").expect("the name is taken before init");
        me.put().await.unwrap();
        Init::then(Eager { log }, First)
    }

    #[cast]
    fn put(&mut self) {
        self.log.note("message");
    }

    #[continuation]
    fn first(&mut self, _first: First) {
        self.log.note("continuation");
    }
}

#[tokio::test]
async fn a_continuation_of_init_comes_before_a_message_sent_from_init() {
    // LOOP-1
    let log = Log::default();
    let eager = Eager::start(log.clone()).name("eager").await.unwrap();
    eager.stop().await.unwrap();
    assert_eq!(log.read(), ["continuation", "message"]);
}
