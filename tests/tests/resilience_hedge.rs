//! Hedges. Rows HG-1 to HG-3 of the reference.
#![allow(missing_docs)]

use std::{
    cell::{Cell, RefCell},
    future::pending,
    time::Duration,
};

use noex::resilience::{BudgetOptions, Hedge, HedgeOptions, NamedError, PolicyError, PolicyEvent};
use tokio::time::{Instant, sleep, timeout};

const MS: Duration = Duration::from_millis(1);

fn hedge(options: HedgeOptions) -> Hedge {
    Hedge::new("h", options).unwrap()
}

/// What runs do: how long the n-th takes, and whether it succeeds. Those that are not listed hang.
struct Runs {
    start: Instant,
    planned: &'static [(u32, bool)],
    began: RefCell<Vec<u128>>,
    dropped: RefCell<Vec<(usize, u128)>>,
}

impl Runs {
    fn new(planned: &'static [(u32, bool)]) -> Self {
        Runs { start: Instant::now(), planned, began: RefCell::default(), dropped: RefCell::default() }
    }

    fn now(&self) -> u128 {
        self.start.elapsed().as_millis()
    }

    /// `Ok` and `Err` say which run it was, from 0.
    async fn run(&self) -> Result<usize, String> {
        struct Dropped<'a>(&'a Runs, usize);
        impl Drop for Dropped<'_> {
            fn drop(&mut self) {
                self.0.dropped.borrow_mut().push((self.1, self.0.now()));
            }
        }
        let number = self.began.borrow().len();
        self.began.borrow_mut().push(self.now());
        let run = Dropped(self, number);
        let Some((takes, succeeds)) = self.planned.get(number) else { return pending().await };
        if *takes > 0 {
            sleep(MS * *takes).await;
        }
        std::mem::forget(run);
        if *succeeds { Ok(number) } else { Err(format!("run {number}")) }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_quick_enough_runs_once() {
    // HG-1
    let (hedge, runs) = (hedge(HedgeOptions::new()), Runs::new(&[(80, true)]));
    assert_eq!(hedge.execute(|| runs.run()).await, Ok(0));
    assert_eq!((runs.began.take(), runs.now()), (vec![0], 80));
    assert_eq!(hedge.status().counter("hedged"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_second_run_wins_and_the_first_is_gone() {
    // HG-2
    let (hedge, runs) =
        (Hedge::new("hg-2", HedgeOptions::new()).unwrap(), Runs::new(&[(1000, true), (50, true)]));
    let mut events = hedge.events();
    assert_eq!(hedge.execute(|| runs.run()).await, Ok(1));
    assert_eq!((runs.began.take(), runs.now()), (vec![0, 100], 150));
    assert_eq!(runs.dropped.take(), [(0, 150)]);
    assert_eq!(events.next().await.unwrap(), PolicyEvent::Hedged { extra: 1 });
    assert_eq!((hedge.status().counter("hedged"), hedge.status().counter("won")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn without_a_delay_all_start_at_once() {
    // HG-3
    let options = HedgeOptions::new().delay(Duration::ZERO).max_extra(3);
    let (hedge, runs) = (hedge(options), Runs::new(&[(70, true), (60, false), (50, true), (80, true)]));
    assert_eq!(hedge.execute(|| runs.run()).await, Ok(2));
    assert_eq!((runs.began.take(), runs.now()), (vec![0; 4], 50));
    let mut dropped = runs.dropped.take();
    dropped.sort();
    assert_eq!(dropped, [(0, 50), (1, 50), (3, 50)]);
}

#[tokio::test(start_paused = true)]
async fn further_runs_start_one_delay_apart() {
    let (hedge, runs) = (hedge(HedgeOptions::new().max_extra(2)), Runs::new(&[(1000, true)]));
    assert_eq!(hedge.execute(|| runs.run()).await, Ok(0));
    assert_eq!((runs.began.take(), runs.now()), (vec![0, 100, 200], 1000));
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_the_error_is_the_first_runs() {
    let (slow, runs) = (hedge(HedgeOptions::new()), Runs::new(&[(150, false), (20, false)]));
    assert_eq!(slow.execute(|| runs.run()).await, Err(PolicyError::Failed("run 0".into())));
    assert_eq!(runs.now(), 150);

    // The first fails while the second runs: it may still succeed, or not.
    let runs = Runs::new(&[(150, false), (100, false)]);
    assert_eq!(slow.execute(|| runs.run()).await, Err(PolicyError::Failed("run 0".into())));
    assert_eq!(runs.now(), 200);
    let runs = Runs::new(&[(150, false), (100, true)]);
    assert_eq!(slow.execute(|| runs.run()).await, Ok(1));

    // Before there is a second, there is nothing to wait for.
    let runs = Runs::new(&[(50, false)]);
    assert_eq!(slow.execute(|| runs.run()).await, Err(PolicyError::Failed("run 0".into())));
    assert_eq!(runs.now(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_takes_all_runs_with_it() {
    let (hedge, runs) = (hedge(HedgeOptions::new()), Runs::new(&[]));
    assert!(timeout(MS * 130, hedge.execute(|| runs.run())).await.is_err());
    let mut dropped = runs.dropped.take();
    dropped.sort();
    assert_eq!(dropped, [(0, 130), (1, 130)]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_service_does_not_get_twice_the_load() {
    // 5 % of the calls, and 10 in this window.
    let (hedge, slow) = (hedge(HedgeOptions::new().delay(Duration::ZERO)), Cell::new(0));
    for _ in 0..200 {
        let run = async || {
            slow.set(slow.get() + 1);
            tokio::task::yield_now().await;
            Ok::<_, String>(())
        };
        hedge.execute(run).await.unwrap();
    }
    assert_eq!(slow.get(), 200 + 10 + 10);
    assert_eq!(hedge.status().counter("budget_spent"), 180);
}

#[tokio::test(start_paused = true)]
async fn the_delay_is_learnt_from_what_calls_take() {
    let options = HedgeOptions::new().quantile(0.9).warm_up(10).budget(BudgetOptions::new().ratio(1.0));
    let hedge = hedge(options);
    assert_eq!(hedge.delay(), MS * 100, "nothing is known yet");
    for _ in 0..10 {
        let runs = Runs::new(&[(20, true)]);
        assert_eq!(hedge.execute(|| runs.run()).await, Ok(0));
    }
    assert!(MS * 20 < hedge.delay() && hedge.delay() < MS * 24, "{:?}", hedge.delay());
    let runs = Runs::new(&[(1000, true), (10, true)]);
    assert_eq!(hedge.execute(|| runs.run()).await, Ok(1));
    assert!(runs.now() < 35, "{}", runs.now());
}

#[tokio::test]
async fn options_that_make_no_sense_are_named() {
    let options = HedgeOptions::new;
    for (options, option) in [
        (options().max_extra(0), "max_extra"),
        (options().quantile(1.0), "quantile"),
        (options().quantile(f64::NAN), "quantile"),
        (options().warm_up(2001), "warm_up"),
        (options().budget(BudgetOptions::new().ratio(-1.0)), "ratio"),
    ] {
        assert_eq!(Hedge::new("h", options).unwrap_err().option, option);
    }
    let read: HedgeOptions = serde_json::from_str(r#"{ "delay": "20ms", "quantile": 0.95 }"#).unwrap();
    assert_eq!(read, options().delay(MS * 20).quantile(0.95));

    assert!(Hedge::get_or_create("named", options()).is_ok());
    let conflict = Hedge::get_or_create("named", options().max_extra(2)).unwrap_err();
    assert_eq!(conflict, NamedError::Conflict { policy: "named".into() });
    let named = Hedge::get("named");
    named.dispose();
    assert!(matches!(named.execute(async || Ok::<_, String>(1)).await, Err(PolicyError::Disposed(_))));
}
