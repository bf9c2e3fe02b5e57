//! What the macros generate, from the outside.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub)]

use noex::prelude::*;
use noex::{HandlesInfo, Message, ServerRef};
use std::fmt;
use std::sync::{Arc, Mutex};

/// What happened, in order.
type Log = Arc<Mutex<Vec<String>>>;

#[derive(Clone, Debug, PartialEq)]
pub struct Overdrawn {
    missing: i64,
}

impl fmt::Display for Overdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cents are missing", self.missing)
    }
}

#[derive(Clone)]
pub struct Tick(u8);
pub struct Tock(u8);
pub struct Warm;

#[genserver]
pub struct Account {
    cents: i64,
    log: Log,
}

#[genserver]
impl Account {
    #[init]
    fn open(cx: &mut Context<Self>, cents: i64, log: Log) -> Result<Init<Self>, Overdrawn> {
        if cents < 0 {
            return Err(Overdrawn { missing: -cents });
        }
        log.lock().expect("no panic").push(format!("open {}", cx.pid() == cx.me().pid()));
        Ok(Init::then(Account { cents, log }, Warm))
    }

    #[call]
    pub fn withdraw(&mut self, mut amount: i64) -> Result<i64, Overdrawn> {
        amount = amount.abs();
        if amount > self.cents {
            return Err(Overdrawn { missing: amount - self.cents });
        }
        self.cents -= amount;
        Ok(self.cents)
    }

    #[cast]
    pub fn deposit(&mut self, amount: i64) {
        self.cents += amount;
    }

    #[cast]
    pub async fn deposit_later(&mut self, amount: i64) {
        tokio::task::yield_now().await;
        self.cents += amount;
    }

    #[call]
    pub async fn balance(&self) -> i64 {
        tokio::task::yield_now().await;
        self.cents
    }

    /// An alias, whose error only its trait knows.
    #[call]
    pub fn file(&self, name: String) -> std::io::Result<String> {
        if name.is_empty() { Err(std::io::ErrorKind::NotFound.into()) } else { Ok(name) }
    }

    /// Named like a result, and a plain reply.
    #[call]
    pub fn format(&self) -> fmt::Result {
        Err(fmt::Error)
    }

    #[call]
    pub fn merge(&mut self, other: Self, all: Vec<Self>) -> (i64, Option<Self>) {
        self.cents += other.cents + all.iter().map(|account| account.cents).sum::<i64>();
        (self.cents, None)
    }

    #[info]
    fn ticked(&mut self, Tick(count): Tick) {
        self.cents += i64::from(count);
    }

    #[info]
    async fn tocked(&mut self, cx: &mut Context<Self>, tock: Tock) {
        tokio::task::yield_now().await;
        cx.stop(ExitReason::Other(format!("tock {}", tock.0).into()));
    }

    #[continuation]
    fn warm_up(&mut self, _: Warm) {
        self.log.lock().expect("no panic").push("warm".into());
    }

    #[terminate]
    async fn close(&mut self, cx: &mut Context<Self>, reason: ExitReason) {
        let me = cx.me();
        self.log.lock().expect("no panic").push(format!("close {reason:?} {}", me.pid() == cx.pid()));
    }

    #[cfg(any())]
    #[call]
    pub fn gone(&self, missing: Missing) -> Missing {
        missing
    }

    // A helper, for handlers and others.
    pub fn is_empty(&self) -> bool {
        self.cents == 0
    }
}

async fn account(cents: i64) -> (AccountRef, Log) {
    let log = Log::default();
    (Account::start(cents, log.clone()).await.expect("it starts"), log)
}

#[tokio::test]
async fn methods_of_the_reference_answer_as_their_handlers_do() {
    let (account, _) = account(100).await;
    assert_eq!(account.withdraw(30).await.expect("it answers"), 70);
    assert!(matches!(account.withdraw(100).await, Err(CallError::Handler(Overdrawn { missing: 30 }))));
    account.deposit(5).await.expect("it takes");
    account.deposit_later(5).await.expect("it takes");
    assert_eq!(account.balance().await.expect("it answers"), 80);
    assert_eq!(account.file("a".into()).await.expect("it answers"), "a");
    assert!(matches!(account.file(String::new()).await, Err(CallError::Handler(_))));
    assert_eq!(account.format().await.expect("it answers"), Err(fmt::Error));
}

#[tokio::test]
async fn the_enums_are_a_way_in() {
    let (account, _) = account(100).await;
    let server: &ServerRef<Account> = &account;
    server.cast(AccountCast::Deposit { amount: 1 }).await.expect("it takes");
    match server.call(AccountCall::Withdraw { amount: 1 }).await.expect("it answers") {
        AccountReply::Withdraw(left) => assert_eq!(left, Ok(100)),
        _ => panic!("another handler's reply"),
    }
    assert_eq!(AccountCall::VARIANTS[AccountCall::Balance {}.variant()], "balance");
    assert_eq!(AccountCast::VARIANTS, ["deposit", "deposit_later"]);
    assert_eq!(Account::info(Tick(1)).variant(), 0);
}

#[tokio::test]
async fn infos_continuations_and_terminate_run() {
    let (account, log) = account(1).await;
    account.send(Tick(4)).await.expect("it takes");
    assert_eq!(account.balance().await.expect("it answers"), 5);
    account.send(Tock(7)).await.expect("it takes");
    let reason = account.ended().await;
    assert!(matches!(&reason, ExitReason::Other(text) if &**text == "tock 7"), "{reason:?}");
    let log = log.lock().expect("no panic").clone();
    assert_eq!(log[..2], ["open true", "warm"]);
    assert!(log[2].starts_with("close Other") && log[2].ends_with("true"), "{log:?}");
}

#[tokio::test]
async fn init_may_fail_with_its_own_error() {
    let error = Account::start(-5, Log::default()).await.expect_err("it begins below zero");
    assert!(error.to_string().contains("5 cents are missing"), "{error}");
}

#[tokio::test]
async fn self_is_the_server_in_arguments() {
    let (account, log) = account(1).await;
    let other = || Account { cents: 2, log: log.clone() };
    let (cents, none) = account.merge(other(), vec![other()]).await.expect("it answers");
    assert_eq!(cents, 5);
    assert!(none.is_none());
    assert!(!other().is_empty());
}

#[test]
fn handlers_are_plain_methods() {
    let mut account = Account { cents: 10, log: Log::default() };
    assert_eq!(account.withdraw(4), Ok(6));
    account.deposit(1);
    account.ticked(Tick(1));
    assert_eq!(account.cents, 8);
}

/// Parameters that no message mentions, and a where clause.
#[genserver(mailbox = unbounded)]
pub struct Pool<T, U, const N: usize>
where
    U: Default,
{
    items: Vec<T>,
    unit: U,
}

#[genserver]
impl<T, U, const N: usize> Pool<T, U, N>
where
    T: Clone + Send + 'static,
    U: Default + Send + 'static,
{
    #[init]
    fn init(first: T) -> Self {
        Pool { items: vec![first; N], unit: U::default() }
    }

    #[call]
    pub fn take(&mut self) -> Option<T> {
        let _ = &self.unit;
        self.items.pop()
    }

    #[cast]
    pub async fn put(&mut self, item: T) {
        self.items.push(item);
    }

    #[info]
    fn put_all(&mut self, items: Vec<T>) {
        self.items.extend(items);
    }
}

#[tokio::test]
async fn generic_servers_answer() {
    let pool: PoolRef<u8, (), 1> = Pool::start(1).await.expect("it starts");
    pool.put(2).await.expect("it takes");
    pool.send(vec![3, 4]).await.expect("it takes");
    let mut taken = Vec::new();
    while let Some(item) = pool.take().await.expect("it answers") {
        taken.push(item);
    }
    assert_eq!(taken, [4, 3, 2, 1]);
}

/// What cannot be cloned can start a server all the same; it is only no child.
#[genserver]
struct Once(tokio::sync::oneshot::Receiver<u8>);

#[genserver]
impl Once {
    #[init]
    fn init(receiver: tokio::sync::oneshot::Receiver<u8>) -> Self {
        Once(receiver)
    }

    #[call]
    async fn wait(&mut self) -> u8 {
        (&mut self.0).await.unwrap_or_default()
    }

    #[terminate]
    async fn close(&mut self, reason: &ExitReason) {
        tokio::task::yield_now().await;
        assert!(matches!(reason, ExitReason::Normal | ExitReason::Shutdown), "{reason:?}");
    }
}

#[tokio::test]
async fn init_arguments_need_no_clone() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let once = Once::start(receiver).await.expect("it starts");
    sender.send(3).expect("the server is there");
    assert_eq!(once.wait().await.expect("it answers"), 3);
}

#[derive(Clone)]
pub struct Config {
    path: String,
    opening: i64,
}

#[genserver]
pub struct Audit {
    account: AccountRef,
    path: String,
}

#[genserver]
impl Audit {
    #[init]
    fn init(account: AccountRef, path: String) -> Self {
        Audit { account, path }
    }

    #[call]
    pub async fn report(&self) -> String {
        match self.account.balance().await {
            Ok(cents) => format!("{}: {cents}", self.path),
            Err(error) => error.to_string(),
        }
    }
}

noex::supervisor! {
    /// The bank.
    pub Bank(config: Config, log: Log) {
        strategy: rest_for_one,
        restarts: 5 in 30s,

        account: Account(config.opening, log) { restart: transient, shutdown: 5s },
        audit: Audit(account, format!("{}/audit", config.path)),
    }
}

#[tokio::test]
async fn a_tree_starts_its_children_with_their_siblings() {
    let config = Config { path: "bank".into(), opening: 12 };
    let bank = Bank::start(config, Log::default()).await.expect("it starts");
    assert_eq!(bank.audit().report().await.expect("it answers"), "bank/audit: 12");
    bank.account().deposit(1).await.expect("it takes");
    let same = bank.clone();
    assert_eq!(same.audit().report().await.expect("it answers"), "bank/audit: 13");
}

noex::supervisor! {
    Shop {
        strategy: one_for_one,
        /// Two sevens.
        #[cfg(all())]
        pool: Pool<u8, (), 2>(7) { restart: temporary, shutdown: brutal_kill },
        #[cfg(any())]
        pool: Missing(7),
        other: Pool<u8, (), 1>(8) { shutdown: infinity }
    }
}

#[tokio::test]
async fn a_tree_without_parameters_holds_generic_servers() {
    let shop = Shop::start().await.expect("it starts");
    assert_eq!(shop.pool().take().await.expect("it answers"), Some(7));
    assert_eq!(shop.other().take().await.expect("it answers"), Some(8));
}

/// Which of several counts is known to the compiler alone.
#[genserver]
struct Either {
    how: &'static str,
}

#[genserver]
impl Either {
    #[cfg(not(target_os = "none"))]
    #[init]
    fn with(how: &'static str) -> Self {
        Either { how }
    }

    #[cfg(target_os = "none")]
    #[init]
    async fn without() -> Result<Missing, AlsoMissing> {
        Err(AlsoMissing)
    }

    #[cfg(all(target_os = "none", unix))]
    #[init]
    fn new(missing: Missing) -> Self {
        missing.either()
    }

    #[call]
    fn how(&self) -> &'static str {
        self.how
    }

    #[cfg(target_os = "none")]
    #[terminate]
    fn close(&mut self, missing: Missing) {}

    #[cfg(not(target_os = "none"))]
    #[terminate]
    async fn close(&mut self, reason: &ExitReason) {
        assert_eq!(*reason, ExitReason::Normal);
    }
}

/// Each word that an option of a policy can be.
#[genserver]
#[derive(Clone)]
pub struct Worded {}

#[genserver]
impl Worded {
    #[init]
    fn open() -> Self {
        Worded {}
    }

    #[call(concurrent)]
    #[rate_limit(9 per 1s, algorithm = sliding, on_full = refuse)]
    #[bulkhead(max_concurrent = 1, queue = fifo, adaptive = gradient)]
    async fn first(&self) -> u8 {
        1
    }

    #[call(concurrent)]
    #[rate_limit(9 per 1s, algorithm = fixed, on_full = evict_oldest)]
    #[bulkhead(max_concurrent = 1, queue = lifo, adaptive = vegas)]
    async fn second(&self) -> u8 {
        2
    }

    #[call]
    #[rate_limit(9 per 1s, algorithm = token_bucket)]
    #[bulkhead(max_concurrent = 1, queue = codel)]
    fn third(&self) -> u8 {
        3
    }

    #[call]
    #[retry(jitter = none)]
    #[circuit_breaker(half_open = wait)]
    #[rate_limit(9 per 1s, algorithm = smooth)]
    fn fourth(&self) -> Result<u8, String> {
        Ok(4)
    }

    #[call]
    #[retry(jitter = equal)]
    #[circuit_breaker(half_open = reject)]
    fn fifth(&self) -> Result<u8, String> {
        Ok(5)
    }

    #[call]
    #[retry(jitter = decorrelated)]
    fn sixth(&self) -> Result<u8, String> {
        Ok(6)
    }
}

#[tokio::test]
async fn options_of_policies_are_what_their_words_say() {
    let worded = Worded::start().await.expect("it starts");
    let all = [worded.first().await, worded.second().await, worded.third().await];
    assert!(matches!(all, [Ok(1), Ok(2), Ok(3)]), "{all:?}");
    let all = [worded.fourth().await, worded.fifth().await, worded.sixth().await];
    assert!(matches!(all, [Ok(4), Ok(5), Ok(6)]), "{all:?}");
}

#[tokio::test]
async fn one_of_several_inits_is_there() {
    let either = Either::start("with").await.expect("it starts");
    assert_eq!(either.how().await.expect("it answers"), "with");
    either.stop().await.expect("it stops");
}
