//! Handlers that run beside the mailbox.
#![allow(missing_docs)]

mod support;

use std::time::Duration;

use noex::{observer::EventKind, prelude::*};
use support::Log;
use tokio::{task::yield_now, time::Instant};

const MS: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Debug, PartialEq)]
struct Unknown;

#[genserver(trap_exit)]
#[derive(Clone)]
struct Weather {
    degrees: i32,
    log: Log,
    other: Option<Box<WeatherRef>>,
}

#[genserver]
impl Weather {
    #[init]
    fn init(log: Log) -> Self {
        Weather { degrees: 20, log, other: None }
    }

    /// As of when it is asked.
    #[call(concurrent)]
    async fn ask(&self, pause: Duration) -> Result<i32, Unknown> {
        let _end = Note(self.log.clone(), "end");
        tokio::time::sleep(pause).await;
        if self.degrees > 50 { Err(Unknown) } else { Ok(self.degrees) }
    }

    #[call(concurrent, timeout = 30ms)]
    async fn hang(&self) {
        let _end = Note(self.log.clone(), "end");
        std::future::pending().await
    }

    #[call(concurrent)]
    async fn crash(&self) -> i32 {
        yield_now().await;
        panic!("hail");
    }

    #[call(concurrent)]
    async fn ask_the_other(&self) -> Result<(), CallError> {
        let other = self.other.as_ref().unwrap();
        other.hang().no_timeout().await
    }

    #[call]
    fn meet(&mut self, other: WeatherRef) {
        self.other = Some(Box::new(other));
    }

    #[call]
    fn set(&mut self, degrees: i32) {
        self.degrees = degrees;
    }

    #[cast]
    async fn pause(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }

    #[cast]
    fn fall(&mut self) {
        panic!("lightning");
    }

    #[terminate]
    fn close(&mut self) {
        self.log.note("close");
    }
}

supervisor! {
    Tree(log: Log) {
        strategy: one_for_one,
        weather: Weather(log) { restart: temporary, shutdown: 100ms },
    }
}

/// Notes when it is dropped.
struct Note(Log, &'static str);

impl Drop for Note {
    fn drop(&mut self) {
        self.0.note(self.1);
    }
}

async fn weather() -> (WeatherRef, Log) {
    let log = Log::default();
    (Weather::start(log.clone()).await.unwrap(), log)
}

/// Begins a call that has not ended when this returns.
async fn begin(
    weather: &WeatherRef,
    pause: Duration,
) -> tokio::task::JoinHandle<Result<i32, CallError<Unknown>>> {
    let asked = weather.clone();
    let call = tokio::spawn(async move { asked.ask(pause).no_timeout().await });
    while weather.snapshot().concurrent == 0 {
        yield_now().await;
    }
    call
}

#[tokio::test(start_paused = true)]
async fn concurrent_handlers_overlap_and_the_server_is_free() {
    let (weather, _) = weather().await;
    let begun = Instant::now();
    let (a, b, ()) = tokio::join!(weather.ask(50 * MS), weather.ask(50 * MS), async {
        yield_now().await;
        weather.set(30).await.unwrap();
        assert_eq!(begun.elapsed(), Duration::ZERO);
    });
    assert_eq!(begun.elapsed(), 50 * MS);
    assert_eq!((a.unwrap(), b.unwrap()), (20, 20), "each on the state as it was");
    assert_eq!(weather.ask(MS).await.unwrap(), 30);
    weather.set(99).await.unwrap();
    assert!(matches!(weather.ask(MS).await, Err(CallError::Handler(Unknown))));
}

#[tokio::test(start_paused = true)]
async fn a_concurrent_handler_begins_in_its_turn() {
    let (weather, _) = weather().await;
    weather.pause(10 * MS).await.unwrap();
    let (asked, set) = tokio::join!(weather.ask(MS), weather.set(30));
    set.unwrap();
    assert_eq!(asked.unwrap(), 20, "the change was queued behind it");
}

#[tokio::test]
async fn a_crash_beside_the_mailbox_is_the_callers_and_counted() {
    let system = System::new();
    let weather = Weather::start(Log::default()).system(&system).await.unwrap();
    let mut events = system.events();
    let error = weather.crash().await.unwrap_err();
    let CallError::Crashed { reason, may_have_run: true, target, .. } = &error else { panic!("{error:?}") };
    assert!(reason.to_string().contains("hail") && target.handler == "crash");
    let EventKind::HandlerCrashed { handler: "crash", reason } = events.next().await.unwrap().kind else {
        panic!("another event")
    };
    assert!(reason.is_panic());
    assert_eq!(weather.ask(Duration::ZERO).await.unwrap(), 20, "the server lives on");
    let seen = weather.snapshot();
    assert_eq!((seen.concurrent, seen.concurrent_crashes, seen.restarts), (0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_what_runs_beside() {
    let (weather, log) = weather().await;
    let begun = Instant::now();
    let call = begin(&weather, 40 * MS).await;
    weather.stop().await.unwrap();
    assert_eq!(begun.elapsed(), 40 * MS);
    assert_eq!(call.await.unwrap().unwrap(), 20);
    assert_eq!(log.read(), ["end", "close"]);
}

#[tokio::test(start_paused = true)]
async fn a_kill_and_a_crash_cancel_what_runs_beside() {
    for crash in [false, true] {
        let (weather, log) = weather().await;
        let call = begin(&weather, HOUR).await;
        if crash {
            weather.fall().await.unwrap();
        } else {
            weather.kill();
        }
        let reason = weather.ended().await;
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(&error, CallError::Crashed { reason: why, .. } if why.0 == reason), "{error:?}");
        while !log.read().contains(&"end".to_string()) {
            yield_now().await;
        }
        assert_eq!(weather.snapshot().concurrent, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_kill_ends_a_stop_that_waits() {
    let (weather, log) = weather().await;
    let call = begin(&weather, HOUR).await;
    let stop = {
        let weather = weather.clone();
        tokio::spawn(async move { weather.stop().await })
    };
    yield_now().await;
    assert!(weather.is_alive());
    weather.kill();
    assert_eq!(weather.ended().await, ExitReason::Killed);
    stop.await.unwrap().unwrap();
    assert!(call.await.unwrap().is_err());
    while log.read().is_empty() {
        yield_now().await;
    }
    assert_eq!(log.read(), ["end"], "no `terminate` after a kill");
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_waits_for_it_as_long_as_for_the_child() {
    for (pause, ends_by_itself) in [(20 * MS, true), (HOUR, false)] {
        let tree = Tree::start(Log::default()).await.unwrap();
        let weather = tree.weather().clone();
        let call = begin(&weather, pause).await;
        let begun = Instant::now();
        tree.stop().await.unwrap();
        assert_eq!(begun.elapsed(), if ends_by_itself { pause } else { 100 * MS });
        assert_eq!(call.await.unwrap().is_ok(), ends_by_itself);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_beside_the_mailbox_has_a_limit_that_travels() {
    let ((weather, _), (other, log)) = (weather().await, self::weather().await);
    let begun = Instant::now();
    assert!(matches!(weather.hang().await, Err(CallError::Timeout { .. })));
    assert_eq!(begun.elapsed(), 30 * MS);
    weather.meet(other).await.unwrap();
    assert!(weather.ask_the_other().timeout(10 * MS).await.is_err());
    while weather.snapshot().concurrent > 1 {
        yield_now().await;
    }
    assert_eq!(begun.elapsed(), 40 * MS, "the inner call was given up with the outer one");
    assert_eq!(log.read(), [""; 0], "its handler goes on, as any handler");
}
