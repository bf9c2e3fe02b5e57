//! Servers: calls, casts, infos, stop and kill.
#![allow(missing_docs)]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use noex::{Executed, NotSent, prelude::*};
use support::Log;
use tokio::{task::yield_now, time::Instant};

const HOUR: Duration = Duration::from_secs(3600);
const MS: Duration = Duration::from_millis(1);

#[derive(Debug, PartialEq)]
struct Overdrawn;

/// Everything a handler can be, in one server.
#[genserver(mailbox = 4)]
struct Account {
    cents: i64,
    log: Log,
}

struct Tick(u32);
struct Warm;

#[genserver]
impl Account {
    #[init]
    fn open(cents: i64, log: Log) -> Init<Self> {
        Init::then(Account { cents, log }, Warm)
    }

    #[call]
    fn balance(&self) -> i64 {
        self.cents
    }

    #[call]
    fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn> {
        if amount > self.cents {
            return Err(Overdrawn);
        }
        self.cents -= amount;
        Ok(self.cents)
    }

    #[call]
    async fn withdraw_slowly(&mut self, amount: i64, pause: Duration) -> Result<i64, Overdrawn> {
        self.log.note("slow in");
        tokio::time::sleep(pause).await;
        self.log.note("slow out");
        self.withdraw(amount)
    }

    #[call]
    async fn balance_soon(&self) -> i64 {
        self.cents
    }

    #[cast]
    fn deposit(&mut self, amount: i64) {
        self.cents += amount;
        self.log.note(format!("deposit {amount}"));
    }

    #[cast]
    async fn deposit_slowly(&mut self, amount: i64, pause: Duration) {
        tokio::time::sleep(pause).await;
        self.deposit(amount);
    }

    #[info]
    fn ticked(&mut self, tick: Tick) {
        self.log.note(format!("tick {}", tick.0));
    }

    #[continuation]
    fn warm_up(&mut self, _warm: Warm) {
        self.log.note("warm");
    }

    #[call]
    fn crash(&mut self) {
        panic!("as asked");
    }

    #[call]
    async fn crash_later(&mut self) {
        yield_now().await;
        panic!("as asked, later");
    }

    #[call]
    fn bye(&mut self, cx: &mut Context<Self>) -> &'static str {
        cx.stop(ExitReason::other("done here"));
        "bye"
    }

    #[call]
    fn warm_again(&mut self, cx: &mut Context<Self>) {
        cx.then(Warm);
    }

    #[terminate]
    fn close(&mut self, reason: &ExitReason) {
        self.log.note(format!("close: {reason}"));
    }
}

async fn account(cents: i64) -> (AccountRef, Log) {
    let log = Log::default();
    (Account::start(cents, log.clone()).await.unwrap(), log)
}

#[tokio::test]
async fn call_reads_what_call_wrote() {
    // CALL-1
    let (account, _) = account(100).await;
    assert_eq!(account.withdraw(30).await.unwrap(), 70);
    assert_eq!(account.balance().await.unwrap(), 70);
}

#[tokio::test]
async fn an_error_is_a_reply_and_the_server_lives_on() {
    let (account, _) = account(10).await;
    let refused = account.withdraw(30).await.unwrap_err();
    assert!(matches!(refused, CallError::Handler(Overdrawn)));
    assert_eq!(refused.was_executed(), Executed::Yes);
    assert_eq!(account.balance().await.unwrap(), 10);
}

#[tokio::test]
async fn the_data_enums_are_a_way_in_as_well() {
    let (account, _) = account(10).await;
    assert!(matches!(account.call(AccountCall::Balance {}).await, Ok(AccountReply::Balance(10))));
    account.cast(AccountCast::Deposit { amount: 5 }).await.unwrap();
    account.try_cast(AccountCast::Deposit { amount: 5 }).unwrap();
    assert_eq!(account.balance().await.unwrap(), 20);
}

#[tokio::test]
async fn messages_of_one_sender_keep_their_order() {
    // CALL-2, CAST-4
    let (account, log) = account(0).await;
    for n in 0..3 {
        account.deposit(n).await.unwrap();
        account.send(Tick(n as u32)).await.unwrap();
    }
    account.balance().await.unwrap();
    assert_eq!(log.read(), ["warm", "deposit 0", "tick 0", "deposit 1", "tick 1", "deposit 2", "tick 2"]);
}

#[tokio::test(start_paused = true)]
async fn an_async_cast_comes_before_the_call_behind_it() {
    // CALL-2
    let (account, _) = account(0).await;
    account.deposit_slowly(7, 30 * MS).await.unwrap();
    assert_eq!(account.balance().await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn one_message_at_a_time() {
    // CALL-3
    let (account, log) = account(100).await;
    let begun = Instant::now();
    let (a, b) = tokio::join!(account.withdraw_slowly(1, 50 * MS), account.withdraw_slowly(2, 50 * MS));
    assert_eq!((a.unwrap(), b.unwrap()), (99, 97));
    assert_eq!(log.read(), ["warm", "slow in", "slow out", "slow in", "slow out"]);
    assert_eq!(begun.elapsed(), 100 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_call_times_out_and_the_server_goes_on() {
    // CALL-7, CALL-8
    let (account, _) = account(100).await;
    let begun = Instant::now();
    let late = account.withdraw_slowly(1, 100 * MS).timeout(20 * MS).await.unwrap_err();
    assert!(matches!(late, CallError::Timeout { after, .. } if after == 20 * MS), "{late:?}");
    assert_eq!(begun.elapsed(), 20 * MS);
    assert_eq!(account.balance().await.unwrap(), 99, "the late handler ran, its reply went nowhere");
}

#[tokio::test(start_paused = true)]
async fn the_default_limit_is_five_seconds() {
    // CALL-14
    let (account, _) = account(100).await;
    let begun = Instant::now();
    let late = account.withdraw_slowly(1, HOUR).await.unwrap_err();
    assert!(matches!(late, CallError::Timeout { .. }));
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
    assert_eq!(account.withdraw_slowly(1, HOUR).no_timeout().await.unwrap(), 98);
}

#[tokio::test]
async fn a_crash_reaches_the_caller_with_its_place() {
    // CALL-11, STOP-7
    let (account, log) = account(0).await;
    account.balance().await.unwrap();
    let error = account.crash().await.unwrap_err();
    let CallError::Crashed { reason, may_have_run: true, target, .. } = error else { panic!("{error}") };
    assert_eq!(target.handler, "crash");
    let ExitReason::Panic(panic) = &reason.0 else { panic!("{reason}") };
    assert_eq!(&*panic.message, "as asked");
    assert_eq!(panic.handler, "crash");
    assert!(panic.location.as_ref().is_some_and(|at| at.file.ends_with("server.rs") && at.line > 0));
    assert!(account.ended().await.is_panic());
    assert!(log.read()[1].starts_with("close: `crash` panicked at"), "{:?}", log.read());
}

#[tokio::test]
async fn a_crash_of_an_async_handler_reaches_the_caller_too() {
    // CALL-11
    let (account, _) = account(0).await;
    let error = account.crash_later().await.unwrap_err();
    assert!(matches!(&error, CallError::Crashed { may_have_run: true, .. }), "{error}");
    assert!(error.to_string().contains("as asked, later"), "{error}");
}

#[tokio::test]
async fn a_call_to_a_server_that_is_gone_fails_at_once() {
    // CALL-9
    let (account, _) = account(0).await;
    account.stop().await.unwrap();
    let error = account.balance().await.unwrap_err();
    assert!(
        matches!(&error, CallError::NotRunning { reason, .. } if reason.0 == ExitReason::Normal),
        "{error}"
    );
    assert_eq!(error.was_executed(), Executed::No);
    let back = account.deposit(3).await.unwrap_err();
    assert!(matches!(back.message, AccountCast::Deposit { amount: 3 }), "the message is given back");
}

#[tokio::test]
async fn stop_with_reply() {
    // CALL-13, STOP-1
    let (account, log) = account(0).await;
    assert_eq!(account.bye().await.unwrap(), "bye");
    assert_eq!(account.ended().await, ExitReason::other("done here"));
    assert_eq!(log.read(), ["warm", "close: done here"]);
    assert!(!account.is_alive());
}

#[tokio::test(start_paused = true)]
async fn stop_comes_after_what_was_queued() {
    // STOP-2, STOP-6
    let (account, log) = account(0).await;
    account.deposit_slowly(1, 10 * MS).await.unwrap();
    account.deposit(2).await.unwrap();
    account.stop().await.unwrap();
    assert_eq!(log.read(), ["warm", "deposit 1", "deposit 2", "close: normal"]);
}

#[tokio::test]
async fn stop_of_a_stopped_server_says_so() {
    // STOP-4, by reference
    let (account, _) = account(0).await;
    account.stop().await.unwrap();
    assert_eq!(account.stop().await.unwrap_err().reason.0, ExitReason::Normal);
}

#[tokio::test]
async fn the_last_reference_gone_the_server_serves_its_queue_and_stops() {
    let (account, log) = account(0).await;
    account.deposit(1).await.unwrap();
    let weak = account.downgrade();
    let other = account.clone();
    drop(account);
    yield_now().await;
    assert_eq!(other.balance().await.unwrap(), 1, "one reference is enough");
    other.deposit(2).await.unwrap();
    drop(other);
    while weak.upgrade().is_some() {
        yield_now().await;
    }
    assert_eq!(log.read(), ["warm", "deposit 1", "deposit 2", "close: normal"]);
}

#[tokio::test(start_paused = true)]
async fn kill_does_not_wait_and_does_not_terminate() {
    // STOP-8, LINK-6
    let (account, log) = account(0).await;
    let busy = account.clone();
    let caller = tokio::spawn(async move { busy.withdraw_slowly(1, HOUR).await });
    while log.read().len() < 2 {
        yield_now().await;
    }
    assert!(account.kill());
    let error = caller.await.unwrap().unwrap_err();
    assert!(
        matches!(&error, CallError::Crashed { reason, may_have_run: true, .. } if reason.0 == ExitReason::Killed),
        "{error:?}"
    );
    assert_eq!(account.ended().await, ExitReason::Killed);
    assert_eq!(log.read(), ["warm", "slow in"]);
}

#[tokio::test(start_paused = true)]
async fn a_full_mailbox_makes_senders_wait_and_try_fails() {
    let (account, log) = account(0).await;
    account.deposit_slowly(0, 10 * MS).await.unwrap();
    yield_now().await;
    for n in 1..=4 {
        account.deposit(n).await.unwrap();
    }
    let full = account.try_cast(AccountCast::Deposit { amount: 5 }).unwrap_err();
    assert!(matches!(full.why, NotSent::MailboxFull { capacity: 4, .. }), "{full}");
    let waiting = {
        let account = account.clone();
        tokio::spawn(async move { account.deposit(5).await })
    };
    yield_now().await;
    assert!(!waiting.is_finished());
    waiting.await.unwrap().unwrap();
    assert_eq!(account.balance().await.unwrap(), 15);
    let expected: Vec<_> = (0..=5).map(|n| format!("deposit {n}")).collect();
    assert_eq!(log.read()[1..], expected);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_cast_that_is_dropped_is_withdrawn() {
    let (account, _) = account(0).await;
    account.deposit_slowly(0, 10 * MS).await.unwrap();
    yield_now().await;
    for _ in 0..4 {
        account.deposit(1).await.unwrap();
    }
    assert!(tokio::time::timeout(MS, account.deposit(100)).await.is_err());
    assert_eq!(account.balance().await.unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_full_mailbox_does_not_delay_a_kill_and_gives_waiting_casts_back() {
    let (account, _) = account(0).await;
    account.deposit_slowly(0, HOUR).await.unwrap();
    yield_now().await;
    for n in 1..=4 {
        account.deposit(n).await.unwrap();
    }
    let waiting = {
        let account = account.clone();
        tokio::spawn(async move { account.deposit(5).await })
    };
    yield_now().await;
    account.kill();
    assert_eq!(account.ended().await, ExitReason::Killed);
    let back = waiting.await.unwrap().unwrap_err();
    assert!(matches!(back.message, AccountCast::Deposit { amount: 5 }));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_gone_is_skipped_and_counted() {
    let system = System::new();
    let account = Account::start(0, Log::default()).system(&system).await.unwrap();
    account.deposit_slowly(1, 10 * MS).await.unwrap();
    yield_now().await;
    assert!(tokio::time::timeout(MS, account.withdraw(1)).await.is_err());
    assert_eq!(account.balance().await.unwrap(), 1, "the withdrawal was not run");
    assert_eq!(system.dead_letters(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_queued_at_the_end_is_told_or_counted() {
    let system = System::new();
    let account = Account::start(0, Log::default()).system(&system).await.unwrap();
    account.deposit_slowly(1, HOUR).await.unwrap();
    yield_now().await;
    account.deposit(1).await.unwrap();
    let (call, killed) = tokio::join!(account.balance(), async { account.kill() });
    assert!(killed);
    let error = call.unwrap_err();
    assert!(
        matches!(&error, CallError::Stopped { reason, .. } if reason.0 == ExitReason::Killed),
        "{error:?}"
    );
    assert_eq!(system.dead_letters(), 1, "the cast that waited; the one in hand was begun");
}

#[tokio::test(start_paused = true)]
async fn a_continuation_comes_before_what_is_queued() {
    // LOOP-3
    let (account, log) = account(0).await;
    account.deposit_slowly(0, 10 * MS).await.unwrap();
    yield_now().await;
    // Both wait behind the slow one; the call asks for a continuation.
    let (again, deposited) = tokio::join!(account.warm_again(), account.deposit(1));
    again.unwrap();
    deposited.unwrap();
    account.balance().await.unwrap();
    assert_eq!(log.read(), ["warm", "deposit 0", "warm", "deposit 1"]);
}

#[tokio::test]
async fn async_handlers_that_are_ready_at_once() {
    let (account, _) = account(4).await;
    assert_eq!(account.balance_soon().await.unwrap(), 4);
    let (a, b) = tokio::join!(account.balance_soon(), account.balance());
    assert_eq!((a.unwrap(), b.unwrap()), (4, 4));
}

#[tokio::test]
async fn a_tight_loop_of_calls_lets_others_run() {
    let (account, _) = account(4).await;
    let other = tokio::spawn(async {});
    for _ in 0..1_000 {
        account.balance().await.unwrap();
    }
    assert!(other.is_finished());
}

#[genserver]
struct Grinder {}

#[genserver]
impl Grinder {
    #[init]
    fn open() -> Self {
        Grinder {}
    }

    #[call]
    fn grind(&self, at_least: std::time::Duration) {
        let begun = std::time::Instant::now();
        while begun.elapsed() < at_least {}
    }
}

#[tokio::test]
async fn a_loop_of_long_calls_lets_others_run_as_often_as_tokio_asks() {
    let grinder = Grinder::start().await.unwrap();
    // Quick calls are several to a step of tokio's, until they are quick no more.
    for _ in 0..2_000 {
        grinder.grind(std::time::Duration::ZERO).await.unwrap();
    }
    let turns = Arc::new(AtomicUsize::new(0));
    let counted = turns.clone();
    let other = tokio::spawn(async move {
        loop {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..600 {
        grinder.grind(std::time::Duration::from_micros(5)).await.unwrap();
    }
    other.abort();
    assert!(turns.load(Ordering::SeqCst) >= 2, "600 calls are more than two times 128 steps");
}

#[tokio::test]
async fn a_snapshot_tells_what_was_served() {
    let (account, _) = account(4).await;
    account.balance().await.unwrap();
    account.deposit(1).await.unwrap();
    account.balance().await.unwrap();
    let seen = account.snapshot();
    let served: Vec<_> = seen.served.iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(served, [&("balance", 2), &("deposit", 1)]);
    assert_eq!((seen.queue, seen.restarts, seen.handler), (0, 0, None));
}

#[genserver(mailbox = 8)]
struct Tally {
    calls: u64,
    casts: u64,
    inside: Arc<AtomicUsize>,
}

impl Tally {
    fn enter(&self) {
        assert_eq!(self.inside.fetch_add(1, Ordering::SeqCst), 0, "two handlers at once");
    }

    fn leave(&self) {
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

#[genserver]
impl Tally {
    #[init]
    fn init(inside: Arc<AtomicUsize>) -> Self {
        Tally { calls: 0, casts: 0, inside }
    }

    #[call]
    fn add(&mut self) -> u64 {
        self.enter();
        self.calls += 1;
        self.leave();
        self.calls
    }

    #[call]
    async fn add_slowly(&mut self) -> u64 {
        self.enter();
        yield_now().await;
        self.calls += 1;
        self.leave();
        self.calls
    }

    #[cast]
    fn put(&mut self) {
        self.enter();
        self.casts += 1;
        self.leave();
    }

    #[call]
    fn totals(&self) -> (u64, u64) {
        (self.calls, self.casts)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_under_contention() {
    let tally = Tally::start(Arc::default()).await.unwrap();
    let mut tasks = Vec::new();
    for task in 0..16 {
        let tally = tally.clone();
        tasks.push(tokio::spawn(async move {
            let mut last = 0;
            for n in 0..500 {
                let now = if (n + task) % 7 == 0 { tally.add_slowly().await } else { tally.add().await };
                let now = now.unwrap();
                assert!(now > last, "calls of one sender are in order");
                last = now;
                tally.put().await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(tally.totals().await.unwrap(), (8_000, 8_000));
    let served: u64 = tally.snapshot().served.iter().map(|(_, count)| count).sum();
    assert_eq!(served, 16_001);
}

#[test]
fn a_runtime_that_goes_away_ends_its_servers_and_tells_callers() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let account = first.block_on(async {
        let (account, _) = account(0).await;
        account.deposit_slowly(1, HOUR).await.unwrap();
        yield_now().await;
        account
    });
    drop(first);
    let error = runtime().block_on(async { account.balance().await.unwrap_err() });
    assert!(
        matches!(&error, CallError::NotRunning { reason, .. } if reason.0 == ExitReason::Killed),
        "{error:?}"
    );
}

/// For a thread that is in no runtime; the waker is as plain as can be.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = std::pin::pin!(future);
    let waker = Arc::new(Unpark(std::thread::current())).into();
    loop {
        match future.as_mut().poll(&mut std::task::Context::from_waker(&waker)) {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn a_thread_of_its_own_can_call_too() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (account, _) = runtime.block_on(account(5));
    assert_eq!(block_on(account.balance()).unwrap(), 5);
    block_on(account.deposit_slowly(1, MS)).unwrap();
    assert_eq!(block_on(account.balance()).unwrap(), 6, "queued behind the cast");
    let late = block_on(account.withdraw_slowly(1, HOUR).timeout(MS)).unwrap_err();
    assert!(matches!(late, CallError::Timeout { .. }));
    account.kill();
    assert_eq!(block_on(account.ended()), ExitReason::Killed);

    let (account, _) = runtime.block_on(self::account(5));
    let request = account.balance().request();
    assert_eq!(block_on(request).unwrap(), 5);
    drop(runtime);
    let request = account.balance().request();
    for error in [block_on(account.balance()).unwrap_err(), block_on(request).unwrap_err()] {
        assert!(matches!(&error, CallError::NotRunning { .. } | CallError::Stopped { .. }), "{error:?}");
    }
}
