//! Supervision: order, restart types, strategies, intensity, shutdown; what survives a restart.
#![allow(missing_docs)]

mod support;

use std::{future::IntoFuture, sync::Arc, time::Duration};

use noex::{
    ChildOptions, Restart, Shutdown, Strategy, SupervisorError, observer::EventKind, prelude::*,
    supervisor::PlanError,
};
use support::{
    Log,
    family::{Child, MS, Plain, add, settle, tree},
};
use tokio::task::yield_now;

#[tokio::test]
async fn children_start_in_order_and_stop_in_reverse() {
    // SUP-1, SUP-2, SHUT-1, SHUT-2, SHUT-9
    let (mut builder, log) = tree(Strategy::OneForOne);
    for id in ["a", "b", "c"] {
        add(&mut builder, id, &log, Restart::Permanent);
    }
    let supervisor = builder.start().await.unwrap();
    assert_eq!(log.take(), ["a up", "b up", "c up"]);
    let (ended, stopped) = tokio::join!(supervisor.ended(), supervisor.stop());
    stopped.unwrap();
    assert_eq!(ended, ExitReason::Normal);
    assert_eq!(log.take(), ["c down: shutdown", "b down: shutdown", "a down: shutdown"]);
}

#[tokio::test]
async fn a_child_that_does_not_start_takes_the_others_back() {
    // SUP-3
    let (mut builder, log) = tree(Strategy::OneForOne);
    for id in ["a", "b", "c", "d"] {
        add(&mut builder, id, &log, Restart::Permanent);
    }
    log.refuse("c");
    let error = builder.start().await.unwrap_err();
    assert!(matches!(&error, SupervisorError::Child { child, reason, .. }
        if &**child == "c" && reason.0 == ExitReason::other("oops")));
    assert_eq!(log.take(), ["a up", "b up", "c up", "b down: shutdown", "a down: shutdown"]);
}

#[tokio::test]
async fn two_children_of_one_id_are_refused() {
    // SUP-6
    let (mut builder, log) = tree(Strategy::OneForOne);
    add(&mut builder, "a", &log, Restart::Permanent);
    add(&mut builder, "a", &log, Restart::Permanent);
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, SupervisorError::Plan { error: PlanError::DuplicateChild { child }, .. }
        if &*child == "a"));
    assert!(log.take().is_empty());
}

#[tokio::test]
async fn specs_are_data_with_the_defaults_filled_in() {
    // SUP-7, SUP-8
    let spec = Plain::child(Log::default());
    assert_eq!(
        (spec.id(), spec.restart_type(), spec.shutdown_type(), spec.kind()),
        ("Plain", Restart::Permanent, Shutdown::Timeout(5_000 * MS), noex::Kind::Worker)
    );
    let spec = spec.with_id("other").restart(Restart::Temporary).shutdown(Shutdown::BrutalKill);
    assert_eq!(
        (spec.id(), spec.restart_type(), spec.shutdown_type()),
        ("other", Restart::Temporary, Shutdown::BrutalKill)
    );
}

#[tokio::test]
async fn restart_types_decide_who_comes_back() {
    // RESTART-1, RESTART-2, RESTART-3, RESTART-4, RESTART-5, RESTART-6
    let normal = || ExitReason::Normal;
    let shutdown = || ExitReason::Shutdown;
    let boom = || ExitReason::other("boom");
    for (restart, reason, comes_back, spec_stays) in [
        (Restart::Permanent, normal(), true, true),
        (Restart::Permanent, boom(), true, true),
        (Restart::Transient, normal(), false, true),
        (Restart::Transient, shutdown(), false, true),
        (Restart::Transient, ExitReason::shutdown("why"), false, true),
        (Restart::Transient, boom(), true, true),
        (Restart::Temporary, normal(), false, false),
        (Restart::Temporary, shutdown(), false, false),
        (Restart::Temporary, boom(), false, false),
    ] {
        let (mut builder, log) = tree(Strategy::OneForOne);
        let child = add(&mut builder, "a", &log, restart);
        let supervisor = builder.start().await.unwrap();
        let case = format!("{restart:?} {reason}");
        child.leave(reason).await.unwrap();
        settle().await;
        let children = supervisor.children().await.unwrap();
        assert_eq!(child.is_alive(), comes_back, "{case}");
        assert_eq!(children.len(), usize::from(spec_stays), "{case}");
        assert_eq!(children.first().is_some_and(|child| child.pid.is_some()), comes_back, "{case}");
        match child.count().await {
            Ok(served) => assert!(comes_back && served == 1, "{case}: a fresh state"),
            Err(error) => {
                assert!(!comes_back && matches!(error, CallError::NotRunning { .. }), "{case}: {error}")
            }
        }
    }
}

#[tokio::test]
async fn a_crash_restarts_by_strategy() {
    // STRAT-1, STRAT-2, STRAT-3, STRAT-5, STRAT-8
    for (strategy, expected) in [
        (Strategy::OneForOne, vec!["b down: panic", "b up"]),
        (
            Strategy::RestForOne,
            vec!["b down: panic", "d down: shutdown", "c down: shutdown", "b up", "c up", "d up"],
        ),
        (
            Strategy::OneForAll,
            vec![
                "b down: panic",
                "d down: shutdown",
                "c down: shutdown",
                "a down: shutdown",
                "a up",
                "b up",
                "c up",
                "d up",
            ],
        ),
    ] {
        let (mut builder, log) = tree(strategy);
        builder.restarts(1, Duration::from_secs(5));
        let children = ["a", "b", "c", "d"].map(|id| add(&mut builder, id, &log, Restart::Permanent));
        let supervisor = builder.start().await.unwrap();
        log.take();
        children[1].crash().await.unwrap_err();
        assert_eq!(children[3].count().await.unwrap(), 1);
        settle().await;
        assert_eq!(log.take(), expected, "{strategy:?}");
        assert!(supervisor.is_alive(), "a group restart counts once");
    }
}

#[tokio::test]
async fn two_that_end_at_once_are_one_restart_of_their_group() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let (mut builder, log) = tree(strategy);
        builder.restarts(1, Duration::from_secs(5));
        let children = ["a", "b", "c"].map(|id| add(&mut builder, id, &log, Restart::Permanent));
        let supervisor = builder.start().await.unwrap();
        log.take();
        assert!(children[0].kill() && children[1].kill());
        settle().await;
        assert_eq!(log.take(), ["c down: shutdown", "a up", "b up", "c up"], "{strategy:?}");
        assert!(supervisor.is_alive(), "{strategy:?}: one restart, as in OTP");
    }
}

#[tokio::test]
async fn a_temporary_sibling_is_not_started_again() {
    // STRAT-7
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let (mut builder, log) = tree(strategy);
        let a = add(&mut builder, "a", &log, Restart::Permanent);
        let t = add(&mut builder, "t", &log, Restart::Temporary);
        let supervisor = builder.start().await.unwrap();
        a.crash().await.unwrap_err();
        assert_eq!(a.count().await.unwrap(), 1);
        settle().await;
        assert!(matches!(t.count().await, Err(CallError::NotRunning { .. })));
        assert_eq!(supervisor.children().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn no_restart_no_group_action() {
    // STRAT-6
    let (mut builder, log) = tree(Strategy::OneForAll);
    add(&mut builder, "a", &log, Restart::Permanent);
    let b = add(&mut builder, "b", &log, Restart::Transient);
    let _supervisor = builder.start().await.unwrap();
    log.take();
    b.leave(ExitReason::Normal).await.unwrap();
    settle().await;
    assert_eq!(log.take(), ["b down: normal"]);
}

#[tokio::test]
async fn one_crash_too_many_ends_the_tree() {
    // INTENS-1
    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.restarts(1, Duration::from_secs(5));
    let [_a, b, _c] = ["a", "b", "c"].map(|id| add(&mut builder, id, &log, Restart::Permanent));
    let supervisor = builder.start().await.unwrap();
    b.crash().await.unwrap_err();
    assert_eq!(b.count().await.unwrap(), 1);
    log.take();
    b.crash().await.unwrap_err();
    assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
    assert_eq!(log.take(), ["b down: panic", "c down: shutdown", "a down: shutdown"]);
    let error = b.count().await.unwrap_err();
    assert!(matches!(&error, CallError::NotRunning { .. }), "{error}");
}

#[tokio::test]
async fn one_budget_serves_all_children() {
    // INTENS-2, INTENS-3
    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.restarts(2, Duration::from_secs(5));
    let [a, b] = ["a", "b"].map(|id| add(&mut builder, id, &log, Restart::Permanent));
    let supervisor = builder.start().await.unwrap();
    for child in [&a, &b] {
        child.crash().await.unwrap_err();
        assert_eq!(child.count().await.unwrap(), 1);
    }
    settle().await;
    assert!(supervisor.is_alive());
    a.crash().await.unwrap_err();
    assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
}

#[tokio::test]
async fn the_default_is_three_restarts_in_five_seconds() {
    // SUP-9
    let (mut builder, log) = tree(Strategy::OneForOne);
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let supervisor = builder.start().await.unwrap();
    for _ in 0..3 {
        a.crash().await.unwrap_err();
        assert_eq!(a.count().await.unwrap(), 1);
    }
    a.crash().await.unwrap_err();
    assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
}

#[tokio::test]
async fn intensity_zero_means_no_restart() {
    // INTENS-4
    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.restarts(0, Duration::from_secs(5));
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let supervisor = builder.start().await.unwrap();
    a.crash().await.unwrap_err();
    assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
}

#[tokio::test(start_paused = true)]
async fn old_restarts_are_forgotten() {
    // INTENS-5
    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.restarts(1, Duration::from_secs(1));
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let supervisor = builder.start().await.unwrap();
    for _ in 0..4 {
        a.crash().await.unwrap_err();
        assert_eq!(a.count().await.unwrap(), 1);
        tokio::time::sleep(2_100 * MS).await;
    }
    assert!(supervisor.is_alive());
}

#[tokio::test]
async fn failing_restarts_count() {
    // INTENS-6
    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.restarts(4, Duration::from_secs(5));
    add(&mut builder, "s", &log, Restart::Permanent);
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let supervisor = builder.start().await.unwrap();
    log.take();
    log.refuse("a");
    a.crash().await.unwrap_err();
    assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
    assert_eq!(log.take(), ["a down: panic", "a up", "a up", "a up", "a up", "s down: shutdown"]);
}

#[tokio::test]
async fn recovery_within_the_budget() {
    // INTENS-7
    for (max, survives) in [(3, true), (2, false)] {
        let (mut builder, log) = tree(Strategy::OneForOne);
        builder.restarts(max, Duration::from_secs(5));
        let a = add(&mut builder, "a", &log, Restart::Permanent);
        let supervisor = builder.start().await.unwrap();
        log.refuse_times("a", 2);
        a.crash().await.unwrap_err();
        if survives {
            assert_eq!(a.count().await.unwrap(), 1);
            assert!(supervisor.is_alive());
        } else {
            assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_that_takes_too_long_to_end_is_killed() {
    // SHUT-3, SHUT-4, SHUT-5
    for (shutdown, expected) in [
        (Shutdown::Timeout(100 * MS), ExitReason::Killed),
        (Shutdown::Infinity, ExitReason::Shutdown),
        (Shutdown::BrutalKill, ExitReason::Killed),
    ] {
        let (mut builder, log) = tree(Strategy::OneForOne);
        let child = {
            let log = log.clone();
            builder.child::<Child>(ChildOptions::new("a").shutdown(shutdown), move || ("a", log.clone()))
        };
        let supervisor = builder.start().await.unwrap();
        child.end_slowly(6_000 * MS).await.unwrap();
        let (ended, stopped) = tokio::join!(child.ended(), supervisor.stop());
        stopped.unwrap();
        assert_eq!(ended, expected, "{shutdown:?}");
        let terminated = log.take().iter().any(|line| line.starts_with("a down"));
        assert_eq!(terminated, expected == ExitReason::Shutdown, "{shutdown:?}");
    }
}

#[tokio::test]
async fn a_child_that_does_not_trap_exits_does_not_terminate_on_shutdown() {
    // STOP-9
    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.add(Plain::child(log.clone()));
    builder.start().await.unwrap().stop().await.unwrap();
    assert!(log.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_child_that_does_not_trap_exits_is_cut_short_in_its_handler() {
    // STOP-9
    let log = Log::default();
    let shop = Shop::start(log.clone(), 3).await.unwrap();
    let begun = tokio::time::Instant::now();
    let ((), told) = tokio::join!(
        async {
            yield_now().await;
            shop.stop().await.unwrap();
        },
        shop.clerk().ponder()
    );
    assert!(matches!(told, Err(CallError::Crashed { reason, .. }) if reason.0 == ExitReason::Shutdown));
    assert!(begun.elapsed().is_zero());
}

#[tokio::test]
async fn a_killed_supervisor_leaves_no_orphan() {
    // SHUT-8
    let (mut builder, log) = tree(Strategy::OneForOne);
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let b = {
        let log = log.clone();
        builder.child::<Plain>(ChildOptions::new("b"), move || (log.clone(),))
    };
    let supervisor = builder.start().await.unwrap();
    log.take();
    assert!(supervisor.kill());
    assert_eq!((a.ended().await, b.ended().await), (ExitReason::Killed, ExitReason::Killed));
    assert_eq!(log.take(), ["a down: killed"], "only the one that traps exits terminates");
    settle().await;
    assert!(matches!(a.count().await, Err(CallError::NotRunning { .. })));
}

#[tokio::test(start_paused = true)]
async fn queued_messages_and_references_survive_a_restart() {
    let (mut builder, log) = tree(Strategy::OneForOne);
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let _supervisor = builder.start().await.unwrap();
    let before = a.pid();
    a.crash_after(10 * MS).await.unwrap();
    let (first, second) = tokio::join!(a.count(), a.count());
    assert_eq!((first.unwrap(), second.unwrap()), (1, 2), "queued before the crash, served after it");
    assert_eq!(a.pid().slot(), before.slot());
    assert_eq!(a.pid().incarnation(), 2);
    assert_eq!(a.snapshot().restarts, 1);
}

#[tokio::test]
async fn the_call_in_flight_is_told_of_the_crash() {
    let (mut builder, log) = tree(Strategy::OneForOne);
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let _supervisor = builder.start().await.unwrap();
    let error = a.crash().await.unwrap_err();
    assert!(matches!(error, CallError::Crashed { may_have_run: true, .. }));
}

#[tokio::test]
async fn messages_sent_before_the_tree_runs_wait_for_it() {
    let (mut builder, log) = tree(Strategy::OneForOne);
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let (count, supervisor) = tokio::join!(a.count(), builder.start().into_future());
    assert_eq!(count.unwrap(), 1);
    supervisor.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn restarts_are_events() {
    let system = System::new();
    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.restarts(1, Duration::from_secs(5));
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let supervisor = builder.start().system(&system).await.unwrap();
    let mut events = system.events();
    a.crash().await.unwrap_err();
    assert_eq!(a.count().await.unwrap(), 1);
    a.crash().await.unwrap_err();
    supervisor.ended().await;
    let mut seen = Vec::new();
    let mut number = 0;
    while seen.last() != Some(&"stopped") {
        let event = events.next().await.unwrap();
        assert_eq!(event.number, number + 1);
        number = event.number;
        let of_tree = matches!(
            event.kind,
            EventKind::Restarting { .. } | EventKind::GaveUp { .. } | EventKind::Stopped { .. }
        );
        assert_eq!(&*event.server == "tree", of_tree, "{event:?}");
        seen.push(match event.kind {
            EventKind::Crashed { reason } if reason.is_panic() => "crashed",
            EventKind::Restarting { child, .. } if &*child == "a" => "restarting",
            EventKind::Started { restarts: 1 } => "started",
            EventKind::GaveUp { .. } => "gave up",
            EventKind::Stopped { .. } => "stopped",
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(seen, ["crashed", "restarting", "started", "crashed", "gave up", "stopped"]);
}

supervisor! {
    /// Two children, one of which knows the other.
    Shop(log: Log, stock: u32) {
        strategy: rest_for_one,
        restarts: 2 in 10s,

        shelf: Shelf(stock),
        clerk: Clerk(shelf, log) { restart: transient, shutdown: 1s },
    }
}

#[genserver]
struct Shelf {
    stock: u32,
}

#[genserver]
impl Shelf {
    #[init]
    fn init(stock: u32) -> Self {
        Shelf { stock }
    }

    #[call]
    fn take(&mut self) -> Result<u32, String> {
        self.stock = self.stock.checked_sub(1).ok_or("sold out")?;
        Ok(self.stock)
    }

    #[call]
    fn topple(&mut self) {
        panic!("the shelf toppled");
    }
}

#[genserver]
struct Clerk {
    shelf: ShelfRef,
    log: Log,
}

#[genserver]
impl Clerk {
    #[init]
    fn init(shelf: ShelfRef, log: Log) -> Self {
        log.note("clerk up");
        Clerk { shelf, log }
    }

    #[call]
    async fn ponder(&mut self) {
        std::future::pending().await
    }

    #[call]
    async fn sell(&mut self) -> Result<u32, String> {
        let left = self.shelf.take().await.map_err(|error| error.to_string())?;
        self.log.note(format!("{left} left"));
        Ok(left)
    }
}

#[tokio::test]
async fn a_declared_tree_runs_and_heals() {
    let log = Log::default();
    let shop = Shop::start(log.clone(), 3).await.unwrap();
    assert_eq!(shop.clerk().sell().await.unwrap(), 2);
    shop.shelf().topple().await.unwrap_err();
    settle().await;
    assert_eq!(shop.clerk().sell().await.unwrap(), 2, "the arguments were made anew");
    assert_eq!(log.take(), ["clerk up", "2 left", "clerk up", "2 left"]);
    shop.stop().await.unwrap();
    assert!(!shop.shelf().is_alive() && !shop.clerk().is_alive());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queued_calls_survive_hundreds_of_crashes() {
    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.restarts(10_000, Duration::from_secs(5));
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let supervisor = builder.start().await.unwrap();
    let a = Arc::new(a);
    let mut callers = Vec::new();
    for caller in 0..8 {
        let a = a.clone();
        callers.push(tokio::spawn(async move {
            let (mut served, mut crashed) = (0, 0);
            for n in 0..100 {
                let answer = if n % 10 == caller { a.crash().await.map(|()| 0) } else { a.count().await };
                match answer {
                    Ok(_) => served += 1,
                    Err(CallError::Crashed { may_have_run: true, .. }) => crashed += 1,
                    Err(other) => panic!("{other}"),
                }
            }
            (served, crashed)
        }));
    }
    for caller in callers {
        assert_eq!(caller.await.unwrap(), (90, 10));
    }
    settle().await;
    assert_eq!(a.snapshot().restarts, 80);
    supervisor.stop().await.unwrap();
}
