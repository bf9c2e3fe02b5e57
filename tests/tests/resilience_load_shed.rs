//! Load shedding: no row tells of it.
#![allow(missing_docs)]

use std::{convert::Infallible, time::Duration};

use noex::resilience::{Class, LoadShedder, LoadShedderOptions, PolicyError};
use tokio::time::advance;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const OPTIONS: LoadShedderOptions = LoadShedderOptions::new().seed(7);

/// How many of so many get through to something of which `accepts` says whether it takes the n-th.
async fn passed(shedder: &LoadShedder, count: u32, accepts: impl Fn(u32) -> bool) -> u32 {
    let mut passed = 0;
    for number in 0..count {
        let done = shedder.execute(async || if accepts(number) { Ok(()) } else { Err("busy") }).await;
        passed += u32::from(!matches!(done, Err(PolicyError::Shed(_))));
    }
    passed
}

#[tokio::test(start_paused = true)]
async fn nothing_is_shed_while_all_is_well_or_half_of_it() {
    let shedder = LoadShedder::new("well", OPTIONS).unwrap();
    assert_eq!(passed(&shedder, 1000, |_| true).await, 1000);
    let half = LoadShedder::new("half", OPTIONS).unwrap();
    assert!(passed(&half, 1000, |number| number % 2 == 0).await > 950);
}

#[tokio::test(start_paused = true)]
async fn a_tenth_always_passes_and_notices_that_all_is_well_again() {
    let shedder = LoadShedder::new("down", OPTIONS).unwrap();
    let let_through = passed(&shedder, 10_000, |_| false).await;
    assert!((800..1200).contains(&let_through), "{let_through}");
    advance(Duration::from_secs(60)).await;
    // What passes is accepted, and so more of it passes.
    let recovering = passed(&shedder, 20_000, |_| true).await;
    assert!(recovering > 2000, "{recovering}");
    advance(Duration::from_secs(121)).await;
    // The bad times have left the window.
    assert_eq!(passed(&shedder, 1000, |_| true).await, 1000);
    assert_eq!(shedder.status().counter("passed") + shedder.status().counter("shed"), 31_000);
}

#[tokio::test(start_paused = true)]
async fn what_answers_or_says_nothing_is_not_held_against_it() {
    let shedder = LoadShedder::new("answers", OPTIONS).unwrap();
    for class in [Class::Ignored, Class::Permanent, Class::Refused].into_iter().cycle().take(300) {
        let done = shedder.execute_with(move |_| class, async || Err::<(), _>("no")).await;
        assert_eq!(done, Err(PolicyError::Failed("no")));
    }
    for _ in 0..300 {
        let hangs = shedder.execute(std::future::pending::<Result<(), Infallible>>);
        assert!(tokio::time::timeout(ms(1), hangs).await.is_err());
    }
    assert_eq!(shedder.status().counter("shed"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_held_against_it() {
    let shedder = LoadShedder::new("panics", OPTIONS).unwrap();
    for _ in 0..100 {
        let of_task = shedder.clone();
        let task = async move { of_task.execute(async || -> Result<(), ()> { panic!("no") }).await };
        let _ = tokio::spawn(task).await;
    }
    assert!(shedder.status().counter("shed") > 50);
}

#[tokio::test(start_paused = true)]
async fn what_stood_in_a_standing_queue_is_shed() {
    let shedder = LoadShedder::new("queue", OPTIONS.queue_delay(ms(5), ms(100))).unwrap();
    let run = async |waited| {
        let done = shedder.execute_after(waited, Class::of, async || Ok::<_, Infallible>(())).await;
        advance(ms(10)).await;
        done.is_ok()
    };
    for _ in 0..10 {
        assert!(run(ms(50)).await, "a burst is let be");
    }
    for _ in 0..5 {
        assert!(!run(ms(50)).await);
        assert!(run(ms(8)).await);
    }
    assert!(run(ms(1)).await);
}

#[test]
fn options_that_make_no_sense() {
    let faults = [
        (OPTIONS.ratio(0.9), "ratio"),
        (OPTIONS.ratio(f64::NAN), "ratio"),
        (OPTIONS.window(ms(15)), "window"),
        (OPTIONS.cap(1.0), "cap"),
        (OPTIONS.cap(0.0), "cap"),
        (OPTIONS.queue_delay(ms(5), ms(5)), "queue_delay"),
    ];
    for (options, option) in faults {
        assert_eq!(LoadShedder::new("faulty", options).unwrap_err().option, option);
    }
}

#[tokio::test]
async fn names_are_found_and_given_up() {
    let shedder = LoadShedder::get("named");
    assert!(LoadShedder::get_or_create("named", OPTIONS).is_err());
    shedder.dispose();
    let done = shedder.execute(async || Ok::<_, Infallible>(())).await;
    assert!(matches!(done, Err(PolicyError::Disposed(_))));
    LoadShedder::get_or_create("named", OPTIONS).unwrap();
}
