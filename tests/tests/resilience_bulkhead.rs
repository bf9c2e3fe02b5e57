//! Bulkheads: each row of the reference, and what no row tells.
#![allow(missing_docs)]

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use noex::resilience::{
    Adaptive, Bulkhead, BulkheadFull, BulkheadOptions, Class, Demand, FullBy, LimitAlgorithm, NamedError,
    PolicyError, PolicyEvent, QueueOrder,
};
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep},
};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const fn options(max_concurrent: u32, max_queue: usize) -> BulkheadOptions {
    BulkheadOptions::new().max_concurrent(max_concurrent).max_queue(max_queue).queue_timeout(ms(1000))
}

fn bulkhead(options: BulkheadOptions) -> Bulkhead {
    Bulkhead::new("test", options).unwrap()
}

/// When it began and ended, in milliseconds from `start`, or why it did not run.
type Ran = Result<(u64, u64), FullBy>;

fn run_as(bulkhead: &Bulkhead, start: Instant, demand: Demand, takes: Duration) -> JoinHandle<Ran> {
    let bulkhead = bulkhead.clone();
    tokio::spawn(async move {
        let operation = async || {
            let began = start.elapsed().as_millis() as u64;
            sleep(takes).await;
            Ok::<_, Infallible>((began, start.elapsed().as_millis() as u64))
        };
        match bulkhead.execute_as(demand, Class::of, operation).await {
            Ok(ran) => Ok(ran),
            Err(PolicyError::BulkheadFull(BulkheadFull { why, .. })) => Err(why),
            Err(other) => panic!("{other:?}"),
        }
    })
}

fn run(bulkhead: &Bulkhead, start: Instant, takes: Duration) -> JoinHandle<Ran> {
    run_as(bulkhead, start, Demand::new(), takes)
}

async fn all(tasks: Vec<JoinHandle<Ran>>) -> Vec<Ran> {
    let mut ran = Vec::new();
    for task in tasks {
        ran.push(task.await.unwrap());
    }
    ran
}

async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_bulkhead_without_a_queue_refuses_at_once() {
    // BH-1
    let bulkhead = bulkhead(options(2, 0));
    let _inside = [bulkhead.try_enter().unwrap(), bulkhead.try_enter().unwrap()];
    let refused = bulkhead.execute(async || Ok::<_, Infallible>(())).await.unwrap_err();
    let PolicyError::BulkheadFull(refused) = refused else { panic!("{refused:?}") };
    assert_eq!((refused.active, refused.queued, refused.why), (2, 0, FullBy::Slots));
    assert_eq!(refused.to_string(), "bulkhead `test` is full (2 running, 0 waiting)");
}

#[tokio::test(start_paused = true)]
async fn who_waits_starts_when_another_ends() {
    // BH-2
    let (bulkhead, start) = (bulkhead(options(2, 2)), Instant::now());
    let tasks = [100, 200, 10, 10, 10].map(|takes| run(&bulkhead, start, ms(takes)));
    let expected = [Ok((0, 100)), Ok((0, 200)), Ok((100, 110)), Ok((110, 120)), Err(FullBy::Slots)];
    assert_eq!(all(tasks.into()).await, expected);
    let tasks = [300, 400, 50, 50].map(|takes| run(&bulkhead, Instant::now(), ms(takes)));
    assert_eq!(all(tasks.into()).await[2..], [Ok((300, 350)), Ok((350, 400))]);
}

#[tokio::test(start_paused = true)]
async fn the_gauges_tell_what_is_free() {
    // BH-3
    let bulkhead = bulkhead(options(2, 2));
    let (mut slots, mut places, mut ends, mut tasks) = (vec![], vec![], vec![], vec![]);
    let mut note = |bulkhead: &Bulkhead| {
        slots.push(bulkhead.free_slots());
        places.push(bulkhead.free_places());
    };
    note(&bulkhead);
    for _ in 0..4 {
        let (end, ended) = oneshot::channel::<()>();
        let bulkhead_of_task = bulkhead.clone();
        ends.push(end);
        tasks.push(tokio::spawn(async move { bulkhead_of_task.execute(|| ended).await }));
        settle().await;
        note(&bulkhead);
    }
    for (end, task) in ends.into_iter().zip(tasks) {
        end.send(()).unwrap();
        task.await.unwrap().unwrap();
        settle().await;
        note(&bulkhead);
    }
    assert_eq!(slots, [2, 1, 0, 0, 0, 0, 0, 1, 2]);
    assert_eq!(places, [2, 2, 2, 1, 0, 1, 2, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_too_long_never_runs() {
    // FLOW-4 as well, with a slot that is taken: a bulkhead of 0 is an error.
    // BH-4
    let (bulkhead, start) = (bulkhead(options(1, 1)), Instant::now());
    let tasks = [5000, 10].map(|takes| run(&bulkhead, start, ms(takes)));
    settle().await;
    let [holder, waiter] = tasks;
    assert_eq!(waiter.await.unwrap(), Err(FullBy::QueueTimeout));
    assert_eq!(start.elapsed(), ms(1000));
    assert_eq!(holder.await.unwrap(), Ok((0, 5000)));
    assert_eq!(bulkhead.status().counter("timed_out"), 1);
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_time_runs() {
    // BH-5
    let (bulkhead, start) = (bulkhead(options(1, 1)), Instant::now());
    let tasks = [200, 10].map(|takes| run(&bulkhead, start, ms(takes)));
    assert_eq!(all(tasks.into()).await, [Ok((0, 200)), Ok((200, 210))]);
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_are_served_in_order() {
    // BH-6
    let (bulkhead, start) = (bulkhead(options(1, 10)), Instant::now());
    let tasks = (0..10).map(|_| run(&bulkhead, start, ms(10))).collect();
    let expected: Vec<Ran> = (0..10).map(|turn| Ok((turn * 10, turn * 10 + 10))).collect();
    assert_eq!(all(tasks).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_slot_is_free_again_whatever_became_of_its_operation() {
    // BH-7
    let bulkhead = bulkhead(options(1, 0));
    let failed = bulkhead.execute(async || Err::<(), _>("failed")).await;
    assert_eq!((failed, bulkhead.free_slots()), (Err(PolicyError::Failed("failed")), 1));

    let of_task = bulkhead.clone();
    let panics =
        tokio::spawn(async move { of_task.execute(async || -> Result<(), ()> { panic!("no") }).await });
    assert!(panics.await.unwrap_err().is_panic());
    assert_eq!(bulkhead.free_slots(), 1);
    let panics = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let _inside = bulkhead.try_enter();
        panic!("no")
    }));
    assert!(panics.is_err());
    assert_eq!(bulkhead.free_slots(), 1);

    let hangs = bulkhead.execute(std::future::pending::<Result<(), Infallible>>);
    assert!(tokio::time::timeout(ms(10), hangs).await.is_err());
    assert_eq!(bulkhead.free_slots(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_the_queue_is_passed_over() {
    // BH-8
    let (bulkhead, start) = (bulkhead(options(1, 10)), Instant::now());
    let [holder, second, third] = [100, 10, 10].map(|takes| run(&bulkhead, start, ms(takes)));
    settle().await;
    assert_eq!(bulkhead.queued(), 2);
    second.abort();
    assert!(second.await.unwrap_err().is_cancelled());
    assert_eq!(bulkhead.queued(), 1);
    assert_eq!(all(vec![holder, third]).await, [Ok((0, 100)), Ok((100, 110))]);
    assert_eq!((bulkhead.free_slots(), bulkhead.queued()), (1, 0));
}

#[test]
fn the_defaults_are_those_of_the_seeds() {
    // BH-9
    let spelled_out = BulkheadOptions::new().max_concurrent(10).max_queue(100).queue_timeout(ms(30_000));
    assert_eq!(*Bulkhead::get("defaults").options(), spelled_out);
    assert_eq!((Bulkhead::get("defaults").free_slots(), Bulkhead::get("defaults").free_places()), (10, 100));
}

#[test]
fn options_that_make_no_sense() {
    // BH-10
    let codel = |target, interval| QueueOrder::Codel { target: ms(target), interval: ms(interval) };
    let aimd = Adaptive::new().algorithm(LimitAlgorithm::Aimd { timeout: Duration::ZERO });
    let faults = [
        (options(0, 0), "max_concurrent"),
        (options(1, 0).queue(codel(0, 100)), "target"),
        (options(1, 0).queue(codel(5, 5)), "interval"),
        (options(1, 0).adaptive(Adaptive::new().min(0)), "min"),
        (options(300, 0).adaptive(Adaptive::new()), "max_concurrent"),
        (options(1, 0).adaptive(aimd), "timeout"),
    ];
    for (options, option) in faults {
        assert_eq!(Bulkhead::new("faulty", options).unwrap_err().option, option);
    }
    assert!(Bulkhead::get("resized").resize(0).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_slot_given_to_one_who_has_gone_is_passed_on() {
    let bulkhead = bulkhead(options(1, 10));
    let holder = bulkhead.try_enter().unwrap();
    let (gone, stays) = (bulkhead.enter(), bulkhead.enter());
    drop(holder);
    assert_eq!((bulkhead.active(), bulkhead.queued()), (1, 1));
    drop(gone);
    assert_eq!((bulkhead.active(), bulkhead.queued()), (1, 0));
    drop(stays.await.unwrap());
    assert_eq!(bulkhead.active(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_passes_nobody() {
    let bulkhead = bulkhead(options(2, 10));
    let one = bulkhead.try_enter().unwrap();
    // Two slots are not there, so that the one that is free stays free for it.
    let large = bulkhead.enter_as(Demand::new().weight(2));
    assert_eq!(bulkhead.try_enter().unwrap_err().why, FullBy::Slots);
    let small = bulkhead.enter();
    drop(one);
    let large = large.await.unwrap();
    assert_eq!((bulkhead.active(), bulkhead.queued()), (2, 1));
    drop(large);
    drop(small.await.unwrap());
    assert_eq!(bulkhead.try_enter_as(Demand::new().weight(3)).unwrap_err().why, FullBy::Weight);
    assert_eq!(bulkhead.try_enter_as(Demand::new().weight(0)).unwrap_err().why, FullBy::Weight);
}

/// In which order those who wait get in.
async fn order_of(options: BulkheadOptions, demands: &[Demand]) -> Vec<Result<usize, usize>> {
    let bulkhead = bulkhead(options);
    let (holder, order) = (bulkhead.try_enter().unwrap(), Arc::new(Mutex::new(Vec::new())));
    let mut tasks = Vec::new();
    for (number, demand) in demands.iter().copied().enumerate() {
        let (bulkhead, order) = (bulkhead.clone(), order.clone());
        tasks.push(tokio::spawn(async move {
            let entered = bulkhead.enter_as(demand).await;
            order.lock().unwrap().push(entered.as_ref().map(|_| number).map_err(|_| number));
        }));
        settle().await;
    }
    drop(holder);
    for task in tasks {
        task.await.unwrap();
    }
    Arc::into_inner(order).unwrap().into_inner().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_queue_has_an_order() {
    let plain = [Demand::new(); 3];
    assert_eq!(order_of(options(1, 9), &plain).await, [Ok(0), Ok(1), Ok(2)]);
    assert_eq!(order_of(options(1, 9).queue(QueueOrder::Lifo), &plain).await, [Ok(2), Ok(1), Ok(0)]);

    let ranked = [0, 2, 1, 2].map(|priority| Demand::new().priority(priority));
    assert_eq!(order_of(options(1, 9), &ranked).await, [Ok(1), Ok(3), Ok(2), Ok(0)]);
    let lifo = options(1, 9).queue(QueueOrder::Lifo);
    assert_eq!(order_of(lifo, &ranked).await, [Ok(3), Ok(1), Ok(2), Ok(0)]);
    // With two places: the first one gives way to the third, and the last finds no lower one.
    let ranked = [0, 2, 1, 1].map(|priority| Demand::new().priority(priority));
    assert_eq!(order_of(options(1, 2), &ranked).await, [Err(0), Err(3), Ok(1), Ok(2)]);
}

#[tokio::test(start_paused = true)]
async fn a_standing_queue_is_shed() {
    let codel = QueueOrder::Codel { target: ms(5), interval: ms(100) };
    let (bulkhead, start) = (bulkhead(options(1, 100).queue(codel)), Instant::now());
    let tasks: Vec<_> = (0..30).map(|_| run(&bulkhead, start, ms(20))).collect();
    let ran = all(tasks).await;
    let shed = ran.iter().filter(|ran| **ran == Err(FullBy::Shed)).count();
    // The first interval is let be; then whoever waited for more than 10 ms goes.
    assert!((20..=25).contains(&shed), "{shed}");
    assert_eq!(bulkhead.status().counter("shed"), shed as u64);
    assert_eq!((bulkhead.active(), bulkhead.queued()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_is_resized_while_it_is_used() {
    let bulkhead = bulkhead(options(1, 10));
    let mut events = bulkhead.events();
    let first = bulkhead.enter().await.unwrap();
    let (second, third) = (bulkhead.enter(), bulkhead.enter());
    bulkhead.resize(2).unwrap();
    let second = second.await.unwrap();
    assert_eq!((bulkhead.active(), bulkhead.queued(), bulkhead.max_concurrent()), (2, 1, 2));
    bulkhead.resize(1).unwrap();
    drop(first);
    assert_eq!((bulkhead.active(), bulkhead.queued()), (1, 1));
    drop(second);
    drop(third.await.unwrap());
    let mut changes = Vec::new();
    while changes.len() < 2 {
        if let PolicyEvent::LimitChanged { from, to } = events.next().await.unwrap() {
            changes.push((from, to));
        }
    }
    assert_eq!(changes, [(1, 2), (2, 1)]);
}

#[tokio::test(start_paused = true)]
async fn one_too_heavy_for_what_is_left_runs_alone() {
    let bulkhead = bulkhead(options(4, 10));
    let one = bulkhead.try_enter().unwrap();
    let heavy = bulkhead.enter_as(Demand::new().weight(4));
    bulkhead.resize(2).unwrap();
    drop(one);
    drop(heavy.await.unwrap());
    assert_eq!((bulkhead.active(), bulkhead.queued()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_adaptive_limit_follows_the_service() {
    let aimd = Adaptive::new().max(50).algorithm(LimitAlgorithm::Aimd { timeout: ms(100) });
    let bulkhead = bulkhead(options(10, 1000).adaptive(aimd).queue_timeout(ms(100_000)));
    let tasks: Vec<_> = (0..200).map(|_| run(&bulkhead, Instant::now(), ms(10))).collect();
    all(tasks).await;
    let good = bulkhead.max_concurrent();
    assert!(good > 10, "{good}");
    let tasks: Vec<_> = (0..200).map(|_| run(&bulkhead, Instant::now(), ms(500))).collect();
    all(tasks).await;
    assert!(bulkhead.max_concurrent() < 5, "{}", bulkhead.max_concurrent());
    // What says nothing about the service teaches nothing.
    let before = bulkhead.max_concurrent();
    for class in [Class::Refused, Class::Cancelled] {
        bulkhead.enter().await.unwrap().finish(class);
    }
    assert_eq!(bulkhead.max_concurrent(), before);
}

#[tokio::test(start_paused = true)]
async fn dispose_sends_away_those_who_wait() {
    let bulkhead = Bulkhead::get("to go");
    let permits: Vec<_> = (0..10).map(|_| bulkhead.try_enter().unwrap()).collect();
    let of_task = bulkhead.clone();
    let waits = tokio::spawn(async move { of_task.execute(async || Ok::<_, Infallible>(())).await });
    settle().await;
    bulkhead.dispose();
    bulkhead.dispose();
    assert!(matches!(waits.await.unwrap(), Err(PolicyError::Disposed(_))));
    drop(permits);
    assert_eq!(bulkhead.try_enter().unwrap_err().why, FullBy::Disposed);
    assert_eq!(bulkhead.enter().await.unwrap_err().why, FullBy::Disposed);
    assert_eq!(Bulkhead::get("to go").free_slots(), 10);
    let conflict = Bulkhead::get_or_create("to go", options(3, 3)).unwrap_err();
    assert!(matches!(conflict, NamedError::Conflict { .. }));
}

#[tokio::test]
async fn a_wrapped_function_shares_the_slots() {
    let bulkhead = bulkhead(options(1, 0));
    let double = bulkhead.wrap(async |number: u32| number.checked_mul(2).ok_or("too large"));
    assert_eq!(double(4).await, Ok(8));
    let _inside = bulkhead.try_enter().unwrap();
    assert!(matches!(double(4).await, Err(PolicyError::BulkheadFull(_))));
}

/// Callers that wait, fail, panic and are dropped at random, on two threads: no slot is lost, none is given twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_permit_leaks() {
    for order in [QueueOrder::Fifo, QueueOrder::Lifo] {
        let bulkhead = bulkhead(options(3, 1000).queue(order).queue_timeout(Duration::from_secs(60)));
        let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = Vec::new();
        for number in 0..2000_u64 {
            let (bulkhead, inside, most) = (bulkhead.clone(), inside.clone(), most.clone());
            tasks.push(tokio::spawn(async move {
                let operation = async || {
                    struct Inside(Arc<AtomicUsize>);
                    impl Drop for Inside {
                        fn drop(&mut self) {
                            self.0.fetch_sub(1, Ordering::SeqCst);
                        }
                    }
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let _inside = Inside(inside.clone());
                    for _ in 0..number % 4 {
                        tokio::task::yield_now().await;
                    }
                    assert!(number % 97 != 0, "a panic, as now and then");
                    if number % 5 == 0 { Err("failed") } else { Ok(()) }
                };
                let run = bulkhead.execute(operation);
                if number % 3 == 0 {
                    let _ = tokio::time::timeout(Duration::from_micros(number % 700), run).await;
                } else {
                    let _ = run.await;
                }
            }));
        }
        for task in tasks {
            let _ = task.await;
        }
        assert_eq!((bulkhead.active(), bulkhead.queued(), inside.load(Ordering::SeqCst)), (0, 0, 0));
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }
}
