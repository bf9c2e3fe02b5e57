//! Between messages: continuations, hibernation, looking at the state, suspending the server.
#![allow(missing_docs)]

mod support;

use std::time::Duration;

use noex::{observer::Status, prelude::*};
use support::Log;
use tokio::{task::yield_now, time::Instant};

const MS: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

struct Go(u32);
struct Load;

#[genserver(trap_exit, call_timeout = 2s, mailbox = 64)]
struct Desk {
    count: u64,
    log: Log,
}

#[genserver]
impl Desk {
    #[init]
    fn init(log: Log) -> Init<Self> {
        Init::then(Desk { count: 0, log }, Load)
    }

    #[continuation]
    async fn load(&mut self, _load: Load) {
        tokio::time::sleep(200 * MS).await;
        self.log.note("loaded");
    }

    #[continuation]
    fn go(&mut self, cx: &mut Context<Self>, Go(left): Go) {
        self.log.note(format!("go {left}"));
        if left > 0 {
            cx.then(Go(left - 1));
        }
    }

    #[call]
    async fn begin(&mut self, cx: &mut Context<Self>, pause: Duration, left: u32) -> &'static str {
        tokio::time::sleep(pause).await;
        cx.then(Go(left));
        "begun"
    }

    #[cast]
    fn inc(&mut self) {
        self.count += 1;
        self.log.note("inc");
    }

    #[call]
    fn get(&self) -> u64 {
        self.count
    }

    #[cast]
    async fn pause(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }

    #[call]
    async fn suspend_itself(&mut self, cx: &mut Context<Self>) -> Option<CallError> {
        cx.me().suspend().await.err()
    }

    #[call]
    fn sleep_deep(&mut self, cx: &mut Context<Self>) -> u64 {
        cx.hibernate();
        self.count
    }

    #[cast]
    async fn doze(&mut self, cx: &mut Context<Self>, pause: Duration) {
        tokio::time::sleep(pause).await;
        cx.hibernate();
    }

    #[call]
    async fn look_at_myself(&mut self, me: DeskRef) -> Result<u64, CallError> {
        me.inspect(|desk| desk.count).await
    }

    #[call]
    async fn ask(&mut self, other: DeskRef) -> Result<u64, CallError> {
        other.get().await
    }

    #[terminate]
    fn close(&mut self, reason: &ExitReason) {
        self.log.note(format!("close: {reason}"));
    }
}

supervisor! {
    Tree(log: Log) {
        strategy: one_for_one,
        desk: Desk(log) { shutdown: 100ms },
    }
}

/// A desk that has loaded.
async fn desk() -> (DeskRef, Log) {
    let log = Log::default();
    let desk = Desk::start(log.clone()).await.unwrap();
    desk.get().await.unwrap();
    log.take();
    (desk, log)
}

/// LOOP-2
#[tokio::test(start_paused = true)]
async fn start_does_not_wait_for_the_continuation() {
    let begun = Instant::now();
    let log = Log::default();
    let desk = Desk::start(log.clone()).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    desk.get().await.unwrap();
    assert_eq!(begun.elapsed(), 200 * MS);
    assert_eq!(log.read(), ["loaded"]);
}

/// LOOP-3, LOOP-4
#[tokio::test(start_paused = true)]
async fn continuations_come_one_after_the_other_before_what_is_queued() {
    let (desk, log) = desk().await;
    let (begun, ()) = tokio::join!(desk.begin(10 * MS, 1), async {
        yield_now().await;
        desk.inc().await.unwrap();
    });
    log.note(begun.unwrap());
    desk.get().await.unwrap();
    let mut seen = log.read();
    seen.retain(|line| line != "begun");
    assert_eq!(seen, ["go 1", "go 0", "inc"]);
}

/// LOOP-7
#[tokio::test(start_paused = true)]
async fn hibernation_is_not_seen_from_outside() {
    let (desk, _) = desk().await;
    desk.pause(MS).await.unwrap();
    for _ in 0..60 {
        desk.inc().await.unwrap();
    }
    desk.get().await.unwrap();
    let before = desk.snapshot().bytes;
    assert_eq!(desk.sleep_deep().await.unwrap(), 60);
    yield_now().await;
    assert_eq!(desk.get().await.unwrap(), 60);
    assert!(desk.snapshot().bytes < before, "{} bytes, and {before} before", desk.snapshot().bytes);
}

/// LOOP-8
#[tokio::test(start_paused = true)]
async fn what_is_queued_is_served_at_once_in_hibernation() {
    let (desk, log) = desk().await;
    desk.doze(10 * MS).await.unwrap();
    desk.inc().await.unwrap();
    desk.inc().await.unwrap();
    let begun = Instant::now();
    assert_eq!(desk.get().await.unwrap(), 2);
    assert_eq!(begun.elapsed(), 10 * MS);
    assert_eq!(log.read(), ["inc", "inc"]);
}

/// LOOP-9
#[tokio::test(start_paused = true)]
async fn the_state_is_read_from_outside_and_not_behind_the_queue() {
    let (desk, _) = desk().await;
    assert_eq!(desk.inspect(|desk| desk.count).await.unwrap(), 0, "idle");
    desk.pause(10 * MS).await.unwrap();
    yield_now().await;
    desk.inc().await.unwrap();
    let begun = Instant::now();
    assert_eq!(desk.inspect(|desk| desk.count).await.unwrap(), 0, "between two messages");
    assert_eq!(begun.elapsed(), 10 * MS);
    assert_eq!(desk.get().await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_cannot_be_had_says_why() {
    let (desk, _) = desk().await;
    let own = desk.look_at_myself(desk.clone()).await.map_err(CallError::flatten).unwrap_err();
    assert!(matches!(own, CallError::Deadlock { .. }), "{own}");
    desk.pause(HOUR).await.unwrap();
    yield_now().await;
    let begun = Instant::now();
    assert!(matches!(desk.inspect(|_| ()).await, Err(CallError::Timeout { .. })));
    assert_eq!(begun.elapsed(), 2000 * MS);
    let asked = desk.clone();
    let look = tokio::spawn(async move { asked.inspect(|desk| desk.count).await });
    yield_now().await;
    desk.kill();
    assert_eq!(look.await.unwrap().unwrap(), 0, "the last look before the end");
    assert!(matches!(desk.inspect(|_| ()).await, Err(CallError::NotRunning { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_look_is_its_own() {
    let (desk, _) = desk().await;
    let asked = desk.clone();
    let look = tokio::spawn(async move { asked.inspect(|_| panic!("not for me")).await });
    assert!(look.await.unwrap_err().is_panic());
    assert_eq!(desk.get().await.unwrap(), 0);
}

/// LOOP-10
#[tokio::test(start_paused = true)]
async fn a_suspended_server_serves_nothing_and_can_be_read() {
    let (desk, log) = desk().await;
    desk.suspend().await.unwrap();
    assert_eq!(desk.snapshot().status, Status::Suspended);
    assert_eq!(desk.snapshot().handler, None);
    desk.inc().await.unwrap();
    assert!(matches!(desk.get().timeout(10 * MS).await, Err(CallError::Timeout { .. })));
    assert_eq!(desk.inspect(|desk| desk.count).await.unwrap(), 0);
    assert_eq!(desk.inspect(|desk| desk.count).await.unwrap(), 0);
    desk.suspend().await.unwrap();
    assert!(desk.resume());
    assert!(!desk.resume());
    assert_eq!(desk.get().await.unwrap(), 1);
    assert_eq!(log.read(), ["inc"]);
    assert_eq!(desk.snapshot().status, Status::Running);
}

#[tokio::test(start_paused = true)]
async fn a_suspension_waits_for_the_handler_under_way() {
    let (desk, _) = desk().await;
    desk.pause(10 * MS).await.unwrap();
    yield_now().await;
    desk.inc().await.unwrap();
    let begun = Instant::now();
    desk.suspend().await.unwrap();
    assert_eq!(begun.elapsed(), 10 * MS);
    assert_eq!(desk.inspect(|desk| desk.count).await.unwrap(), 0);
    desk.resume();
    assert_eq!(desk.get().await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn stop_kill_and_supervisors_reach_a_suspended_server() {
    let (desk, log) = desk().await;
    desk.suspend().await.unwrap();
    desk.inc().await.unwrap();
    desk.stop().await.unwrap();
    assert_eq!(log.read(), ["inc", "close: normal"], "a stop serves what is queued");

    let (desk, log) = self::desk().await;
    desk.suspend().await.unwrap();
    desk.inc().await.unwrap();
    desk.kill();
    assert_eq!(desk.ended().await, ExitReason::Killed);
    assert_eq!(log.read(), [""; 0]);

    let tree = Tree::start(Log::default()).await.unwrap();
    let desk = tree.desk().clone();
    desk.suspend().await.unwrap();
    desk.inc().await.unwrap();
    desk.kill();
    let other = desk.clone();
    assert_eq!(other.get().await.unwrap(), 1, "the next life is not suspended and has the queue");
    desk.suspend().await.unwrap();
    let begun = Instant::now();
    tree.stop().await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_suspension_that_fails_or_is_given_up_does_not_come_later() {
    let (desk, _) = desk().await;
    let why = desk.suspend_itself().await.unwrap();
    assert!(matches!(why, Some(CallError::Deadlock { .. })), "{why:?}");
    assert_eq!(desk.get().await.unwrap(), 0);

    // It is busy for longer than `call_timeout`, and for longer than somebody wants to wait.
    desk.pause(3000 * MS).await.unwrap();
    yield_now().await;
    let short = tokio::time::timeout(10 * MS, desk.suspend());
    let (given_up, failed) = tokio::join!(short, desk.suspend());
    assert!(given_up.is_err());
    assert!(matches!(failed, Err(CallError::Timeout { .. })), "{failed:?}");
    tokio::time::sleep(HOUR).await;
    assert_eq!(desk.snapshot().status, Status::Running);
    assert_eq!(desk.get().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_suspended_server_without_references_ends() {
    let (desk, log) = desk().await;
    desk.suspend().await.unwrap();
    drop(desk);
    while log.read().is_empty() {
        yield_now().await;
    }
    assert_eq!(log.read(), ["close: normal"]);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_says_what_runs_and_for_whom_it_waits() {
    let ((desk, _), (other, _)) = (desk().await, desk().await);
    other.pause(50 * MS).await.unwrap();
    let asking = desk.clone();
    let asked = tokio::spawn({
        let other = other.clone();
        async move { asking.ask(other).await }
    });
    for _ in 0..3 {
        yield_now().await;
    }
    let seen = desk.snapshot();
    assert_eq!((seen.handler, seen.handler_for), (Some("ask"), Duration::ZERO));
    assert_eq!(seen.waiting_for.len(), 1);
    assert_eq!(seen.waiting_for[0].handler, "get");
    tokio::time::sleep(20 * MS).await;
    assert_eq!(desk.snapshot().handler_for, 20 * MS);
    asked.await.unwrap().unwrap();
    let seen = desk.snapshot();
    assert_eq!((seen.handler, seen.handler_for, seen.waiting_for.len()), (None, Duration::ZERO, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_a_server_is_suspended_again_and_again() {
    let log = Log::default();
    let desk = Desk::start(log).await.unwrap();
    let mut senders = Vec::new();
    for _ in 0..4 {
        let desk = desk.clone();
        senders.push(tokio::spawn(async move {
            for _ in 0..500 {
                desk.inc().await.unwrap();
            }
        }));
    }
    let mut seen = 0;
    for _ in 0..200 {
        desk.suspend().await.unwrap();
        let now = desk.inspect(|desk| desk.count).await.unwrap();
        assert!(now >= seen);
        yield_now().await;
        assert_eq!(desk.inspect(|desk| desk.count).await.unwrap(), now, "suspended");
        seen = now;
        assert!(desk.resume());
    }
    for sender in senders {
        sender.await.unwrap();
    }
    assert_eq!(desk.get().no_timeout().await.unwrap(), 2_000);
}
