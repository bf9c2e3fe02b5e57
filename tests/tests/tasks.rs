//! Tasks and their supervisor.
#![allow(missing_docs)]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use noex::{
    AdminError, ExitReason, Shutdown,
    prelude::*,
    task::{OnTimeout, Task, TaskError, TaskSupervisor},
};
use support::family::{MS, settle};
use tokio::time::{Instant, sleep};

async fn tasks() -> TaskSupervisor {
    TaskSupervisor::builder("tasks").start().await.unwrap()
}

async fn after<T>(pause: Duration, value: T) -> T {
    sleep(pause).await;
    value
}

fn is_timeout<T>(outcome: &Result<T, TaskError>) -> bool {
    matches!(outcome, Err(TaskError::Timeout { .. }))
}

/// The text of a panic.
fn panic_text<T>(outcome: &Result<T, TaskError>) -> &str {
    match outcome {
        Err(TaskError::Ended { reason: noex::Reason(ExitReason::Panic(panic)), .. }) => &panic.message,
        _ => "no panic",
    }
}

#[tokio::test]
async fn a_task_has_a_value() {
    // TASK-1
    let tasks = tasks().await;
    let task = tasks.run(async { 42 }).await.unwrap();
    assert_eq!(task.await.unwrap(), 42);
    settle().await;
    assert_eq!(tasks.count_children().await.unwrap().specs, 0);
}

#[tokio::test(start_paused = true)]
async fn an_await_may_have_a_limit() {
    // TASK-2
    let tasks = tasks().await;
    let task = tasks.run(after(100 * MS, 1)).await.unwrap();
    let process = task.process().clone();
    assert!(is_timeout(&task.await_for(Duration::ZERO).await));
    assert_eq!(process.ended().await, ExitReason::Normal, "nobody's task goes on, and nothing comes of it");
}

/// Runs a linked task that fails.
#[genserver]
struct Owner {
    tasks: TaskSupervisor,
    task: Option<Task<()>>,
}

#[genserver]
impl Owner {
    #[init]
    fn init(tasks: TaskSupervisor) -> Self {
        Owner { tasks, task: None }
    }

    #[call]
    async fn run(&mut self, cx: &mut Context<Self>, fails: bool) -> Result<Pid, String> {
        let linked = self.tasks.run_linked(cx, async move {
            sleep(10 * MS).await;
            assert!(!fails, "boom");
            std::future::pending().await
        });
        let task = linked.await.map_err(|error| error.to_string())?;
        Ok(self.task.insert(task).pid())
    }
}

/// The same, and traps exits.
#[genserver(trap_exit)]
struct Trapper {
    tasks: TaskSupervisor,
    exits: Vec<ExitReason>,
}

#[genserver]
impl Trapper {
    #[init]
    fn init(tasks: TaskSupervisor) -> Self {
        Trapper { tasks, exits: Vec::new() }
    }

    #[call]
    async fn fail(&mut self, cx: &mut Context<Self>) -> bool {
        let linked = self.tasks.run_linked(cx, async { std::future::pending::<()>().await });
        let Ok(task) = linked.await else { return false };
        task.process().exit(ExitReason::other("unknown"));
        matches!(task.await, Err(TaskError::Ended { reason, .. }) if reason.0 == ExitReason::other("unknown"))
    }

    #[call]
    fn exits(&self) -> Vec<ExitReason> {
        self.exits.clone()
    }

    #[info]
    fn ended(&mut self, exit: Exit) {
        self.exits.push(exit.reason);
    }
}

#[tokio::test(start_paused = true)]
async fn a_linked_task_takes_its_owner_with_it() {
    // TASK-3
    let owner = Owner::start(tasks().await).await.unwrap();
    owner.run(true).await.unwrap();
    let ExitReason::Panic(panic) = owner.ended().await else { panic!("the task's reason") };
    assert_eq!(&*panic.message, "boom");
}

#[tokio::test(start_paused = true)]
async fn an_owner_takes_its_linked_task_with_it() {
    let tasks = tasks().await;
    let owner = Owner::start(tasks.clone()).await.unwrap();
    owner.run(false).await.unwrap();
    assert_eq!(tasks.count_children().await.unwrap().active, 1);
    owner.kill();
    settle().await;
    assert_eq!(tasks.count_children().await.unwrap().active, 0);
}

#[tokio::test]
async fn an_unlinked_task_fails_alone() {
    // TASK-4
    let tasks = tasks().await;
    let mut task = tasks.run(async { panic!("boom") as u32 }).await.unwrap();
    let outcome = task.within(1_000 * MS).await.unwrap();
    assert_eq!(panic_text(&outcome), "boom");
    assert!(outcome.unwrap_err().to_string().contains("tasks.rs:"), "with its place");
    assert!(task.within(MS).await.is_none(), "told once");
}

#[tokio::test]
async fn a_task_that_ended_without_a_value_says_why() {
    // TASK-5
    let trapper = Trapper::start(tasks().await).await.unwrap();
    assert!(trapper.fail().await.unwrap());
    assert_eq!(trapper.exits().await.unwrap(), [ExitReason::other("unknown")]);
    let tasks = tasks().await;
    let task = tasks.run(std::future::pending::<()>()).await.unwrap();
    tasks.terminate_child(task.process()).await.unwrap();
    let outcome = task.await;
    assert!(matches!(outcome, Err(TaskError::Ended { reason, .. }) if reason.0 == ExitReason::Shutdown));
}

#[tokio::test(start_paused = true)]
async fn asking_does_not_give_a_task_up() {
    // TASK-6
    let tasks = tasks().await;
    let mut task = tasks.run(after(100 * MS, 7)).await.unwrap();
    assert!(task.within(10 * MS).await.is_none());
    assert_eq!(task.within(300 * MS).await.unwrap().unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_task_can_be_shut_down() {
    // TASK-7
    let tasks = tasks().await;
    for shutdown in [Shutdown::BrutalKill, Shutdown::Timeout(5_000 * MS), Shutdown::Infinity] {
        let task = tasks.run(std::future::pending::<()>()).await.unwrap();
        let process = task.process().clone();
        assert!(task.shutdown(shutdown).await.is_none());
        assert!(!process.is_alive());
    }
    let done = tasks.run(async { 1 }).await.unwrap();
    settle().await;
    assert_eq!(done.shutdown(Shutdown::BrutalKill).await.unwrap().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn values_come_in_the_order_of_their_tasks() {
    // TASK-8
    let tasks = tasks().await;
    let mut all = Vec::new();
    for n in [30, 10, 20] {
        all.push(tasks.run(after(n * MS, n)).await.unwrap());
    }
    assert_eq!(Task::all(all).await.unwrap(), [30, 10, 20]);
}

#[tokio::test(start_paused = true)]
async fn many_are_asked_at_once() {
    // TASK-9, TASK-10
    let tasks = tasks().await;
    let done = tasks.run(async { 1 }).await.unwrap();
    let running = tasks.run(after(1_000 * MS, 2)).await.unwrap();
    let failed = tasks.run(async { panic!("boom") }).await.unwrap();
    settle().await;
    let mut all = [done, running, failed];
    let told = Task::all_within(&mut all, Duration::ZERO, OnTimeout::Ignore).await;
    assert_eq!(*told[0].as_ref().unwrap().as_ref().unwrap(), 1);
    assert!(told[1].is_none() && all[1].process().is_alive());
    assert_eq!(panic_text(told[2].as_ref().unwrap()), "boom");
    let told = Task::all_within(&mut all[1..2], Duration::ZERO, OnTimeout::Kill).await;
    assert!(told[0].is_none() && !all[1].process().is_alive());
}

#[tokio::test]
async fn a_task_may_have_nobody_who_waits() {
    // TASK-12, TASK-14
    let tasks = tasks().await;
    let task = tasks.start_child(std::future::pending()).await.unwrap();
    assert_eq!(tasks.children().await.unwrap()[0].pid, Some(task.pid()));
    tasks.terminate_child(&task).await.unwrap();
    assert!(matches!(tasks.terminate_child(&task).await, Err(AdminError::NotFound { .. })));
    let failing = tasks.start_child(async { panic!("boom") }).await.unwrap();
    assert!(failing.ended().await.is_panic());
    settle().await;
    assert_eq!(tasks.count_children().await.unwrap().specs, 0, "removed, not restarted");
    assert_eq!(failing.pid().incarnation(), 1);
}

#[tokio::test]
async fn there_may_be_a_limit() {
    // TASK-13
    let mut builder = TaskSupervisor::builder("tasks");
    builder.max(1);
    let tasks = builder.start().await.unwrap();
    let first = tasks.run(after(MS, 1)).await.unwrap();
    let error = tasks.run(async { 2 }).await.unwrap_err();
    assert_eq!(error.to_string(), "there are 1 children, as many as there may be");
    assert_eq!(first.await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_keeps_the_order() {
    // TASK-15
    let tasks = tasks().await;
    let mut stream = tasks.stream([4, 3, 2, 1], |n| after(n * 20 * MS, n)).concurrency(4);
    let begun = Instant::now();
    for n in [4, 3, 2, 1] {
        assert_eq!(stream.next().await.unwrap().unwrap(), n);
    }
    assert!(stream.next().await.is_none());
    assert!(begun.elapsed() < 100 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_stream_has_so_many_tasks_at_a_time() {
    // TASK-16
    let tasks = tasks().await;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut stream = tasks.stream(0..10, |n| {
        let (now, most) = (now.clone(), most.clone());
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(10 * MS).await;
            now.fetch_sub(1, Ordering::SeqCst);
            n
        }
    });
    stream = stream.concurrency(3);
    let mut values = Vec::new();
    while let Some(value) = stream.next().await {
        values.push(value.unwrap());
    }
    assert_eq!(values, (0..10).collect::<Vec<_>>());
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
#[should_panic = "a stream needs at least one task at a time"]
async fn a_stream_of_no_tasks_is_refused() {
    // TASK-16
    drop(tasks().await.stream(0..10, |n| async move { n }).concurrency(0));
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_be_out_of_order() {
    // TASK-17
    let tasks = tasks().await;
    let mut stream = tasks.stream([4, 3, 2, 1], |n| after(n * 100 * MS, n)).concurrency(4).ordered(false);
    for n in [1, 2, 3, 4] {
        assert_eq!(stream.next().await.unwrap().unwrap(), n);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_have_a_time_limit() {
    // TASK-18
    let tasks = tasks().await;
    let pauses = [100, 1, 100, 1];
    let mut stream = tasks.stream(pauses, |n| after(n * MS, n)).timeout(50 * MS).concurrency(4);
    assert!(is_timeout(&stream.next().await.unwrap()));
    assert!(stream.next().await.is_none(), "it failed");
    settle().await;
    assert_eq!(tasks.count_children().await.unwrap().specs, 0);

    let stream = tasks.stream(pauses, |n| after(n * MS, n)).timeout(50 * MS).concurrency(4);
    let mut stream = stream.on_timeout(OnTimeout::Kill);
    let mut outcomes = Vec::new();
    while let Some(outcome) = stream.next().await {
        outcomes.push(if is_timeout(&outcome) { 0 } else { outcome.unwrap() });
    }
    assert_eq!(outcomes, [0, 1, 0, 1]);
}

#[tokio::test]
async fn failing_items_fail_alone() {
    // TASK-19
    let tasks = tasks().await;
    let mut stream = tasks.stream(1..=3, |n| async move { panic!("{n}") as u32 }).concurrency(2);
    for n in 1..=3 {
        assert_eq!(panic_text(&stream.next().await.unwrap()), n.to_string());
    }
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_dropped_stream_ends_its_tasks() {
    let tasks = tasks().await;
    let mut stream = tasks.stream(0..10, |_| std::future::pending::<()>()).concurrency(3);
    let first = tokio::time::timeout(MS, stream.next()).await;
    assert!(first.is_err());
    assert_eq!(tasks.count_children().await.unwrap().active, 3);
    drop(stream);
    settle().await;
    assert_eq!(tasks.count_children().await.unwrap().active, 0);
}

#[tokio::test(start_paused = true)]
async fn tasks_may_finish_when_their_supervisor_stops() {
    let mut builder = TaskSupervisor::builder("tasks");
    builder.grace(1_000 * MS);
    let tasks = builder.start().await.unwrap();
    let quick = tasks.run(after(500 * MS, 1)).await.unwrap();
    let slow = tasks.run(after(5_000 * MS, 2)).await.unwrap();
    let begun = Instant::now();
    tasks.stop().await.unwrap();
    assert_eq!(begun.elapsed(), 1_000 * MS);
    assert_eq!(quick.await.unwrap(), 1);
    assert!(matches!(slow.await, Err(TaskError::Ended { reason, .. }) if reason.0 == ExitReason::Killed));
    let error = tasks.run(async { 1 }).await.unwrap_err();
    assert!(matches!(error, AdminError::NotRunning(_)));

    let tasks = TaskSupervisor::builder("tasks").start().await.unwrap();
    let slow = tasks.run(after(5_000 * MS, 2)).await.unwrap();
    let begun = Instant::now();
    tasks.stop().await.unwrap();
    assert!(begun.elapsed().is_zero());
    assert!(matches!(slow.await, Err(TaskError::Ended { reason, .. }) if reason.0 == ExitReason::Shutdown));
}
