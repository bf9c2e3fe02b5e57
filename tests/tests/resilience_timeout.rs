//! Time-outs, alone and in one another. Rows TO-1 to TO-8 of the reference.
#![allow(missing_docs)]

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    future::pending,
    time::Duration,
};

use noex::{
    prelude::*,
    resilience::{PolicyError, PolicyEvent, Retry, RetryOptions, Timeout, TimeoutOptions},
};
use tokio::time::{Instant, advance, sleep, timeout};

const MS: Duration = Duration::from_millis(1);

fn limit(name: &'static str, ms: u32) -> Timeout {
    Timeout::new(name, TimeoutOptions::new().timeout(MS * ms)).unwrap()
}

/// Takes so many milliseconds.
async fn work(ms: u32) -> Result<u32, Infallible> {
    sleep(MS * ms).await;
    Ok(ms)
}

#[tokio::test(start_paused = true)]
async fn what_is_done_in_time_succeeds() {
    // TO-1, TO-3: a result that is ready wins the tie.
    let limit = limit("t", 50);
    assert_eq!(limit.execute(|| work(49)).await, Ok(49));
    assert_eq!(limit.execute(|| work(50)).await, Ok(50));
    assert!(limit.execute(|| work(51)).await.is_err());
    assert_eq!((limit.status().counter("done"), limit.status().counter("timed_out")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn what_never_ends_is_told_with_the_limit_the_name_and_the_time() {
    // TO-2
    let limit = Timeout::new("query", TimeoutOptions::new()).unwrap();
    let start = Instant::now();
    let Err(PolicyError::TimedOut(late)) = limit.execute(pending::<Result<(), Infallible>>).await else {
        panic!("it has no end");
    };
    assert_eq!(start.elapsed(), MS * 5000);
    assert_eq!((&*late.policy, late.limit, late.elapsed), ("query", MS * 5000, MS * 5000));
    assert_eq!(late.to_string(), "`query` was not done within 5s");
}

#[tokio::test(start_paused = true)]
async fn the_operation_is_gone_before_the_error_is_there() {
    // TO-4
    struct Flag<'a>(&'a Cell<bool>);
    impl Drop for Flag<'_> {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let gone = Cell::new(false);
    let flag = Flag(&gone);
    let limit = limit("t", 50);
    let late = limit.execute(async move || {
        let _flag = flag;
        pending::<Result<(), Infallible>>().await
    });
    assert!(late.await.is_err());
    assert!(gone.get());
}

#[test]
fn no_time_at_all_is_no_option() {
    // TO-5
    let error = Timeout::new("t", TimeoutOptions::new().timeout(Duration::ZERO)).unwrap_err();
    assert_eq!(error.option, "timeout");
    assert_eq!(error.to_string(), "`timeout` of `t`: an operation with no time can never succeed");
}

/// When the runs of an operation that hangs began.
#[derive(Default)]
struct Hangs(RefCell<Vec<u128>>);

impl Hangs {
    async fn run(&self, start: Instant) -> Result<(), Infallible> {
        self.0.borrow_mut().push(start.elapsed().as_millis());
        pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn inside_of_a_retry_each_attempt_has_its_time() {
    // TO-6
    let options = RetryOptions::new().initial_delay(MS * 10).backoff_factor(1.0);
    let (retry, limit, hangs) = (Retry::new("r", options).unwrap(), limit("t", 50), Hangs::default());
    let start = Instant::now();
    let late = retry.execute(|| limit.execute(|| hangs.run(start))).await;
    assert!(matches!(late.map_err(PolicyError::flatten), Err(PolicyError::TimedOut(_))));
    assert_eq!(*hangs.0.borrow(), [0, 60, 120]);
    assert_eq!(start.elapsed(), MS * 170);
}

#[tokio::test(start_paused = true)]
async fn around_a_retry_it_limits_all_attempts_and_has_the_last_word() {
    // TO-7
    let options = RetryOptions::new().initial_delay(Duration::ZERO).max_attempts(10);
    let retry = Retry::new("r", options).unwrap();
    let (outer, inner, hangs) = (limit("outer", 450), limit("inner", 100), Hangs::default());
    let start = Instant::now();
    let late = outer.execute(|| async {
        retry.execute(|| inner.execute(|| hangs.run(start))).await.map_err(PolicyError::flatten)
    });
    let Err(PolicyError::TimedOut(late)) = late.await.map_err(PolicyError::flatten) else {
        panic!("all of it hangs");
    };
    assert_eq!((&*late.policy, late.limit, late.elapsed), ("outer", MS * 450, MS * 450));
    assert_eq!(start.elapsed(), MS * 450);
    assert_eq!(*hangs.0.borrow(), [0, 100, 200, 300, 400]);
    assert_eq!(inner.status().counter("timed_out"), 4);
    assert_eq!(outer.status().counter("timed_out"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_left_hears_of_no_time_out() {
    // TO-8
    let limit = limit("to-8", 50);
    let mut events = limit.events();
    assert!(timeout(MS * 20, limit.execute(pending::<Result<(), Infallible>>)).await.is_err());
    advance(MS * 1000).await;
    assert!(timeout(MS, events.next()).await.is_err());
    assert_eq!(limit.status().counter("timed_out"), 0);

    assert!(limit.execute(pending::<Result<(), Infallible>>).await.is_err());
    assert_eq!(events.next().await.unwrap(), PolicyEvent::TimedOut { after: MS * 50 });
}

#[tokio::test(start_paused = true)]
async fn what_outlives_the_outer_one_still_has_an_end() {
    // Polled first inside of a time-out that is sooner, and then by somebody else.
    let (outer, inner) = (limit("outer", 50), limit("inner", 100));
    let mut work = Box::pin(inner.execute(pending::<Result<(), Infallible>>));
    let late = outer.execute(|| async { work.as_mut().await.map_err(|_| ()) }).await;
    assert!(matches!(late, Err(PolicyError::TimedOut(_))));
    assert!(matches!(work.await, Err(PolicyError::TimedOut(late)) if &*late.policy == "inner"));
}

/// Asks a server that hangs.
#[genserver(call_timeout = infinity)]
struct Desk;

#[genserver]
impl Desk {
    #[init]
    fn open() -> Self {
        Desk
    }

    #[call]
    async fn hang(&self) {
        pending().await
    }

    /// With a limit of its own, which is longer than its caller waits.
    #[call]
    async fn ask(&self) -> Duration {
        let (start, limit) = (Instant::now(), limit("desk", 10_000));
        let late = limit.execute(pending::<Result<(), Infallible>>).await;
        assert!(matches!(late, Err(PolicyError::TimedOut(_))));
        start.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn calls_inside_of_it_wait_no_longer() {
    let desk = Desk::start().await.unwrap();
    let outer = limit("outer", 50);
    let start = Instant::now();
    let late = outer.execute(|| desk.hang()).await;
    assert!(matches!(late, Err(PolicyError::TimedOut(_) | PolicyError::Failed(CallError::Timeout { .. }))));
    assert_eq!(start.elapsed(), MS * 50);
}

#[tokio::test(start_paused = true)]
async fn in_a_handler_nobody_waits_longer_than_its_caller() {
    // Nobody but the inner limit would end the handler's wait.
    let desk = Desk::start().await.unwrap();
    let start = Instant::now();
    let _ = desk.ask().timeout(MS * 50).await;
    assert_eq!(start.elapsed(), MS * 50);
    // It is free again.
    let outer = limit("outer", 70);
    let _ = outer.execute(|| desk.ask()).await;
    assert!(start.elapsed() <= MS * 121, "{:?}", start.elapsed());
}
