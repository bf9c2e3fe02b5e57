//! The circuit breaker as a plain value, row by row of the behaviour reference.
#![allow(missing_docs)]

use std::{cell::Cell, collections::HashMap, future::pending, time::Duration};

use noex::{
    System,
    resilience::{
        CircuitBreaker, CircuitBreakerOptions, CircuitState, CircuitWindow, Class, HalfOpen,
        KeyedCircuitBreaker, NamedError, PolicyError, PolicyEvent, PolicyEvents, TripCause, judge,
    },
};
use tokio::time::{advance, sleep, timeout};

const fn options() -> CircuitBreakerOptions {
    CircuitBreakerOptions::new()
}

fn breaker(name: &str, options: CircuitBreakerOptions) -> CircuitBreaker {
    CircuitBreaker::new(name, options).unwrap()
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

type Done = Result<u32, PolicyError<&'static str>>;

async fn fail(breaker: &CircuitBreaker) -> Done {
    breaker.execute(async || Err("no")).await
}

async fn succeed(breaker: &CircuitBreaker) -> Done {
    breaker.execute(async || Ok(7)).await
}

/// Outcomes such as `"F F S"`.
async fn run(breaker: &CircuitBreaker, outcomes: &str) {
    for outcome in outcomes.split_whitespace() {
        let done = if outcome == "F" { fail(breaker).await } else { succeed(breaker).await };
        assert!(!is_refused(&done), "{outcome} of {outcomes}: {done:?}");
    }
}

async fn take(breaker: &CircuitBreaker, time: Duration) -> Done {
    let slowly = async || {
        sleep(time).await;
        Ok(7)
    };
    breaker.execute(slowly).await
}

fn is_refused<T>(done: &Result<T, PolicyError<&'static str>>) -> bool {
    matches!(done, Err(PolicyError::CircuitOpen(_)))
}

#[track_caller]
fn refusal(done: Done) -> (CircuitState, Option<Duration>) {
    match done {
        Err(PolicyError::CircuitOpen(open)) => (open.state, open.retry_after),
        other => panic!("not refused: {other:?}"),
    }
}

/// Those there are, without the refusals.
async fn transitions(events: &mut PolicyEvents) -> Vec<(CircuitState, CircuitState)> {
    let mut seen = Vec::new();
    while let Ok(event) = timeout(ms(0), events.next()).await {
        if let PolicyEvent::StateChanged { from, to } = event.unwrap() {
            seen.push((from, to));
        }
    }
    seen
}

use CircuitState::{Closed, Disabled, ForcedOpen, HalfOpen as Half, Observed, Open};

/// CB-01
#[tokio::test(start_paused = true)]
async fn it_opens_at_the_threshold_and_runs_nothing_then() {
    let breaker = breaker("one", options().failure_threshold(3));
    let runs = Cell::new(0);
    let operation = async || {
        runs.set(runs.get() + 1);
        Err::<(), _>("no")
    };
    for state in [Closed, Closed, Open] {
        assert_eq!(breaker.execute(operation).await, Err(PolicyError::Failed("no")));
        assert_eq!(breaker.state(), state);
    }
    let Err(PolicyError::CircuitOpen(open)) = breaker.execute(operation).await else { panic!("it ran") };
    assert_eq!((open.state, open.cause), (Open, Some(TripCause::Failures { count: 3 })));
    assert_eq!(runs.get(), 3);
    assert_eq!(breaker.status().counter("refused"), 1);
}

/// CB-02
#[tokio::test(start_paused = true)]
async fn a_success_clears_the_count() {
    let breaker = breaker("two", options().failure_threshold(3));
    run(&breaker, "F F S F F").await;
    assert_eq!(breaker.state(), Closed);
    run(&breaker, "F").await;
    assert_eq!(breaker.state(), Open);
}

/// CB-03
#[tokio::test(start_paused = true)]
async fn it_is_open_up_to_the_end_of_its_time_and_not_at_it() {
    let breaker = breaker("three", options().failure_threshold(1).reset_timeout(ms(5000)));
    run(&breaker, "F").await;
    advance(ms(1)).await;
    assert_eq!(refusal(succeed(&breaker).await), (Open, Some(ms(4999))));
    advance(ms(4998)).await;
    assert_eq!(refusal(succeed(&breaker).await), (Open, Some(ms(1))));
    advance(ms(1)).await;
    assert_eq!(breaker.state(), Open, "nobody has called yet");
    let state = breaker.execute(async || Ok::<_, &str>(breaker.state())).await;
    assert_eq!(state, Ok(Half));
    assert_eq!(breaker.state(), Closed);
}

/// CB-04
#[tokio::test(start_paused = true)]
async fn it_closes_after_enough_successes_and_counts_from_zero() {
    let breaker = breaker("four", options().failure_threshold(3).success_threshold(2));
    run(&breaker, "F F F").await;
    advance(ms(60_000)).await;
    run(&breaker, "S").await;
    assert_eq!(breaker.state(), Half);
    run(&breaker, "S").await;
    assert_eq!(breaker.state(), Closed);
    run(&breaker, "F F").await;
    assert_eq!(breaker.state(), Closed);
}

/// CB-05
#[tokio::test(start_paused = true)]
async fn a_failed_probe_opens_it_for_the_whole_time_again() {
    let breaker =
        breaker("five", options().failure_threshold(1).success_threshold(2).reset_timeout(ms(5000)));
    run(&breaker, "F").await;
    advance(ms(5000)).await;
    run(&breaker, "S").await;
    let late = async || {
        sleep(ms(200)).await;
        Err("no")
    };
    assert_eq!(breaker.execute::<u32, _, _>(late).await, Err(PolicyError::Failed("no")));
    assert_eq!((breaker.state(), breaker.last_trip()), (Open, Some(TripCause::Probe)));
    advance(ms(4999)).await;
    assert!(is_refused(&succeed(&breaker).await), "at 10199");
    advance(ms(1)).await;
    assert!(succeed(&breaker).await.is_ok(), "at 10200");
}

/// CB-06
#[tokio::test(start_paused = true)]
async fn only_so_many_probes_run_at_once() {
    let breaker = breaker("six", options().failure_threshold(1).half_open_max_calls(3).success_threshold(4));
    run(&breaker, "F").await;
    advance(ms(60_000)).await;
    let began = tokio::time::Instant::now();
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let breaker = breaker.clone();
            tokio::spawn(async move { (take(&breaker, ms(100)).await, began.elapsed()) })
        })
        .collect();
    let mut ran = 0;
    for call in calls {
        match call.await.unwrap() {
            (Ok(7), _) => ran += 1,
            (refused, after) => {
                assert_eq!(refusal(refused), (Half, None));
                assert_eq!(after, ms(0), "refused at once");
            }
        }
    }
    assert_eq!(ran, 3);
    assert_eq!(breaker.state(), Half, "three of four");
}

/// CB-07
#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_gives_its_place_back() {
    let breaker = breaker("seven", options().failure_threshold(1).half_open_max_calls(1));
    run(&breaker, "F").await;
    advance(ms(60_000)).await;
    assert!(timeout(ms(50), breaker.execute(pending::<Result<(), &str>>)).await.is_err());
    assert_eq!(breaker.state(), Half);
    let status = breaker.status();
    assert_eq!((status.counter("succeeded"), status.counter("failed"), status.counter("neutral")), (0, 1, 1));
    assert_eq!(succeed(&breaker).await, Ok(7));
}

/// CB-08
#[tokio::test(start_paused = true)]
async fn an_ignored_error_gives_the_place_back_and_reaches_the_caller() {
    let breaker = breaker("eight", options().failure_threshold(1).half_open_max_calls(1));
    run(&breaker, "F").await;
    advance(ms(60_000)).await;
    let ignore = judge::errors(|error: &&str| match *error {
        "not found" => Class::Ignored,
        _ => Class::Transient,
    });
    let done = breaker.execute_with(ignore, async || Err::<u32, _>("not found")).await;
    assert_eq!(done, Err(PolicyError::Failed("not found")));
    assert_eq!(breaker.state(), Half);
    assert_eq!(succeed(&breaker).await, Ok(7));
}

/// CB-09
#[tokio::test(start_paused = true)]
async fn an_error_that_is_no_failure_is_a_success() {
    let breaker = breaker("nine", options().failure_threshold(1));
    let only_io =
        judge::errors(|error: &&str| if *error == "io" { Class::Transient } else { Class::Success });
    let done = breaker.execute_with(&only_io, async || Err::<(), _>("validation")).await;
    assert_eq!(done, Err(PolicyError::Failed("validation")));
    assert_eq!((breaker.state(), breaker.status().counter("succeeded")), (Closed, 1));
    let _ = breaker.execute_with(&only_io, async || Err::<(), _>("io")).await;
    assert_eq!(breaker.state(), Open);
}

/// CB-10
#[tokio::test(start_paused = true)]
async fn forced_open_it_stays_until_it_is_closed_by_hand() {
    let breaker = breaker("ten", options());
    breaker.force_open();
    assert_eq!(refusal(succeed(&breaker).await), (ForcedOpen, None));
    advance(Duration::from_secs(86_400)).await;
    assert_eq!(refusal(succeed(&breaker).await), (ForcedOpen, None));
    breaker.force_close();
    assert_eq!(succeed(&breaker).await, Ok(7));
}

/// CB-11
#[tokio::test(start_paused = true)]
async fn reset_makes_it_as_new() {
    let breaker = breaker("eleven", options().failure_threshold(3).success_threshold(2));
    let as_new = || {
        breaker.reset();
        let status = breaker.status();
        assert_eq!(status.state, "closed");
        assert!(status.counters.iter().all(|(_, count)| *count == 0), "{status}");
    };
    run(&breaker, "F F F").await;
    let mut events = breaker.events();
    as_new();
    assert_eq!(transitions(&mut events).await, [(Open, Closed)]);

    run(&breaker, "F F F").await;
    advance(ms(60_000)).await;
    run(&breaker, "S").await;
    let mut events = breaker.events();
    as_new();
    assert_eq!(transitions(&mut events).await, [(Half, Closed)]);

    run(&breaker, "F F").await;
    let mut events = breaker.events();
    as_new();
    assert_eq!(transitions(&mut events).await, []);
    run(&breaker, "F F").await;
    assert_eq!(breaker.state(), Closed);
}

fn in_window(calls: u32, rate: f64, min_calls: u32) -> CircuitBreakerOptions {
    options().window(CircuitWindow::Calls(calls)).failure_rate(rate).min_calls(min_calls)
}

/// CB-12
#[tokio::test(start_paused = true)]
async fn no_rate_is_told_from_too_few_calls() {
    let breaker = breaker("twelve", in_window(5, 0.5, 5));
    run(&breaker, "F F F S").await;
    assert_eq!(breaker.state(), Closed);
    run(&breaker, "S").await;
    assert_eq!(breaker.state(), Open);
    assert_eq!(breaker.last_trip(), Some(TripCause::FailureRate { per_mille: 600 }));
}

/// CB-13
#[tokio::test(start_paused = true)]
async fn to_reach_the_rate_is_enough() {
    let breaker = breaker("thirteen", in_window(4, 0.5, 4));
    run(&breaker, "S F S").await;
    assert_eq!(breaker.state(), Closed);
    run(&breaker, "F").await;
    assert_eq!(breaker.state(), Open);
}

/// CB-14
#[tokio::test(start_paused = true)]
async fn only_the_window_counts() {
    let breaker = breaker("fourteen", in_window(10, 0.5, 10));
    for _ in 0..1000 {
        run(&breaker, "S").await;
    }
    run(&breaker, "F F F F").await;
    assert_eq!(breaker.state(), Closed);
    run(&breaker, "F").await;
    assert_eq!(breaker.state(), Open);
}

/// CB-15
#[tokio::test(start_paused = true)]
async fn what_is_older_than_the_window_is_forgotten() {
    let window = CircuitWindow::Time(Duration::from_secs(10));
    let breaker = breaker("fifteen", options().window(window).failure_rate(0.5).min_calls(4));
    run(&breaker, "F F F").await;
    advance(ms(11_000)).await;
    run(&breaker, "S F F").await;
    assert_eq!(breaker.state(), Closed);
    run(&breaker, "F").await;
    assert_eq!(breaker.last_trip(), Some(TripCause::FailureRate { per_mille: 750 }));
}

/// CB-16
#[tokio::test(start_paused = true)]
async fn a_window_need_not_be_full() {
    let breaker = breaker("sixteen", in_window(100, 0.5, 10));
    run(&breaker, "F F F F F F F F F").await;
    assert_eq!(breaker.state(), Closed);
    run(&breaker, "F").await;
    assert_eq!(breaker.state(), Open);
}

/// CB-17
#[tokio::test(start_paused = true)]
async fn slow_calls_open_it_as_well() {
    let slow = in_window(5, 0.5, 5).slow_call(ms(4000)).slow_rate(0.5);
    let breaker = breaker("seventeen", slow);
    for seconds in [5, 5, 1, 1] {
        assert_eq!(take(&breaker, ms(1000 * seconds)).await, Ok(7));
        assert_eq!(breaker.state(), Closed);
    }
    assert_eq!(take(&breaker, ms(5000)).await, Ok(7));
    assert_eq!(breaker.state(), Open);
    assert_eq!(breaker.last_trip(), Some(TripCause::SlowRate { per_mille: 600 }));
    let status = breaker.status();
    assert_eq!((status.counter("slow_per_mille"), status.counter("failure_per_mille")), (600, 0));
    advance(ms(60_000)).await;
    assert_eq!(take(&breaker, ms(4000)).await, Ok(7));
    assert_eq!(breaker.state(), Open, "a slow probe is a failed one");
}

/// CB-18
#[tokio::test(start_paused = true)]
async fn transitions_are_told_in_order_and_once() {
    let breaker = breaker("eighteen", options().failure_threshold(1));
    let mut events = breaker.events();
    run(&breaker, "F").await;
    advance(ms(60_000)).await;
    run(&breaker, "S").await;
    breaker.force_open();
    breaker.force_open();
    let expected = [(Closed, Open), (Open, Half), (Half, Closed), (Closed, ForcedOpen)];
    assert_eq!(transitions(&mut events).await, expected);
}

/// CB-19
#[tokio::test(start_paused = true)]
async fn a_name_is_one_breaker() {
    let (db, again, mail) =
        (CircuitBreaker::get("db 19"), CircuitBreaker::get("db 19"), CircuitBreaker::get("mail 19"));
    run(&db, "F F F F F").await;
    assert_eq!((db.state(), again.state(), mail.state()), (Open, Open, Closed));
    let other = CircuitBreaker::get_or_create("db 19", options().failure_threshold(2));
    assert!(matches!(other, Err(NamedError::Conflict { .. })));
    assert!(System::global().policies().iter().any(|line| &*line.name == "db 19" && line.state == "open"));
}

/// CB-20
#[tokio::test(start_paused = true)]
async fn disposed_of_it_refuses_and_the_name_is_free() {
    let old = CircuitBreaker::get("db 20");
    run(&old, "F F F F F").await;
    old.dispose();
    old.dispose();
    assert!(matches!(succeed(&old).await, Err(PolicyError::Disposed(_))));
    let new = CircuitBreaker::get("db 20");
    assert_eq!(new.state(), Closed);
    assert_eq!(succeed(&new).await, Ok(7));
    old.dispose();
    assert_eq!(CircuitBreaker::get("db 20").status().counter("succeeded"), 1, "still the new one");
}

/// CB-21
#[tokio::test(start_paused = true)]
async fn a_wrapped_function_shares_the_state() {
    let breaker = breaker("twenty-one", options().failure_threshold(3));
    let operation = breaker.wrap(async |_: u32| Err::<u32, _>("no"));
    for call in 0..3 {
        assert_eq!(operation(call).await, Err(PolicyError::Failed("no")));
    }
    assert!(is_refused(&succeed(&breaker).await));
}

/// CB-22
#[tokio::test(start_paused = true)]
async fn one_success_and_no_failure_close_it_when_its_time_is_over() {
    let rules = options().failure_threshold(2).success_threshold(3).half_open_timeout(ms(5000));
    let breaker = breaker("twenty-two", rules);
    run(&breaker, "F F").await;
    advance(ms(60_000)).await;
    assert!(timeout(ms(0), breaker.execute(pending::<Result<(), &str>>)).await.is_err());
    advance(ms(10)).await;
    run(&breaker, "S").await;
    advance(ms(4989)).await;
    assert_eq!(breaker.state(), Half);
    advance(ms(1)).await;
    let state = breaker.execute(async || Ok::<_, &str>(breaker.state())).await;
    assert_eq!(state, Ok(Closed));
    run(&breaker, "F").await;
    assert_eq!(breaker.state(), Closed, "as any closed call");
}

/// CB-23
#[tokio::test(start_paused = true)]
async fn open_periods_grow_until_it_closes() {
    let breaker =
        breaker("twenty-three", options().failure_threshold(1).reset_timeout(ms(5000)).reset_backoff(2.0));
    run(&breaker, "F").await;
    for (period, probe) in [(5000, "F"), (10_000, "S")] {
        assert_eq!(refusal(succeed(&breaker).await), (Open, Some(ms(period))));
        advance(ms(period)).await;
        run(&breaker, probe).await;
    }
    run(&breaker, "F").await;
    assert_eq!(refusal(succeed(&breaker).await), (Open, Some(ms(5000))));
}

/// What it told of how it stands, from now until so much later, and when that was.
async fn monitored(
    breaker: &CircuitBreaker,
    events: &mut PolicyEvents,
    time: Duration,
) -> Vec<(u64, u64, u64)> {
    let mut heard = Vec::new();
    let began = tokio::time::Instant::now();
    while let Ok(event) = tokio::time::timeout_at(began + time, events.next()).await {
        if let PolicyEvent::Monitored { state, succeeded, failed, refused: 0, .. } = event.unwrap() {
            assert_eq!(state, breaker.state());
            heard.push((began.elapsed().as_millis() as u64, succeeded, failed));
        }
    }
    heard
}

/// CB-24
#[tokio::test(start_paused = true)]
async fn it_tells_how_it_stands_while_somebody_listens() {
    let breaker = breaker("twenty-four", options().monitor_interval(ms(5000)));
    let mut events = breaker.events();
    run(&breaker, "S F").await;
    let heard = monitored(&breaker, &mut events, ms(16_000)).await;
    // Timers are late by up to a millisecond.
    let rounded: Vec<_> =
        heard.iter().map(|(at, succeeded, failed)| (at / 10 * 10, *succeeded, *failed)).collect();
    assert_eq!(rounded, [(5000, 1, 1), (10_000, 1, 1), (15_000, 1, 1)]);

    drop(events);
    sleep(ms(60_000)).await;
    let mut events = breaker.events();
    let heard = monitored(&breaker, &mut events, ms(9500)).await;
    assert_eq!(heard.len(), 2, "nothing is made up for, and it goes on: {heard:?}");

    breaker.dispose();
    assert_eq!(monitored(&breaker, &mut events, ms(60_000)).await, []);
}

#[test]
fn made_where_there_is_no_runtime_it_tells_from_where_there_is_one() {
    let breaker = breaker("no runtime", options().monitor_interval(ms(5000)));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut events = breaker.events();
        assert_eq!(monitored(&breaker, &mut events, ms(11_000)).await.len(), 2);
    });
    // Another one takes nothing over: a breaker keeps to one clock.
    drop(runtime);
    assert_eq!(breaker.state(), Closed);
}

/// CB-25
#[tokio::test(start_paused = true)]
async fn disabled_it_lets_pass_and_counts_nothing() {
    let breaker = breaker("twenty-five", options());
    breaker.disable();
    for _ in 0..100 {
        assert_eq!(fail(&breaker).await, Err(PolicyError::Failed("no")));
    }
    assert_eq!((breaker.state(), breaker.status().counter("failed")), (Disabled, 0));
    breaker.enable();
    assert_eq!(breaker.state(), Closed);
    run(&breaker, "F F F F").await;
    assert_eq!(breaker.state(), Closed);
    breaker.enable();
    run(&breaker, "F").await;
    assert_eq!(breaker.state(), Open, "to enable what is not disabled does nothing");
}

#[tokio::test(start_paused = true)]
async fn observed_it_refuses_nothing_and_tells_what_it_would_have() {
    let breaker =
        breaker("observed", options().failure_threshold(3).success_threshold(2).reset_timeout(ms(5000)));
    run(&breaker, "F F").await;
    let mut events = breaker.events();
    breaker.observe();
    breaker.observe();
    run(&breaker, "F F F F S").await;
    let would = |after| PolicyEvent::WouldRefuse { retry_after: Some(after) };
    assert_eq!(events.next().await.unwrap(), PolicyEvent::StateChanged { from: Closed, to: Observed });
    assert_eq!(events.next().await.unwrap(), would(ms(5000)), "what was counted before is forgotten");
    assert_eq!(events.next().await.unwrap(), would(ms(5000)));
    assert_eq!(breaker.last_trip(), Some(TripCause::Failures { count: 3 }));

    // It half-opens unseen. A third one beside two probes would have been refused, and moves nothing.
    advance(ms(5000)).await;
    let mut probes = [(); 2].map(|()| Box::pin(take(&breaker, ms(10))));
    for probe in &mut probes {
        assert!(timeout(ms(0), probe).await.is_err());
    }
    fail(&breaker).await.unwrap_err();
    assert_eq!(events.next().await.unwrap(), PolicyEvent::WouldRefuse { retry_after: None });
    for probe in probes {
        probe.await.unwrap();
    }
    run(&breaker, "F F").await;
    assert_eq!(transitions(&mut events).await, [], "and it closed unseen: nothing more would be refused");
    let status = breaker.status();
    assert_eq!((status.state, status.counter("would_refuse"), status.counter("refused")), ("observed", 3, 0));
    assert_eq!((status.counter("failed"), status.counter("succeeded")), (9, 3));

    breaker.enable();
    assert_eq!((breaker.state(), transitions(&mut events).await), (Closed, vec![(Observed, Closed)]));
    run(&breaker, "F F F").await;
    assert_eq!(breaker.state(), Open);
    breaker.observe();
    breaker.force_open();
    assert!(is_refused(&succeed(&breaker).await), "another command ends it");
}

/// CB-26
#[tokio::test(start_paused = true)]
async fn each_key_has_a_breaker() {
    let channels = KeyedCircuitBreaker::<String>::new("channels 26", options().failure_threshold(2)).unwrap();
    for _ in 0..2 {
        let _ = channels.execute("sms", async || Err::<(), _>("no")).await;
    }
    let refused = channels.execute("sms", async || Ok(7)).await.unwrap_err();
    assert!(
        matches!(&refused, PolicyError::<&str>::CircuitOpen(open) if &*open.policy == "channels 26[\"sms\"]")
    );
    assert_eq!(channels.execute("email", async || Ok::<_, &str>(7)).await, Ok(7));
    let mut keys = channels.keys();
    keys.sort();
    assert_eq!(keys, ["email", "sms"]);
    let status = channels.status();
    assert_eq!((status.counter("keys"), status.counter("open"), status.counter("failed")), (2, 1, 2));

    assert_eq!(channels.evict_idle(), 0, "both were used");
    let _ = channels.execute("email", async || Ok::<_, &str>(7)).await;
    assert_eq!(channels.evict_idle(), 1);
    assert_eq!(channels.keys(), ["email"]);
    assert_eq!(channels.execute("sms", async || Ok::<_, &str>(7)).await, Ok(7), "as new");

    channels.dispose();
    channels.dispose();
    assert!(matches!(
        channels.execute("sms", async || Ok::<_, &str>(7)).await,
        Err(PolicyError::Disposed(_))
    ));
    assert_eq!(channels.keys(), [""; 0]);
}

#[test]
fn keys_are_bounded_and_the_idle_ones_make_room() {
    let ids = KeyedCircuitBreaker::<u64>::new("ids", options().max_keys(3)).unwrap();
    for id in [1, 2, 3] {
        ids.breaker(&id).unwrap();
    }
    ids.evict_idle();
    ids.breaker(&1).unwrap();
    ids.breaker(&4).unwrap();
    let mut keys = ids.keys();
    keys.sort();
    assert_eq!(keys, [1, 3, 4], "1 was used again, 2 is the oldest of the others");
    for id in 0..100 {
        ids.breaker(&id).unwrap();
        assert!(ids.keys().len() <= 3);
    }
}

/// A result counts only in the state it was admitted in.
#[tokio::test(start_paused = true)]
async fn a_late_result_changes_nothing() {
    let breaker = breaker("late", options().failure_threshold(2).reset_timeout(ms(100)));
    let slow = {
        let breaker = breaker.clone();
        tokio::spawn(async move {
            let late = async || {
                sleep(ms(500)).await;
                Err::<u32, _>("late")
            };
            breaker.execute(late).await
        })
    };
    tokio::task::yield_now().await;
    run(&breaker, "F F").await;
    advance(ms(100)).await;
    run(&breaker, "S F").await;
    assert_eq!(slow.await.unwrap(), Err(PolicyError::Failed("late")));
    assert_eq!(breaker.state(), Closed, "the second failure of this state is still to come");
    assert_eq!(breaker.status().counter("late_results"), 1);
    run(&breaker, "F").await;
    assert_eq!(breaker.state(), Open);
}

/// Other probes under way when one fails are late as well.
#[tokio::test(start_paused = true)]
async fn a_success_after_a_failed_probe_comes_too_late() {
    let breaker = breaker("probes", options().failure_threshold(1).success_threshold(2));
    run(&breaker, "F").await;
    advance(ms(60_000)).await;
    let other = {
        let breaker = breaker.clone();
        tokio::spawn(async move { take(&breaker, ms(10)).await })
    };
    tokio::task::yield_now().await;
    run(&breaker, "F").await;
    assert_eq!(other.await.unwrap(), Ok(7));
    assert_eq!((breaker.state(), breaker.status().counter("late_results")), (Open, 1));
}

/// A circuit cannot get stuck: a probe that never ends has failed when the time is over, and the open time counts
/// from then, whenever anybody looks.
#[tokio::test(start_paused = true)]
async fn a_probe_that_never_ends_has_failed() {
    let rules = options().failure_threshold(1).reset_timeout(ms(1000)).half_open_timeout(ms(500));
    let breaker = breaker("stuck", rules);
    run(&breaker, "F").await;
    advance(ms(1000)).await;
    let probe = {
        let breaker = breaker.clone();
        tokio::spawn(async move { take(&breaker, ms(10_000)).await })
    };
    tokio::task::yield_now().await;
    assert_eq!(refusal(succeed(&breaker).await), (Half, None));
    advance(ms(700)).await;
    assert_eq!(refusal(succeed(&breaker).await), (Open, Some(ms(800))), "open since 1500");
    assert_eq!(breaker.last_trip(), Some(TripCause::NoVerdict));
    advance(ms(800)).await;
    assert_eq!(succeed(&breaker).await, Ok(7));
    assert_eq!(breaker.state(), Closed);
    assert_eq!(probe.await.unwrap(), Ok(7));
    assert_eq!(breaker.status().counter("late_results"), 1);
}

/// A probe that comes back after its time is late even when nobody looked in between.
#[tokio::test(start_paused = true)]
async fn a_probe_that_is_too_late_is_not_counted() {
    let breaker = breaker("tardy", options().failure_threshold(1).half_open_timeout(ms(500)));
    run(&breaker, "F").await;
    advance(ms(60_000)).await;
    assert_eq!(take(&breaker, ms(500)).await, Ok(7));
    assert_eq!((breaker.state(), breaker.last_trip()), (Open, Some(TripCause::NoVerdict)));
    assert_eq!(breaker.status().counter("late_results"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_and_goes_on() {
    let breaker = breaker("panic", options().failure_threshold(1));
    let running = breaker.clone();
    let panics = async || -> Result<(), &str> { panic!("meant to") };
    let ended = tokio::spawn(async move { running.execute(panics).await }).await;
    assert!(ended.unwrap_err().is_panic());
    assert_eq!((breaker.state(), breaker.status().counter("failed")), (Open, 1));
}

/// Waves: fewer at once than must succeed.
#[tokio::test(start_paused = true)]
async fn fewer_probes_than_successes_go_in_waves() {
    let breaker =
        breaker("waves", options().failure_threshold(1).success_threshold(3).half_open_max_calls(1));
    run(&breaker, "F").await;
    advance(ms(60_000)).await;
    run(&breaker, "S S").await;
    assert_eq!(breaker.state(), Half);
    run(&breaker, "S").await;
    assert_eq!(breaker.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn isolated_it_is_open_until_the_last_handle_is_gone() {
    let breaker = breaker("isolated", options());
    let (one, two) = (breaker.isolate(), breaker.isolate());
    drop(one);
    assert_eq!(refusal(succeed(&breaker).await), (ForcedOpen, None));
    drop(two);
    assert_eq!(succeed(&breaker).await, Ok(7));

    let handle = breaker.isolate();
    breaker.force_open();
    drop(handle);
    assert_eq!(breaker.state(), ForcedOpen, "it was forced by hand as well");
    breaker.force_close();

    let before = breaker.isolate();
    breaker.force_close();
    assert_eq!(breaker.state(), Closed);
    let after = breaker.isolate();
    drop(before);
    assert_eq!(breaker.state(), ForcedOpen, "a handle from before has no say");
    drop(after);
    assert_eq!(breaker.state(), Closed);
}

fn waits() -> CircuitBreakerOptions {
    options()
        .failure_threshold(1)
        .half_open(HalfOpen::Wait)
        .half_open_timeout(ms(5000))
        .reset_timeout(ms(1000))
}

/// A half-open breaker, a probe that takes 100 ms and ends like that, and three that wait for the verdict.
async fn verdict(name: &str, good: bool) -> (CircuitBreaker, Vec<Done>, Duration) {
    let breaker = breaker(name, waits());
    run(&breaker, "F").await;
    advance(ms(1000)).await;
    let began = tokio::time::Instant::now();
    let probe = async move || {
        sleep(ms(100)).await;
        if good { Ok(1) } else { Err("no") }
    };
    let (probed, one, two, three) =
        tokio::join!(breaker.execute(probe), succeed(&breaker), succeed(&breaker), succeed(&breaker));
    assert_eq!(probed.is_ok(), good);
    (breaker, vec![one, two, three], began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn callers_wait_for_the_verdict() {
    let (breaker, waited, after) = verdict("good", true).await;
    assert_eq!(waited, [Ok(7), Ok(7), Ok(7)]);
    assert_eq!((breaker.state(), after), (Closed, ms(100)));

    let (breaker, waited, after) = verdict("bad", false).await;
    for done in waited {
        assert_eq!(refusal(done), (Open, Some(ms(1000))));
    }
    assert_eq!((breaker.state(), after), (Open, ms(100)));
}

#[tokio::test(start_paused = true)]
async fn who_waits_gets_the_place_that_comes_free() {
    let breaker = breaker("place", waits());
    run(&breaker, "F").await;
    advance(ms(1000)).await;
    let dropped = timeout(ms(50), breaker.execute(pending::<Result<u32, &str>>));
    let (dropped, waited) = tokio::join!(dropped, take(&breaker, ms(10)));
    assert!(dropped.is_err());
    assert_eq!((waited, breaker.state()), (Ok(7), Closed));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_half_open_lasts() {
    let breaker = breaker("stalled", waits());
    run(&breaker, "F").await;
    advance(ms(1000)).await;
    let began = tokio::time::Instant::now();
    let probe = timeout(ms(9000), breaker.execute(pending::<Result<u32, &str>>));
    let waits = async {
        let done = succeed(&breaker).await;
        (refusal(done), began.elapsed())
    };
    let (_, (refused, after)) = tokio::join!(probe, waits);
    // Timers are late by up to a millisecond.
    assert!(refused.0 == Open && after >= ms(5000) && after <= ms(5001), "{refused:?} after {after:?}");
}

#[tokio::test(start_paused = true)]
async fn reset_and_dispose_wake_who_waits() {
    for disposes in [false, true] {
        let breaker = breaker("woken", waits());
        run(&breaker, "F").await;
        advance(ms(1000)).await;
        let probe = timeout(ms(20), breaker.execute(pending::<Result<u32, &str>>));
        let ends = async {
            sleep(ms(10)).await;
            if disposes { breaker.dispose() } else { breaker.reset() }
        };
        let waits = timeout(ms(11), succeed(&breaker));
        let (_, (), waited) = tokio::join!(probe, ends, waits);
        match waited.expect("it waited for more than that") {
            Err(PolicyError::Disposed(_)) => assert!(disposes),
            done => assert_eq!((done, disposes), (Ok(7), false)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hint_opens_it_for_that_long() {
    let asks = |breaker: CircuitBreaker| async move {
        let judge = judge::errors(|after: &u64| Class::Throttled { retry_after: ms(*after) });
        let _ = breaker.execute_with(judge, async || Err::<(), _>(3000)).await;
        breaker
    };
    let breaker_ = asks(breaker("hint", options().trip_on_hint(true))).await;
    assert_eq!(refusal(succeed(&breaker_).await), (Open, Some(ms(3000))));
    assert_eq!(breaker_.last_trip(), Some(TripCause::Hint));
    let breaker_ = asks(breaker("no hint", options())).await;
    assert_eq!((breaker_.state(), breaker_.status().counter("failures")), (Closed, 1));
}

#[tokio::test(start_paused = true)]
async fn it_does_not_open_while_it_warms_up() {
    let breaker = breaker("warm", options().failure_threshold(2).warm_up(ms(1000)));
    advance(ms(999)).await;
    run(&breaker, "F F F").await;
    assert_eq!(breaker.state(), Closed);
    advance(ms(1)).await;
    run(&breaker, "F").await;
    assert_eq!(breaker.last_trip(), Some(TripCause::Failures { count: 4 }));
}

#[tokio::test(start_paused = true)]
async fn either_the_count_or_the_rate_opens_it() {
    let both = in_window(10, 0.5, 10).failure_threshold(3);
    let counted = breaker("both", both);
    run(&counted, "S F F S F F F").await;
    assert_eq!(counted.last_trip(), Some(TripCause::Failures { count: 3 }));
    let rated = breaker("both", both);
    run(&rated, "F F S F F S F F S S").await;
    assert_eq!(rated.last_trip(), Some(TripCause::FailureRate { per_mille: 600 }));
}

#[tokio::test(start_paused = true)]
async fn periods_grow_to_a_limit_and_jitter_makes_them_longer() {
    let rules =
        options().failure_threshold(1).reset_timeout(ms(1000)).reset_backoff(3.0).max_reset_timeout(ms(5000));
    let grows = breaker("grows", rules);
    run(&grows, "F").await;
    for period in [1000, 3000, 5000, 5000] {
        assert_eq!(refusal(succeed(&grows).await), (Open, Some(ms(period))));
        advance(ms(period)).await;
        run(&grows, "F").await;
    }
    let rules = options().failure_threshold(1).reset_timeout(ms(1000)).reset_jitter(0.5);
    let mut periods = HashMap::new();
    for seed in 0..100 {
        for _ in 0..2 {
            let jittery = breaker("jittery", rules.seed(seed));
            run(&jittery, "F").await;
            let (_, after) = refusal(succeed(&jittery).await);
            let after = after.unwrap();
            assert!(after >= ms(1000) && after <= ms(1500), "{after:?}");
            assert_eq!(*periods.entry(seed).or_insert(after), after, "the same seed, the same chance");
        }
    }
    let distinct: std::collections::HashSet<_> = periods.values().collect();
    assert!(distinct.len() > 90);
}

#[test]
fn options_that_make_no_sense_are_named() {
    let nan = f64::NAN;
    let window = options().window(CircuitWindow::Calls(10));
    for (wrong, option) in [
        (options().failure_threshold(0), "failure_threshold"),
        (options().success_threshold(0), "success_threshold"),
        (options().success_threshold(65_536), "success_threshold"),
        (options().reset_timeout(ms(0)), "reset_timeout"),
        (options().half_open_timeout(ms(0)), "half_open_timeout"),
        (options().monitor_interval(ms(0)), "monitor_interval"),
        (options().half_open_max_calls(0), "half_open_max_calls"),
        (options().window(CircuitWindow::Calls(0)), "window"),
        (options().window(CircuitWindow::Time(ms(0))), "window"),
        (options().window(CircuitWindow::Calls(1_000_001)), "window"),
        (window.failure_rate(0.0), "failure_rate"),
        (window.failure_rate(1.1), "failure_rate"),
        (window.failure_rate(nan), "failure_rate"),
        (window.min_calls(11), "min_calls"),
        (window.min_calls(0), "min_calls"),
        (options().min_calls(5), "min_calls"),
        (options().slow_call(ms(5)), "slow_call"),
        (window.slow_call(ms(0)), "slow_call"),
        (window.slow_rate(nan), "slow_rate"),
        (options().reset_backoff(0.9), "reset_backoff"),
        (options().reset_backoff(nan), "reset_backoff"),
        (options().max_reset_timeout(ms(59_999)), "max_reset_timeout"),
        (options().reset_jitter(1.1), "reset_jitter"),
        (options().reset_jitter(nan), "reset_jitter"),
        (options().max_keys(0), "max_keys"),
    ] {
        let error = CircuitBreaker::new("wrong", wrong).unwrap_err();
        assert_eq!(error.option, option, "{error}");
    }
}

mod as_text {
    use super::*;

    fn read(text: &str) -> Result<CircuitBreakerOptions, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn options_are_read_by_their_own_names_and_by_those_of_the_first_edition() {
        assert_eq!(read("{}").unwrap(), options());
        let expected = options()
            .failure_threshold(3)
            .success_threshold(2)
            .reset_timeout(Duration::from_secs(30))
            .half_open_timeout(ms(5000))
            .unmonitored();
        let by_name = r#"{"failure_threshold": 3, "success_threshold": 2, "reset_timeout": "30s",
            "half_open_timeout": 5000, "monitor_interval": "off"}"#;
        let as_before = r#"{"failureThreshold": 3, "successThreshold": 2, "timeout": 30000,
            "halfOpenTimeout": 5000, "monitorInterval": null}"#;
        assert_eq!(read(by_name).unwrap(), expected);
        assert_eq!(read(as_before).unwrap(), expected);
        let calls = options().window(CircuitWindow::Calls(100)).half_open(HalfOpen::Wait).seed(7);
        assert_eq!(read(r#"{"window": 100, "half_open": "wait", "seed": 7}"#).unwrap(), calls);
        let time = options().window(CircuitWindow::Time(ms(10_000))).slow_call(ms(200));
        assert_eq!(read(r#"{"window": "10s", "slow_call": "200ms"}"#).unwrap(), time);
    }

    #[test]
    fn what_is_said_twice_or_unknown_is_an_error() {
        let twice = read(r#"{"reset_timeout": "30s", "timeout": 30000}"#).unwrap_err();
        assert!(twice.to_string().starts_with("duplicate field"), "{twice}");
        let unknown = read(r#"{"failure_treshold": 3}"#).unwrap_err();
        assert!(unknown.to_string().starts_with("unknown field `failure_treshold`"), "{unknown}");
    }
}

/// As a layer it shares its state with whatever else goes through the breaker.
#[tokio::test(start_paused = true)]
async fn a_layer_is_the_same_breaker() {
    use tower::{ServiceBuilder, ServiceExt, service_fn};

    let breaker = breaker("layer", options().failure_threshold(2));
    let service =
        ServiceBuilder::new().layer(breaker.clone()).service(service_fn(async |fails: bool| match fails {
            true => Err("no"),
            false => Ok(7),
        }));
    assert_eq!(service.clone().oneshot(false).await, Ok(7));
    assert_eq!(service.clone().oneshot(true).await, Err(PolicyError::Failed("no")));
    assert_eq!(fail(&breaker).await, Err(PolicyError::Failed("no")));
    assert!(is_refused(&service.clone().oneshot(false).await));
    advance(ms(60_000)).await;
    let (one, two) = tokio::join!(service.clone().oneshot(false), service.oneshot(false));
    assert_eq!(one, Ok(7));
    assert!(two.is_ok() || is_refused(&two));
    assert_eq!(breaker.state(), Closed);
}
