//! Administration of a running supervisor, by reference and by name.
#![allow(missing_docs)]

mod support;

use std::time::Duration;

use noex::{
    AdminError, ChildOptions, Kind, Restart, Shutdown, Strategy, Supervisor, SupervisorRef,
    prelude::*,
    supervisor::{ChildCount, ChildState, PlanError},
};
use support::{
    Log, Mood,
    family::{Child, ChildRef, MS, Plain, add, settle, tree},
};

/// A tree with `a`, `b`, `c`.
async fn three(strategy: Strategy) -> (SupervisorRef, [ChildRef; 3], Log) {
    let (mut builder, log) = tree(strategy);
    let children = ["a", "b", "c"].map(|id| add(&mut builder, id, &log, Restart::Permanent));
    let supervisor = builder.start().await.unwrap();
    log.take();
    (supervisor, children, log)
}

async fn start_child(
    supervisor: &SupervisorRef,
    id: &'static str,
    log: &Log,
) -> Result<ChildRef, AdminError> {
    let log = log.clone();
    supervisor.start_child::<Child>(ChildOptions::new(id), move || (id, log.clone())).await
}

#[tokio::test]
async fn which_children_and_how_many() {
    // ADMIN-1, ADMIN-2, SUP-4
    let (mut builder, log) = tree(Strategy::OneForOne);
    add(&mut builder, "a", &log, Restart::Permanent);
    log.mood("b", Some(Mood::Ignores));
    let b = add(&mut builder, "b", &log, Restart::Permanent);
    builder.nest(ChildOptions::new("sub"), Supervisor::builder("sub").start());
    let supervisor = builder.start().await.unwrap();
    let count = |specs, active, supervisors| {
        let mut count = ChildCount::default();
        (count.specs, count.active, count.supervisors, count.workers) =
            (specs, active, supervisors, specs - supervisors);
        count
    };
    assert_eq!(supervisor.count_children().await.unwrap(), count(3, 2, 1), "b is ignored");
    assert!(matches!(b.count().await, Err(CallError::NotRunning { .. })));
    supervisor.terminate_child("sub").await.unwrap();
    assert_eq!(supervisor.count_children().await.unwrap(), count(3, 1, 1));
    let seen: Vec<_> = (supervisor.children().await.unwrap().iter())
        .map(|child| (child.spec.id().to_owned(), child.pid.is_some(), child.state, child.spec.kind()))
        .collect();
    let down = ChildState::Down;
    assert_eq!(
        seen,
        [
            ("a".into(), true, ChildState::Running, Kind::Worker),
            ("b".into(), false, down, Kind::Worker),
            ("sub".into(), false, down, Kind::Supervisor)
        ]
    );
}

#[tokio::test]
async fn children_are_added_while_it_runs() {
    // ADMIN-3, ADMIN-4
    let (supervisor, [a, b, _], log) = three(Strategy::OneForOne).await;
    let d = start_child(&supervisor, "d", &log).await.unwrap();
    assert_eq!(supervisor.count_children().await.unwrap().active, 4);
    d.crash().await.unwrap_err();
    assert_eq!(d.count().await.unwrap(), 1, "supervised like the others");
    let error = start_child(&supervisor, "a", &log).await.unwrap_err();
    assert!(matches!(&error, AdminError::AlreadyStarted { pid, .. } if *pid == a.pid()), "{error}");
    supervisor.terminate_child("b").await.unwrap();
    let error = start_child(&supervisor, "b", &log).await.unwrap_err();
    assert!(matches!(&error, AdminError::AlreadyPresent { child } if &**child == "b"), "{error}");
    assert!(!b.is_alive());
}

#[tokio::test]
async fn children_are_stopped_restarted_and_deleted() {
    // ADMIN-5, ADMIN-6, ADMIN-7, ADMIN-8
    let (supervisor, [a, b, _], log) = three(Strategy::OneForOne).await;
    supervisor.terminate_child("a").await.unwrap();
    assert_eq!(log.take(), ["a down: shutdown"]);
    settle().await;
    assert!(!a.is_alive());
    assert_eq!(supervisor.count_children().await.unwrap().specs, 3);
    supervisor.terminate_child("a").await.unwrap();
    assert!(matches!(a.count().await, Err(CallError::NotRunning { .. })), "nobody waits for it");

    let pid = supervisor.restart_child("a").await.unwrap();
    assert_eq!((pid, pid.incarnation()), (a.pid(), 2));
    assert_eq!(a.count().await.unwrap(), 1);
    let error = supervisor.restart_child("a").await.unwrap_err();
    assert!(matches!(error, AdminError::Running { pid: running, .. } if running == pid));

    let error = supervisor.delete_child("b").await.unwrap_err();
    assert!(matches!(error, AdminError::Running { pid, .. } if pid == b.pid()));
    supervisor.terminate_child("b").await.unwrap();
    supervisor.delete_child("b").await.unwrap();
    assert_eq!(supervisor.count_children().await.unwrap().specs, 2);

    for unknown in ["b", "x"] {
        let stopped = supervisor.terminate_child(unknown).await;
        let restarted = supervisor.restart_child(unknown).await.map(drop);
        let deleted = supervisor.delete_child(unknown).await;
        let spec = supervisor.child_spec(unknown).await.map(drop);
        for outcome in [stopped, restarted, deleted, spec] {
            assert!(matches!(outcome, Err(AdminError::NotFound { child }) if &*child == unknown));
        }
    }
}

#[tokio::test]
async fn specs_can_be_read_back() {
    // ADMIN-9, SUP-7
    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.add(Plain::child(log.clone()).with_id("plain"));
    builder.nest(ChildOptions::new("sub"), Supervisor::builder("sub").start());
    let supervisor = builder.start().await.unwrap();
    let spec = supervisor.child_spec("plain").await.unwrap();
    assert_eq!(
        (spec.restart_type(), spec.shutdown_type(), spec.kind(), spec.is_significant(), spec.ready_limit()),
        (Restart::Permanent, Shutdown::Timeout(5_000 * MS), Kind::Worker, false, None)
    );
    assert!(spec.server().ends_with("Plain"));
    let spec = supervisor.child_spec("sub").await.unwrap();
    assert_eq!((spec.shutdown_type(), spec.kind()), (Shutdown::Infinity, Kind::Supervisor));
    // A spec starts as often as one likes, each time in a place of its own.
    supervisor.start_spec(supervisor.child_spec("plain").await.unwrap().with_id("another")).await.unwrap();
    supervisor.start_spec(spec.with_id("another sub")).await.unwrap();
    assert_eq!(supervisor.count_children().await.unwrap().active, 4);
}

#[tokio::test]
async fn a_supervisor_that_has_ended_answers_nothing() {
    // ADMIN-10
    let (supervisor, _, log) = three(Strategy::OneForOne).await;
    supervisor.stop().await.unwrap();
    let gone = |error| matches!(error, AdminError::NotRunning(_));
    assert!(gone(supervisor.children().await.unwrap_err()));
    assert!(gone(supervisor.count_children().await.unwrap_err()));
    assert!(gone(supervisor.child_spec("a").await.unwrap_err()));
    assert!(gone(supervisor.terminate_child("a").await.unwrap_err()));
    assert!(gone(supervisor.restart_child("a").await.unwrap_err()));
    assert!(gone(supervisor.delete_child("a").await.unwrap_err()));
    assert!(gone(start_child(&supervisor, "d", &log).await.unwrap_err()));
    assert!(gone(supervisor.set_restarts(1, MS).await.unwrap_err()));
}

#[tokio::test]
async fn a_supervisor_is_found_by_its_name() {
    // SUP-10
    let system = System::new();
    let (mut builder, log) = tree(Strategy::OneForOne);
    add(&mut builder, "a", &log, Restart::Permanent);
    let supervisor = builder.start().name("top").system(&system).await.unwrap();
    let found = system.whereis::<Supervisor>("top").unwrap();
    found.terminate_child("a").await.unwrap();
    let second = Supervisor::builder("other").start().name("top").system(&system).await.unwrap_err();
    assert!(matches!(&second, noex::SupervisorError::Start { error, .. }
        if matches!(&**error, StartError::NameTaken { holder, .. } if *holder == supervisor.pid())));
    assert!(Supervisor::whereis("top").is_none(), "not in the global system");
}

#[tokio::test]
async fn admin_actions_are_no_restarts() {
    // INTENS-10
    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.restarts(0, Duration::from_secs(5));
    add(&mut builder, "a", &log, Restart::Permanent);
    let supervisor = builder.start().await.unwrap();
    for _ in 0..3 {
        supervisor.terminate_child("a").await.unwrap();
        supervisor.restart_child("a").await.unwrap();
    }
    assert!(supervisor.is_alive() && supervisor.restart_log().entries().is_empty());
}

#[tokio::test]
async fn the_budget_changes_while_it_runs() {
    let (supervisor, [a, ..], _log) = three(Strategy::OneForOne).await;
    a.crash().await.unwrap_err();
    assert_eq!(a.count().await.unwrap(), 1);
    supervisor.set_restarts(1, Duration::from_secs(60)).await.unwrap();
    let error = supervisor.set_restarts(1, Duration::ZERO).await.unwrap_err();
    assert!(matches!(error, AdminError::Plan(PlanError::ZeroWindow)));
    a.crash().await.unwrap_err();
    assert_eq!(supervisor.ended().await, ExitReason::Shutdown, "one was used before");
}

#[tokio::test]
async fn a_child_that_does_not_start_is_not_kept() {
    let (supervisor, _, log) = three(Strategy::OneForOne).await;
    log.refuse_times("d", 1);
    let error = start_child(&supervisor, "d", &log).await.unwrap_err();
    assert!(matches!(&error, AdminError::NotStarted { reason, .. } if reason.0 == ExitReason::other("oops")));
    log.mood("d", Some(Mood::Panics));
    let error = start_child(&supervisor, "d", &log).await.unwrap_err();
    assert!(matches!(&error, AdminError::NotStarted { reason, .. } if reason.0.is_panic()), "{error}");
    assert_eq!(supervisor.count_children().await.unwrap().specs, 3);
    log.mood("d", Some(Mood::Ignores));
    let error = start_child(&supervisor, "d", &log).await.unwrap_err();
    assert!(matches!(&error, AdminError::Ignored { .. }), "{error}");
    assert_eq!(supervisor.count_children().await.unwrap().specs, 4, "kept, without a process");
    log.mood("d", None);
    supervisor.restart_child("d").await.unwrap();
}

#[tokio::test]
async fn a_start_that_hangs_keeps_nobody_from_anything() {
    for strategy in [Strategy::OneForOne, Strategy::RestForOne, Strategy::OneForAll] {
        let (supervisor, [a, b, _c], log) = three(strategy).await;
        log.mood("b", Some(Mood::Hangs));
        b.crash().await.unwrap_err();
        settle().await;
        let states: Vec<_> = supervisor.children().await.unwrap().iter().map(|child| child.state).collect();
        assert_eq!(states[..2], [ChildState::Running, ChildState::Starting], "{strategy:?}");
        assert_eq!(a.count().await.unwrap(), 1);
        let error = supervisor.restart_child("b").await.unwrap_err();
        assert!(matches!(error, AdminError::Starting { .. }), "{error}");
        supervisor.terminate_child("b").await.unwrap();
        settle().await;
        let states: Vec<_> = supervisor.children().await.unwrap().iter().map(|child| child.state).collect();
        let running = ChildState::Running;
        assert_eq!(states, [running, ChildState::Down, running], "{strategy:?}");
        log.mood("b", None);
        log.leave_init();
        supervisor.restart_child("b").await.unwrap();
        assert_eq!(b.count().await.unwrap(), 1);
        log.mood("b", Some(Mood::Hangs));
        b.crash().await.unwrap_err();
        settle().await;
        supervisor.stop().await.unwrap();
        assert!(!a.is_alive() && !b.is_alive());
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_too_slow_is_named() {
    let (mut builder, log) = tree(Strategy::OneForOne);
    let options = ChildOptions::new("slow").ready_within(100 * MS);
    let own = log.clone();
    let slow = builder.child::<Child>(options, move || ("slow", own.clone()));
    builder.restarts(1, Duration::from_secs(60));
    let supervisor = builder.start().await.unwrap();
    log.mood("slow", Some(Mood::Hangs));
    slow.crash().await.unwrap_err();
    let end = supervisor.end().await.to_string();
    assert!(end.contains("gave up after `slow`: it was not ready within 100ms"), "{end}");

    let (mut builder, log) = tree(Strategy::OneForOne);
    log.mood("slow", Some(Mood::Hangs));
    let options = ChildOptions::new("slow").ready_within(100 * MS);
    builder.child::<Child>(options, move || ("slow", log.clone()));
    let error = builder.start().await.unwrap_err();
    assert_eq!(error.to_string(), "supervisor `tree` did not start: child `slow` was not ready within 100ms");
}
