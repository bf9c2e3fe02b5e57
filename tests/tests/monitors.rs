//! Monitors: one-way, one message each.
#![allow(missing_docs)]

mod support;

use std::{future::Future, time::Duration};

use noex::prelude::*;
use support::Log;
use tokio::task::yield_now;

const MS: Duration = Duration::from_millis(1);

/// Ends as it is told.
#[genserver]
struct Target {}

#[genserver]
impl Target {
    #[init]
    fn init() -> Self {
        Target {}
    }

    #[cast]
    fn fail(&mut self, cx: &mut Context<Self>, reason: ExitReason) {
        cx.stop(reason);
    }

    #[cast]
    fn crash(&mut self) {
        panic!("as asked");
    }

    #[call]
    fn ping(&self) {}
}

#[genserver(trap_exit, mailbox = 4)]
struct Watcher {
    log: Log,
}

#[genserver]
impl Watcher {
    #[init]
    fn init(log: Log) -> Self {
        Watcher { log }
    }

    #[call]
    fn watch(&mut self, cx: &mut Context<Self>, target: TargetRef) -> Monitor {
        cx.monitor(&target)
    }

    #[call]
    fn watch_name(&mut self, cx: &mut Context<Self>, name: &'static str) -> Monitor {
        cx.monitor_name(name)
    }

    #[call]
    fn watch_no_more(&mut self, cx: &mut Context<Self>, monitor: Monitor) -> bool {
        cx.demonitor(monitor)
    }

    #[call]
    fn link_with(&mut self, cx: &mut Context<Self>, target: TargetRef) {
        cx.link(&target).unwrap();
    }

    #[cast]
    async fn wait(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }

    #[cast]
    fn note(&mut self, what: &'static str) {
        self.log.note(what);
    }

    #[cast]
    fn crash(&mut self) {
        panic!("as asked");
    }

    #[info]
    fn down(&mut self, down: Down) {
        let reason = if down.reason.is_panic() { "panic".into() } else { down.reason.to_string() };
        let name = down.name.as_deref().unwrap_or("-");
        self.log.note(format!("{:?} {name} {}: {reason}", down.monitor, down.pid.slot()));
    }

    #[info]
    fn exited(&mut self, exit: Exit) {
        self.log.note(exit.to_string());
    }
}

fn boom() -> ExitReason {
    ExitReason::other("boom")
}

async fn watcher() -> (WatcherRef, Log) {
    let log = Log::default();
    (Watcher::start(log.clone()).await.unwrap(), log)
}

async fn target() -> TargetRef {
    Target::start().await.unwrap()
}

async fn settle() {
    tokio::time::sleep(100 * MS).await;
}

fn line(monitor: Monitor, target: &TargetRef, reason: &str) -> String {
    format!("{monitor:?} - {}: {reason}", target.pid().slot())
}

#[tokio::test(start_paused = true)]
async fn one_down_each_with_its_reason() {
    // MON-1
    let (watcher, log) = watcher().await;
    let (a, b, c) = (target().await, target().await, target().await);
    let mut monitors = Vec::new();
    for target in [&a, &b, &c] {
        monitors.push(watcher.watch(target.clone()).await.unwrap());
    }
    a.stop().await.unwrap();
    b.fail(boom()).await.unwrap();
    b.ended().await;
    c.crash().await.unwrap();
    settle().await;
    assert_eq!(
        log.read(),
        [line(monitors[0], &a, "normal"), line(monitors[1], &b, "boom"), line(monitors[2], &c, "panic")]
    );
}

#[tokio::test(start_paused = true)]
async fn each_monitor_is_one_of_its_own() {
    let (watcher, log) = watcher().await;
    let a = target().await;
    let first = watcher.watch(a.clone()).await.unwrap();
    let second = watcher.watch(a.clone()).await.unwrap();
    assert_ne!(first, second);
    a.kill();
    settle().await;
    assert_eq!(log.read(), [line(first, &a, "killed"), line(second, &a, "killed")]);
}

#[tokio::test(start_paused = true)]
async fn who_is_down_already_is_noproc_at_once() {
    // MON-2
    let (watcher, log) = watcher().await;
    let a = target().await;
    a.stop().await.unwrap();
    let monitor = watcher.watch(a.clone()).await.unwrap();
    a.ping().await.unwrap_err();
    settle().await;
    assert_eq!(log.read(), [line(monitor, &a, "no such process")]);
    assert_eq!(a.monitor().await.reason, ExitReason::NoProc);
}

#[tokio::test(start_paused = true)]
async fn the_target_notices_nothing() {
    // MON-3
    let (watcher, _) = watcher().await;
    let a = target().await;
    watcher.watch(a.clone()).await.unwrap();
    watcher.crash().await.unwrap();
    assert!(watcher.ended().await.is_panic());
    settle().await;
    a.ping().await.unwrap();
    a.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn demonitored_nothing_comes() {
    // MON-4
    let (watcher, log) = watcher().await;
    let a = target().await;
    let monitor = watcher.watch(a.clone()).await.unwrap();
    assert!(watcher.watch_no_more(monitor).await.unwrap());
    assert!(!watcher.watch_no_more(monitor).await.unwrap());
    a.kill();
    settle().await;
    assert_eq!(log.read(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn demonitored_with_the_down_in_the_mailbox_nothing_comes() {
    // MON-5
    let system = System::new();
    let log = Log::default();
    let watcher = Watcher::start(log.clone()).system(&system).await.unwrap();
    let (a, b) = (target().await, target().await);
    let monitor = watcher.watch(a.clone()).await.unwrap();
    let other = watcher.watch(b.clone()).await.unwrap();
    watcher.wait(10 * MS).await.unwrap();
    yield_now().await;
    let (ended, ()) = tokio::join!(watcher.watch_no_more(monitor), async {
        a.kill();
        b.kill();
    });
    assert!(ended.unwrap(), "it was not read");
    settle().await;
    assert_eq!(log.read(), [line(other, &b, "killed")]);
    assert!(!watcher.watch_no_more(other).await.unwrap(), "it was read");
    assert_eq!(system.dead_letters(), 0, "nobody misses what was called off");
}

#[tokio::test(start_paused = true)]
async fn monitors_by_name() {
    // MON-6
    let system = System::new();
    let log = Log::default();
    let watcher = Watcher::start(log.clone()).system(&system).await.unwrap();
    let a = Target::start().name("target").system(&system).await.unwrap();
    let first = watcher.watch_name("target").await.unwrap();
    a.fail(boom()).await.unwrap();
    a.ended().await;
    settle().await;
    let second = watcher.watch_name("target").await.unwrap();
    settle().await;
    assert_eq!(
        log.read(),
        [
            format!("{first:?} target {}: boom", a.pid().slot()),
            format!("{second:?} target 0: no such process")
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_down_needs_no_room_and_keeps_its_place() {
    let (watcher, log) = watcher().await;
    let a = target().await;
    let monitor = watcher.watch(a.clone()).await.unwrap();
    watcher.wait(10 * MS).await.unwrap();
    yield_now().await;
    for _ in 0..4 {
        watcher.note("before").await.unwrap();
    }
    a.kill();
    settle().await;
    assert_eq!(log.read(), ["before", "before", "before", "before", &line(monitor, &a, "killed")]);
}

#[tokio::test(start_paused = true)]
async fn downs_and_exits_are_infos() {
    // CAST-6
    let (watcher, log) = watcher().await;
    let (p, q) = (target().await, target().await);
    let monitor = watcher.watch(p.clone()).await.unwrap();
    watcher.link_with(q.clone()).await.unwrap();
    p.kill();
    q.kill();
    settle().await;
    assert_eq!(log.read(), [line(monitor, &p, "killed"), format!("exit of {}: killed", q.pid())]);
}

#[tokio::test(start_paused = true)]
async fn a_start_with_a_monitor() {
    // START-12
    let (a, watch) = Target::start().monitored().await.unwrap();
    let id = watch.id();
    a.stop_with(ExitReason::other("stopped")).await.unwrap();
    let down = watch.await;
    assert_eq!((down.monitor, down.pid, down.reason), (id, a.pid(), ExitReason::other("stopped")));
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_dropped_watches_no_more() {
    // Seen from outside: what was promised to those that are gone does not come to the one that is left.
    let a = target().await;
    for _ in 0..1_000 {
        drop(a.monitor());
    }
    let watch = a.monitor();
    a.kill();
    assert_eq!(watch.await.reason, ExitReason::Killed);
}

supervisor! {
    Tree(log: Log) {
        strategy: one_for_one,
        restarts: 50 in 30s,
        watcher: Watcher(log.clone()),
        target: Target(),
    }
}

#[tokio::test(start_paused = true)]
async fn monitors_belong_to_one_life() {
    let system = System::new();
    let log = Log::default();
    let tree = Tree::start(log.clone()).system(&system).await.unwrap();
    let (watcher, target) = (tree.watcher(), tree.target());
    // Of the target: its next life is not watched.
    let first = target.pid();
    let monitor = watcher.watch(target.clone()).await.unwrap();
    target.kill();
    settle().await;
    assert_ne!(target.pid(), first);
    target.kill();
    settle().await;
    assert_eq!(log.take(), [line(monitor, target, "killed")]);
    // Of the watcher: its next life is not told, neither of what ends later nor of what waits in the queue.
    watcher.watch(target.clone()).await.unwrap();
    watcher.crash().await.unwrap();
    settle().await;
    target.kill();
    settle().await;
    assert_eq!(log.take(), [""; 0]);
    watcher.watch(target.clone()).await.unwrap();
    watcher.wait(1000 * MS).await.unwrap();
    yield_now().await;
    target.kill();
    watcher.kill();
    settle().await;
    watcher.note("next life").await.unwrap();
    settle().await;
    assert_eq!(log.take(), ["next life"]);
    assert_eq!(system.dead_letters(), 1, "the one in the queue");
    tree.stop().await.unwrap();
}

/// A server by hand, whose info handler is not known to be async before it is asked.
struct Plain {
    seen: u64,
}

enum Ask {
    Watch(TargetRef),
    Seen,
}

struct Told(#[expect(dead_code, reason = "that it came is enough")] Down);

impl noex::Message for Ask {}
impl noex::Message for Told {}
impl noex::ServerConfig for Plain {}

impl noex::GenServer for Plain {
    type Args = ();
    type InitError = std::convert::Infallible;
    type Call = Ask;
    type Reply = u64;
    type Cast = noex::Never;
    type Info = Told;
    type Continue = noex::Never;
    type Ref = noex::ServerRef<Self>;

    async fn init((): (), _: &mut Context<Self>) -> Result<Init<Self>, Self::InitError> {
        Ok(Init::ready(Plain { seen: 0 }))
    }

    fn call_now(&mut self, ask: Ask, cx: &mut Context<Self>) -> noex::Now<u64, Ask> {
        if let Ask::Watch(target) = ask {
            cx.monitor(&target);
        }
        noex::Now::Done(self.seen)
    }

    async fn handle_info(&mut self, _: Told, _: &mut Context<Self>) {
        self.seen += 1;
    }
}

impl noex::HandlesInfo<Down> for Plain {
    fn info(down: Down) -> Told {
        Told(down)
    }
}

#[tokio::test]
async fn a_down_that_was_laid_back_does_not_reach_the_next_life() {
    let system = System::new();
    let mut builder = noex::Supervisor::builder("two lives");
    let watcher = builder.child::<Plain>(noex::ChildOptions::new("watcher"), || ());
    let supervisor = builder.start().system(&system).await.unwrap();
    let target = Target::start().await.unwrap();
    watcher.call(Ask::Watch(target.clone())).await.unwrap();
    let life = watcher.pid();
    target.kill();
    {
        // A caller that helps takes the notice out, finds that its handler is async, and lays it back.
        let mut asked = std::pin::pin!(watcher.call(Ask::Seen));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(asked.as_mut().poll(&mut cx).is_pending());
        watcher.kill();
    }
    while watcher.pid() == life || !watcher.is_alive() {
        yield_now().await;
    }
    assert_eq!(watcher.call(Ask::Seen).await.unwrap(), 0, "nobody was watched in this life");
    assert_eq!(system.dead_letters(), 2, "the notice, and the call that was given up");
    supervisor.stop().await.unwrap();
}

#[tokio::test]
async fn thousands_watch_one() {
    let target = Target::start().await.unwrap();
    let mut all: Vec<_> = (0..30_000).map(|_| target.monitor()).collect();
    // Those that watched first give up first.
    let last = all.split_off(20_000);
    all.into_iter().for_each(drop);
    target.kill();
    for watch in last {
        assert_eq!(watch.await.reason, ExitReason::Killed);
    }
}
