//! Dynamic supervisors: children that come and go.
#![allow(missing_docs)]

mod support;

use std::time::Duration;

use noex::{
    AdminError, ChildOptions, DynamicSupervisor, Restart, Shutdown, Supervisor, SupervisorError,
    prelude::*,
    supervisor::{ChildCount, DynamicBuilder, PlanError},
};
use support::{
    Log, Mood,
    family::{Child, ChildRef, MS, settle},
};

type Children = DynamicSupervisor<Child, &'static str>;

fn children(log: &Log) -> DynamicBuilder<Child, &'static str> {
    let log = log.clone();
    Children::with("children", move |id| (id, log.clone()))
}

async fn specs(children: &Children) -> usize {
    children.count_children().await.unwrap().specs
}

#[tokio::test]
async fn it_starts_empty() {
    // DYN-1
    let children = children(&Log::default()).start().await.unwrap();
    assert!(children.children().await.unwrap().is_empty());
    assert_eq!(children.count_children().await.unwrap(), ChildCount::default());
}

#[tokio::test]
async fn equal_children_are_different_processes() {
    // DYN-2, DYN-4
    let log = Log::default();
    let children = children(&log).start().await.unwrap();
    let mut pids = Vec::new();
    for _ in 0..3 {
        pids.push(children.start_child("same").await.unwrap().pid());
    }
    let listed: Vec<_> = children.children().await.unwrap().iter().filter_map(|child| child.pid).collect();
    assert_eq!(listed, pids);
    assert!(pids[0] != pids[1] && pids[1] != pids[2]);
    assert_eq!(log.take(), ["same up"; 3], "what all have in common, and what is said of each");
}

#[tokio::test]
async fn there_may_be_a_limit() {
    // DYN-3
    let mut builder = children(&Log::default());
    builder.max(1);
    let children = builder.start().await.unwrap();
    let first = children.start_child("a").await.unwrap();
    let error = children.start_child("b").await.unwrap_err();
    assert!(matches!(error, AdminError::TooMany { max: 1 }));
    children.terminate_child(&first).await.unwrap();
    children.start_child("b").await.unwrap();
}

#[tokio::test]
async fn children_are_stopped_by_reference() {
    // DYN-5
    let log = Log::default();
    let children = children(&log).start().await.unwrap();
    let a = children.start_child("a").await.unwrap();
    children.terminate_child(&a).await.unwrap();
    assert_eq!(log.take(), ["a up", "a down: shutdown"]);
    assert_eq!(specs(&children).await, 0);
    assert!(matches!(children.terminate_child(&a).await, Err(AdminError::NotFound { .. })));
    assert!(matches!(a.count().await, Err(CallError::NotRunning { .. })));
}

async fn ends(restart: Restart, reason: ExitReason) -> (bool, usize, ChildRef) {
    let children = children(&Log::default()).start().await.unwrap();
    let child = children.start_child("a").restart(restart).await.unwrap();
    child.leave(reason).await.unwrap();
    settle().await;
    (child.is_alive(), specs(&children).await, child)
}

#[tokio::test]
async fn restart_types_are_as_elsewhere_but_who_is_done_is_forgotten() {
    // DYN-6, DYN-7, DYN-8
    let boom = || ExitReason::other("boom");
    for reason in [ExitReason::Normal, ExitReason::Shutdown, boom()] {
        let (alive, specs, _) = ends(Restart::Temporary, reason.clone()).await;
        assert_eq!((alive, specs), (false, 0), "temporary {reason}");
        let (alive, specs, child) = ends(Restart::Permanent, reason.clone()).await;
        assert_eq!((alive, specs, child.pid().incarnation()), (true, 1, 2), "permanent {reason}");
    }
    for reason in [ExitReason::Shutdown, ExitReason::shutdown("x")] {
        let (alive, specs, child) = ends(Restart::Transient, reason).await;
        assert_eq!((alive, specs), (false, 0));
        assert!(matches!(child.count().await, Err(CallError::NotRunning { .. })));
    }
    let (alive, specs, _) = ends(Restart::Transient, boom()).await;
    assert_eq!((alive, specs), (true, 1));
}

#[tokio::test]
async fn what_does_not_start_is_not_kept() {
    // DYN-9
    let log = Log::default();
    let children = children(&log).start().await.unwrap();
    log.refuse_times("a", 1);
    let error = children.start_child("a").await.unwrap_err();
    assert!(matches!(&error, AdminError::NotStarted { reason, .. } if reason.0 == ExitReason::other("oops")));
    log.mood("a", Some(Mood::Ignores));
    assert!(matches!(children.start_child("a").await, Err(AdminError::Ignored { .. })));
    log.mood("a", Some(Mood::Panics));
    assert!(matches!(children.start_child("a").await, Err(AdminError::NotStarted { .. })));
    assert_eq!(children.count_children().await.unwrap(), ChildCount::default());
    assert!(children.restart_log().entries().is_empty());
}

#[tokio::test(start_paused = true)]
async fn all_stop_at_once() {
    // DYN-10
    let log = Log::default();
    let supervisor = children(&log).start().await.unwrap();
    for id in ["a", "b", "c", "d"] {
        supervisor.start_child(id).await.unwrap().end_slowly(200 * MS).await.unwrap();
    }
    let begun = tokio::time::Instant::now();
    supervisor.stop().await.unwrap();
    assert_eq!(begun.elapsed(), 200 * MS);
    assert_eq!(log.take().iter().filter(|line| line.ends_with("down: shutdown")).count(), 4);
}

#[tokio::test(start_paused = true)]
async fn each_stops_in_its_own_way() {
    // DYN-11
    let log = Log::default();
    let children = children(&log).start().await.unwrap();
    let patient = children.start_child("p").shutdown(Shutdown::Infinity).await.unwrap();
    let brutal = children.start_child("b").shutdown(Shutdown::BrutalKill).await.unwrap();
    let late = children.start_child("l").shutdown(Shutdown::Timeout(100 * MS)).await.unwrap();
    for child in [&patient, &brutal, &late] {
        child.end_slowly(10_000 * MS).await.unwrap();
    }
    let begun = tokio::time::Instant::now();
    let ends = async { tokio::join!(patient.ended(), brutal.ended(), late.ended()) };
    let (ends, late_after, stopped) = tokio::join!(
        ends,
        async {
            late.ended().await;
            begun.elapsed()
        },
        children.stop()
    );
    stopped.unwrap();
    assert_eq!(ends, (ExitReason::Shutdown, ExitReason::Killed, ExitReason::Killed));
    assert_eq!((late_after, begun.elapsed()), (100 * MS, 10_000 * MS));
}

#[tokio::test]
async fn too_many_restarts_end_it() {
    // DYN-12
    let log = Log::default();
    let mut builder = children(&log);
    builder.restarts(1, Duration::from_secs(5));
    let children = builder.start().await.unwrap();
    let a = children.start_child("a").await.unwrap();
    children.start_child("s").await.unwrap();
    log.take();
    log.refuse("a");
    a.crash().await.unwrap_err();
    assert_eq!(children.ended().await, ExitReason::Shutdown);
    assert_eq!(log.take(), ["a down: panic", "a up", "s down: shutdown"]);
}

#[tokio::test]
async fn a_restart_that_asks_to_be_ignored_is_forgotten() {
    // DYN-13
    let log = Log::default();
    let children = children(&log).start().await.unwrap();
    let a = children.start_child("a").await.unwrap();
    log.mood("a", Some(Mood::Ignores));
    a.crash().await.unwrap_err();
    settle().await;
    assert_eq!(specs(&children).await, 0);
}

#[tokio::test]
async fn none_is_significant() {
    // DYN-14
    let children = children(&Log::default()).start().await.unwrap();
    let options = ChildOptions::new("a").restart(Restart::Transient).significant();
    let error = children.start_child("a").options(options).await.unwrap_err();
    assert!(matches!(error, AdminError::Plan(PlanError::SignificantDynamic { .. })));
    assert_eq!(specs(&children).await, 0);
}

#[tokio::test]
async fn as_a_branch_it_comes_back_empty_and_keeps_its_handle() {
    let log = Log::default();
    let mut tree = Supervisor::builder("tree");
    let mut builder = children(&log);
    builder.restarts(0, Duration::from_secs(5));
    let children = tree.nest(ChildOptions::new("children"), builder.start());
    let _tree = tree.start().await.unwrap();
    let a = children.start_child("a").await.unwrap();
    a.crash().await.unwrap_err();
    settle().await;
    assert_eq!((children.pid().incarnation(), specs(&children).await), (2, 0));
    assert!(matches!(a.count().await, Err(CallError::NotRunning { .. })));
    children.start_child("b").await.unwrap();
}

#[genserver]
struct Tiny {}

#[genserver]
impl Tiny {
    #[init]
    fn init() -> Self {
        Tiny {}
    }

    #[call]
    fn number(&self) -> u32 {
        1
    }
}

#[tokio::test]
async fn a_hundred_thousand_come_and_go() {
    let tiny = DynamicSupervisor::<Tiny>::builder("tiny").start().await.unwrap();
    let mut all = Vec::new();
    for _ in 0..100_000 {
        all.push(tiny.start_child(()).await.unwrap());
    }
    assert_eq!(tiny.count_children().await.unwrap().active, 100_000);
    // In the order that is worst for a list.
    for child in &all[..90_000] {
        tiny.terminate_child(child).await.unwrap();
    }
    assert_eq!(tiny.count_children().await.unwrap().active, 10_000);
    assert_eq!(all[95_000].number().await.unwrap(), 1);
    tiny.stop().await.unwrap();
    assert!(all.iter().all(|child| !child.is_alive()));
}

#[tokio::test]
async fn its_plan_is_looked_at_like_any_other() {
    let mut builder = children(&Log::default());
    builder.restarts(1, Duration::ZERO);
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, SupervisorError::Plan { error: PlanError::ZeroWindow, .. }));
}
