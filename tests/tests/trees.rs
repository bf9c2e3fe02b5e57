//! Trees of trees: nesting, escalation, what survives the restart of a whole branch.
#![allow(missing_docs)]

mod support;

use std::time::Duration;

use noex::{
    Backoff, ChildOptions, Restart, Shutdown, Strategy, Supervisor, SupervisorError, SupervisorRef, TreeEnd,
    prelude::*,
    supervisor::{Cause, ChildState, Outcome, PlanError},
};
use support::{
    Log, Mood,
    family::{Child, ChildRef, MS, add, settle, tree},
};

/// `top` with `s1` over `w1`, and `s2` over `w2` and `w3`.
struct Trees {
    top: SupervisorRef,
    s1: SupervisorRef,
    s2: SupervisorRef,
    workers: [ChildRef; 3],
    log: Log,
}

async fn trees(max: u32) -> Trees {
    let log = Log::default();
    let mut s1 = Supervisor::builder("s1");
    let w1 = add(&mut s1, "w1", &log, Restart::Permanent);
    let mut s2 = Supervisor::builder("s2");
    s2.restarts(max, Duration::from_secs(5));
    let w2 = add(&mut s2, "w2", &log, Restart::Permanent);
    let w3 = add(&mut s2, "w3", &log, Restart::Permanent);
    let mut top = Supervisor::builder("top");
    let s1 = top.nest(ChildOptions::new("s1"), s1.start());
    let s2 = top.nest(ChildOptions::new("s2"), s2.start());
    let top = top.start().await.unwrap();
    assert_eq!(log.take(), ["w1 up", "w2 up", "w3 up"]);
    Trees { top, s1, s2, workers: [w1, w2, w3], log }
}

#[tokio::test]
async fn a_worker_of_a_branch_comes_back_alone() {
    // STRAT-9
    let Trees { top, s1, s2, workers, .. } = trees(3).await;
    let before = [top.pid(), s1.pid(), s2.pid(), workers[0].pid(), workers[2].pid()];
    workers[1].crash().await.unwrap_err();
    assert_eq!(workers[1].count().await.unwrap(), 1);
    assert_eq!(workers[1].pid().incarnation(), 2);
    assert_eq!([top.pid(), s1.pid(), s2.pid(), workers[0].pid(), workers[2].pid()], before);
}

#[tokio::test]
async fn a_branch_that_gives_up_is_started_again() {
    // INTENS-8, STRAT-10
    let Trees { top, s1, s2, workers, log } = trees(0).await;
    let added = {
        let log = log.clone();
        s2.start_child::<Child>(ChildOptions::new("w4"), move || ("w4", log.clone())).await.unwrap()
    };
    log.take();
    workers[1].crash().await.unwrap_err();
    assert_eq!(
        workers[1].count().await.unwrap(),
        1,
        "asked while the branch is down, served by the next life"
    );
    assert_eq!(log.take(), ["w2 down: panic", "w4 down: shutdown", "w3 down: shutdown", "w2 up", "w3 up"]);
    assert_eq!((top.pid().incarnation(), s1.pid().incarnation(), s2.pid().incarnation()), (1, 1, 2));
    assert_eq!(s2.count_children().await.unwrap().specs, 2, "those of its plan");
    assert!(matches!(added.count().await, Err(CallError::NotRunning { .. })));
    let log = top.restart_log();
    assert!(matches!(&log.entries()[0].cause, Cause::Ended(ExitReason::Shutdown)), "{log}");
    let log = s2.restart_log();
    assert!(
        matches!(&log.entries()[0].outcome, Outcome::GaveUp { max: 0, .. }),
        "kept over its lives: {log}"
    );
}

#[tokio::test]
async fn giving_up_goes_up_to_the_root_and_out() {
    let mut low = Supervisor::builder("low");
    let log = Log::default();
    low.restarts(1, Duration::from_secs(5));
    let w = add(&mut low, "w", &log, Restart::Permanent);
    let mut mid = Supervisor::builder("mid");
    mid.restarts(1, Duration::from_secs(5));
    mid.nest(ChildOptions::new("low"), low.start());
    let mut top = Supervisor::builder("top");
    top.restarts(1, Duration::from_secs(5));
    top.nest(ChildOptions::new("mid"), mid.start());
    let top = top.start().await.unwrap();
    for crash in 1.. {
        let Err(CallError::Crashed { .. }) = w.crash().await else {
            assert_eq!(crash, 9, "two lives on each of three levels");
            break;
        };
        settle().await;
    }
    let TreeEnd::GaveUp(end) = top.end().await else { panic!("it gave up") };
    assert_eq!((&*end.supervisor, &*end.child, end.max, end.window), ("top", "mid", 1, 5_000 * MS));
    assert_eq!(
        end.to_string(),
        "supervisor `top` gave up after `mid`: shutdown (more than 1 restarts in 5s)"
    );
    assert!(!w.is_alive());
    assert!(top.end().await.into_result().is_err());
}

#[tokio::test]
async fn a_stopped_tree_is_no_failure() {
    let Trees { top, .. } = trees(0).await;
    top.stop().await.unwrap();
    assert!(matches!(top.end().await, TreeEnd::Stopped(ExitReason::Normal)));
    top.end().await.into_result().unwrap();
}

#[tokio::test]
async fn a_killed_branch_leaves_no_orphan_and_no_double() {
    // SHUT-8 for a branch
    let Trees { top: _top, s2, workers, log, .. } = trees(0).await;
    let before = workers[1].pid();
    assert!(s2.kill());
    assert_eq!(workers[1].count().await.unwrap(), 1);
    let lines = log.take();
    assert_eq!(lines[..2].iter().filter(|line| line.ends_with("down: killed")).count(), 2, "{lines:?}");
    assert_eq!(lines[2..], ["w2 up", "w3 up"]);
    assert_eq!(workers[1].pid().incarnation(), before.incarnation() + 1);
    assert_eq!(s2.count_children().await.unwrap().active, 2);
}

#[tokio::test]
async fn a_branch_that_is_taken_away_leaves_nobody_waiting() {
    let Trees { top, workers, .. } = trees(0).await;
    top.terminate_child("s2").await.unwrap();
    assert!(matches!(workers[1].count().await, Err(CallError::NotRunning { .. })));
    top.restart_child("s2").await.unwrap();
    assert_eq!(workers[1].count().await.unwrap(), 1);
    top.terminate_child("s2").await.unwrap();
    top.delete_child("s2").await.unwrap();
    assert!(matches!(workers[1].count().await, Err(CallError::NotRunning { .. })));
}

#[tokio::test]
async fn strangers_cannot_end_a_supervisor() {
    // SHUT-7
    let Trees { top, workers, .. } = trees(0).await;
    top.exit(ExitReason::Shutdown);
    settle().await;
    assert!(top.is_alive() && workers[0].is_alive());
}

#[genserver(trap_exit)]
struct Parent {
    tree: Option<SupervisorRef>,
}

#[genserver]
impl Parent {
    #[init]
    async fn init(cx: &mut Context<Self>, log: Log) -> Result<Self, SupervisorError> {
        let (mut builder, _) = tree(Strategy::OneForOne);
        add(&mut builder, "a", &log, Restart::Permanent);
        Ok(Parent { tree: Some(builder.start().linked(cx).await?) })
    }

    #[call]
    fn tree(&self) -> Option<SupervisorRef> {
        self.tree.clone()
    }

    #[call]
    fn end(&mut self, cx: &mut Context<Self>) {
        if let Some(tree) = &self.tree {
            cx.exit(tree, ExitReason::Shutdown);
        }
    }
}

#[tokio::test]
async fn a_parent_can_end_its_supervisor() {
    // SHUT-6
    let log = Log::default();
    let parent = Parent::start(log.clone()).await.unwrap();
    let tree = parent.tree().await.unwrap().unwrap();
    log.take();
    parent.end().await.unwrap();
    assert_eq!(tree.ended().await, ExitReason::Shutdown);
    assert_eq!(log.take(), ["a down: shutdown"]);
}

#[tokio::test]
async fn a_branch_that_does_not_start_is_an_error_with_its_reason() {
    let log = Log::default();
    let mut low = Supervisor::builder("low");
    add(&mut low, "x", &log, Restart::Permanent);
    let y = add(&mut low, "y", &log, Restart::Permanent);
    let (mut top, _) = tree(Strategy::OneForOne);
    add(&mut top, "a", &log, Restart::Permanent);
    top.nest(ChildOptions::new("low"), low.start());
    log.refuse("y");
    let error = top.start().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "supervisor `tree` did not start: child `low` failed \
         (supervisor `low` did not start: child `y` failed (oops))"
    );
    assert_eq!(log.take(), ["a up", "x up", "y up", "x down: shutdown", "a down: shutdown"]);
    assert!(matches!(y.count().await, Err(CallError::NotRunning { .. })));
}

#[tokio::test]
async fn plans_that_contradict_themselves_do_not_start() {
    let log = Log::default();
    let plan = |change: &dyn Fn(&mut noex::SupervisorBuilder)| {
        let mut low = Supervisor::builder("low");
        add(&mut low, "x", &log, Restart::Permanent);
        change(&mut low);
        low
    };
    let options = || ChildOptions::new("low");
    let second = 1_000 * MS;
    for (low, options, expected) in [
        (plan(&|low| _ = low.restarts(1, Duration::ZERO)), options(), "the window of `restarts` is zero"),
        (plan(&|low| _ = add(low, "x", &log, Restart::Permanent)), options(), "two children are called `x`"),
        (
            plan(&|_| {}),
            options().shutdown(Shutdown::Timeout(second)),
            "child `x` has 5s to shut down, its supervisor only 1s",
        ),
        (
            plan(&|low| {
                let log = log.clone();
                let options = ChildOptions::new("y").shutdown(Shutdown::Infinity);
                low.child::<Child>(options, move || ("y", log.clone()));
            }),
            options().shutdown(Shutdown::Timeout(9 * second)),
            "child `y` has all the time it wants to shut down, its supervisor only 9s",
        ),
        (
            plan(&|low| _ = low.backoff(Backoff::new(second, 2 * MS))),
            options(),
            "`backoff` begins with 1s and may not grow beyond 2ms",
        ),
    ] {
        let mut top = Supervisor::builder("top");
        top.nest(options, low.start());
        let error = top.start().await.unwrap_err();
        assert_eq!(error.to_string(), format!("supervisor `low` cannot run: {expected}"));
        assert!(matches!(
            error,
            SupervisorError::Plan {
                error: PlanError::ZeroWindow
                    | PlanError::DuplicateChild { .. }
                    | PlanError::ShutdownTooLong { .. }
                    | PlanError::BackoffBackwards { .. },
                ..
            }
        ));
    }
    assert!(log.take().is_empty(), "nothing was started");
}

#[tokio::test]
async fn added_children_take_part_in_a_group_restart() {
    // STRAT-4
    let (mut builder, log) = tree(Strategy::RestForOne);
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let supervisor = builder.start().await.unwrap();
    let mut added = Vec::new();
    for id in ["b", "c"] {
        let log = log.clone();
        let child = supervisor.start_child::<Child>(ChildOptions::new(id), move || (id, log.clone()));
        added.push(child.await.unwrap());
    }
    log.take();
    added[0].crash().await.unwrap_err();
    assert_eq!(added[1].count().await.unwrap(), 1);
    settle().await;
    assert_eq!(log.take(), ["b down: panic", "c down: shutdown", "b up", "c up"]);
    assert_eq!(a.pid().incarnation(), 1);
}

#[tokio::test]
async fn those_that_were_done_or_stopped_come_back_with_their_group() {
    let (mut builder, log) = tree(Strategy::OneForAll);
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let done = add(&mut builder, "done", &log, Restart::Transient);
    let stopped = add(&mut builder, "stopped", &log, Restart::Permanent);
    let supervisor = builder.start().await.unwrap();
    done.leave(ExitReason::Normal).await.unwrap();
    supervisor.terminate_child("stopped").await.unwrap();
    settle().await;
    log.take();
    a.crash().await.unwrap_err();
    assert_eq!(a.count().await.unwrap(), 1);
    settle().await;
    assert_eq!(log.take(), ["a down: panic", "a up", "done up", "stopped up"]);
    assert_eq!((done.count().await.unwrap(), stopped.count().await.unwrap()), (1, 1));
}

#[tokio::test]
async fn a_group_restart_that_fails_half_way_counts_and_begins_again() {
    for (strategy, expected) in [
        (
            Strategy::RestForOne,
            vec!["a down: panic", "c down: shutdown", "b down: shutdown", "a up", "b up", "b up", "c up"],
        ),
        (
            Strategy::OneForAll,
            vec![
                "a down: panic",
                "c down: shutdown",
                "b down: shutdown",
                "a up",
                "b up",
                "a down: shutdown",
                "a up",
                "b up",
                "c up",
            ],
        ),
    ] {
        let (mut builder, log) = tree(strategy);
        let [a, _b, c] = ["a", "b", "c"].map(|id| add(&mut builder, id, &log, Restart::Permanent));
        let supervisor = builder.start().await.unwrap();
        log.take();
        log.refuse_times("b", 1);
        a.crash().await.unwrap_err();
        assert_eq!(c.count().await.unwrap(), 1);
        settle().await;
        assert_eq!(log.take(), expected, "{strategy:?}");
        let log = supervisor.restart_log();
        assert_eq!(log.entries().len(), 2);
        assert_eq!(log.entries()[0].taken_down, ["b".into(), "c".into()]);
        assert!(matches!(log.entries()[1].outcome, Outcome::Restarted { budget_left: 1, .. }));
    }
}

#[tokio::test]
async fn a_restart_that_asks_to_be_ignored_is_over() {
    // INTENS-9
    let (mut builder, log) = tree(Strategy::OneForOne);
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let supervisor = builder.start().await.unwrap();
    log.mood("a", Some(Mood::Ignores));
    a.crash().await.unwrap_err();
    settle().await;
    let children = supervisor.children().await.unwrap();
    assert_eq!((children[0].state, children[0].pid), (ChildState::Down, None));
    assert_eq!(supervisor.restart_log().entries().len(), 1);
    assert!(matches!(a.count().await, Err(CallError::NotRunning { .. })));
}

#[tokio::test(start_paused = true)]
async fn pauses_before_restarts_grow_and_begin_again() {
    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.backoff(Backoff::new(100 * MS, 1_000 * MS).factor(3.0).jitter(false));
    builder.restarts(100, 60_000 * MS);
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let b = add(&mut builder, "b", &log, Restart::Permanent);
    let supervisor = builder.start().await.unwrap();
    log.refuse_times("a", 3);
    let begun = tokio::time::Instant::now();
    a.crash().await.unwrap_err();
    settle().await;
    assert_eq!(b.count().await.unwrap(), 1);
    assert_eq!(supervisor.children().await.unwrap()[0].state, ChildState::Waiting);
    assert_eq!(a.count().await.unwrap(), 1, "who asks meanwhile waits");
    assert_eq!(begun.elapsed().as_millis(), 100 + 300 + 900 + 1_000);
    tokio::time::sleep(2_000 * MS).await;
    a.crash().await.unwrap_err();
    settle().await;
    let log = supervisor.restart_log();
    let pauses: Vec<_> = (log.entries().iter())
        .map(|entry| match entry.outcome {
            Outcome::Restarted { after, .. } => after.as_millis(),
            _ => 0,
        })
        .collect();
    assert_eq!(pauses, [100, 300, 900, 1_000, 100]);
    // Stopping does not wait for the pause.
    supervisor.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_group_waits_together() {
    let (mut builder, log) = tree(Strategy::OneForAll);
    builder.backoff(Backoff::new(100 * MS, 1_000 * MS).jitter(false));
    let [a, b] = ["a", "b"].map(|id| add(&mut builder, id, &log, Restart::Permanent));
    let _supervisor = builder.start().await.unwrap();
    log.take();
    a.crash().await.unwrap_err();
    settle().await;
    assert_eq!(log.take(), ["a down: panic", "b down: shutdown"]);
    assert_eq!(b.count().await.unwrap(), 1);
    assert_eq!(log.take(), ["a up", "b up"]);
}

#[tokio::test]
async fn a_crash_while_a_later_sibling_hangs_in_its_restart_is_heard() {
    let (mut builder, log) = tree(Strategy::RestForOne);
    let [a, b, c] = ["a", "b", "c"].map(|id| add(&mut builder, id, &log, Restart::Permanent));
    let _supervisor = builder.start().await.unwrap();
    log.mood("b", Some(Mood::Hangs));
    b.crash().await.unwrap_err();
    settle().await;
    log.mood("b", None);
    log.take();
    a.crash().await.unwrap_err();
    assert_eq!((a.count().await.unwrap(), c.count().await.unwrap()), (1, 1));
    settle().await;
    assert_eq!(log.take(), ["a down: panic", "a up", "b up", "c up"]);
    assert_eq!(b.count().await.unwrap(), 1);
}

#[tokio::test]
async fn names_stay_over_restarts_and_are_free_afterwards() {
    let system = System::new();
    let log = Log::default();
    let mut low = Supervisor::builder("low");
    low.restarts(0, Duration::from_secs(5));
    let a = {
        let log = log.clone();
        low.child::<Child>(ChildOptions::new("a").name("worker"), move || ("a", log.clone()))
    };
    let mut top = Supervisor::builder("top");
    top.nest(ChildOptions::new("low"), low.start().name("branch"));
    let top = top.start().system(&system).await.unwrap();
    let found = system.whereis::<Child>("worker").unwrap();
    a.crash().await.unwrap_err();
    assert!(system.whereis::<Child>("worker").is_some(), "also while it is down");
    assert_eq!(found.count().await.unwrap(), 1);
    assert!(system.whereis::<Supervisor>("branch").is_some());
    top.stop().await.unwrap();
    assert!(system.whereis::<Child>("worker").is_none() && system.whereis::<Supervisor>("branch").is_none());
}

#[tokio::test]
async fn the_restart_log_says_why() {
    let (mut builder, log) = tree(Strategy::RestForOne);
    let [a, b] = ["a", "b"].map(|id| add(&mut builder, id, &log, Restart::Permanent));
    let supervisor = builder.start().await.unwrap();
    a.crash().await.unwrap_err();
    settle().await;
    assert_eq!(b.pid().incarnation(), 2);
    let log = supervisor.restart_log();
    let entry = &log.entries()[0];
    let Cause::Ended(ExitReason::Panic(panic)) = &entry.cause else { panic!("{entry}") };
    assert_eq!((&*panic.message, panic.handler, entry.message), ("a was told to", "crash", Some("call")));
    assert!(panic.location.as_ref().unwrap().file.ends_with("family.rs"));
    assert_eq!((entry.number, &*entry.child, &entry.taken_down[..]), (1, "a", &["b".into()][..]));
    let text = log.to_string();
    assert!(text.contains("crashed: call `crash` panicked at "), "{text}");
    assert!(text.contains("permanent, rest_for_one: restarted with b, 2 left"), "{text}");
}

#[tokio::test]
async fn the_restart_log_keeps_the_last_ones() {
    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.restarts(1_000, Duration::from_secs(60));
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let supervisor = builder.start().await.unwrap();
    for _ in 0..100 {
        a.crash().await.unwrap_err();
        assert_eq!(a.count().await.unwrap(), 1);
    }
    let numbers: Vec<u64> = supervisor.restart_log().entries().iter().map(|entry| entry.number).collect();
    assert_eq!((numbers.len(), numbers[0], numbers[63]), (64, 37, 100));
}

#[tokio::test(start_paused = true)]
async fn a_branch_shuts_down_as_a_whole_within_its_time() {
    // SHUT-1, SHUT-5 for a branch
    let Trees { top, workers, log, .. } = trees(0).await;
    for worker in &workers {
        worker.end_slowly(100 * MS).await.unwrap();
    }
    let begun = tokio::time::Instant::now();
    top.stop().await.unwrap();
    assert!(begun.elapsed() >= 300 * MS);
    assert_eq!(log.take(), ["w3 down: shutdown", "w2 down: shutdown", "w1 down: shutdown"]);
}

#[tokio::test(start_paused = true)]
async fn an_orphan_that_does_not_end_is_killed_before_the_next_life() {
    let Trees { top: _top, s2, workers, log, .. } = trees(0).await;
    workers[1].end_slowly(60_000 * MS).await.unwrap();
    log.take();
    s2.kill();
    tokio::time::sleep(4_999 * MS).await;
    assert_eq!((workers[1].pid().incarnation(), workers[1].is_alive()), (1, true), "it has 5 s to end");
    tokio::time::sleep(2 * MS).await;
    assert_eq!(workers[1].count().await.unwrap(), 1);
    assert_eq!(log.take(), ["w3 down: killed", "w2 up", "w3 up"]);
}

#[tokio::test]
async fn a_supervisor_that_is_killed_while_a_child_starts_leaves_nothing() {
    let (mut builder, log) = tree(Strategy::OneForOne);
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let supervisor = builder.start().await.unwrap();
    log.mood("a", Some(Mood::Hangs));
    a.crash().await.unwrap_err();
    settle().await;
    assert!(a.is_alive() && a.pid().incarnation() == 2);
    supervisor.kill();
    settle().await;
    assert!(!a.is_alive());
    assert!(matches!(a.count().await, Err(CallError::NotRunning { .. })));
}

#[tokio::test]
async fn a_start_that_is_given_up_leaves_nothing() {
    let (mut builder, log) = tree(Strategy::OneForOne);
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let b = add(&mut builder, "b", &log, Restart::Permanent);
    log.mood("b", Some(Mood::Hangs));
    let start = tokio::time::timeout(MS, std::future::IntoFuture::into_future(builder.start())).await;
    assert!(start.is_err());
    settle().await;
    assert!(!a.is_alive() && !b.is_alive());
    assert!(matches!(b.count().await, Err(CallError::NotRunning { .. })));
}

#[tokio::test]
async fn a_child_that_is_added_while_its_group_restarts_starts_with_it() {
    let (mut builder, log) = tree(Strategy::OneForAll);
    let [a, b] = ["a", "b"].map(|id| add(&mut builder, id, &log, Restart::Permanent));
    let supervisor = builder.start().await.unwrap();
    log.mood("b", Some(Mood::Hangs));
    a.crash().await.unwrap_err();
    settle().await;
    let own = log.clone();
    let adding = supervisor.start_child::<Child>(ChildOptions::new("c"), move || ("c", own.clone()));
    let (c, ()) = tokio::join!(adding, async {
        settle().await;
        log.mood("b", None);
        log.take();
        a.crash().await.unwrap_err();
    });
    assert_eq!(c.unwrap().count().await.unwrap(), 1);
    assert_eq!(b.count().await.unwrap(), 1);
    settle().await;
    assert_eq!(log.take(), ["a down: panic", "a up", "b up", "c up"]);
}

#[tokio::test]
async fn a_panic_in_the_arguments_is_a_start_that_failed() {
    let mut builder = Supervisor::builder("tree");
    builder.child::<Child>(ChildOptions::new("a"), || panic!("no arguments"));
    let error = builder.start().await.unwrap_err().to_string();
    assert!(error.contains("child `a` failed (`arguments` panicked at "), "{error}");
}

#[tokio::test]
async fn a_tree_where_nothing_happens_costs_nothing() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let Trees { top, s2, workers, log, .. } = trees(0).await;
    settle().await;
    let before = tasks();
    for id in ["x", "y", "z"] {
        let log = log.clone();
        s2.start_child::<Child>(ChildOptions::new(id), move || (id, log.clone())).await.unwrap();
    }
    workers[0].crash().await.unwrap_err();
    assert_eq!(workers[0].count().await.unwrap(), 1);
    s2.terminate_child("x").await.unwrap();
    settle().await;
    assert_eq!(tasks(), before, "no task, and so no timer, is left over");
    assert!(top.is_alive());
}
