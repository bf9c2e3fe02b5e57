//! Significant children, and trees that end with them.
#![allow(missing_docs)]

mod support;

use noex::{
    AdminError, AutoShutdown, ChildOptions, Restart, Strategy, Supervisor, SupervisorBuilder,
    SupervisorError, TreeEnd, prelude::*, supervisor::PlanError,
};
use support::{
    Log,
    family::{Child, ChildRef, add, settle, tree},
};

fn significant(tree: &mut SupervisorBuilder, id: &'static str, log: &Log, restart: Restart) -> ChildRef {
    let log = log.clone();
    let options = ChildOptions::new(id).restart(restart).significant();
    tree.child::<Child>(options, move || (id, log.clone()))
}

fn abc(auto_shutdown: AutoShutdown) -> (SupervisorBuilder, [ChildRef; 2], Log) {
    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.auto_shutdown(auto_shutdown);
    let a = significant(&mut builder, "a", &log, Restart::Transient);
    add(&mut builder, "b", &log, Restart::Permanent);
    let c = significant(&mut builder, "c", &log, Restart::Transient);
    (builder, [a, c], log)
}

#[tokio::test]
async fn any_significant_child_ends_the_tree() {
    // AUTO-1
    let (builder, [a, _], log) = abc(AutoShutdown::AnySignificant);
    let supervisor = builder.start().await.unwrap();
    log.take();
    a.leave(ExitReason::Normal).await.unwrap();
    assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
    assert_eq!(log.take(), ["a down: normal", "c down: shutdown", "b down: shutdown"]);
    assert!(matches!(supervisor.end().await, TreeEnd::Done { child } if &*child == "a"));
}

#[tokio::test]
async fn the_last_significant_child_ends_the_tree() {
    // AUTO-2
    let (builder, [a, c], log) = abc(AutoShutdown::AllSignificant);
    let supervisor = builder.start().await.unwrap();
    log.take();
    a.leave(ExitReason::Normal).await.unwrap();
    settle().await;
    assert!(supervisor.is_alive());
    c.leave(ExitReason::Normal).await.unwrap();
    assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
    assert_eq!(log.take(), ["a down: normal", "c down: normal", "b down: shutdown"]);
}

#[tokio::test]
async fn significant_children_that_make_no_sense_are_refused() {
    // AUTO-3, AUTO-4
    let (builder, _, log) = abc(AutoShutdown::Never);
    let error = builder.start().await.unwrap_err();
    assert!(matches!(&error, SupervisorError::Plan { error: PlanError::SignificantUnderNever { child }, .. }
        if &**child == "a"));
    assert_eq!(
        error.to_string(),
        "supervisor `tree` cannot run: child `a` is significant, but `auto_shutdown` is never"
    );
    let (mut builder, _, _) = abc(AutoShutdown::AnySignificant);
    significant(&mut builder, "d", &log, Restart::Permanent);
    let error = builder.start().await.unwrap_err();
    assert!(matches!(&error, SupervisorError::Plan { error: PlanError::SignificantPermanent { child }, .. }
        if &**child == "d"));
    assert!(log.take().is_empty());

    let supervisor = Supervisor::builder("tree").start().await.unwrap();
    let spec = noex::ChildSpec::of::<Child>("a", move || ("a", log.clone()));
    let error = supervisor.start_spec(spec.restart(Restart::Temporary).significant()).await.unwrap_err();
    assert!(matches!(error, AdminError::Plan(PlanError::SignificantUnderNever { .. })));
}

#[tokio::test]
async fn children_that_are_not_significant_end_nothing() {
    // AUTO-5
    for reason in [ExitReason::Normal, ExitReason::Shutdown, ExitReason::other("boom")] {
        let (mut builder, _, log) = abc(AutoShutdown::AnySignificant);
        let t = add(&mut builder, "t", &log, Restart::Temporary);
        let supervisor = builder.start().await.unwrap();
        t.leave(reason).await.unwrap();
        settle().await;
        assert!(supervisor.is_alive());
    }
}

#[tokio::test]
async fn a_crash_of_a_temporary_significant_child_ends_the_tree() {
    // AUTO-6
    let (mut builder, [a, _], log) = abc(AutoShutdown::AnySignificant);
    let t = significant(&mut builder, "t", &log, Restart::Temporary);
    let supervisor = builder.start().await.unwrap();
    a.crash().await.unwrap_err();
    assert_eq!(a.count().await.unwrap(), 1, "a transient one comes back");
    t.crash().await.unwrap_err();
    assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
}

#[tokio::test]
async fn a_significant_child_that_is_stopped_by_hand_ends_nothing() {
    let (builder, _, _log) = abc(AutoShutdown::AnySignificant);
    let supervisor = builder.start().await.unwrap();
    supervisor.terminate_child("a").await.unwrap();
    settle().await;
    assert!(supervisor.is_alive());
}

#[tokio::test]
async fn it_goes_up_the_tree() {
    // AUTO-7
    let log = Log::default();
    let mut b = Supervisor::builder("B");
    b.auto_shutdown(AutoShutdown::AnySignificant);
    let c = significant(&mut b, "C", &log, Restart::Transient);
    let mut a = Supervisor::builder("A");
    a.auto_shutdown(AutoShutdown::AnySignificant);
    let b = a.nest(ChildOptions::new("B").restart(Restart::Transient).significant(), b.start());
    let a = a.start().await.unwrap();
    c.leave(ExitReason::Normal).await.unwrap();
    assert!(matches!(a.end().await, TreeEnd::Done { child } if &*child == "B"));
    assert!(matches!(b.end().await, TreeEnd::Done { child } if &*child == "C"));
}

#[genserver]
struct Guest;

#[genserver]
impl Guest {
    #[init]
    fn init() -> Self {
        Guest
    }
}

noex::supervisor! {
    Party {
        strategy: one_for_one,
        auto_shutdown: all_significant,

        host: Guest() { ready_within: 5s },
        first: Guest() { restart: transient, significant: true },
        second: Guest() { restart: temporary, significant: true },
        bystander: Guest() { restart: transient, significant: false },
    }
}

#[tokio::test]
async fn a_declared_tree_ends_with_its_significant_children() {
    // AUTO-2, as `supervisor!` writes it
    let party = Party::start().await.unwrap();
    party.first().stop().await.unwrap();
    party.bystander().stop().await.unwrap();
    settle().await;
    assert!(party.is_alive() && party.host().is_alive());
    party.second().stop().await.unwrap();
    assert!(matches!(party.end().await, TreeEnd::Done { child } if &*child == "second"));
    assert!(!party.host().is_alive());
}
