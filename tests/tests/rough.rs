//! Rough treatment: destructors that panic, callers that give up, runtimes that go away, trees that never
//! start. Each of these once hurt somebody who had nothing to do with it.
#![allow(missing_docs)]

mod support;

use std::{
    future::Future,
    pin::Pin,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use noex::{ChildOptions, NotSent, Supervisor, SupervisorError, prelude::*, supervisor::PlanError};
use support::Log;
use tokio::task::yield_now;

const MS: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("the bomb went off");
        }
    }
}

#[genserver(mailbox = 2)]
struct Desk {
    log: Log,
    next: Option<DeskRef>,
}

struct Again(u64);

#[genserver]
impl Desk {
    #[init]
    async fn init(log: Log, pause: Duration) -> Self {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        Desk { log, next: None }
    }

    #[call]
    fn hello(&mut self) -> &'static str {
        self.log.note("hello");
        "hello"
    }

    #[call]
    fn take(&mut self, bomb: Option<Bomb>) {
        std::mem::forget(bomb);
    }

    #[call]
    async fn make(&mut self) -> Bomb {
        // The clock goes in steps of a millisecond: so the caller is clearly the first to be done.
        tokio::time::sleep(2 * MS).await;
        Bomb
    }

    #[cast]
    async fn hold(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }

    #[call]
    fn append(&mut self, next: DeskRef) {
        self.next = Some(next);
    }

    #[call]
    async fn flood_myself(&mut self, cx: &mut Context<Self>) -> Vec<Result<(), NotSent>> {
        let me = cx.me();
        let mut outcomes = Vec::new();
        for _ in 0..3 {
            outcomes.push(me.hold(Duration::ZERO).await.map_err(|error| error.why));
        }
        outcomes
    }

    #[call]
    async fn flood_and_wait(&mut self, other: DeskRef) {
        for _ in 0..4 {
            other.hold(Duration::ZERO).await.unwrap();
        }
    }

    #[call]
    fn count_for_ever(&mut self, cx: &mut Context<Self>) {
        cx.then(Again(0));
    }

    #[continuation]
    fn again(&mut self, cx: &mut Context<Self>, again: Again) {
        cx.then(Again(again.0 + 1));
    }
}

async fn desk() -> DeskRef {
    Desk::start(Log::default(), Duration::ZERO).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_message_may_panic_when_it_is_dropped() {
    let (desk, other) = (desk().await, desk().await);
    desk.hold(2 * MS).await.unwrap();
    yield_now().await;
    assert!(tokio::time::timeout(MS, desk.take(Some(Bomb))).await.is_err());
    assert_eq!(desk.hello().await.unwrap(), "hello", "the server goes on");
    assert_eq!(other.hello().await.unwrap(), "hello", "and so do the others");
}

#[tokio::test(start_paused = true)]
async fn a_late_reply_may_panic_when_it_is_dropped() {
    let (desk, other) = (desk().await, desk().await);
    let late = desk.make().timeout(Duration::from_micros(10)).await;
    assert!(matches!(late, Err(CallError::Timeout { .. })));
    assert_eq!(desk.hello().await.unwrap(), "hello");
    assert_eq!(other.hello().await.unwrap(), "hello");
}

#[tokio::test]
async fn continuations_without_end_let_others_run() {
    let (busy, other) = (desk().await, desk().await);
    busy.count_for_ever().await.unwrap();
    other.hold(MS).await.unwrap();
    assert_eq!(other.hello().await.unwrap(), "hello");
    busy.kill();
    assert_eq!(busy.ended().await, ExitReason::Killed);
}

#[tokio::test(start_paused = true)]
async fn callers_that_give_up_leave_the_line() {
    let desk = desk().await;
    desk.hold(HOUR).await.unwrap();
    yield_now().await;
    for _ in 0..2 {
        desk.hold(Duration::ZERO).await.unwrap();
    }
    for _ in 0..50 {
        assert!(matches!(desk.hello().timeout(MS).await, Err(CallError::Timeout { .. })));
    }
    assert_eq!(desk.snapshot().senders_waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn a_sender_comes_in_as_soon_as_there_is_room() {
    let desk = desk().await;
    // Two are taken by the server in one go; the first is begun and holds it.
    desk.hold(HOUR).await.unwrap();
    desk.hold(Duration::ZERO).await.unwrap();
    let waiting = {
        let desk = desk.clone();
        tokio::spawn(async move {
            desk.hold(Duration::ZERO).await.unwrap();
        })
    };
    for _ in 0..20 {
        yield_now().await;
    }
    assert!(waiting.is_finished(), "one is in hand, so there is room for one");
    assert_eq!(desk.snapshot().senders_waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fills_its_own_mailbox_is_told() {
    let desk = desk().await;
    let outcomes = desk.flood_myself().no_timeout().await.unwrap();
    assert!(outcomes[0].is_ok() && outcomes[1].is_ok());
    assert!(matches!(&outcomes[2], Err(NotSent::Deadlock { .. })), "{outcomes:?}");
    assert_eq!(desk.hello().await.unwrap(), "hello");
}

#[tokio::test(start_paused = true)]
async fn waiting_for_room_in_a_mailbox_that_empties_is_no_deadlock() {
    let (first, second) = (desk().await, desk().await);
    first.flood_and_wait((*second).clone().into()).await.unwrap();
    assert_eq!(second.hello().await.unwrap(), "hello");
}

#[tokio::test(start_paused = true)]
async fn a_kill_during_init_ends_it() {
    let starting = tokio::spawn(async { Desk::start(Log::default(), HOUR).name("slow desk").await });
    yield_now().await;
    let desk = Desk::whereis("slow desk").unwrap();
    assert!(desk.kill());
    let error = starting.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("killed"), "{error}");
    assert!(Desk::whereis("slow desk").is_none());
}

#[tokio::test]
async fn a_tree_that_never_starts_leaves_no_one_waiting() {
    let child = |builder: &mut noex::SupervisorBuilder| {
        builder.child::<Desk>(ChildOptions::new("desk"), || (Log::default(), Duration::ZERO))
    };
    let mut dropped = Supervisor::builder("dropped");
    let first = child(&mut dropped);
    drop(dropped);
    assert!(matches!(first.hello().await, Err(CallError::NotRunning { .. })));

    let mut twice = Supervisor::builder("twice");
    let (second, third) = (child(&mut twice), child(&mut twice));
    let error = twice.start().await.unwrap_err();
    assert!(matches!(error, SupervisorError::Plan { error: PlanError::DuplicateChild { .. }, .. }));
    assert!(matches!(second.hello().await, Err(CallError::NotRunning { .. })));
    assert!(third.hold(Duration::ZERO).await.is_err());
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_name_is_free_when_its_runtime_is_gone() {
    for _ in 0..3 {
        let runtime = runtime();
        let start = Desk::start(Log::default(), Duration::ZERO).name("one runtime's desk");
        drop(runtime.block_on(async { start.await }).unwrap());
    }
    assert!(Desk::whereis("one runtime's desk").is_none());
}

#[test]
fn a_long_chain_of_servers_ends_link_by_link_after_its_runtime() {
    let runtime = runtime();
    let first = runtime.block_on(async {
        let mut first = desk().await;
        for _ in 0..20_000 {
            let before = desk().await;
            before.append(first).await.unwrap();
            first = before;
        }
        first
    });
    drop(runtime);
    drop(first);
}

/// Wakes itself, and is never ready.
struct Restless;

impl Future for Restless {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<()> {
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Two servers that ask each other, one of them beside something else.
#[genserver(call_timeout = infinity)]
struct Peer {
    other: Option<noex::WeakRef<Peer>>,
}

#[genserver]
impl Peer {
    #[init]
    fn init() -> Self {
        Peer { other: None }
    }

    #[call]
    fn meet(&mut self, other: noex::WeakRef<Peer>) {
        self.other = Some(other);
    }

    #[call]
    async fn ask_beside_ticks(&mut self) -> Result<bool, String> {
        let other = self.other.as_ref().and_then(noex::WeakRef::upgrade).ok_or("alone")?;
        let mut asked = other.ask_back();
        for _ in 0..5 {
            tokio::select! {
                answer = &mut asked => return answer.map_err(|error| error.to_string()),
                () = tokio::time::sleep(MS) => {}
            }
        }
        Ok(false)
    }

    #[call]
    async fn ask_beside_the_restless(&mut self) -> Result<bool, String> {
        let other = self.other.as_ref().and_then(noex::WeakRef::upgrade).ok_or("alone")?;
        tokio::select! {
            answer = other.ask_back() => answer.map_err(|error| error.to_string()),
            () = async { tokio::time::timeout(5 * MS, Restless).await.unwrap_or(()) } => Ok(false),
        }
    }

    #[call]
    async fn ask_back(&mut self) -> bool {
        let other = self.other.as_ref().and_then(noex::WeakRef::upgrade);
        match other {
            Some(other) => other.hello().await.is_ok(),
            None => false,
        }
    }

    #[call]
    fn hello(&self) -> &'static str {
        "hello"
    }
}

#[tokio::test]
async fn a_handler_that_can_go_on_another_way_is_never_told_of_a_deadlock() {
    let (first, second) = (Peer::start().await.unwrap(), Peer::start().await.unwrap());
    first.meet(second.downgrade()).await.unwrap();
    second.meet(first.downgrade()).await.unwrap();
    assert!(!first.ask_beside_ticks().await.unwrap());
    assert!(!first.ask_beside_the_restless().await.unwrap());
}
