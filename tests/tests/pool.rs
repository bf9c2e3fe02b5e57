//! Worker pools: who does what when, what becomes of a job whose worker ends, and of those that wait.
#![allow(missing_docs)]

mod support;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use noex::{
    ChildOptions, Executed, Pool, Supervisor,
    event_bus::{Buffer, Overflow, Topic},
    observer::{EventKind, JobStep},
    pool::{JobError, JobEvent, JobFailure, JobId, NotAccepted, PoolBuilder},
    prelude::*,
};
use support::{Log, family::settle};
use tokio::time::Instant;

const MS: Duration = Duration::from_millis(1);

/// What a job does.
#[derive(Clone, Debug)]
enum Do {
    /// Takes so many milliseconds.
    Take(u64),
    Say(&'static str),
    Fail(&'static str),
    /// Crashes the worker the first so many times it is tried.
    Crash(Arc<AtomicUsize>),
    Hang,
}

fn crash(times: usize) -> Do {
    Do::Crash(Arc::new(AtomicUsize::new(times)))
}

#[genserver]
struct Hand {
    log: Log,
}

#[genserver]
impl Hand {
    #[init]
    fn open(log: Log) -> Self {
        log.note("up");
        Hand { log }
    }

    /// When it was done, in milliseconds from the start of the test.
    #[call(job)]
    async fn work(&mut self, job: Do) -> Result<u128, &'static str> {
        match job {
            Do::Take(ms) => tokio::time::sleep(MS * u32::try_from(ms).unwrap()).await,
            Do::Say(word) => self.log.note(word),
            Do::Fail(why) => return Err(why),
            Do::Crash(times) => {
                let left = times.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
                assert!(left.is_err(), "told to crash");
            }
            Do::Hang => std::future::pending::<()>().await,
        }
        Ok(0)
    }
}

fn hands(log: &Log, size: usize) -> PoolBuilder<Hand> {
    let log = log.clone();
    Pool::of("hands", move || (log.clone(),)).size(size)
}

#[tokio::test(start_paused = true)]
async fn jobs_are_spread_over_the_workers() {
    // PP-1
    let pool = hands(&Log::default(), 3).start().await.unwrap();
    let begun = Instant::now();
    let mut done = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let job = pool.submit(Do::Take(100)).await.unwrap();
        done.spawn(async move {
            job.await.unwrap();
            begun.elapsed().as_millis()
        });
    }
    let mut at = done.join_all().await;
    at.sort_unstable();
    assert_eq!(at, [100, 100, 100, 200, 200]);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_and_gives_the_job_back() {
    // PP-2
    let pool = hands(&Log::default(), 1).queue(2).start().await.unwrap();
    let jobs: Vec<_> = (0..3).map(|_| pool.submit(Do::Take(10)).now().unwrap()).collect();
    let refused = pool.submit(Do::Take(7)).now().unwrap_err();
    assert_eq!(refused.why, NotAccepted::QueueFull { pool: "hands".into(), capacity: 2 });
    assert!(matches!(refused.job, Do::Take(7)));
    for job in jobs {
        job.await.unwrap();
    }
    assert_eq!((pool.stats().completed, pool.stats().rejected), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn one_runs_one_waits_the_third_is_refused() {
    // FLOW-5
    let pool = hands(&Log::default(), 1).queue(1).start().await.unwrap();
    let _runs = pool.submit(Do::Take(10)).now().unwrap();
    let _waits = pool.submit(Do::Take(10)).now().unwrap();
    assert!(pool.submit(Do::Take(10)).now().is_err());
    settle().await;
    assert_eq!((pool.stats().in_progress, pool.stats().queued), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_job_waits_no_longer_than_it_may() {
    // FLOW-4
    let pool = hands(&Log::default(), 1).queue_timeout(500 * MS).start().await.unwrap();
    let begun = Instant::now();
    let _runs = pool.submit(Do::Hang).await.unwrap();
    settle().await;
    let waits = pool.submit(Do::Take(1)).await.unwrap();
    let id = waits.id();
    let error = waits.await.unwrap_err();
    assert!(matches!(error, JobError::Expired { job, attempts: 0, after } if job == id && after == 500 * MS));
    assert_eq!((begun.elapsed(), error.was_executed()), (500 * MS, Executed::No));
    assert_eq!(error.to_string(), "job 2 was tried 0 times and waited 500ms for a worker");
    let stats = pool.stats();
    assert_eq!((stats.failed, stats.queued, stats.in_progress), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn those_whose_turn_comes_in_time_are_done_and_make_room() {
    let log = Log::default();
    let pool = hands(&log, 1).queue(2).queue_timeout(25 * MS).start().await.unwrap();
    let begun = Instant::now();
    let first = pool.submit(Do::Take(20)).now().unwrap();
    let second = pool.submit(Do::Take(20)).now().unwrap();
    let third = pool.submit(Do::Take(20)).now().unwrap();
    // For want of room they wait here, and then for a worker.
    let (fourth, fifth) = tokio::join!(pool.run(Do::Take(3)), async { pool.submit(Do::Take(1)).await });
    assert!(first.await.is_ok() && second.await.is_ok());
    assert!(matches!(third.await, Err(JobError::Expired { .. })), "it would have begun at 40 ms");
    assert!(matches!(fourth, Err(JobError::Expired { .. })), "room at 20 ms, no worker before 25");
    // Room at 25 ms, which is when it has waited long enough: whoever is in is expired as well.
    match fifth {
        Ok(job) => assert!(matches!(job.await, Err(JobError::Expired { .. }))),
        Err(refused) => assert!(matches!(refused.why, NotAccepted::Expired { .. })),
    }
    pool.drain().await;
    assert_eq!(begun.elapsed(), 40 * MS);
    pool.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_job_that_finds_no_room_in_time_is_given_back() {
    let pool = hands(&Log::default(), 1).queue(0).queue_timeout(25 * MS).start().await.unwrap();
    let _runs = pool.submit(Do::Hang).await.unwrap();
    let refused = pool.submit(Do::Take(7)).await.unwrap_err();
    assert_eq!(refused.why, NotAccepted::Expired { pool: "hands".into(), after: 25 * MS });
    assert!(matches!(refused.job, Do::Take(7)));
    let refused = pool.run(Do::Take(7)).await.unwrap_err();
    assert!(matches!(refused, JobError::NotAccepted(NotAccepted::Expired { .. })));
    assert_eq!((pool.stats().rejected, pool.stats().failed), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_tried_again_may_wait_as_long_anew() {
    let pool =
        hands(&Log::default(), 1).queue_timeout(25 * MS).retries(1).deadline(20 * MS).start().await.unwrap();
    let begun = Instant::now();
    let hangs = pool.submit(Do::Hang).await.unwrap();
    let urgent = pool.submit(Do::Take(15)).priority(9).await.unwrap();
    let (urgent, hangs) = tokio::join!(urgent, hangs);
    assert!(urgent.is_ok());
    assert!(matches!(hangs, Err(JobError::Overdue { attempts: 2, .. })), "begun again 35 ms after it came");
    assert_eq!(begun.elapsed(), 55 * MS);
}

#[tokio::test(start_paused = true)]
async fn who_submits_to_a_full_queue_waits_in_order() {
    let log = Log::default();
    let pool = hands(&log, 1).queue(0).start().await.unwrap();
    let begun = Instant::now();
    let first = pool.submit(Do::Take(10)).await.unwrap();
    let second = pool.submit(Do::Take(10)).await.unwrap();
    assert_eq!(begun.elapsed(), 10 * MS);
    let third = pool.run(Do::Take(10)).await;
    assert_eq!(begun.elapsed(), 30 * MS);
    assert!(first.await.is_ok() && second.await.is_ok() && third.is_ok());
}

#[tokio::test(start_paused = true)]
async fn higher_priorities_go_first_in_order_of_arrival() {
    // PP-3
    let log = Log::default();
    let pool = hands(&log, 1).start().await.unwrap();
    let _busy = pool.submit(Do::Take(10)).await.unwrap();
    settle().await;
    log.take();
    for (priority, word) in [(1, "one"), (3, "three"), (2, "two"), (3, "three again")] {
        pool.submit(Do::Say(word)).priority(priority).await.unwrap();
    }
    pool.drain().await;
    assert_eq!(log.take(), ["three", "three again", "two", "one"]);
}

#[tokio::test(start_paused = true)]
async fn a_low_priority_is_overtaken_by_so_many_and_no_more() {
    let log = Log::default();
    let pool = hands(&log, 1).ageing(2).start().await.unwrap();
    let _busy = pool.submit(Do::Take(10)).await.unwrap();
    settle().await;
    log.take();
    pool.submit(Do::Say("low")).await.unwrap();
    for word in ["a", "b", "c"] {
        pool.submit(Do::Say(word)).priority(1).await.unwrap();
    }
    pool.drain().await;
    assert_eq!(log.take(), ["a", "b", "low", "c"]);
}

#[tokio::test(start_paused = true)]
async fn the_figures_add_up() {
    // PP-4
    let pool = hands(&Log::default(), 2).start().await.unwrap();
    pool.run(Do::Take(1)).await.unwrap();
    pool.run(Do::Take(1)).await.unwrap();
    let failed = pool.run(Do::Fail("no")).await.unwrap_err();
    assert_eq!(failed.was_executed(), Executed::Yes);
    assert_eq!(failed.into_handler().unwrap(), "no");
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.failed, stats.queued, stats.in_progress), (2, 1, 0, 0));
    assert_eq!((stats.available, stats.size), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn never_more_at_a_time_than_there_are_workers() {
    // FLOW-3
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (inside, peak) = (now.clone(), most.clone());
    let pool = Pool::<Counted>::of("counted", move || (inside.clone(), peak.clone())).size(3);
    let pool = pool.start().await.unwrap();
    let mut jobs = Vec::new();
    for _ in 0..30 {
        jobs.push(pool.submit(()).await.unwrap());
    }
    for job in jobs {
        job.await.unwrap();
    }
    assert_eq!((most.load(Ordering::SeqCst), now.load(Ordering::SeqCst)), (3, 0));
}

#[genserver]
struct Counted {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

#[genserver]
impl Counted {
    #[init]
    fn open(now: Arc<AtomicUsize>, most: Arc<AtomicUsize>) -> Self {
        Counted { now, most }
    }

    #[call(job)]
    async fn count(&mut self, _nothing: ()) {
        self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(MS).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_reported_and_costs_no_other_job() {
    let log = Log::default();
    let pool = hands(&log, 1).start().await.unwrap();
    let crashed = pool.submit(crash(1)).await.unwrap();
    let next = pool.submit(Do::Say("next")).await.unwrap();
    let id = crashed.id();
    let error = crashed.await.unwrap_err();
    assert_eq!(error.was_executed(), Executed::Unknown);
    let JobError::Crashed { job, attempts: 1, error } = error else { panic!("{error}") };
    assert_eq!(job, id);
    assert!(matches!(error, CallError::Crashed { may_have_run: true, .. }));
    next.await.unwrap();
    assert_eq!(log.read(), ["up", "up", "next"]);
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.failed, stats.retried), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_job_is_tried_again_as_often_as_said() {
    let pool = hands(&Log::default(), 1).retries(2).restarts(100, MS).start().await.unwrap();
    pool.run(crash(2)).await.unwrap();
    assert_eq!((pool.stats().retried, pool.stats().completed), (2, 1));
    let error = pool.run(crash(3)).await.unwrap_err();
    assert!(matches!(error, JobError::Crashed { attempts: 3, .. }));
    assert_eq!((pool.stats().retried, pool.stats().failed), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_tried_again_keeps_its_place() {
    let log = Log::default();
    let pool = hands(&log, 1).retries(1).start().await.unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut jobs = tokio::task::JoinSet::new();
    for (name, job) in [("first", crash(1)), ("second", Do::Take(1)), ("third", Do::Take(1))] {
        let (job, order) = (pool.submit(job).await.unwrap(), order.clone());
        jobs.spawn(async move {
            job.await.unwrap();
            order.lock().unwrap().push(name);
        });
    }
    jobs.join_all().await;
    assert_eq!(*order.lock().unwrap(), ["first", "second", "third"]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_hangs_is_replaced() {
    let log = Log::default();
    let pool = hands(&log, 1).deadline(50 * MS).start().await.unwrap();
    let begun = Instant::now();
    let hangs = pool.submit(Do::Hang).await.unwrap();
    let next = pool.submit(Do::Say("next")).await.unwrap();
    let error = hangs.await.unwrap_err();
    assert!(matches!(error, JobError::Overdue { attempts: 1, after, .. } if after == 50 * MS));
    assert_eq!((begun.elapsed(), error.was_executed()), (50 * MS, Executed::Unknown));
    next.await.unwrap();
    assert_eq!(log.read(), ["up", "up", "next"]);
    assert_eq!(pool.restart_log().entries().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_overdue_is_tried_again_when_its_worker_is_gone() {
    let pool = hands(&Log::default(), 2).deadline(50 * MS).retries(1).start().await.unwrap();
    let begun = Instant::now();
    let error = pool.run(Do::Hang).await.unwrap_err();
    assert!(matches!(error, JobError::Overdue { attempts: 2, .. }));
    assert_eq!(begun.elapsed(), 100 * MS);
    settle().await;
    assert_eq!(pool.stats().available, 2);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_killed_from_outside_loses_nothing() {
    let pool = hands(&Log::default(), 2).retries(1).restarts(100, MS).start().await.unwrap();
    let mut jobs = Vec::new();
    for _ in 0..20 {
        jobs.push(pool.submit(Do::Take(5)).await.unwrap());
    }
    tokio::time::sleep(7 * MS).await;
    pool.terminate_child("0").await.unwrap();
    pool.restart_child("0").await.unwrap();
    for job in jobs {
        job.await.unwrap();
    }
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.retried, stats.available), (20, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_handle_leaves_the_job_and_a_dropped_run_takes_it_back() {
    let log = Log::default();
    let pool = hands(&log, 1).start().await.unwrap();
    let busy = pool.submit(Do::Take(10)).await.unwrap();
    settle().await;
    log.take();
    drop(pool.submit(Do::Say("left")).await.unwrap());
    assert!(tokio::time::timeout(MS, pool.run(Do::Say("taken back")).into_future()).await.is_err());
    let cancelled = pool.submit(Do::Say("cancelled")).await.unwrap();
    assert!(cancelled.cancel());
    assert!(matches!(cancelled.await, Err(JobError::Cancelled { .. })));
    assert!(!busy.cancel(), "it is under way");
    pool.drain().await;
    assert_eq!(log.take(), ["left"]);
    assert_eq!((pool.stats().cancelled, pool.stats().completed), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_is_drained_takes_no_more() {
    let log = Log::default();
    let pool = hands(&log, 1).start().await.unwrap();
    let jobs: Vec<_> = (0..3).map(|_| pool.submit(Do::Take(10)).now().unwrap()).collect();
    let (refused, ()) = tokio::join!(
        async {
            settle().await;
            pool.submit(Do::Take(1)).await.unwrap_err()
        },
        pool.drain()
    );
    assert_eq!(refused.why, NotAccepted::Draining { pool: "hands".into() });
    for job in jobs {
        job.await.unwrap();
    }
    pool.stop().await.unwrap();
    let refused = pool.run(Do::Take(1)).await.unwrap_err();
    assert!(matches!(refused, JobError::NotAccepted(NotAccepted::Ended { .. })), "{refused}");
    assert_eq!(refused.was_executed(), Executed::No);
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_stops_does_first_what_is_queued() {
    // FLOW-11: of a pool, which is a process that ends. A pipeline is none: what it has taken is with its callers.
    let log = Log::default();
    let mut tree = Supervisor::builder("tree");
    let pool = tree.nest(ChildOptions::new("hands"), hands(&log, 1).start());
    let tree = tree.start().await.unwrap();
    let jobs: Vec<_> = (0..4).map(|_| pool.submit(Do::Take(10)).now().unwrap()).collect();
    tree.stop().await.unwrap();
    for job in jobs {
        job.await.unwrap();
    }
    assert_eq!(pool.stats().completed, 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_done_in_time_is_told_so() {
    let pool = hands(&Log::default(), 1).drain(15 * MS).start().await.unwrap();
    let jobs: Vec<_> = (0..3).map(|_| pool.submit(Do::Take(10)).now().unwrap()).collect();
    settle().await;
    pool.stop_with(ExitReason::Shutdown).await.unwrap();
    let mut ends = Vec::new();
    for job in jobs {
        ends.push(match job.await {
            Ok(_) => "done",
            Err(JobError::Crashed { .. }) => "cut short",
            Err(JobError::Stopped { .. }) => "not run",
            Err(other) => panic!("{other}"),
        });
    }
    assert_eq!(ends, ["done", "cut short", "not run"]);
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_gone_the_queue_is_served_all_the_same() {
    let log = Log::default();
    let pool = hands(&log, 1).start().await.unwrap();
    let job = pool.submit(Do::Say("done")).await.unwrap();
    drop(pool);
    job.await.unwrap();
    assert_eq!(log.read(), ["up", "done"]);
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_is_killed_tells_those_who_wait() {
    let pool = hands(&Log::default(), 1).start().await.unwrap();
    let under_way = pool.submit(Do::Hang).await.unwrap();
    let waits = pool.submit(Do::Take(1)).await.unwrap();
    settle().await;
    pool.kill();
    assert!(matches!(under_way.await, Err(JobError::Crashed { .. })));
    assert!(matches!(waits.await, Err(JobError::Stopped { .. })));
}

#[tokio::test(start_paused = true)]
async fn the_queue_survives_its_supervisors_restart() {
    let log = Log::default();
    let mut tree = Supervisor::builder("tree");
    let pool = hands(&log, 2).restarts(0, MS).retries(1).start();
    let pool = tree.nest(ChildOptions::new("hands"), pool);
    let _tree = tree.start().await.unwrap();
    let jobs: Vec<_> = (0..6).map(|_| pool.submit(Do::Take(10)).now().unwrap()).collect();
    let crashed = pool.submit(crash(1)).priority(5).now().unwrap();
    crashed.await.unwrap();
    for job in jobs {
        job.await.unwrap();
    }
    let life = pool.pid();
    assert_eq!(life.incarnation(), 2, "the supervisor gave up, and was started again");
    assert_eq!(pool.stats().completed, 7);
}

#[tokio::test(start_paused = true)]
async fn the_size_changes() {
    let log = Log::default();
    let pool = hands(&log, 1).queue(0).start().await.unwrap();
    assert_eq!(pool.resize(3).await.unwrap(), 1);
    let begun = Instant::now();
    let jobs: Vec<_> = (0..3).map(|_| pool.submit(Do::Take(10)).now().unwrap()).collect();
    assert!(pool.submit(Do::Take(1)).now().is_err());
    settle().await;
    assert_eq!(pool.resize(1).await.unwrap(), 3);
    assert_eq!(pool.stats().in_progress, 3, "those too many finish what they have");
    for job in jobs {
        job.await.unwrap();
    }
    assert_eq!(begun.elapsed(), 10 * MS);
    settle().await;
    assert_eq!((pool.stats().available, pool.count_children().await.unwrap().active), (1, 2));
    let _one = pool.submit(Do::Take(10)).now().unwrap();
    assert!(pool.submit(Do::Take(10)).now().is_err(), "room for one");
    assert_eq!(pool.resize(2).await.unwrap(), 1);
    let _two = pool.submit(Do::Take(10)).now().unwrap();
    settle().await;
    assert_eq!((pool.stats().in_progress, log.read().len()), (2, 4));
}

#[tokio::test(start_paused = true)]
async fn workers_added_at_run_time_come_back_with_their_supervisor() {
    let log = Log::default();
    let mut tree = Supervisor::builder("tree");
    let pool = tree.nest(ChildOptions::new("hands"), hands(&log, 1).start());
    let _tree = tree.start().await.unwrap();
    pool.resize(2).await.unwrap();
    pool.kill();
    settle().await;
    let begun = Instant::now();
    let jobs: Vec<_> = (0..2).map(|_| pool.submit(Do::Take(10)).now().unwrap()).collect();
    for job in jobs {
        job.await.unwrap();
    }
    assert_eq!((begun.elapsed(), pool.pid().incarnation()), (10 * MS, 2));
}

/// Its submitter had the worker's desk in hand and did not look, until the worker's place was another's.
#[tokio::test(start_paused = true)]
async fn a_job_whose_worker_is_replaced_meanwhile_has_an_end() {
    let mut tree = Supervisor::builder("tree");
    let pool = tree.nest(ChildOptions::new("hands"), hands(&Log::default(), 1).start());
    let _tree = tree.start().await.unwrap();
    pool.resize(2).await.unwrap();
    settle().await;
    let mut jobs: Vec<_> = (0..2).map(|_| Box::pin(pool.run(Do::Hang))).collect();
    for job in &mut jobs {
        assert!(tokio::time::timeout(MS, job).await.is_err(), "it hangs");
    }
    pool.kill();
    settle().await;
    // The pool that comes back has two workers that do what they are given.
    let others: Vec<_> = (0..2).map(|_| pool.submit(Do::Take(1)).now().unwrap()).collect();
    drop(jobs);
    for other in others {
        other.await.unwrap();
    }
    settle().await;
    let stats = pool.stats();
    assert_eq!((stats.in_progress, stats.completed, stats.failed), (0, 2, 2), "none is forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_does_not_start_is_no_larger_pool() {
    let pool = Pool::<Shy>::of("shy", {
        let starts = Arc::new(AtomicUsize::new(0));
        move || (starts.fetch_add(1, Ordering::SeqCst),)
    });
    let pool = pool.size(1).start().await.unwrap();
    assert!(pool.resize(2).await.is_err());
    assert_eq!(pool.stats().size, 1);
    assert_eq!(pool.run(1).await.unwrap(), 2);
}

/// Starts once.
#[genserver]
struct Shy {}

#[genserver]
impl Shy {
    #[init]
    fn open(start: usize) -> Result<Self, &'static str> {
        if start == 0 { Ok(Shy {}) } else { Err("no") }
    }

    #[call(job)]
    fn add_one(&mut self, to: u32) -> u32 {
        to + 1
    }
}

#[tokio::test]
async fn a_tree_that_does_not_start_tells_those_who_submitted() {
    let mut tree = Supervisor::builder("tree");
    let pool = tree.nest(ChildOptions::new("shy"), Pool::<Shy>::of("shy", || (1,)).start());
    let job = pool.submit(1).await.unwrap();
    tree.start().await.unwrap_err();
    assert!(matches!(job.await, Err(JobError::Stopped { .. })));
}

#[tokio::test(start_paused = true)]
async fn each_end_is_told_before_it_is_had() {
    let (system, told) = (System::new(), Arc::new(Mutex::new(Vec::new())));
    let ends = told.clone();
    let pool = hands(&Log::default(), 1).retries(1).on_done(move |done| {
        ends.lock().unwrap().push((done.job, done.attempts, done.outcome.is_ok()));
        panic!("of no concern to anybody");
    });
    let mut events = system.events();
    let pool = pool.start().system(&system).await.unwrap();
    pool.run(Do::Take(1)).await.unwrap();
    pool.run(crash(1)).await.unwrap();
    pool.run(Do::Fail("no")).await.unwrap_err();
    let numbers: Vec<_> =
        told.lock().unwrap().iter().map(|(job, tries, ok)| (job.number(), *tries, *ok)).collect();
    assert_eq!(numbers, [(1, 1, true), (2, 2, true), (3, 1, false)]);

    let mut steps: Vec<(JobId, JobStep)> = Vec::new();
    while steps.last().is_none_or(|(_, step)| !matches!(step, JobStep::Failed { .. })) {
        if let EventKind::Job { job, step, .. } = events.next().await.unwrap().kind {
            steps.push((job, step));
        }
    }
    let names = steps.iter().map(|(job, step)| step_of(*job, step));
    let expected = [
        "1 queued",
        "1 started",
        "1 completed",
        "2 queued",
        "2 started",
        "2 requeued { attempt: 2 }",
        "2 started",
        "2 completed",
        "3 queued",
        "3 started",
        "3 failed { why: handler }",
    ];
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

fn step_of(job: JobId, step: &JobStep) -> String {
    match step {
        JobStep::Started { .. } => format!("{} started", job.number()),
        step => format!("{} {step:?}", job.number()).to_lowercase(),
    }
}

#[tokio::test(start_paused = true)]
async fn each_step_of_each_job_is_published() {
    let system = System::new();
    let mut all = system.bus().subscribe::<JobEvent>("hands.job.*").unwrap();
    let mut failed = system.bus().subscribe::<JobEvent>("hands.job.failed").unwrap();
    let waited = Buffer::new(1).overflow(Overflow::Wait);
    let slow = system.bus().subscribe_with::<JobEvent>("**", waited).unwrap();
    let pool = hands(&Log::default(), 1).queue(1).retries(1).queue_timeout(50 * MS);
    let pool = pool.topic(Topic::from_static("hands.job")).start().system(&system).await.unwrap();

    pool.run(crash(1)).await.unwrap();
    pool.run(Do::Fail("no")).await.unwrap_err();
    let _hangs = pool.submit(Do::Hang).await.unwrap();
    settle().await;
    let waits = pool.submit(Do::Take(1)).await.unwrap();
    pool.submit(Do::Take(1)).now().unwrap_err();
    waits.await.unwrap_err();
    let taken_back = pool.submit(Do::Take(1)).await.unwrap();
    taken_back.cancel();
    let waits = pool.submit(Do::Take(1)).await.unwrap();
    pool.kill();
    waits.await.unwrap_err();

    let mut steps = Vec::new();
    while steps.last().is_none_or(|last| last != "6 failed { why: stopped }") {
        let (topic, event) = all.recv().await.unwrap();
        let line = step_of(event.job, &event.step);
        assert_eq!(topic, format!("hands.job.{}", line.split(' ').nth(1).unwrap()).as_str());
        assert_eq!(&*event.pool, "hands");
        steps.push(line);
    }
    // What becomes of the one that is under way when the pool is killed comes from another task.
    steps.retain(|line| !line.starts_with("3 requeued") && !line.starts_with("3 failed"));
    let expected = [
        "1 queued",
        "1 started",
        "1 requeued { attempt: 2 }",
        "1 started",
        "1 completed",
        "2 queued",
        "2 started",
        "2 failed { why: handler }",
        "3 queued",
        "3 started",
        "4 queued",
        "0 rejected",
        "4 failed { why: expired }",
        "5 queued",
        "5 cancelled",
        "6 queued",
        "6 failed { why: stopped }",
    ];
    assert_eq!(steps, expected);
    let (_, event) = failed.recv().await.unwrap();
    assert_eq!(event.step, JobStep::Failed { why: JobFailure::Handler });
    assert!(slow.subscriber().dropped() > 10, "nobody waits for it, and what it misses is counted");
}

/// Jobs of several arguments, without a result type.
#[genserver]
struct Adder {}

#[genserver]
impl Adder {
    #[init]
    fn open() -> Self {
        Adder {}
    }

    #[call(job)]
    fn add(&mut self, a: u32, b: u32) -> u32 {
        a + b
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_from_many_tasks_each_get_their_own_answer() {
    let pool = Pool::<Adder>::of("adders", || ()).size(4).queue(16).start().await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16 {
        let pool = pool.clone();
        tasks.spawn(async move {
            for n in 0..500 {
                assert_eq!(pool.run((task, n)).await.unwrap(), task + n);
            }
        });
    }
    tasks.join_all().await;
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.queued, stats.in_progress, stats.available), (8_000, 0, 0, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_are_killed_at_random_lose_no_job() {
    let under_way = UnderWay::default();
    let own = under_way.clone();
    let pool = Pool::<Slow>::of("slow", move || (own.clone(),)).size(4).queue(8).retries(1_000);
    let pool = pool.restarts(1_000_000, MS);
    let pool = pool.start().await.unwrap();
    let workers: Vec<u64> =
        pool.children().await.unwrap().iter().filter_map(|child| child.pid.map(|pid| pid.slot())).collect();
    assert_eq!(workers.len(), 5, "and the gate");
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8_u32 {
        let pool = pool.clone();
        tasks.spawn(async move {
            for n in 0..200 {
                if n % 3 == 0 {
                    let job = pool.submit((task, n)).priority(i8::try_from(n % 2).unwrap()).await.unwrap();
                    assert_eq!(job.await.unwrap(), task * 1_000 + n);
                } else if n % 3 == 1 {
                    assert_eq!(pool.run((task, n)).await.unwrap(), task * 1_000 + n);
                } else {
                    // Given up half-way.
                    let mut given_up = std::pin::pin!(pool.run((task, n)).into_future());
                    std::future::poll_fn(|cx| {
                        let _ = given_up.as_mut().poll(cx);
                        std::task::Poll::Ready(())
                    })
                    .await;
                }
            }
        });
    }
    let killer = tokio::spawn({
        let pool = pool.clone();
        async move {
            for round in 0_usize.. {
                let _ = pool.terminate_child((round % 4).to_string()).await;
                let _ = pool.restart_child((round % 4).to_string()).await;
                pool.resize(1 + round % 5).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    });
    tasks.join_all().await;
    killer.abort();
    let _ = killer.await;
    pool.drain().await;
    let stats = pool.stats();
    // Those that were given up may not have found room.
    assert!(stats.completed >= 8 * 134 && stats.completed + stats.cancelled <= 1_600, "{stats:?}");
    assert_eq!((stats.failed, stats.queued, stats.in_progress), (0, 0, 0), "{stats:?}");
    assert_eq!(under_way.in_two_places(), []);
    pool.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_done_or_expired_and_never_both() {
    let ends = Arc::new(Mutex::new(std::collections::HashMap::new()));
    let told = ends.clone();
    let under_way = UnderWay::default();
    let own = under_way.clone();
    let pool = Pool::<Slow>::of("slow", move || (own.clone(),)).size(2).queue(8).retries(1_000);
    let pool = pool.restarts(1_000_000, MS);
    let pool = pool.queue_timeout(Duration::from_micros(200)).on_done(move |done| {
        *told.lock().unwrap().entry(done.job).or_insert(0) += 1;
    });
    let pool = pool.start().await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8_u32 {
        let pool = pool.clone();
        tasks.spawn(async move {
            let (mut done, mut expired, mut refused) = (0_u64, 0_u64, 0_u64);
            for n in 0..200 {
                let job = if n % 2 == 0 {
                    match pool.submit((task, n)).await {
                        Ok(job) => job.await,
                        Err(rejected) => Err(JobError::NotAccepted(rejected.why)),
                    }
                } else {
                    pool.run((task, n)).await
                };
                match job {
                    Ok(output) => {
                        assert_eq!(output, task * 1_000 + n);
                        done += 1;
                    }
                    Err(JobError::Expired { .. }) => expired += 1,
                    Err(JobError::NotAccepted(NotAccepted::Expired { .. })) => refused += 1,
                    Err(other) => panic!("{other}"),
                }
            }
            (done, expired, refused)
        });
    }
    let killer = tokio::spawn({
        let pool = pool.clone();
        async move {
            for round in 0_usize.. {
                let _ = pool.terminate_child((round % 2).to_string()).await;
                let _ = pool.restart_child((round % 2).to_string()).await;
                tokio::task::yield_now().await;
            }
        }
    });
    let mut all = (0, 0, 0);
    for (done, expired, refused) in tasks.join_all().await {
        all = (all.0 + done, all.1 + expired, all.2 + refused);
    }
    killer.abort();
    let _ = killer.await;
    pool.drain().await;
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.failed, stats.rejected), all, "{stats:?}");
    assert_eq!((stats.queued, stats.in_progress, stats.cancelled), (0, 0, 0), "{stats:?}");
    assert!(ends.lock().unwrap().values().all(|ends| *ends == 1));
    assert_eq!(under_way.in_two_places(), []);
    pool.stop().await.unwrap();
}

/// The jobs of a pool that are under way.
#[derive(Clone, Default)]
struct UnderWay(Arc<Mutex<Jobs>>);

#[derive(Default)]
struct Jobs {
    begun: std::collections::HashSet<(u32, u32)>,
    /// Those that were begun while they were under way.
    in_two_places: Vec<(u32, u32)>,
}

/// One attempt, until it is done or its worker is killed.
struct Attempt(UnderWay, (u32, u32));

impl UnderWay {
    fn begin(&self, job: (u32, u32)) -> Attempt {
        let mut jobs = self.0.lock().unwrap();
        if !jobs.begun.insert(job) {
            jobs.in_two_places.push(job);
        }
        Attempt(self.clone(), job)
    }

    fn in_two_places(&self) -> Vec<(u32, u32)> {
        self.0.lock().unwrap().in_two_places.clone()
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().begun.remove(&self.1);
    }
}

/// Yields a few times on its way.
#[genserver]
struct Slow {
    under_way: UnderWay,
}

#[genserver]
impl Slow {
    #[init]
    fn open(under_way: UnderWay) -> Self {
        Slow { under_way }
    }

    #[call(job)]
    async fn work(&mut self, task: u32, n: u32) -> u32 {
        let _attempt = self.under_way.begin((task, n));
        for _ in 0..n % 5 {
            tokio::task::yield_now().await;
        }
        task * 1_000 + n
    }
}

#[test]
fn a_runtime_that_goes_leaves_nobody_waiting() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (pool, waits, under_way) = runtime.block_on(async {
        let pool = hands(&Log::default(), 1).start().await.unwrap();
        let under_way = pool.submit(Do::Hang).await.unwrap();
        let waits = pool.submit(Do::Take(1)).await.unwrap();
        settle().await;
        (pool, waits, under_way)
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    other.block_on(async {
        assert!(under_way.await.is_err());
        assert!(matches!(waits.await, Err(JobError::Stopped { .. })));
        assert!(pool.submit(Do::Take(1)).await.is_err());
    });
}

#[test]
fn a_runtime_that_goes_at_once_leaves_nobody_waiting() {
    // On one thread the tender has not begun when the runtime goes.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let pool = runtime.block_on(async { hands(&Log::default(), 1).start().await.unwrap() });
    let job = pool.submit(Do::Take(1)).now().unwrap();
    drop(runtime);
    let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(matches!(other.block_on(job), Err(JobError::Stopped { attempts: 0, .. })));
}

supervisor! {
    /// A counter, and those who use it.
    Works(log: Log, size: usize) {
        strategy: rest_for_one,
        first: Hand(log),
        hands: pool Hand(log) { size: size, queue: 2, retries: 1, deadline: 1s, drain: 2s, restarts: 100 in 1s },
        adders: pool Adder() { topic: "sums", queue_timeout: 1min },
    }
}

#[tokio::test(start_paused = true)]
async fn a_declared_pool_tells_the_bus_of_its_system() {
    let system = System::new();
    let mut sums = system.bus().subscribe::<JobEvent>("sums.completed").unwrap();
    let works = Works::start(Log::default(), 1).system(&system).await.unwrap();
    works.adders().run((1, 2)).await.unwrap();
    let (_, event) = sums.recv().await.unwrap();
    assert_eq!((&*event.pool, event.job.number(), event.step), ("adders", 1, JobStep::Completed));
}

#[tokio::test(start_paused = true)]
async fn a_declared_tree_has_pools() {
    let works = Works::start(Log::default(), 2).await.unwrap();
    let hands: &Pool<Hand> = works.hands();
    hands.run(crash(1)).await.unwrap();
    assert_eq!((hands.stats().size, hands.stats().retried), (2, 1));
    assert!(matches!(hands.run(Do::Hang).await, Err(JobError::Overdue { attempts: 2, .. })));
    assert_eq!(works.adders().run((1, 2)).await.unwrap(), 3);
    let jobs: Vec<_> = (0..4).map(|_| hands.submit(Do::Take(10)).now().unwrap()).collect();
    assert!(hands.submit(Do::Take(10)).now().is_err());
    works.stop().await.unwrap();
    for job in jobs {
        job.await.unwrap();
    }
}
