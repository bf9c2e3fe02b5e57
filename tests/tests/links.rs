//! Links, exit signals, and what `terminate` has to do with them.
#![allow(missing_docs)]

mod support;

use std::time::Duration;

use noex::{
    Executed,
    observer::{EventKind, Level, Undelivered},
    prelude::*,
};
use support::Log;
use tokio::task::yield_now;

const HOUR: Duration = Duration::from_secs(3600);
const MS: Duration = Duration::from_millis(1);

type Job<S> = Box<dyn FnOnce(&mut S, &mut Context<S>) + Send>;

/// Does what it is told; does not trap exits.
#[genserver]
struct Node {
    log: Log,
}

#[genserver]
impl Node {
    #[init]
    fn init(log: Log) -> Self {
        Node { log }
    }

    #[call]
    fn run(&mut self, cx: &mut Context<Self>, job: Job<Node>) {
        job(self, cx);
    }

    #[call]
    fn link_with(&mut self, cx: &mut Context<Self>, other: NodeRef) -> bool {
        cx.link(&other).is_ok()
    }

    #[cast]
    fn fail(&mut self, cx: &mut Context<Self>, reason: ExitReason) {
        cx.stop(reason);
    }

    #[cast]
    async fn wait(&mut self, pause: Duration) {
        self.log.note("waits");
        tokio::time::sleep(pause).await;
        self.log.note("has waited");
    }

    #[call]
    fn ping(&self) {}

    #[call]
    async fn start_linked(&mut self, cx: &mut Context<Self>) -> NodeRef {
        Node::start(self.log.clone()).linked(cx).await.unwrap()
    }

    #[call]
    async fn start_alone(&mut self) -> NodeRef {
        Node::start(self.log.clone()).await.unwrap()
    }

    #[call]
    async fn start_trapping(&mut self, cx: &mut Context<Self>) -> TrapRef {
        Trap::start(self.log.clone()).linked(cx).await.unwrap()
    }

    #[terminate]
    fn close(&mut self, reason: &ExitReason) {
        self.log.note(format!("close: {reason}"));
    }
}

/// Traps exits and notes them.
#[genserver(trap_exit, mailbox = 4)]
struct Trap {
    log: Log,
}

#[genserver]
impl Trap {
    #[init]
    fn init(log: Log) -> Self {
        Trap { log }
    }

    #[call]
    fn run(&mut self, cx: &mut Context<Self>, job: Job<Trap>) {
        job(self, cx);
    }

    #[cast]
    async fn wait(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }

    #[cast]
    fn note(&mut self, what: &'static str) {
        self.log.note(what);
    }

    #[call]
    async fn start_linked(&mut self, cx: &mut Context<Self>, other: Log) -> NodeRef {
        Node::start(other).linked(cx).await.unwrap()
    }

    #[call]
    async fn start_picky(&mut self, cx: &mut Context<Self>) -> bool {
        Picky::start().linked(cx).await.is_err()
    }

    #[info]
    fn exited(&mut self, exit: Exit) {
        let who = exit.pid.map_or("somebody".into(), |pid| pid.slot().to_string());
        self.log.note(format!("exit of {who}: {}", exit.reason));
    }

    #[terminate]
    fn close(&mut self, reason: &ExitReason) {
        self.log.note(format!("close: {reason}"));
    }
}

/// Does not start.
#[genserver]
struct Picky {}

#[genserver]
impl Picky {
    #[init]
    fn init() -> Result<Self, String> {
        Err("no".into())
    }
}

/// Traps exits and has no handler for them.
#[genserver(trap_exit)]
struct Deaf {}

#[genserver]
impl Deaf {
    #[init]
    fn init() -> Self {
        Deaf {}
    }

    #[call]
    fn link_with(&mut self, cx: &mut Context<Self>, other: NodeRef) -> bool {
        cx.link(&other).is_ok()
    }
}

fn boom() -> ExitReason {
    ExitReason::other("boom")
}

async fn node() -> (NodeRef, Log) {
    let log = Log::default();
    (Node::start(log.clone()).await.unwrap(), log)
}

async fn trap() -> (TrapRef, Log) {
    let log = Log::default();
    (Trap::start(log.clone()).await.unwrap(), log)
}

async fn link_trap(trap: &TrapRef, other: &NodeRef) {
    let other = other.clone();
    trap.run(Box::new(move |_, cx| cx.link(&other).unwrap())).await.unwrap();
}

/// What the runners have to do is done.
async fn settle() {
    tokio::time::sleep(100 * MS).await;
}

#[tokio::test(start_paused = true)]
async fn an_abnormal_end_spreads() {
    // LINK-1
    let ((a, log_a), (b, log_b)) = (node().await, node().await);
    assert!(a.link_with(b.clone()).await.unwrap());
    a.fail(boom()).await.unwrap();
    assert_eq!(b.ended().await, boom());
    assert_eq!(log_a.read(), ["close: boom"]);
    assert_eq!(log_b.read(), [""; 0], "cut short by a signal: no `terminate`");
}

#[tokio::test(start_paused = true)]
async fn a_normal_end_does_not_spread() {
    // LINK-2
    let ((a, _), (b, _)) = (node().await, node().await);
    a.link_with(b.clone()).await.unwrap();
    a.stop().await.unwrap();
    settle().await;
    b.ping().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn trapping_makes_messages_of_ends() {
    // LINK-3, LINK-4
    for reason in [ExitReason::Normal, boom()] {
        let ((a, _), (b, log)) = (node().await, trap().await);
        link_trap(&b, &a).await;
        a.fail(reason.clone()).await.unwrap();
        settle().await;
        assert!(b.is_alive());
        assert_eq!(log.read(), [format!("exit of {}: {reason}", a.pid().slot())]);
    }
}

#[tokio::test(start_paused = true)]
async fn trapping_can_be_turned_on_and_off() {
    let ((a, _), (b, log)) = (node().await, trap().await);
    link_trap(&b, &a).await;
    b.run(Box::new(|_, cx| cx.trap_exit(false))).await.unwrap();
    a.fail(boom()).await.unwrap();
    assert_eq!(b.ended().await, boom());
    assert_eq!(log.read(), [""; 0]);

    let (c, _) = node().await;
    c.run(Box::new(|_, cx| cx.trap_exit(true))).await.unwrap();
    assert!(c.exit(boom()));
    settle().await;
    assert!(c.is_alive());
}

#[tokio::test(start_paused = true)]
async fn an_exit_signal_normal_is_ignored_others_end_or_become_messages() {
    // LINK-5
    let ((a, log_a), (b, log)) = (node().await, trap().await);
    a.exit(ExitReason::Normal);
    b.exit(ExitReason::Normal);
    b.exit(boom());
    settle().await;
    a.ping().await.unwrap();
    assert_eq!(log.read(), ["exit of somebody: normal", "exit of somebody: boom"]);

    let target = a.clone();
    b.run(Box::new(move |_, cx| assert!(cx.exit(&target, boom())))).await.unwrap();
    assert_eq!(a.ended().await, boom());
    assert_eq!(log_a.read(), [""; 0]);
    assert!(!a.exit(boom()), "nobody lives there any more");
}

#[tokio::test(start_paused = true)]
async fn a_suspended_handler_is_cut_short_by_an_exit_signal() {
    let ((a, _), (b, log)) = (node().await, node().await);
    a.link_with(b.clone()).await.unwrap();
    b.wait(HOUR).await.unwrap();
    let asked = b.clone();
    let asking = tokio::spawn(async move { asked.ping().await });
    yield_now().await;
    a.fail(boom()).await.unwrap();
    assert_eq!(b.ended().await, boom());
    assert_eq!(log.read(), ["waits"]);
    assert_eq!(asking.await.unwrap().unwrap_err().was_executed(), Executed::No);
}

#[tokio::test(start_paused = true)]
async fn kill_cannot_be_trapped_and_reads_killed() {
    // LINK-6, STOP-8
    let ((a, log_a), (b, log_b), (c, _)) = (trap().await, trap().await, node().await);
    let other = a.clone();
    b.run(Box::new(move |_, cx| cx.link(&other).unwrap())).await.unwrap();
    link_trap(&a, &c).await;
    let watch = a.monitor();
    a.kill();
    assert_eq!(watch.await.reason, ExitReason::Killed);
    assert_eq!(c.ended().await, ExitReason::Killed);
    settle().await;
    assert_eq!(log_a.read(), [""; 0], "no `terminate`");
    assert_eq!(log_b.read(), [format!("exit of {}: killed", a.pid().slot())]);
}

#[tokio::test(start_paused = true)]
async fn ends_spread_along_a_chain_however_long() {
    // LINK-7; long enough to overflow a stack if each ended the next from within
    let mut chain = vec![node().await.0];
    for _ in 0..5_000 {
        let next = node().await.0;
        chain.last().unwrap().link_with(next.clone()).await.unwrap();
        chain.push(next);
    }
    chain.last().unwrap().fail(boom()).await.unwrap();
    for node in &chain {
        assert_eq!(node.ended().await, boom());
    }
}

#[tokio::test(start_paused = true)]
async fn unlinked_an_end_is_nothing() {
    // LINK-8
    let ((a, _), (t, log), (b, _)) = (node().await, trap().await, node().await);
    a.link_with(b.clone()).await.unwrap();
    link_trap(&t, &b).await;
    let other = b.clone();
    a.run(Box::new(move |_, cx| cx.unlink(&other))).await.unwrap();
    let other = b.clone();
    t.run(Box::new(move |_, cx| cx.unlink(&other))).await.unwrap();
    b.fail(boom()).await.unwrap();
    b.ended().await;
    settle().await;
    a.ping().await.unwrap();
    assert_eq!(log.read(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn unlink_calls_an_unread_exit_off() {
    // LINK-8
    let ((t, log), (b, _)) = (trap().await, node().await);
    link_trap(&t, &b).await;
    t.wait(10 * MS).await.unwrap();
    yield_now().await;
    // The unlink is queued before the exit message, which is queued before it is unlinked.
    let other = b.clone();
    let unlink = t.run(Box::new(move |_, cx| cx.unlink(&other)));
    let (unlinked, ()) = tokio::join!(unlink, async {
        yield_now().await;
        b.kill();
    });
    unlinked.unwrap();
    settle().await;
    assert_eq!(log.read(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_link_is_not_counted() {
    // LINK-9
    let ((a, _), (b, _)) = (node().await, node().await);
    a.link_with(b.clone()).await.unwrap();
    b.link_with(a.clone()).await.unwrap();
    a.link_with(b.clone()).await.unwrap();
    let other = b.clone();
    a.run(Box::new(move |_, cx| cx.unlink(&other))).await.unwrap();
    b.fail(boom()).await.unwrap();
    b.ended().await;
    settle().await;
    a.ping().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_link_to_who_is_gone_is_an_error() {
    // LINK-10
    let ((t, log), (b, _)) = (trap().await, node().await);
    b.fail(boom()).await.unwrap();
    b.ended().await;
    let other = b.clone();
    t.run(Box::new(move |it, cx| {
        let error = cx.link(&other).unwrap_err();
        it.log.note(error.reason.to_string());
    }))
    .await
    .unwrap();
    settle().await;
    assert_eq!(log.read(), ["boom"], "an error, and no message as well");
}

#[tokio::test(start_paused = true)]
async fn alive_before_down_and_not_after() {
    // LINK-11
    let (a, _) = node().await;
    let watch = a.monitor();
    assert!(a.is_alive());
    a.fail(boom()).await.unwrap();
    watch.await;
    assert!(!a.is_alive());
}

#[tokio::test(start_paused = true)]
async fn an_exit_message_needs_no_room_and_keeps_its_place() {
    let ((t, log), (b, _)) = (trap().await, node().await);
    link_trap(&t, &b).await;
    t.wait(10 * MS).await.unwrap();
    yield_now().await;
    for _ in 0..4 {
        t.note("queued before").await.unwrap();
    }
    assert!(t.try_cast(TrapCast::Note { what: "no room" }).is_err());
    b.kill();
    settle().await;
    let exit = format!("exit of {}: killed", b.pid().slot());
    assert_eq!(log.read(), ["queued before", "queued before", "queued before", "queued before", &exit]);
}

#[tokio::test(start_paused = true)]
async fn an_exit_message_without_a_handler_is_a_dead_letter() {
    // CAST-5 for exits
    let system = System::new();
    let deaf = Deaf::start().system(&system).await.unwrap();
    let node = Node::start(Log::default()).system(&system).await.unwrap();
    assert!(deaf.link_with(node.clone()).await.unwrap());
    let mut events = system.events();
    node.kill();
    let dropped = async {
        loop {
            if let EventKind::DeadLetter { handler, why } = events.next().await.unwrap().kind {
                return (handler, why);
            }
        }
    };
    assert!(matches!(dropped.await, ("exit", Undelivered::NoHandler)));
    assert!(deaf.is_alive());
    assert_eq!(system.dead_letters(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_linked_start_links() {
    // START-2
    let (a, _) = node().await;
    let child = a.start_linked().await.unwrap();
    a.fail(boom()).await.unwrap();
    assert_eq!(child.ended().await, boom());

    let (a, _) = node().await;
    let child = a.start_linked().await.unwrap();
    child.fail(boom()).await.unwrap();
    assert_eq!(a.ended().await, boom(), "both ways");
}

#[tokio::test(start_paused = true)]
async fn an_unlinked_start_does_not() {
    // START-3
    let (a, _) = node().await;
    let child = a.start_alone().await.unwrap();
    a.fail(boom()).await.unwrap();
    a.ended().await;
    settle().await;
    child.ping().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_linked_start_that_fails_is_an_error_and_no_exit() {
    let (t, log) = trap().await;
    assert!(t.start_picky().await.unwrap());
    settle().await;
    assert_eq!(log.read(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn stop_with_another_reason() {
    // STOP-3
    let (a, log) = node().await;
    let watch = a.monitor();
    a.stop_with(ExitReason::other("other")).await.unwrap();
    assert_eq!(watch.await.reason, ExitReason::other("other"));
    assert_eq!(log.read(), ["close: other"]);
}

#[tokio::test(start_paused = true)]
async fn stop_by_name_frees_the_name() {
    // STOP-4, STOP-5
    let system = System::new();
    drop(Node::start(Log::default()).name("it").system(&system).await.unwrap());
    let it = system.whereis::<Node>("it").unwrap();
    it.stop().await.unwrap();
    assert!(system.whereis::<Node>("it").is_none(), "an unknown name has nothing to stop");
    assert_eq!(it.stop().await.unwrap_err().reason.0, ExitReason::Normal);
    Node::start(Log::default()).name("it").system(&system).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_parents_signal_ends_a_child_at_once_without_terminate() {
    // STOP-9
    let ((t, _), log) = (trap().await, Log::default());
    let child = t.start_linked(log.clone()).await.unwrap();
    child.wait(HOUR).await.unwrap();
    yield_now().await;
    let it = child.clone();
    t.run(Box::new(move |_, cx| assert!(cx.exit(&it, ExitReason::Shutdown)))).await.unwrap();
    assert_eq!(child.ended().await, ExitReason::Shutdown);
    assert_eq!(log.read(), ["waits"]);
}

#[tokio::test(start_paused = true)]
async fn a_parents_signal_runs_terminate_of_a_child_that_traps() {
    // STOP-10
    let (a, log) = node().await;
    let child = a.start_trapping().await.unwrap();
    let (it, outsider) = (child.clone(), trap().await.0);
    outsider
        .run(Box::new({
            let it = it.clone();
            move |_, cx| assert!(cx.exit(&it, boom()))
        }))
        .await
        .unwrap();
    settle().await;
    assert_eq!(log.take(), [format!("exit of {}: boom", outsider.pid().slot())], "who is not its parent");
    a.run(Box::new(move |_, cx| assert!(cx.exit(&it, ExitReason::Shutdown)))).await.unwrap();
    assert_eq!(child.ended().await, ExitReason::Shutdown);
    assert_eq!(log.read(), ["close: shutdown"]);
}

#[tokio::test(start_paused = true)]
async fn a_trapping_child_terminates_when_its_parent_ends() {
    // STOP-11
    for reason in [boom(), ExitReason::Normal] {
        let (a, log) = node().await;
        let child = a.start_trapping().await.unwrap();
        a.fail(reason.clone()).await.unwrap();
        assert_eq!(child.ended().await, reason);
        assert_eq!(log.read(), [format!("close: {reason}"), format!("close: {reason}")]);
    }
}

#[tokio::test(start_paused = true)]
async fn only_abnormal_ends_are_errors_in_the_log() {
    // STOP-12
    let system = System::new();
    let mut events = system.events();
    for reason in [ExitReason::Normal, ExitReason::Shutdown, ExitReason::shutdown("x"), boom()] {
        let node = Node::start(Log::default()).system(&system).await.unwrap();
        node.stop_with(reason.clone()).await.unwrap();
        let mut errors = 0;
        let ended = loop {
            let event = events.next().await.unwrap();
            errors += usize::from(event.kind.level() == Level::Error);
            if let EventKind::Stopped { reason } | EventKind::Crashed { reason } = event.kind {
                break reason;
            }
        };
        assert_eq!((ended, errors), (reason.clone(), usize::from(reason == boom())));
    }
}

/// Everybody links with everybody near, from both sides at once, while one of them ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_from_all_sides_at_once_lose_nobody() {
    // LINK-1, LINK-7
    for round in 0..20 {
        let mut nodes = Vec::new();
        for _ in 0..100 {
            nodes.push(node().await.0);
        }
        let mut tasks = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            let node = node.clone();
            let near: Vec<_> =
                [1, 2, 99, 98, 50].iter().map(|step| nodes[(at + step) % nodes.len()].clone()).collect();
            tasks.push(tokio::spawn(async move {
                for other in near {
                    let _ = node.link_with(other).await;
                }
            }));
        }
        if round % 2 == 0 {
            nodes[round].fail(boom()).await.unwrap();
        }
        for task in tasks {
            task.await.unwrap();
        }
        if round % 2 == 1 {
            nodes[round].fail(boom()).await.unwrap();
        } else {
            // Who linked too late to hear of it is told by the error, and ends by itself here.
            for node in &nodes {
                let _ = node.fail(boom()).await;
            }
        }
        for node in &nodes {
            let end = tokio::time::timeout(Duration::from_secs(30), node.ended());
            assert_eq!(end.await.expect("the end reaches all"), boom());
        }
    }
}

/// Two link and unlink and end: whoever is linked when the other ends is told, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_beside_a_link_is_an_error_or_an_exit() {
    for _ in 0..500 {
        let ((t, log), (b, _)) = (trap().await, node().await);
        let other = b.clone();
        let linking = tokio::spawn({
            let t = t.clone();
            async move {
                t.run(Box::new(move |it, cx| match cx.link(&other) {
                    Ok(()) => it.log.note("linked"),
                    Err(_) => it.log.note("gone"),
                }))
                .await
            }
        });
        b.kill();
        linking.await.unwrap().unwrap();
        b.ended().await;
        let told = async {
            while log.read() != ["gone"] && log.read().len() < 2 {
                yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), told).await.expect("told one way or the other");
        let expected = format!("exit of {}: killed", b.pid().slot());
        assert!(log.read() == ["gone"] || log.read() == ["linked", expected.as_str()], "{:?}", log.read());
    }
}

/// Everybody that traps links everybody that does not, from both sides at once, and then all of those end: each
/// end is told once to each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_end_is_told_once_to_each() {
    for _ in 0..10 {
        let (mut traps, mut nodes) = (Vec::new(), Vec::new());
        for _ in 0..20 {
            traps.push(trap().await);
            nodes.push(node().await.0);
        }
        let mut tasks = Vec::new();
        for (trap, _) in &traps {
            for node in &nodes {
                let (trap, node) = (trap.clone(), node.clone());
                tasks.push(tokio::spawn({
                    let (trap, node) = (trap.clone(), node.clone());
                    async move { trap.run(Box::new(move |_, cx| cx.link(&node).unwrap())).await.unwrap() }
                }));
                tasks.push(tokio::spawn(async move {
                    node.run(Box::new(move |_, cx| cx.link(&trap).unwrap())).await.unwrap();
                }));
            }
        }
        for task in tasks {
            task.await.unwrap();
        }
        let enders: Vec<_> = nodes
            .iter()
            .map(|node| {
                let node = node.clone();
                tokio::spawn(async move { node.fail(boom()).await.unwrap() })
            })
            .collect();
        for ender in enders {
            ender.await.unwrap();
        }
        let mut expected: Vec<_> =
            nodes.iter().map(|node| format!("exit of {}: boom", node.pid().slot())).collect();
        expected.sort();
        for (trap, log) in &traps {
            let told = async {
                while log.read().len() < nodes.len() {
                    yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(30), told).await.expect("all are told");
            trap.run(Box::new(|_, _| {})).await.unwrap();
            let mut told = log.read();
            told.sort();
            assert_eq!(told, expected);
        }
    }
}

/// A runtime that goes away ends who was at work there, and with them who is linked to them elsewhere.
#[test]
fn an_end_spreads_from_runtime_to_runtime() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let (b, _) = second.block_on(node());
    first.block_on(async {
        let (a, _) = node().await;
        a.link_with(b.clone()).await.unwrap();
        a.wait(HOUR).await.unwrap();
        yield_now().await;
    });
    drop(first);
    assert_eq!(second.block_on(b.ended()), ExitReason::Killed);
}

#[tokio::test]
async fn thousands_of_links_end_with_their_hub_and_are_told_by_name() {
    let (quiet, log) = (Log::default(), Log::default());
    let (node, trap) = (Node::start(quiet.clone()).await.unwrap(), Trap::start(log.clone()).await.unwrap());
    let mut all = Vec::new();
    for _ in 0..10_000 {
        let other = Node::start(quiet.clone()).await.unwrap();
        node.link_with(other.clone()).await.unwrap();
        let both = other.clone();
        trap.run(Box::new(move |_, cx| cx.link(&both).unwrap())).await.unwrap();
        all.push(other);
    }
    assert!(node.exit(ExitReason::other("over")));
    for other in &all {
        assert_eq!(other.ended().await, ExitReason::other("over"));
    }
    while log.read().len() < all.len() {
        yield_now().await;
    }
    trap.run(Box::new(|_, _| {})).await.unwrap();
    assert_eq!(log.read().len(), all.len(), "each once");
}
