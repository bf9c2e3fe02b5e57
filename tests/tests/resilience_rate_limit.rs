//! Rate limiters: each row of the reference, and what no row tells.
#![allow(missing_docs)]

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use noex::{
    CallError, ChildOptions, Supervisor, System,
    resilience::{
        Algorithm, KeyedRateLimiter, LimitedBy, NamedError, OnFull, PolicyError, PolicyEvent, Quota,
        RateLimitOptions, RateLimited, RateLimiter, RateLimiterServer, TierError, TieredLimiter,
    },
};
use tokio::{
    task::JoinHandle,
    time::{Instant, advance},
};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const fn rate(limit: u32, period: u64) -> RateLimitOptions {
    RateLimitOptions::new().limit(limit).period(ms(period))
}

fn limiter(options: RateLimitOptions) -> KeyedRateLimiter {
    KeyedRateLimiter::new("test", options).unwrap()
}

/// Virtual time that is told in points instead of steps.
struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Clock(Instant::now())
    }

    async fn at(&self, milliseconds: u64) {
        advance(self.0 + ms(milliseconds) - Instant::now()).await;
    }

    fn now(&self) -> u64 {
        self.0.elapsed().as_millis() as u64
    }
}

/// `None` when it passed, else after how many milliseconds a new try can succeed.
fn plain(options: RateLimitOptions) -> RateLimiter {
    RateLimiter::new("plain", options).unwrap()
}

fn refused(outcome: Result<Quota, RateLimited>) -> Option<u64> {
    outcome.err().map(|error| {
        assert_eq!(error.why, LimitedBy::Rate);
        error.retry_after.as_millis() as u64
    })
}

/// When each of these ran.
fn run_all(
    limiter: &RateLimiter,
    clock: &Arc<Clock>,
    count: usize,
) -> Vec<JoinHandle<Result<u64, LimitedBy>>> {
    let one = |_| {
        let (limiter, clock) = (limiter.clone(), clock.clone());
        tokio::spawn(async move {
            match limiter.execute(async || Ok::<_, Infallible>(clock.now())).await {
                Ok(at) => Ok(at),
                Err(PolicyError::RateLimited(error)) => Err(error.why),
                Err(other) => panic!("{other:?}"),
            }
        })
    };
    (0..count).map(one).collect()
}

async fn outcomes(tasks: Vec<JoinHandle<Result<u64, LimitedBy>>>) -> Vec<Result<u64, LimitedBy>> {
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    all
}

async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_uses_nothing_up() {
    // RL-1
    let limiter = limiter(rate(10, 1000));
    for _ in 0..3 {
        let quota = limiter.check("a");
        assert!(quota.allowed);
        assert_eq!((quota.current, quota.limit, quota.remaining), (0, 10, 10));
        assert_eq!((quota.retry_after, quota.reset_after), (Duration::ZERO, Duration::ZERO));
    }
    assert!(limiter.keys().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_consumed_is_counted() {
    // RL-2
    let limiter = limiter(rate(10, 1000));
    assert_eq!(limiter.consume("a").unwrap().remaining, 9);
    for _ in 0..5 {
        limiter.consume("a").unwrap();
    }
    let quota = limiter.get_status("a");
    assert_eq!((quota.current, quota.remaining, quota.reset_after), (6, 4, ms(1000)));
}

#[tokio::test(start_paused = true)]
async fn a_grant_is_over_after_exactly_one_period() {
    // RL-3; the key is the caller's own argument, and the error, which allocates nothing, names the limiter.
    let (limiter, clock) = (limiter(rate(10, 1000)), Clock::start());
    for _ in 0..10 {
        limiter.consume("a").unwrap();
    }
    let error = limiter.consume("a").unwrap_err();
    assert_eq!((&*error.policy, error.limit, error.retry_after), ("test", 10, ms(1000)));
    assert_eq!(error.to_string(), "rate limit `test` is used up (10 per 1s), try again in 1s");
    clock.at(999).await;
    assert_eq!(refused(limiter.consume("a")), Some(1));
    clock.at(1000).await;
    assert_eq!(refused(limiter.consume("a")), None);
}

#[tokio::test(start_paused = true)]
async fn the_window_slides() {
    // RL-4
    let (limiter, clock) = (limiter(rate(3, 1000)), Clock::start());
    let mut seen = Vec::new();
    for at in [0, 400, 800, 900, 1000, 1001] {
        clock.at(at).await;
        seen.push(refused(limiter.consume("a")));
    }
    assert_eq!(seen, [None, None, None, Some(100), None, Some(399)]);
}

#[tokio::test(start_paused = true)]
async fn no_double_burst_around_a_boundary() {
    // RL-5
    let (limiter, clock) = (limiter(rate(100, 1000)), Clock::start());
    clock.at(900).await;
    for _ in 0..100 {
        limiter.consume("a").unwrap();
    }
    let mut seen = Vec::new();
    for at in [1100, 1899, 1900] {
        clock.at(at).await;
        seen.push(refused(limiter.consume("a")));
    }
    assert_eq!(seen, [Some(800), Some(1), None]);
}

#[tokio::test(start_paused = true)]
async fn requests_have_a_cost() {
    // RL-6
    let limiter = limiter(rate(10, 1000));
    limiter.consume_cost("a", 8).unwrap();
    assert!(!limiter.check_cost("a", 5).allowed);
    assert_eq!(limiter.consume_cost("a", 2).unwrap().remaining, 0);
}

#[tokio::test(start_paused = true)]
async fn a_cost_waits_for_as_many_grants_to_be_over() {
    // RL-7
    let (limiter, clock) = (limiter(rate(3, 1000)), Clock::start());
    for at in [0, 300, 600] {
        clock.at(at).await;
        limiter.consume("a").unwrap();
    }
    clock.at(700).await;
    assert_eq!(refused(limiter.consume_cost("a", 2)), Some(600));
    assert_eq!(limiter.check_cost("a", 2).retry_after, ms(600));
}

#[tokio::test(start_paused = true)]
async fn a_cost_above_the_limit_never_passes_and_never_waits() {
    // RL-8
    let limiter = limiter(rate(3, 1000));
    let error = limiter.consume_cost("a", 4).unwrap_err();
    assert_eq!((error.why, error.retry_after), (LimitedBy::Cost, Duration::MAX));
    let (clock, never) = (Clock::start(), async || Ok::<_, Infallible>(()));
    let waited = limiter.execute_cost("a", 4, never).await;
    assert!(matches!(waited, Err(PolicyError::RateLimited(RateLimited { why: LimitedBy::Cost, .. }))));
    assert_eq!(clock.now(), 0);
    assert!(!limiter.check_cost("a", 4).allowed);
    assert_eq!(limiter.consume_cost("a", 0).unwrap_err().why, LimitedBy::NoCost);
}

#[tokio::test(start_paused = true)]
async fn keys_are_apart() {
    // RL-9
    let limiter = limiter(rate(1, 1000));
    limiter.consume("a").unwrap();
    assert!(limiter.consume("a").is_err());
    assert!(limiter.check("b").allowed);
    assert_eq!(limiter.keys(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn reset_makes_one_key_fresh() {
    // RL-10
    let limiter = limiter(rate(1, 1000));
    limiter.consume("a").unwrap();
    limiter.consume("b").unwrap();
    assert!(limiter.reset("a"));
    assert!(!limiter.reset("zzz"));
    assert!(limiter.check("a").allowed);
    assert!(!limiter.check("b").allowed);
}

#[tokio::test(start_paused = true)]
async fn cleanup_forgets_what_is_over() {
    // RL-11
    let (limiter, clock) = (limiter(rate(10, 1000)), Clock::start());
    limiter.consume("old").unwrap();
    clock.at(500).await;
    limiter.consume("new").unwrap();
    clock.at(1000).await;
    assert_eq!(limiter.status().counter("keys"), 2);
    assert_eq!(limiter.cleanup(), 1);
    assert_eq!((limiter.keys(), limiter.status().counter("keys")), (vec!["new".to_owned()], 1));
}

#[tokio::test(start_paused = true)]
async fn a_status_is_only_read() {
    // RL-12
    let limiter = limiter(rate(10, 1000));
    let unknown = limiter.get_status("a");
    assert_eq!((unknown.allowed, unknown.current, unknown.limit), (true, 0, 10));
    assert!(limiter.keys().is_empty());
    limiter.consume_cost("b", 10).unwrap();
    let used_up = limiter.get_status("b");
    assert_eq!((used_up.allowed, used_up.remaining, used_up.retry_after), (false, 0, ms(1000)));
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_run_when_the_period_is_over() {
    // RL-13
    let clock = Arc::new(Clock::start());
    let limiter = RateLimiter::new("two", rate(2, 1000).max_queue_size(2)).unwrap();
    let tasks = run_all(&limiter, &clock, 5);
    let expected = [Ok(0), Ok(0), Ok(1000), Ok(1000), Err(LimitedBy::Queue)];
    assert_eq!(outcomes(tasks).await, expected);
    assert_eq!((limiter.status().counter("granted"), limiter.status().counter("waiting")), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_known_to_be_too_long_is_refused_at_once() {
    // RL-14
    let clock = Clock::start();
    let options = rate(1, 60_000).max_queue_size(10).queue_timeout(ms(1000));
    let limiter = RateLimiter::new("slow", options).unwrap();
    limiter.execute(async || Ok::<_, Infallible>(())).await.unwrap();
    let error = limiter.execute(async || Ok::<_, Infallible>(())).await.unwrap_err();
    let PolicyError::RateLimited(error) = error else { panic!("{error:?}") };
    assert_eq!((error.why, error.retry_after, clock.now()), (LimitedBy::Wait, ms(60_000), 0));
}

#[tokio::test(start_paused = true)]
async fn who_leaves_the_line_moves_the_others_up() {
    // RL-15
    let clock = Arc::new(Clock::start());
    for algorithm in [Algorithm::SlidingWindow, Algorithm::Smooth, Algorithm::FixedWindow] {
        let begin = clock.now();
        let limiter = RateLimiter::new("one", rate(1, 100).algorithm(algorithm)).unwrap();
        let mut tasks = run_all(&limiter, &clock, 3);
        settle().await;
        assert_eq!(limiter.status().counter("waiting"), 2);
        clock.at(begin + 50).await;
        tasks.remove(1).abort();
        assert_eq!(outcomes(tasks).await, [Ok(begin), Ok(begin + 100)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_does_not_pass_one_who_waits() {
    // RL-16
    let clock = Arc::new(Clock::start());
    for algorithm in [Algorithm::SlidingWindow, Algorithm::Smooth] {
        let begin = clock.now();
        let limiter = RateLimiter::new("one", rate(1, 100).algorithm(algorithm)).unwrap();
        let mut tasks = run_all(&limiter, &clock, 1);
        settle().await;
        clock.at(begin + 10).await;
        tasks.extend(run_all(&limiter, &clock, 1));
        settle().await;
        clock.at(begin + 99).await;
        assert!(limiter.consume().is_err());
        // Exactly then, and before the waiter's task comes to run.
        let mut newcomer = run_all(&limiter, &clock, 1);
        clock.at(begin + 100).await;
        tasks.append(&mut newcomer);
        assert_eq!(outcomes(tasks).await, [Ok(begin), Ok(begin + 100), Ok(begin + 200)]);
    }
}

#[test]
fn the_defaults_are_those_of_the_seeds() {
    // RL-17
    let spelled_out = rate(10, 1000).max_queue_size(100).queue_timeout(ms(30_000)).max_keys(100_000);
    assert_eq!(RateLimitOptions::new(), spelled_out);
    assert_eq!(*RateLimiter::get("defaults").options(), spelled_out);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_fills_token_by_token() {
    // RL-18
    let options = rate(2, 1000).algorithm(Algorithm::TokenBucket { burst: 2 });
    let (keyed, plain, clock) = (limiter(options), RateLimiter::new("p", options).unwrap(), Clock::start());
    let mut seen = Vec::new();
    for at in [0, 1, 2, 1002, 1003, 1004] {
        clock.at(at).await;
        seen.push(refused(keyed.consume("a")));
        assert_eq!(refused(plain.consume()), seen[seen.len() - 1]);
    }
    assert_eq!(seen, [None, None, Some(498), None, None, Some(498)]);
    assert_eq!((plain.check().current, plain.check().limit), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn limiters_are_apart() {
    // RL-19
    let (ten, two) = (limiter(rate(10, 1000)), limiter(rate(2, 1000)));
    for _ in 0..2 {
        ten.consume("a").unwrap();
        two.consume("a").unwrap();
    }
    assert_eq!((ten.get_status("a").remaining, two.get_status("a").remaining), (8, 0));
}

#[tokio::test(start_paused = true)]
async fn several_windows_are_charged_together_or_not_at_all() {
    // RL-20
    let (limiter, clock) = (limiter(rate(10, 1000).and(100, ms(60_000))), Clock::start());
    for second in 0..10 {
        clock.at(second * 1000).await;
        limiter.consume_cost("a", 10).unwrap();
    }
    clock.at(10_000).await;
    let error = limiter.consume("a").unwrap_err();
    assert_eq!((error.limit, error.period, error.retry_after), (100, ms(60_000), ms(50_000)));
    // The hundred of the minute are over ten by ten; in each second ten can pass, as the refusal took none.
    clock.at(60_000).await;
    assert_eq!(limiter.consume_cost("a", 10).unwrap().remaining, 0);
}

#[tokio::test(start_paused = true)]
async fn a_fixed_window_begins_with_a_request() {
    let (limiter, clock) = (limiter(rate(2, 1000).algorithm(Algorithm::FixedWindow)), Clock::start());
    let mut seen = Vec::new();
    for at in [300, 1200, 1250, 1300, 1300, 1301] {
        clock.at(at).await;
        seen.push(refused(limiter.consume("a")));
    }
    assert_eq!(seen, [None, None, Some(50), None, None, Some(999)]);
}

#[tokio::test(start_paused = true)]
async fn smooth_is_evenly_spaced() {
    let (limiter, clock) = (limiter(rate(4, 1000).algorithm(Algorithm::Smooth)), Clock::start());
    let mut seen = Vec::new();
    for at in [0, 1, 249, 250, 750, 751] {
        clock.at(at).await;
        seen.push(refused(limiter.consume("a")));
    }
    assert_eq!(seen, [None, Some(249), Some(1), None, None, Some(249)]);
}

#[tokio::test(start_paused = true)]
async fn a_large_window_is_estimated_from_two_counts() {
    let (limiter, clock) = (limiter(rate(2000, 1000)), Clock::start());
    limiter.consume_cost("a", 2000).unwrap();
    assert!(limiter.consume("a").is_err());
    let retry_after = limiter.check("a").retry_after;
    assert!(retry_after <= ms(2000), "{retry_after:?}");
    advance(retry_after).await;
    limiter.consume("a").unwrap();
    // A moment before, it would not have passed.
    assert!(limiter.consume_cost("a", 100).is_err());
    clock.at(10_000).await;
    assert_eq!((limiter.get_status("a").current, limiter.get_status("a").reset_after), (0, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_true_for_every_algorithm() {
    let algorithms = [
        Algorithm::SlidingWindow,
        Algorithm::FixedWindow,
        Algorithm::Smooth,
        Algorithm::TokenBucket { burst: 7 },
    ];
    // A small generator: the test is the same each time.
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for algorithm in algorithms {
        for limit in [5, 3000] {
            let limiter = limiter(rate(limit, 1000).algorithm(algorithm));
            let most = match algorithm {
                Algorithm::Smooth => 1,
                Algorithm::TokenBucket { burst } => u64::from(burst),
                _ => limit.into(),
            };
            for _ in 0..300 {
                advance(Duration::from_micros(random(300_000))).await;
                let cost = 1 + random(most) as u32;
                let before = limiter.check_cost("a", cost);
                let Err(error) = limiter.consume_cost("a", cost) else {
                    assert!(before.allowed);
                    continue;
                };
                assert_eq!(error.retry_after, before.retry_after);
                advance(error.retry_after - Duration::from_nanos(1)).await;
                assert!(limiter.consume_cost("a", cost).is_err(), "{algorithm:?}: too early");
                advance(Duration::from_nanos(1)).await;
                limiter.consume_cost("a", cost).unwrap_or_else(|error| panic!("{algorithm:?}: {error}"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_exact_window_of_any_size_is_exact() {
    let (limiter, clock) = (limiter(rate(5000, 1000).exact(true)), Clock::start());
    clock.at(900).await;
    limiter.consume_cost("a", 5000).unwrap();
    clock.at(1899).await;
    assert_eq!(refused(limiter.consume("a")), Some(1));
    clock.at(1900).await;
    assert_eq!(limiter.consume_cost("a", 5000).unwrap().remaining, 0);
}

#[tokio::test(start_paused = true)]
async fn new_keys_find_room_when_old_ones_are_over() {
    let options = rate(1, 1000).max_keys(2);
    let (refuses, clock) = (limiter(options), Clock::start());
    refuses.consume("a").unwrap();
    clock.at(500).await;
    refuses.consume("b").unwrap();
    assert_eq!(refuses.consume("c").unwrap_err().why, LimitedBy::Keys);
    clock.at(1000).await;
    refuses.consume("c").unwrap();
    let mut keys = refuses.keys();
    keys.sort();
    assert_eq!((keys, refuses.status().counter("keys")), (vec!["b".into(), "c".into()], 2));

    let evicts = limiter(options.on_full(OnFull::EvictOldest));
    for key in ["a", "b", "c"] {
        evicts.consume(key).unwrap();
        advance(ms(1)).await;
    }
    assert!(evicts.check("a").allowed);
    assert!(!evicts.check("b").allowed && !evicts.check("c").allowed);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_over_makes_room_wherever_it_is() {
    const KEYS: usize = 2_000;
    let limiter: KeyedRateLimiter<usize> =
        KeyedRateLimiter::new("full", rate(1, 1000).max_keys(KEYS)).unwrap();
    limiter.consume(&0).unwrap();
    advance(ms(500)).await;
    for key in 1..KEYS {
        limiter.consume(&key).unwrap();
    }
    advance(ms(500)).await;
    // One of all is over, and then none is.
    limiter.consume(&KEYS).unwrap();
    assert_eq!(limiter.consume(&0).unwrap_err().why, LimitedBy::Keys);
}

#[tokio::test(start_paused = true)]
async fn the_keys_never_exceed_their_limit_and_are_swept() {
    let limiter: KeyedRateLimiter<u64> = KeyedRateLimiter::new("many", rate(1, 1000).max_keys(1000)).unwrap();
    for key in 0..5000 {
        let _ = limiter.consume(&key);
    }
    assert_eq!((limiter.status().counter("keys"), limiter.status().counter("refused")), (1000, 4000));
    advance(ms(1000)).await;
    // Each new key sweeps two slots: those that are over do not stay.
    for key in 10_000..10_900 {
        limiter.consume(&key).unwrap();
    }
    let keys = limiter.status().counter("keys");
    assert!((900..=1000).contains(&keys), "{keys}");
    assert_eq!(limiter.keys().len(), 900);
}

#[tokio::test(start_paused = true)]
async fn the_line_hears_of_a_reset_and_of_the_end() {
    let clock = Arc::new(Clock::start());
    let limiter = RateLimiter::new("one", rate(1, 10_000)).unwrap();
    let mut events = limiter.events();
    let tasks = run_all(&limiter, &clock, 2);
    settle().await;
    assert_eq!(limiter.status().counter("waiting"), 1);
    assert!(limiter.reset());
    assert_eq!(outcomes(tasks).await, [Ok(0), Ok(0)]);
    assert_eq!(events.next().await.unwrap(), PolicyEvent::Queued);
    assert_eq!(events.next().await.unwrap(), PolicyEvent::Admitted);

    let waits = limiter.clone();
    let task = tokio::spawn(async move { waits.execute(async || Ok::<_, Infallible>(())).await });
    settle().await;
    limiter.dispose();
    limiter.dispose();
    assert!(matches!(task.await.unwrap(), Err(PolicyError::Disposed(_))));
    assert_eq!(limiter.consume().unwrap_err().why, LimitedBy::Disposed);
    assert_eq!(limiter.status().counter("waiting"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_line_of_costs_is_served_in_order() {
    let limiter = limiter(rate(3, 100));
    let (clock, order) = (Arc::new(Clock::start()), Arc::new(std::sync::Mutex::new(Vec::new())));
    let mut tasks = Vec::new();
    for (name, cost) in [("a", 2), ("b", 3), ("c", 1), ("d", 2)] {
        let (limiter, clock, order) = (limiter.clone(), clock.clone(), order.clone());
        tasks.push(tokio::spawn(async move {
            let note = async || {
                order.lock().unwrap().push((name, clock.now()));
                Ok::<_, Infallible>(())
            };
            limiter.execute_cost("k", cost, note).await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    // `c` would fit beside `a`, and does not pass `b`.
    assert_eq!(*order.lock().unwrap(), [("a", 0), ("b", 100), ("c", 200), ("d", 200)]);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_in_line_is_not_waited_for() {
    let clock = Clock::start();
    let limiter = RateLimiter::new("one", rate(1, 100).queue_timeout(ms(250))).unwrap();
    limiter.consume().unwrap();
    let first = limiter.execute(async || Ok::<_, Infallible>("first"));
    let mut first = Box::pin(first);
    let poll_once = std::future::poll_fn(|cx| std::task::Poll::Ready(first.as_mut().poll(cx).is_pending()));
    assert!(poll_once.await);
    // The first one is not polled any more; the second one looks for both when its own patience ends.
    let second = limiter.execute(async || Ok::<_, Infallible>("second")).await.unwrap();
    assert_eq!(second, "second");
    assert!(clock.now() <= 251, "{}", clock.now());
    assert_eq!(first.await, Ok("first"));
}

#[test]
fn names_are_found_and_differ_in_options() {
    let options = rate(3, 1000);
    let one: KeyedRateLimiter = KeyedRateLimiter::get_or_create("named", options).unwrap();
    one.consume("a").unwrap();
    assert_eq!(KeyedRateLimiter::<String>::get("named").get_status("a").current, 1);
    let conflict = KeyedRateLimiter::<String>::get_or_create("named", rate(4, 1000)).unwrap_err();
    assert!(matches!(conflict, NamedError::Conflict { .. }));
    one.dispose();
    assert_eq!(KeyedRateLimiter::<String>::get("named").get_status("a").current, 0);
}

#[test]
fn options_that_make_no_sense() {
    let faults = [
        (rate(0, 1000), "limit"),
        (rate(1, 0), "period"),
        (rate(1, 1).and(0, ms(1)), "and"),
        (rate(1, 1).and(1, ms(1)).and(1, ms(1)).and(1, ms(1)).and(1, ms(1)), "and"),
        (rate(1, 1).algorithm(Algorithm::TokenBucket { burst: 0 }), "burst"),
        (rate(1, 1).algorithm(Algorithm::Smooth).exact(true), "exact"),
        (rate(1, 1).max_keys(0), "max_keys"),
        (rate(1, 1).period(Duration::MAX), "period"),
    ];
    for (options, option) in faults {
        assert_eq!(options.fault().map(|fault| fault.option), Some(option));
        assert_eq!(RateLimiter::new("faulty", options).unwrap_err().option, option);
    }
}

#[tokio::test(start_paused = true)]
async fn tiers_are_apart() {
    let tiers = [("read", rate(3, 1000)), ("write", rate(1, 1000))];
    let api: TieredLimiter = TieredLimiter::new("api", tiers).unwrap();
    assert_eq!(api.tiers().collect::<Vec<_>>(), ["read", "write"]);
    api.consume("write", "a").unwrap();
    let Err(TierError::Limited(error)) = api.consume("write", "a") else { panic!("it is used up") };
    assert_eq!(&*error.policy, "api.write");
    assert_eq!(api.consume_cost("read", "a", 2).unwrap().remaining, 1);
    assert!(!api.check("write", "a").unwrap().allowed);
    assert!(api.reset("a") && !api.reset("zzz"));
    assert!(api.check("write", "a").unwrap().allowed);
    let unknown = api.check("admin", "a").unwrap_err();
    assert_eq!(unknown.to_string(), "rate limit `api` has no tier `admin`");
    assert!(TieredLimiter::<String>::new("api", [("read", rate(0, 1))]).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_server_keeps_its_budgets_over_a_crash_and_forgets_them_when_stopped() {
    let system = System::new();
    let mut tree = Supervisor::builder("base");
    let options = ChildOptions::new("limiter").name("api-limiter");
    tree.child::<RateLimiterServer>(options, || (rate(2, 1000),));
    let base = tree.start().system(&system).await.unwrap();
    let server = system.whereis::<RateLimiterServer>("api-limiter").unwrap();
    assert_eq!(server.consume("a".into()).await.unwrap().remaining, 1);
    assert!(server.check("b".into()).await.unwrap().allowed);
    server.kill();
    server.ended().await;
    settle().await;
    assert_eq!(server.get_status("a".into()).await.unwrap().current, 1);
    assert!(matches!(server.consume_cost("a".into(), 2).await, Err(CallError::Handler(RateLimited { .. }))));
    assert_eq!(server.keys().await.unwrap(), ["a"]);
    assert!(server.reset("a".into()).await.unwrap());
    let shared = server.limiter().await.unwrap();
    shared.consume("a").unwrap();
    base.stop().await.unwrap();

    let alone = RateLimiterServer::start(rate(2, 1000)).name("alone").system(&system).await.unwrap();
    let shared = alone.limiter().await.unwrap();
    alone.stop().await.unwrap();
    assert_eq!(shared.consume("a").unwrap_err().why, LimitedBy::Disposed);
}

/// Threads that consume at once never get more than there is, and lose nothing of it.
#[test]
fn what_is_granted_to_two_threads_is_what_there_is() {
    for algorithm in
        [Algorithm::SlidingWindow, Algorithm::TokenBucket { burst: 1000 }, Algorithm::FixedWindow]
    {
        let options = rate(1000, 3_600_000).algorithm(algorithm);
        let (keyed, plain) = (limiter(options), RateLimiter::new("plain", options).unwrap());
        let granted = [const { AtomicUsize::new(0) }; 2];
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..1000 {
                        granted[0].fetch_add(keyed.consume("a").is_ok().into(), Ordering::Relaxed);
                        granted[1].fetch_add(plain.consume().is_ok().into(), Ordering::Relaxed);
                    }
                });
            }
        });
        for granted in &granted {
            assert_eq!(granted.load(Ordering::Relaxed), 1000, "{algorithm:?}");
        }
    }
}

/// Callers that wait and are dropped at random, on two threads: the line ends empty, and who stays is served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_callers_leave_nothing_behind() {
    let options = RateLimitOptions::new().limit(1).period(Duration::from_micros(300)).max_queue_size(1000);
    let (limiter, served) = (limiter(options), Arc::new(AtomicUsize::new(0)));
    let mut tasks = Vec::new();
    for number in 0..400_u64 {
        let (limiter, served) = (limiter.clone(), served.clone());
        tasks.push(tokio::spawn(async move {
            let run = limiter.execute("k", async || Ok::<_, Infallible>(()));
            if number % 3 == 0 {
                let patience = Duration::from_micros(number * 97 % 3000);
                let _ = tokio::time::timeout(patience, run).await;
            } else {
                run.await.unwrap();
                served.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(served.load(Ordering::Relaxed), 266);
    assert_eq!(limiter.status().counter("waiting"), 0);
}

#[tokio::test(start_paused = true)]
async fn items_pass_interval_by_interval() {
    // FLOW-1
    let (limiter, clock) = (plain(rate(2, 50)), Arc::new(Clock::start()));
    let passed = outcomes(run_all(&limiter, &clock, 5)).await;
    assert_eq!(passed, [0, 0, 50, 50, 100].map(Ok));
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_read_and_set_and_those_who_wait_go_on_at_once() {
    // FLOW-2
    for algorithm in [Algorithm::SlidingWindow, Algorithm::FixedWindow] {
        let (limiter, clock) = (plain(rate(1, 5000).algorithm(algorithm)), Arc::new(Clock::start()));
        let mut events = limiter.events();
        let tasks = run_all(&limiter, &clock, 5);
        settle().await;
        clock.at(10).await;
        assert_eq!(limiter.limit(), 1);
        limiter.reset_to(3).unwrap();
        assert_eq!((limiter.limit(), limiter.check().limit), (3, 3));
        assert_eq!(outcomes(tasks).await, [0, 10, 10, 10, 5010].map(Ok), "{algorithm:?}");
        let changed = PolicyEvent::LimitChanged { from: 1, to: 3 };
        while events.next().await.unwrap() != changed {}
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_used_stays_used_under_another_limit() {
    let algorithms = [Algorithm::SlidingWindow, Algorithm::FixedWindow, Algorithm::TokenBucket { burst: 4 }];
    for algorithm in algorithms {
        for exact in [4, 4000] {
            let options = rate(exact, 1000).algorithm(algorithm);
            let (keyed, plain) = (limiter(options), RateLimiter::new("set", options).unwrap());
            for _ in 0..4 {
                keyed.consume("a").unwrap();
                plain.consume().unwrap();
            }
            keyed.set_limit(2).unwrap();
            plain.set_limit(2).unwrap();
            assert!(keyed.consume("a").is_err() && plain.consume().is_err(), "{algorithm:?}");
            // All that was granted is over by then, by whatever counts.
            advance(ms(10_000)).await;
            for _ in 0..2 {
                keyed.consume("a").unwrap();
                plain.consume().unwrap();
            }
            keyed.set_limit(3).unwrap();
            plain.set_limit(3).unwrap();
            assert!(keyed.consume("a").is_ok() && plain.consume().is_ok(), "{algorithm:?}");
            plain.reset_to(7).unwrap();
            keyed.reset_to(7).unwrap();
            let (keyed_now, plain_now) = (keyed.get_status("a"), plain.check());
            assert_eq!((keyed_now.current, plain_now.current), (0, 0), "{algorithm:?}");
            assert_eq!((keyed.limit(), plain.limit()), (7, 7));
            assert_eq!(keyed.set_limit(0).unwrap_err().option, "limit");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lower_limit_counts_the_last_grants_and_a_longer_wait() {
    let (limiter, clock) = (plain(rate(4, 1000)), Arc::new(Clock::start()));
    for at in [0, 100, 200, 300] {
        clock.at(at).await;
        limiter.consume().unwrap();
    }
    limiter.set_limit(2).unwrap();
    assert_eq!(refused(limiter.consume()), Some(900), "the last but one is over at 1200");
    let tasks = run_all(&limiter, &clock, 1);
    settle().await;
    limiter.set_limit(1).unwrap();
    assert_eq!(outcomes(tasks).await, [Ok(1300)]);
    limiter.set_limit(3).unwrap();
    assert_eq!(limiter.check().remaining, 2);
}
