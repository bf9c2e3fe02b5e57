//! Retry: attempts, back-off, budget, judges, deadlines. Rows RT-1 to RT-18 of the reference.
#![allow(missing_docs)]

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use noex::{
    System,
    observer::EventKind,
    prelude::*,
    resilience::{
        BudgetOptions, Class, Classify, ConfigError, Jitter, NamedError, Pattern, PolicyError, PolicyEvent,
        PolicyEvents, PolicyKind, Retry, RetryOptions, Timeout, TimeoutOptions, judge,
    },
};
use tokio::time::{Instant, advance, sleep, timeout};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// An operation that notes when it runs, in milliseconds.
struct Runs {
    start: Instant,
    at: RefCell<Vec<u128>>,
}

impl Runs {
    fn new() -> Self {
        Runs { start: Instant::now(), at: RefCell::default() }
    }

    /// Runs, and fails the first `failures` times.
    async fn fail(&self, failures: usize) -> Result<&'static str, String> {
        self.at.borrow_mut().push(self.now());
        let run = self.at.borrow().len();
        if run > failures { Ok("done") } else { Err(format!("failure {run}")) }
    }

    fn now(&self) -> u128 {
        self.start.elapsed().as_millis()
    }

    fn at(&self) -> Vec<u128> {
        self.at.borrow().clone()
    }
}

const ALWAYS: usize = usize::MAX;

fn retry(options: RetryOptions) -> Retry {
    Retry::new("r", options).unwrap()
}

/// What came, up to now.
async fn told(events: &mut PolicyEvents) -> Vec<PolicyEvent> {
    let mut told = Vec::new();
    while let Ok(event) = timeout(MS, events.next()).await {
        told.push(event.unwrap());
    }
    told
}

#[tokio::test(start_paused = true)]
async fn all_attempts_fail_and_the_last_error_comes_back() {
    // RT-1, RT-2, RT-14
    let (retry, runs) = (Retry::new("rt-1", RetryOptions::new()).unwrap(), Runs::new());
    let mut events = retry.events();
    let failed = retry.execute(|| runs.fail(ALWAYS)).await;
    assert_eq!(failed, Err(PolicyError::Failed("failure 3".into())));
    assert_eq!(runs.at(), [0, 1000, 3000]);
    let expected = [
        PolicyEvent::Retrying { attempt: 1, after: SECOND },
        PolicyEvent::Retrying { attempt: 2, after: SECOND * 2 },
        PolicyEvent::Exhausted { attempts: 3 },
    ];
    assert_eq!(told(&mut events).await, expected);
    let status = retry.status();
    assert_eq!((status.counter("calls"), status.counter("retries"), status.counter("exhausted")), (1, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn no_delay_is_above_the_longest() {
    // RT-3
    let (retry, runs) =
        (retry(RetryOptions::new().backoff_factor(10.0).max_delay(SECOND * 5).max_attempts(4)), Runs::new());
    let _ = retry.execute(|| runs.fail(ALWAYS)).await;
    assert_eq!(runs.at(), [0, 1000, 6000, 11000]);
}

#[tokio::test(start_paused = true)]
async fn a_second_attempt_may_succeed() {
    // RT-4
    let (retry, runs) = (Retry::new("rt-4", RetryOptions::new()).unwrap(), Runs::new());
    let mut events = retry.events();
    assert_eq!(retry.execute(|| runs.fail(1)).await, Ok("done"));
    assert_eq!(runs.at(), [0, 1000]);
    let expected =
        [PolicyEvent::Retrying { attempt: 1, after: SECOND }, PolicyEvent::Recovered { attempts: 2 }];
    assert_eq!(told(&mut events).await, expected);
}

#[tokio::test(start_paused = true)]
async fn what_succeeds_at_once_is_only_counted() {
    // RT-5
    let (retry, runs) = (Retry::new("rt-5", RetryOptions::new()).unwrap(), Runs::new());
    let mut events = retry.events();
    let ready = tokio_test_now(retry.execute(|| runs.fail(0)));
    assert_eq!(ready, Some(Ok("done")), "nothing was waited for");
    assert_eq!(runs.at(), [0]);
    assert_eq!(told(&mut events).await, []);
    assert_eq!(retry.status().counter("calls"), 1);
}

/// The result of a future that is ready when it is polled first.
fn tokio_test_now<F: Future>(future: F) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(ready) => Some(ready),
        std::task::Poll::Pending => None,
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_no_attempt_mends_comes_back_at_once() {
    // RT-6
    #[derive(Debug, PartialEq)]
    enum Error {
        Timeout,
        Denied,
    }
    let retry = Retry::new("rt-6", RetryOptions::new()).unwrap();
    let mut events = retry.events();
    let runs = Cell::new(0);
    let denied = retry.execute_with(judge::retry_if(|error| *error == Error::Timeout), async || {
        runs.set(runs.get() + 1);
        Err::<(), _>(Error::Denied)
    });
    assert_eq!(denied.await, Err(PolicyError::Failed(Error::Denied)));
    assert_eq!(runs.get(), 1);
    assert_eq!(told(&mut events).await, [PolicyEvent::NotRetryable { attempt: 1 }]);
}

#[tokio::test(start_paused = true)]
async fn patterns_say_which_errors_are_worth_it() {
    // RT-7, RT-8
    const PATTERNS: &[Pattern] =
        &[Pattern::Text("network error"), Pattern::Text("timeout"), Pattern::Regex(r"5\d\d")];
    let runs_with = async |patterns: &'static [Pattern], error: &'static str| {
        let (retry, runs) = (retry(RetryOptions::new().retryable_errors(patterns)), Cell::new(0));
        let failed = retry.execute(async || {
            runs.set(runs.get() + 1);
            Err::<(), _>(error)
        });
        assert_eq!(failed.await, Err(PolicyError::Failed(error)));
        runs.get()
    };
    assert_eq!(runs_with(PATTERNS, "HTTP 503 upstream").await, 3);
    assert_eq!(runs_with(PATTERNS, "a network error, perhaps").await, 3);
    assert_eq!(runs_with(PATTERNS, "HTTP 404").await, 1);
    assert_eq!(runs_with(&[], "HTTP 404").await, 3);
}

#[tokio::test(start_paused = true)]
async fn one_attempt_is_no_retry() {
    // RT-9
    let (retry, runs) = (retry(RetryOptions::new().max_attempts(1)), Runs::new());
    assert!(matches!(tokio_test_now(retry.execute(|| runs.fail(ALWAYS))), Some(Err(_))));
    assert_eq!(runs.at(), [0]);
}

#[tokio::test]
async fn options_that_make_no_sense_are_named() {
    // RT-10
    let options = RetryOptions::new;
    for (options, option) in [
        (options().max_attempts(0), "max_attempts"),
        (options().initial_delay(SECOND * 31), "initial_delay"),
        (options().max_delay(MS), "initial_delay"),
        (options().backoff_factor(0.5), "backoff_factor"),
        (options().backoff_factor(f64::NAN), "backoff_factor"),
        (options().backoff_factor(f64::INFINITY), "backoff_factor"),
        (options().jitter(Jitter::Ratio(0.0)), "jitter"),
        (options().jitter(Jitter::Ratio(f64::NAN)), "jitter"),
        (options().retryable_errors(&[Pattern::Regex("(")]), "retryable_errors"),
        (options().budget(BudgetOptions::new().ratio(f64::NAN)), "ratio"),
        (options().budget(BudgetOptions::new().ratio(1.1)), "ratio"),
        (options().budget(BudgetOptions::new().window(Duration::ZERO)), "window"),
    ] {
        let error: ConfigError = Retry::new("shop", options).unwrap_err();
        assert_eq!((&*error.policy, error.option), ("shop", option));
    }
}

#[tokio::test(start_paused = true)]
async fn jitter_stays_inside_the_cap() {
    // RT-11, RT-12; the 10,000 seeds are a test beside the code of the back-off.
    let options =
        RetryOptions::new().initial_delay(MS * 100).max_delay(SECOND).max_attempts(10).jitter(Jitter::Full);
    for seed in 0..100 {
        for (jitter, lowest) in [(Jitter::Full, 0), (Jitter::Equal, 2)] {
            let (retry, runs) = (retry(options.jitter(jitter).seed(seed)), Runs::new());
            let _ = retry.execute(|| runs.fail(ALWAYS)).await;
            let at = runs.at();
            assert_eq!(at.len(), 10);
            for (n, pair) in at.windows(2).enumerate() {
                let planned = (100 * (1 << n)).min(1000);
                let delay = pair[1] - pair[0];
                // A timer may be a millisecond late.
                assert!(delay <= planned + 1, "{jitter:?} {seed}: {at:?}");
                assert!(lowest == 0 || delay >= planned / lowest, "{jitter:?} {seed}: {at:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_wait_any_more_gets_no_further_attempt() {
    // RT-13
    let (retry, runs) = (retry(RetryOptions::new()), Runs::new());
    assert!(timeout(MS * 500, retry.execute(|| runs.fail(ALWAYS))).await.is_err());
    advance(SECOND * 10).await;
    assert_eq!(runs.at(), [0]);
    assert_eq!(retry.status().counter("exhausted"), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_delay_other_tasks_still_get_their_turn() {
    // RT-15
    let (retry, runs) =
        (retry(RetryOptions::new().initial_delay(Duration::ZERO).max_attempts(5)), Runs::new());
    let others = Cell::new(0);
    let other = async {
        loop {
            others.set(others.get() + 1);
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        _ = retry.execute(|| runs.fail(ALWAYS)) => {}
        () = other => {}
    }
    assert_eq!(runs.at(), [0; 5]);
    assert_eq!(others.get(), 4);
}

/// A service that says when to come back.
#[derive(Debug, PartialEq)]
struct Later(Duration);

impl Classify for Later {
    fn class(&self) -> Class {
        Class::Throttled { retry_after: self.0 }
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_says_when_is_not_asked_before() {
    // RT-16
    let asked = async |hint: Duration| {
        let (retry, runs) = (retry(RetryOptions::new().max_attempts(2)), Runs::new());
        let throttled = retry.execute_with(judge::classified, async || {
            let _ = runs.fail(ALWAYS).await;
            Err::<(), _>(Later(hint))
        });
        assert_eq!(throttled.await, Err(PolicyError::Failed(Later(hint))));
        runs.at()
    };
    assert_eq!(asked(SECOND * 5).await, [0, 5000]);
    assert_eq!(asked(MS).await, [0, 1000], "the longer of the two");
    assert_eq!(asked(SECOND * 60).await, [0, 60_000], "a hint may be above `max_delay`");
    assert_eq!(asked(Duration::MAX).await, [0], "never");
}

#[tokio::test(start_paused = true)]
async fn no_attempt_begins_too_late() {
    // RT-17
    let (retry, runs) = (retry(RetryOptions::new().max_attempts(10).max_elapsed(MS * 2500)), Runs::new());
    assert_eq!(retry.execute(|| runs.fail(ALWAYS)).await, Err(PolicyError::Failed("failure 2".to_owned())));
    assert_eq!((runs.at(), runs.now()), (vec![0, 1000], 1000));
}

#[tokio::test(start_paused = true)]
async fn a_value_can_be_worth_another_attempt() {
    // RT-18
    let (retry, runs) = (retry(RetryOptions::new()), Cell::new(0));
    let empty = retry.execute_with(judge::retry_if_ok(|text: &String| text.is_empty()), async || {
        runs.set(runs.get() + 1);
        Ok::<_, ()>(String::new())
    });
    assert_eq!(empty.await, Ok(String::new()));
    assert_eq!(runs.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn nobody_sleeps_only_to_be_late() {
    let (retry, runs) = (retry(RetryOptions::new()), Runs::new());
    let limit = Timeout::new("t", TimeoutOptions::new().timeout(MS * 2500)).unwrap();
    let failed = limit.execute(|| retry.execute(|| runs.fail(ALWAYS))).await.map_err(PolicyError::flatten);
    assert_eq!(failed, Err(PolicyError::Failed("failure 2".into())), "its own error, and no time-out");
    assert_eq!((runs.at(), runs.now()), (vec![0, 1000], 1000));
}

/// Has an operation that fails.
#[genserver]
struct Shop;

#[genserver]
impl Shop {
    #[init]
    fn open() -> Self {
        Shop
    }

    #[call]
    async fn buy(&mut self) -> u32 {
        let mut runs = 0;
        let run = || {
            runs += 1;
            async { Err::<(), _>("sold out") }
        };
        let _ = Retry::get("shop").execute(run).await;
        runs
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_retries_no_longer_than_its_caller_waits() {
    let shop = Shop::start().await.unwrap();
    let start = Instant::now();
    assert_eq!(shop.buy().timeout(MS * 1500).await.unwrap(), 2, "it answered in time");
    assert_eq!(start.elapsed(), SECOND);
    assert_eq!(shop.buy().await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_run_is_run_again_only_if_that_does_no_harm() {
    let runs_of = async |options: RetryOptions, class: Class| {
        let runs = Cell::new(0);
        let operation = async || {
            runs.set(runs.get() + 1);
            Err::<(), ()>(())
        };
        let _ = retry(options).execute_with(|_| class, operation).await;
        runs.get()
    };
    let (plain, idempotent) = (RetryOptions::new(), RetryOptions::new().idempotent(true));
    for class in [Class::TimedOut { began: true }, Class::Crashed] {
        assert_eq!(runs_of(plain, class).await, 1, "{class:?}");
        assert_eq!(runs_of(idempotent, class).await, 3, "{class:?}");
    }
    for class in [Class::TimedOut { began: false }, Class::Absent, Class::Busy] {
        assert_eq!(runs_of(plain, class).await, 3, "{class:?}");
    }
    assert_eq!(runs_of(idempotent, Class::Refused).await, 1);
    assert_eq!(runs_of(plain.retry_rejected(true), Class::Refused).await, 3);
    assert_eq!(runs_of(plain.retry_rejected(true), Class::Ignored).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_ends_the_call_with_its_own_error() {
    let budget = BudgetOptions::new().ratio(0.5).floor(0).shared("spent");
    // Nothing fades meanwhile.
    let options = RetryOptions::new().budget(budget).initial_delay(Duration::ZERO);
    // One account for both.
    let (ours, theirs) = (Retry::new("ours", options).unwrap(), Retry::new("theirs", options).unwrap());
    let mut events = ours.events();
    for _ in 0..3 {
        assert_eq!(theirs.execute(async || Ok::<_, String>(1)).await, Ok(1));
    }
    let runs = Runs::new();
    let failed = ours.execute(|| runs.fail(ALWAYS)).await;
    // Four calls pay two attempts, five no third.
    assert_eq!(failed, Err(PolicyError::Failed("failure 3".into())));
    let runs = Runs::new();
    let failed = ours.execute(|| runs.fail(ALWAYS)).await;
    assert_eq!(failed, Err(PolicyError::Failed("failure 1".into())));
    assert_eq!((runs.at(), runs.now()), (vec![0], 0));
    assert_eq!(told(&mut events).await.last(), Some(&PolicyEvent::BudgetSpent { attempt: 1 }));

    let table = System::global().policies();
    let account = table.iter().find(|it| it.kind == PolicyKind::Budget && &*it.name == "spent").unwrap();
    assert_eq!((account.counter("spent"), account.counter("refused")), (2, 1));

    let other = Retry::new("other", RetryOptions::new().budget(budget.ratio(0.1))).unwrap_err();
    assert_eq!(other.option, "budget");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_after_a_time_out_costs_double() {
    let budget = BudgetOptions::new().ratio(1.0).floor(0);
    let runs_of = async |class: Class| {
        let retry = retry(RetryOptions::new().idempotent(true).budget(budget).initial_delay(Duration::ZERO));
        let runs = Cell::new(0);
        let operation = async || {
            runs.set(runs.get() + 1);
            Err::<(), ()>(())
        };
        let _ = retry.execute_with(|_| class, operation).await;
        runs.get()
    };
    assert_eq!(runs_of(Class::Transient).await, 2);
    assert_eq!(runs_of(Class::TimedOut { began: true }).await, 1);
}

#[tokio::test(start_paused = true)]
async fn wrapped_it_is_a_function_that_can_be_spawned() {
    // The argument needs no more than `Clone`, the error no more than `Display`.
    #[derive(Clone)]
    struct Order(std::sync::Arc<std::sync::Mutex<u32>>);
    let retry = retry(RetryOptions::new());
    let buy = retry.wrap(async |order: Order| {
        sleep(MS).await;
        *order.0.lock().unwrap() += 1;
        Err::<(), _>("sold out")
    });
    let order = Order(Default::default());
    assert_eq!(tokio::spawn(buy(order.clone())).await.unwrap(), Err(PolicyError::Failed("sold out")));
    assert_eq!(*order.0.lock().unwrap(), 3);
}

#[tokio::test]
async fn a_name_stands_for_one_retry_until_it_is_disposed_of() {
    let first = Retry::get("named");
    assert_eq!(Retry::get("named").execute(async || Ok::<_, String>(1)).await, Ok(1));
    assert_eq!(first.status().counter("calls"), 1);
    assert!(Retry::get_or_create("named", RetryOptions::new()).is_ok());
    let conflict = Retry::get_or_create("named", RetryOptions::new().max_attempts(5)).unwrap_err();
    assert_eq!(conflict, NamedError::Conflict { policy: "named".into() });
    // The lookup of a shared budget within the lookup of a name.
    let budget = BudgetOptions::new().shared("of a named one");
    assert!(Retry::get_or_create("with a budget", RetryOptions::new().budget(budget)).is_ok());

    first.dispose();
    first.dispose();
    let refused = first.execute(async || Ok::<_, String>(1)).await;
    assert!(matches!(refused, Err(PolicyError::Disposed(_))));
    assert_eq!(Retry::get("named").status().counter("calls"), 0);
}

#[tokio::test(start_paused = true)]
async fn its_events_are_on_the_system_with_its_name() {
    let mut events = System::global().events();
    let _ = Retry::get("heard").execute(async || Err::<(), _>("no")).await;
    loop {
        if let EventKind::Policy { policy, event: PolicyEvent::Exhausted { attempts: 3 }, .. } =
            events.next().await.unwrap().kind
            && &*policy == "heard"
        {
            break;
        }
    }
}

#[test]
fn options_are_read_from_a_configuration_file() {
    let read = |text: &str| serde_json::from_str::<RetryOptions>(text);
    assert_eq!(read("{}").unwrap(), RetryOptions::new());
    let expected = RetryOptions::new()
        .max_attempts(5)
        .initial_delay(MS * 100)
        .max_delay(SECOND * 10)
        .backoff_factor(1.5)
        .jitter(Jitter::Decorrelated)
        .max_elapsed(SECOND * 60)
        .budget(BudgetOptions::new().ratio(0.1).shared("payments"))
        .retryable_errors(&[Pattern::Text("network error"), Pattern::Regex(r"5\d\d")])
        .idempotent(true)
        .seed(7);
    let ours = r#"{
        "max_attempts": 5, "initial_delay": "100ms", "max_delay": "10s", "backoff_factor": 1.5,
        "jitter": "decorrelated", "max_elapsed": "1min", "budget": { "ratio": 0.1, "shared": "payments" },
        "retryable_errors": ["network error", "/5\\d\\d/"], "idempotent": true, "seed": 7
    }"#;
    assert_eq!(read(ours).unwrap(), expected);
    let seeds = r#"{ "maxAttempts": 5, "initialDelay": 100, "maxDelay": 10000, "backoffFactor": 1.5,
        "retryableErrors": ["network error"] }"#;
    assert_eq!(read(seeds).unwrap().jitter(Jitter::Full).fault(), None);
    let ratio = read(r#"{ "jitter": { "ratio": 0.2 } }"#).unwrap();
    assert_eq!(ratio, RetryOptions::new().jitter(Jitter::Ratio(0.2)));
    let unknown = read(r#"{ "attempts": 5 }"#).unwrap_err().to_string();
    assert!(unknown.contains("unknown field `attempts`"), "{unknown}");
}
