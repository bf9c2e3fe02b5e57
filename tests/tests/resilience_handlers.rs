//! Policies as attributes of handlers: rows GS, and CO where an order is written on a handler.
#![allow(clippy::unwrap_used)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use noex::{
    System,
    observer::EventKind,
    prelude::*,
    resilience::{CircuitState, Class, Classify, PolicyEvent, PolicyKind},
};
use tokio::time::{Instant, advance, sleep};

type Runs = Arc<Mutex<Vec<u64>>>;

/// When something ran, in milliseconds.
fn note(runs: &Runs, start: Instant) {
    runs.lock().unwrap().push(u64::try_from(start.elapsed().as_millis()).unwrap());
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[derive(Clone, Debug, PartialEq)]
enum BankError {
    Down,
    Unknown,
    Slow { seconds: u64 },
}

impl BankError {
    fn is_transient(&self) -> bool {
        matches!(self, BankError::Down)
    }

    fn is_unknown(&self) -> bool {
        matches!(self, BankError::Unknown)
    }
}

impl Classify for BankError {
    fn class(&self) -> Class {
        match self {
            BankError::Down => Class::Transient,
            BankError::Unknown => Class::Permanent,
            BankError::Slow { seconds } => Class::Throttled { retry_after: Duration::from_secs(*seconds) },
        }
    }
}

/// Answers as it is told, in order; then `Ok`.
#[genserver]
struct Bank {
    start: Instant,
    runs: Runs,
    answers: Vec<Result<u32, BankError>>,
}

#[genserver]
impl Bank {
    #[init]
    fn open(runs: Runs, answers: Vec<Result<u32, BankError>>) -> Self {
        Bank { start: Instant::now(), runs, answers }
    }

    fn answer(&mut self) -> Result<u32, BankError> {
        note(&self.runs, self.start);
        if self.answers.is_empty() { Ok(7) } else { self.answers.remove(0) }
    }

    #[call]
    #[circuit_breaker(failure_threshold = 3)]
    fn rating(&mut self) -> Result<u32, BankError> {
        self.answer()
    }

    #[call]
    #[retry(max_attempts = 3, initial_delay = 1s)]
    fn patient(&mut self, who: String) -> Result<u32, BankError> {
        assert!(!who.is_empty());
        self.answer()
    }

    #[call]
    #[retry(max_attempts = 5, initial_delay = 10ms, when = BankError::is_transient)]
    fn picky(&mut self) -> Result<u32, BankError> {
        self.answer()
    }

    #[call]
    #[retry(max_attempts = 3, initial_delay = 10ms, backoff_factor = 1.0, when_ok = |value| *value == 0)]
    fn eventually(&mut self) -> Result<u32, BankError> {
        self.answer()
    }

    #[call]
    #[circuit_breaker(failure_threshold = 1, ignore = BankError::is_unknown)]
    fn known(&mut self) -> Result<u32, BankError> {
        self.answer()
    }

    #[call]
    #[circuit_breaker(failure_threshold = 1, when = BankError::is_transient)]
    fn judged(&mut self) -> Result<u32, BankError> {
        self.answer()
    }

    #[call]
    #[fallback(42)]
    #[circuit_breaker(failure_threshold = 1)]
    fn covered(&mut self) -> Result<u32, BankError> {
        self.answer()
    }

    #[call]
    #[fallback(with = instead)]
    fn explained(&mut self) -> Result<u32, BankError> {
        self.answer()
    }

    #[call]
    fn plain(&self) -> u32 {
        1
    }

    #[call]
    #[circuit_breaker(scope = type, failure_threshold = 2)]
    fn shared(&mut self) -> Result<u32, BankError> {
        self.answer()
    }

    #[call]
    #[circuit_breaker(failure_threshold = 1)]
    fn fragile(&mut self) -> Result<u32, BankError> {
        panic!("dropped the vault")
    }

    #[call]
    #[circuit_breaker(failure_threshold = 1, reset_on_restart)]
    fn renewed(&mut self) -> Result<u32, BankError> {
        panic!("dropped the vault")
    }

    #[call]
    #[fallback(0)]
    #[retry(max_attempts = 3, initial_delay = 10ms)]
    #[circuit_breaker(failure_threshold = 5)]
    fn stacked(&mut self) -> Result<u32, BankError> {
        self.answer()
    }

    #[call]
    #[circuit_breaker(failure_threshold = 5)]
    #[retry(max_attempts = 3, initial_delay = 10ms)]
    fn outside(&mut self) -> Result<u32, BankError> {
        self.answer()
    }

    #[call]
    #[retry(max_attempts = 3, initial_delay = 10ms, backoff_factor = 1.0)]
    #[rate_limit(2 per 1s)]
    fn rationed(&mut self) -> Result<u32, BankError> {
        self.answer()
    }
}

fn instead(error: CallError<BankError>) -> Result<u32, BankError> {
    match error {
        CallError::Handler(BankError::Down) => Ok(99),
        CallError::Handler(error) => Err(error),
        _ => Ok(0),
    }
}

const DOWN: Result<u32, BankError> = Err(BankError::Down);

async fn bank(answers: &[Result<u32, BankError>]) -> (BankRef, Runs) {
    let runs = Runs::default();
    let bank = Bank::start(runs.clone(), answers.to_vec()).system(&System::new()).await.unwrap();
    (bank, runs)
}

fn times(runs: &Runs) -> Vec<u64> {
    runs.lock().unwrap().clone()
}

// GS-1
#[tokio::test(start_paused = true)]
async fn an_open_circuit_never_touches_the_mailbox() {
    let (bank, runs) = bank(&[DOWN, DOWN, DOWN]).await;
    for _ in 0..3 {
        assert!(matches!(bank.rating().await, Err(CallError::Handler(BankError::Down))));
    }
    bank.suspend().await.unwrap();
    let refused = bank.rating().await.unwrap_err();
    assert!(matches!(refused, CallError::CircuitOpen { .. }), "{refused:?}");
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(60)));
    assert_eq!(refused.was_executed(), noex::Executed::No);
    assert_eq!((times(&runs).len(), bank.snapshot().queue), (3, 0));
    assert_eq!(bank.snapshot().served[0], ("rating", 3));
}

// GS-2
#[tokio::test(start_paused = true)]
async fn a_retry_leaves_the_server_to_others() {
    let (bank, runs) = bank(&[DOWN, DOWN]).await;
    let start = Instant::now();
    let other = bank.clone();
    let others = tokio::spawn(async move {
        let mut answered = Vec::new();
        for at in [10, 1500] {
            tokio::time::sleep_until(start + ms(at)).await;
            other.plain().await.unwrap();
            answered.push(start.elapsed().as_millis());
        }
        answered
    });
    assert_eq!(bank.patient("Ada".into()).await.unwrap(), 7);
    assert_eq!(times(&runs), [0, 1000, 3000]);
    assert_eq!(others.await.unwrap(), [10, 1500]);
}

#[genserver]
struct Api {
    served: u32,
}

#[genserver]
impl Api {
    #[init]
    fn open() -> Self {
        Api { served: 0 }
    }

    #[call]
    #[rate_limit(2 per 1s, key = user_id)]
    fn search(&mut self, user_id: u64) -> u32 {
        self.served += u32::from(user_id > 0);
        self.served
    }

    #[call]
    #[timeout(50ms)]
    async fn slow(&mut self) -> u32 {
        sleep(ms(100)).await;
        self.served += 1;
        self.served
    }

    #[call]
    fn served(&self) -> u32 {
        self.served
    }

    #[cast]
    #[rate_limit(1 per 1s)]
    fn add(&mut self, by: u32) {
        self.served += by;
    }

    #[info]
    #[rate_limit(1 per 1s)]
    fn told(&mut self, by: u16) {
        self.served += u32::from(by);
    }

    #[call]
    #[rate_limit(10 per 1s, cost = weight)]
    fn weigh(&mut self, weight: u32) -> u32 {
        weight
    }

    #[call]
    #[rate_limit(1 per 1s, queue = 5)]
    fn queued(&mut self) -> u32 {
        self.served
    }

    #[call]
    #[rate_limit(10 per 1s, algorithm = token_bucket, burst = 3)]
    fn burst(&mut self) {}

    #[call]
    #[rate_limit(2 per 1s, algorithm = token_bucket)]
    fn bucket(&mut self) {}
}

// GS-3
#[tokio::test(start_paused = true)]
async fn a_limit_by_key_refuses_one_user_and_not_another() {
    let api = Api::start().system(&System::new()).await.unwrap();
    assert_eq!(api.search(7).await.unwrap(), 1);
    assert_eq!(api.search(7).await.unwrap(), 2);
    let refused = api.search(7).await.unwrap_err();
    assert!(matches!(refused, CallError::RateLimited { .. }), "{refused:?}");
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(1)));
    assert_eq!(api.snapshot().served[0], ("search", 2));
    assert_eq!(api.search(8).await.unwrap(), 3);
    advance(ms(1000)).await;
    assert_eq!(api.search(7).await.unwrap(), 4);
}

// GS-4
#[tokio::test(start_paused = true)]
async fn a_handler_that_is_too_slow_runs_to_its_end() {
    let api = Api::start().system(&System::new()).await.unwrap();
    let start = Instant::now();
    let late = api.slow().await.unwrap_err();
    assert!(matches!(late, CallError::Timeout { after, .. } if after == ms(50)), "{late:?}");
    assert_eq!(start.elapsed(), ms(50));
    assert_eq!(api.served().await.unwrap(), 1);
}

// GS-5
#[tokio::test(start_paused = true)]
async fn a_crash_trips_the_breaker_which_survives_the_restart() {
    let system = System::new();
    let runs = Runs::default();
    let mut builder = noex::Supervisor::builder("vault");
    let bank = builder.child::<Bank>(noex::ChildOptions::new("bank"), move || (runs.clone(), Vec::new()));
    let tree = builder.start().system(&system).await.unwrap();
    assert!(matches!(bank.fragile().await, Err(CallError::Crashed { may_have_run: true, .. })));
    assert!(matches!(bank.fragile().await, Err(CallError::CircuitOpen { .. })));
    // It is another life that is not asked.
    assert_eq!(bank.plain().await.unwrap(), 1);
    assert_eq!(bank.pid().incarnation(), 2);
    assert!(matches!(bank.fragile().await, Err(CallError::CircuitOpen { .. })));
    // One that asks for it begins anew.
    for _ in 0..2 {
        assert!(matches!(bank.renewed().await, Err(CallError::Crashed { .. })));
        assert_eq!(bank.plain().await.unwrap(), 1);
    }
    tree.stop().await.unwrap();
}

// GS-6
#[tokio::test(start_paused = true)]
async fn clones_of_a_reference_share_the_breaker() {
    let (bank, _) = bank(&[DOWN, DOWN, DOWN]).await;
    let clone = bank.clone();
    assert!(bank.rating().await.is_err());
    assert!(bank.rating().await.is_err());
    assert!(matches!(clone.rating().await, Err(CallError::Handler(_))));
    for one in [&bank, &clone] {
        assert!(matches!(one.rating().await, Err(CallError::CircuitOpen { .. })));
    }
}

// GS-7
#[tokio::test(start_paused = true)]
async fn two_servers_of_a_type_have_a_breaker_each() {
    let (first, _) = bank(&[DOWN, DOWN, DOWN]).await;
    let (second, _) = bank(&[]).await;
    for _ in 0..3 {
        assert!(first.rating().await.is_err());
    }
    assert!(matches!(first.rating().await, Err(CallError::CircuitOpen { .. })));
    assert_eq!(second.rating().await.unwrap(), 7);
}

// GS-8
#[tokio::test(start_paused = true)]
async fn a_fallback_above_a_breaker_stands_in_for_an_open_circuit() {
    let (bank, runs) = bank(&[DOWN]).await;
    assert_eq!(bank.covered().await.unwrap(), 42);
    assert_eq!(bank.covered().await.unwrap(), 42);
    assert_eq!(times(&runs).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fallback_is_told_the_error() {
    let (bank, _) = bank(&[DOWN, Err(BankError::Unknown)]).await;
    assert_eq!(bank.explained().await.unwrap(), 99);
    assert!(matches!(bank.explained().await, Err(CallError::Handler(BankError::Unknown))));
    bank.stop().await.unwrap();
    assert_eq!(bank.explained().await.unwrap(), 0);
}

// GS-9
#[tokio::test(start_paused = true)]
async fn a_handler_without_policies_works_beside_an_open_circuit() {
    let (bank, _) = bank(&[DOWN, DOWN, DOWN]).await;
    for _ in 0..3 {
        assert!(bank.rating().await.is_err());
    }
    assert!(matches!(bank.rating().await, Err(CallError::CircuitOpen { .. })));
    assert_eq!(bank.plain().await.unwrap(), 1);
}

// GS-10
#[tokio::test(start_paused = true)]
async fn a_cast_beyond_the_rate_is_refused_and_given_back() {
    let api = Api::start().system(&System::new()).await.unwrap();
    api.add(2).await.unwrap();
    assert_eq!(api.served().await.unwrap(), 2);
    api.suspend().await.unwrap();
    let refused = api.add(3).await.unwrap_err();
    assert!(matches!(refused.why, noex::NotSent::RateLimited { .. }), "{refused:?}");
    assert!(matches!(refused.message, ApiCast::Add { by: 3 }));
    assert!(matches!(api.add(3).try_send().unwrap_err().why, noex::NotSent::RateLimited { .. }));
    assert_eq!(api.snapshot().queue, 0);
    assert!(api.resume());
    assert_eq!(api.served().await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_info_beyond_the_rate_is_refused() {
    let api = Api::start().system(&System::new()).await.unwrap();
    api.send(2_u16).await.unwrap();
    assert!(matches!(api.send(3_u16).await.unwrap_err().why, noex::NotSent::RateLimited { .. }));
    assert_eq!(api.served().await.unwrap(), 2);
}

// GS-11
#[tokio::test(start_paused = true)]
async fn servers_share_a_breaker_of_their_type() {
    let system = System::new();
    let start = async || Bank::start(Runs::default(), vec![DOWN]).system(&system).await.unwrap();
    let (first, second) = (start().await, start().await);
    assert!(matches!(first.shared().await, Err(CallError::Handler(_))));
    assert!(matches!(second.shared().await, Err(CallError::Handler(_))));
    for one in [&first, &second] {
        assert!(matches!(one.shared().await, Err(CallError::CircuitOpen { .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn a_raw_call_meets_the_policies_as_well() {
    let (bank, runs) = bank(&[DOWN, DOWN, DOWN]).await;
    for _ in 0..3 {
        assert!(matches!(bank.call(BankCall::Rating).await, Ok(BankReply::Rating(Err(BankError::Down)))));
    }
    assert!(matches!(bank.call(BankCall::Rating).await, Err(CallError::CircuitOpen { .. })));
    assert!(matches!(bank.rating().request().await, Err(CallError::CircuitOpen { .. })));
    assert_eq!(times(&runs).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_retry_stops_at_errors_that_are_not_worth_it() {
    let (bank, runs) = bank(&[DOWN, Err(BankError::Unknown), DOWN]).await;
    assert!(matches!(bank.picky().await, Err(CallError::Handler(BankError::Unknown))));
    assert_eq!(times(&runs), [0, 10]);
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_as_long_as_the_error_asks_for() {
    let (bank, runs) = bank(&[Err(BankError::Slow { seconds: 5 })]).await;
    assert_eq!(bank.patient("Ada".into()).await.unwrap(), 7);
    assert_eq!(times(&runs), [0, 5000]);
}

#[tokio::test(start_paused = true)]
async fn a_retry_can_be_of_values() {
    let (bank, runs) = bank(&[Ok(0), Ok(0), Ok(0)]).await;
    assert_eq!(bank.eventually().await.unwrap(), 0);
    assert_eq!(times(&runs), [0, 10, 20]);
}

#[tokio::test(start_paused = true)]
async fn what_is_ignored_is_neither_success_nor_failure() {
    let (bank, _) = bank(&[Err(BankError::Unknown), Ok(1), DOWN]).await;
    assert!(matches!(bank.known().await, Err(CallError::Handler(BankError::Unknown))));
    assert_eq!(bank.known().await.unwrap(), 1);
    assert!(matches!(bank.known().await, Err(CallError::Handler(BankError::Down))));
    assert!(matches!(bank.known().await, Err(CallError::CircuitOpen { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_breaker_counts_what_its_predicate_says() {
    let (bank, _) = bank(&[Err(BankError::Unknown), DOWN]).await;
    assert!(matches!(bank.judged().await, Err(CallError::Handler(BankError::Unknown))));
    assert!(matches!(bank.judged().await, Err(CallError::Handler(BankError::Down))));
    assert!(matches!(bank.judged().await, Err(CallError::CircuitOpen { .. })));
}

// CO-3, CO-4
#[tokio::test(start_paused = true)]
async fn policies_nest_as_they_are_written() {
    let (first, runs) = bank(&[DOWN, DOWN, DOWN, DOWN, DOWN, DOWN]).await;
    assert_eq!(first.stacked().await.unwrap(), 0);
    assert_eq!(times(&runs), [0, 10, 30]);
    // The breaker inside has seen each attempt: two more open it, and the third is refused.
    assert_eq!(first.stacked().await.unwrap(), 0);
    assert_eq!(times(&runs).len(), 5);
    // Outside, it sees calls: five of three attempts each.
    let (second, runs) = bank(&vec![DOWN; 15]).await;
    for _ in 0..5 {
        assert!(matches!(second.outside().await, Err(CallError::Handler(_))));
    }
    assert!(matches!(second.outside().await, Err(CallError::CircuitOpen { .. })));
    assert_eq!(times(&runs).len(), 15);
}

// CO-8
#[tokio::test(start_paused = true)]
async fn a_refusal_further_in_ends_a_retry() {
    let (bank, runs) = bank(&[DOWN, DOWN, DOWN]).await;
    assert!(matches!(bank.rationed().await, Err(CallError::RateLimited { .. })));
    assert_eq!(times(&runs), [0, 10]);
}

#[tokio::test(start_paused = true)]
async fn a_call_costs_what_its_argument_says() {
    let api = Api::start().system(&System::new()).await.unwrap();
    assert_eq!(api.weigh(8).await.unwrap(), 8);
    assert!(matches!(api.weigh(3).await, Err(CallError::RateLimited { .. })));
    assert_eq!(api.weigh(2).await.unwrap(), 2);
}

/// Without a burst, all of a period's may come at once.
#[tokio::test(start_paused = true)]
async fn a_token_bucket_has_its_burst() {
    let api = Api::start().system(&System::new()).await.unwrap();
    for _ in 0..3 {
        api.burst().await.unwrap();
    }
    assert!(matches!(api.burst().await, Err(CallError::RateLimited { .. })));
    tokio::time::advance(ms(100)).await;
    api.burst().await.unwrap();
    api.bucket().await.unwrap();
    api.bucket().await.unwrap();
    assert!(matches!(api.bucket().await, Err(CallError::RateLimited { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_with_a_queue_waits() {
    let api = Api::start().system(&System::new()).await.unwrap();
    let start = Instant::now();
    for at in [0, 1, 2] {
        api.queued().await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(at));
    }
}

/// An error that is told apart by what it says.
#[derive(Clone, Debug)]
struct Worded(&'static str);

impl std::fmt::Display for Worded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// Values of options, by their paths.
mod limits {
    pub(super) const CALLS: u32 = 2;
    pub(super) const RATE: f64 = 1.0;
    pub(super) const MANY: u32 = 100;
    pub(super) const COST: u32 = 30;
    pub(super) const PLACES: u32 = 4;
    pub(super) const NONE: usize = 0;
    pub(super) const PERIOD: std::time::Duration = std::time::Duration::from_secs(2);
}

/// So many places, for so long.
#[derive(Clone, Copy, Debug)]
struct Load {
    weight: usize,
    millis: u64,
}

/// One that answers when it is let, beside its mailbox.
#[genserver]
#[derive(Clone)]
struct Gate {
    running: Arc<AtomicU32>,
    most: Arc<AtomicU32>,
}

#[genserver]
impl Gate {
    #[init]
    fn open() -> Self {
        Gate { running: Arc::default(), most: Arc::default() }
    }

    #[call(concurrent)]
    #[bulkhead(max_concurrent = 2, max_queue = 2)]
    async fn pass(&self, millis: u64) -> u32 {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        sleep(ms(millis)).await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.most.load(Ordering::SeqCst)
    }

    #[call(concurrent)]
    #[bulkhead(max_concurrent = 3, max_queue = 3, weight = load.weight, priority = rank)]
    async fn carry(&self, load: Load, rank: i8) -> u32 {
        let before = self.running.fetch_add(1, Ordering::SeqCst);
        assert!((-1..=1).contains(&rank));
        sleep(ms(load.millis)).await;
        before
    }

    #[call(concurrent)]
    #[bulkhead(name = "by rank", max_concurrent = 1, max_queue = 1, priority = 9)]
    async fn urgent(&self) -> u32 {
        sleep(ms(100)).await;
        9
    }

    #[call(concurrent)]
    #[bulkhead(name = "by rank", max_concurrent = 1, max_queue = 1)]
    async fn whenever(&self) -> u32 {
        sleep(ms(100)).await;
        0
    }

    #[call(concurrent)]
    #[circuit_breaker(window = limits::CALLS, failure_rate = limits::RATE, min_calls = limits::CALLS)]
    #[rate_limit(limits::MANY per limits::PERIOD, cost = limits::COST)]
    #[bulkhead(max_concurrent = limits::PLACES, max_queue = limits::NONE)]
    #[timeout(limits::PERIOD)]
    async fn by_constants(&self) -> Result<u32, BankError> {
        Err(BankError::Down)
    }

    #[call(concurrent)]
    #[circuit_breaker(window = limits::PERIOD, min_calls = limits::CALLS)]
    async fn by_time(&self) -> Result<u32, BankError> {
        Err(BankError::Down)
    }

    #[call(concurrent)]
    #[fallback(1)]
    async fn said(&self, error: Worded) -> Result<u32, Worded> {
        Err(error)
    }

    #[call(concurrent)]
    #[hedge(delay = 100ms, idempotent)]
    async fn replicated(&self, millis: Vec<u64>) -> Result<u32, BankError> {
        let run = self.running.fetch_add(1, Ordering::SeqCst);
        let Some(millis) = millis.get(run as usize) else { return Err(BankError::Down) };
        sleep(ms(*millis)).await;
        Ok(run)
    }

    #[call(concurrent)]
    #[retry(max_attempts = 2, initial_delay = 10ms, budget, retryable_errors = ["Slow", "net"])]
    #[bulkhead(max_concurrent = 1, queue = lifo, adaptive)]
    async fn worded(&self, error: Worded) -> Result<u32, Worded> {
        self.running.fetch_add(1, Ordering::SeqCst);
        Err(error)
    }

    #[call(concurrent)]
    #[retry(max_attempts = 2, initial_delay = 10ms, retryable_errors = ["network error", "timeout", r"/5\d\d/"])]
    async fn coded(&self, error: Worded) -> Result<u32, Worded> {
        self.running.fetch_add(1, Ordering::SeqCst);
        Err(error)
    }

    #[call(concurrent)]
    #[timeout(450ms)]
    #[retry(max_attempts = 10, initial_delay = 1ms, backoff_factor = 1.0, idempotent)]
    #[timeout(100ms)]
    async fn stubborn(&self) -> Result<u32, BankError> {
        self.running.fetch_add(1, Ordering::SeqCst);
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_bounds_what_is_under_way() {
    let gate = Gate::start().system(&System::new()).await.unwrap();
    let calls: Vec<_> = (0..5).map(|_| tokio::spawn(gate.pass(100).request())).collect();
    let mut refused = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(most) => assert!(most <= 2),
            Err(CallError::BulkheadFull { full, .. }) => {
                refused += 1;
                assert_eq!((full.active, full.queued), (2, 2));
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(refused, 1);
    assert!(gate.pass(1).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn calls_take_what_they_weigh_and_wait_by_rank() {
    let gate = Gate::start().system(&System::new()).await.unwrap();
    let start = Instant::now();
    let load = |weight, millis| Load { weight, millis };
    let begun = |call: tokio::task::JoinHandle<Result<u32, CallError>>| async move { call.await.unwrap() };
    let first = tokio::spawn(gate.carry(load(2, 100), 0).request());
    tokio::task::yield_now().await;
    // Both wait for two places, and the second one is served first.
    let low = tokio::spawn(gate.carry(load(2, 100), -1).request());
    tokio::task::yield_now().await;
    let high = tokio::spawn(gate.carry(load(3, 100), 1).request());
    assert_eq!(begun(first).await.unwrap(), 0);
    assert_eq!(begun(high).await.unwrap(), 1);
    assert_eq!(begun(low).await.unwrap(), 2);
    assert_eq!(start.elapsed(), ms(300));
    assert!(matches!(gate.carry(load(4, 1), 0).await, Err(CallError::BulkheadFull { .. })));

    // Two handlers share a bulkhead; of the one that matters less, a call gives way.
    let running = tokio::spawn(gate.whenever().request());
    tokio::task::yield_now().await;
    let waiting = tokio::spawn(gate.whenever().request());
    tokio::task::yield_now().await;
    assert_eq!(gate.urgent().await.unwrap(), 9);
    assert_eq!(begun(running).await.unwrap(), 0);
    assert!(matches!(begun(waiting).await, Err(CallError::BulkheadFull { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_gives_its_place_back() {
    let gate = Gate::start().system(&System::new()).await.unwrap();
    for _ in 0..10 {
        let mut calls: Vec<_> = (0..4).map(|_| Box::pin(gate.pass(1000))).collect();
        for call in &mut calls {
            assert!(futures_now(call).is_none());
        }
        drop(calls);
        advance(ms(1)).await;
    }
    assert!(gate.pass(1).await.is_ok());
}

/// Polls once.
fn futures_now<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::Pin::new(future).poll(&mut cx) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_run_has_another_beside_it_and_the_first_answer_wins() {
    let gate = || async { Gate::start().system(&System::new()).await.unwrap() };
    let start = Instant::now();
    // Quick enough: one run.
    assert_eq!(gate().await.replicated(vec![80]).await.unwrap(), 0);
    assert_eq!(start.elapsed(), ms(80));
    // The second one begins at 100 and is first.
    assert_eq!(gate().await.replicated(vec![10_000, 50]).await.unwrap(), 1);
    assert_eq!(start.elapsed(), ms(80 + 150));
    // The second one fails, the first one is waited for.
    assert_eq!(gate().await.replicated(vec![300]).await.unwrap(), 0);
    assert_eq!(start.elapsed(), ms(80 + 150 + 300));
}

#[tokio::test(start_paused = true)]
async fn errors_are_told_apart_by_what_they_say() {
    let gate = Gate::start().system(&System::new()).await.unwrap();
    for (error, runs) in
        [(Worded("a Slow server"), 2), (Worded("no such key"), 3), (Worded("the net is down"), 5)]
    {
        assert!(matches!(gate.worded(error).await, Err(CallError::Handler(_))));
        assert_eq!(gate.inspect(|gate| gate.running.load(Ordering::SeqCst)).await.unwrap(), runs);
    }
}

// RT-7, of a handler
#[tokio::test(start_paused = true)]
async fn errors_are_told_apart_by_expressions() {
    let gate = Gate::start().system(&System::new()).await.unwrap();
    for (error, runs) in [("HTTP 503 upstream", 2), ("HTTP 404", 3), ("/5", 4), ("a network error", 6)] {
        assert!(gate.coded(Worded(error)).await.is_err());
        assert_eq!(gate.inspect(|gate| gate.running.load(Ordering::SeqCst)).await.unwrap(), runs, "{error}");
    }
}

/// One whose expression is none.
#[genserver]
struct Broken;

#[genserver]
impl Broken {
    #[init]
    fn open() -> Self {
        Broken
    }

    #[call]
    #[retry(retryable_errors = ["/5(/"])]
    fn ask(&self) -> Result<(), String> {
        Err("503".into())
    }
}

#[tokio::test]
async fn a_server_whose_expression_is_none_does_not_start() {
    let error = Broken::start().system(&System::new()).await.unwrap_err();
    assert!(matches!(error, StartError::Policy { .. }), "{error}");
    assert!(error.to_string().contains("`retryable_errors`"), "{error}");
}

// TO-7
#[tokio::test(start_paused = true)]
async fn a_time_out_around_all_attempts_ends_them() {
    let gate = Gate::start().system(&System::new()).await.unwrap();
    let start = Instant::now();
    let late = gate.stubborn().await.unwrap_err();
    assert!(matches!(late, CallError::Timeout { after, .. } if after == ms(450)), "{late:?}");
    assert_eq!(start.elapsed(), ms(450));
}

#[tokio::test(start_paused = true)]
async fn values_are_constants_by_their_paths() {
    let gate = Gate::start().system(&System::new()).await.unwrap();
    for _ in 0..2 {
        assert!(matches!(gate.by_constants().await, Err(CallError::Handler(BankError::Down))));
        assert!(matches!(gate.by_time().await, Err(CallError::Handler(BankError::Down))));
    }
    assert!(matches!(gate.by_constants().await, Err(CallError::CircuitOpen { .. })));
    assert!(matches!(gate.by_time().await, Err(CallError::CircuitOpen { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_fallback_tells_what_it_stands_in_for() {
    let system = System::new();
    let gate = Gate::start().system(&system).await.unwrap();
    let bank = Bank::start(Runs::default(), vec![DOWN]).name("bank").system(&system).await.unwrap();
    let mut events = system.events();
    assert_eq!(gate.said(Worded("the net is down")).await.unwrap(), 1);
    assert_eq!((bank.covered().await.unwrap(), bank.covered().await.unwrap()), (42, 42));
    let mut told = Vec::new();
    while told.len() < 3 {
        if let EventKind::Policy { event: PolicyEvent::FellBack { error }, .. } =
            events.next().await.unwrap().kind
        {
            told.push(error);
        }
    }
    // An error without words is told by how it counts.
    assert_eq!((&*told[0], &*told[1]), ("the net is down", "Transient"));
    assert!(
        told[2].starts_with("`covered` of bank was not called: circuit `bank.covered` is open"),
        "{}",
        told[2]
    );
}

#[tokio::test(start_paused = true)]
async fn policies_tell_what_they_do_and_stand_in_one_table() {
    let system = System::new();
    let mut events = system.events();
    let bank =
        Bank::start(Runs::default(), vec![DOWN, DOWN, DOWN]).name("bank").system(&system).await.unwrap();
    for _ in 0..4 {
        assert!(bank.rating().await.is_err());
    }
    let changed = loop {
        match events.next().await.unwrap().kind {
            EventKind::Policy { kind, policy, event } => break (kind, policy, event),
            _ => continue,
        }
    };
    let (from, to) = (CircuitState::Closed, CircuitState::Open);
    assert_eq!(changed.0, PolicyKind::CircuitBreaker);
    assert_eq!(&*changed.1, "bank.rating");
    assert_eq!(changed.2, PolicyEvent::StateChanged { from, to });
    let table = system.policies();
    let rating = table.iter().find(|line| &*line.name == "bank.rating").unwrap();
    assert_eq!(rating.state, "open");
    assert!(rating.to_string().starts_with("circuit_breaker"), "{rating}");
}
