//! Generated code trips no lint of a crate that denies them all, and the user's own code can follow each.

#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    non_snake_case,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unsafe_code,
    unused,
    unused_lifetimes,
    unused_qualifications,
    variant_size_differences
)]
#![deny(clippy::all, clippy::pedantic, clippy::cargo)]
#![allow(clippy::cargo_common_metadata, clippy::multiple_crate_versions)]
#![forbid(unsafe_code)]

use noex::prelude::*;
use std::fmt;
use std::fmt::Display;
use std::time::Duration;

/// How many messages wait.
const CAPACITY: usize = 32;
/// How long callers wait.
const PATIENCE: Duration = Duration::from_secs(1);

/// There is not enough.
#[derive(Debug, Clone, Copy)]
pub struct Overdrawn;

impl Display for Overdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("overdrawn")
    }
}

impl std::error::Error for Overdrawn {}

/// Time has passed.
#[derive(Debug, Clone, Copy)]
pub struct Tick;

/// A type that only the crate sees.
#[derive(Debug, Clone)]
struct Internal(u8);

/// An account that nobody can overdraw.
#[genserver(
    name = "lints.account",
    mailbox = CAPACITY,
    overflow = wait,
    call_timeout = PATIENCE,
    on_restart = drop,
    trap_exit,
    inline = never
)]
#[derive(Debug)]
pub struct Account {
    cents: i64,
    internal: Internal,
}

#[genserver]
impl Account {
    /// Opens it.
    ///
    /// # Errors
    ///
    /// If it begins below zero.
    #[init]
    fn open(cx: &mut Context<Self>, cents: i64) -> Result<Init<Self>, Overdrawn> {
        if cents < 0 {
            return Err(Overdrawn);
        }
        let account = Account { cents, internal: Internal(u8::from(cx.pid() == cx.pid())) };
        Ok(Init::then(account, Internal(2)))
    }

    /// Adds what has grown meanwhile.
    #[every(1h)]
    fn accrue(&mut self) {
        self.cents += 1;
    }

    /// Looks after itself.
    #[every(PATIENCE, missed = delay)]
    async fn check(&self, cx: &mut Context<Self>) {
        let _ = cx.fired();
        tokio::task::yield_now().await;
    }

    /// Rests.
    #[cfg(test)]
    #[idle(PATIENCE)]
    fn rest(&mut self) {
        self.internal = Internal(0);
    }

    /// Not here.
    #[cfg(not(test))]
    #[idle(1h)]
    fn never(&mut self) {}

    /// Somebody is down.
    #[info]
    fn down(&mut self, down: Down) {
        self.cents -= i64::from(down.reason.is_panic());
    }

    /// Somebody has ended.
    #[cfg(test)]
    #[info]
    fn ended(&mut self, exit: Exit) {
        self.cents -= i64::from(exit.reason.is_orderly());
    }

    /// Takes `amount` out and returns what is left.
    ///
    /// # Errors
    ///
    /// If there is not enough.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(1 + 1, 2);
    /// ```
    #[call]
    pub fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn> {
        if amount > self.cents {
            return Err(Overdrawn);
        }
        self.cents -= amount;
        Ok(self.cents)
    }

    /// Puts `amount` in.
    #[cast]
    pub fn deposit(&mut self, amount: i64) {
        self.cents += amount;
    }

    /// What there is.
    #[call(timeout = 2s)]
    #[must_use = "a balance is there to be looked at"]
    pub fn balance(&self) -> i64 {
        self.cents
    }

    /// The old name of `balance`.
    #[call]
    #[must_use]
    #[deprecated(note = "use `balance`")]
    pub fn cents(&self) -> i64 {
        self.cents
    }

    /// Waits.
    #[call(timeout = infinity)]
    pub async fn wait(&self, cx: &mut Context<Self>) -> Pid {
        tokio::task::yield_now().await;
        cx.pid()
    }

    /// Takes many arguments.
    #[call]
    #[expect(clippy::too_many_arguments, reason = "to see that it is carried over")]
    pub fn many(&mut self, a1: u8, a2: u8, a3: u8, a4: u8, a5: u8, a6: u8, a7: u8, a8: u8) -> u8 {
        a1 ^ a2 ^ a3 ^ a4 ^ a5 ^ a6 ^ a7 ^ a8 ^ self.internal.0
    }

    /// Takes what it does not consume, and has no use for the server.
    #[cast]
    pub fn idle(&self, text: String) {
        let _ = text.is_empty();
    }

    // No docs: nobody outside of the crate sees it.
    #[call]
    fn internal(&self, other: Internal) -> Internal {
        Internal(self.internal.0 ^ other.0)
    }

    // Nobody calls it, but a server may be asked by others than this crate.
    #[cast]
    fn unused_here(&mut self) {
        self.internal.0 = 0;
    }

    #[cfg(not(test))]
    #[call]
    pub fn gone(&self, missing: Missing) -> Missing {
        missing
    }

    #[info]
    fn ticked(&mut self, _: Tick) {
        self.cents += 1;
    }

    #[continuation]
    async fn warm_up(&mut self, internal: Internal) {
        tokio::task::yield_now().await;
        self.internal = internal;
    }

    #[terminate]
    fn close(&mut self, reason: &ExitReason) {
        if matches!(reason, ExitReason::Normal) {
            self.cents = 0;
        }
    }
}

/// Keeps one value.
#[genserver]
#[derive(Debug)]
pub struct Keeper<T, const N: usize>
where
    T: Clone,
{
    value: T,
}

#[genserver]
impl<T, const N: usize> Keeper<T, N>
where
    T: Display + Clone + Send + Sync + 'static,
{
    #[init]
    fn init(value: T) -> Self {
        Keeper { value }
    }

    /// The value.
    #[call]
    pub fn get(&self) -> T {
        self.value.clone()
    }

    /// Another value; the old one comes back.
    #[call]
    pub async fn swap(&mut self, value: T) -> T {
        tokio::task::yield_now().await;
        std::mem::replace(&mut self.value, value)
    }
}

/// A server of which nobody uses anything.
#[genserver]
#[derive(Debug)]
pub struct Idle;

#[genserver]
impl Idle {
    #[init]
    async fn init() -> Self {
        tokio::task::yield_now().await;
        Idle
    }
}

#[tokio::test]
async fn every_feature_is_quiet() {
    let account = Account::start(100).await.expect("it starts");
    account.deposit(50).await.expect("it takes");
    assert_eq!(account.withdraw(30).await.expect("it answers"), 120);
    assert_eq!(account.balance().await.expect("it answers"), 120);
    assert_eq!(account.wait().await.expect("it answers"), account.pid());
    assert_eq!(account.many(1, 2, 3, 4, 5, 6, 7, 8).await.expect("it answers"), 10);
    assert_eq!(account.internal(Internal(1)).await.expect("it answers").0, 3);
    assert!(Account::whereis("lints.account").is_some());
    let keeper = Keeper::<_, 3>::start("a".to_string()).await.expect("it starts");
    assert_eq!(keeper.swap("b".to_string()).await.expect("it answers"), "a");
    assert_eq!(keeper.get().await.expect("it answers"), "b");
    assert!(Account::start(-1).name("other").await.is_err());
    assert!(Idle::start().await.is_ok());
}

/// Answers when it likes.
#[genserver]
#[derive(Debug, Clone)]
pub struct Oracle<T: Clone + fmt::Debug + Send + Sync + 'static> {
    word: T,
}

#[genserver]
impl<T: Clone + fmt::Debug + Send + Sync + 'static> Oracle<T> {
    #[init]
    fn init(word: T) -> Self {
        Oracle { word }
    }

    /// Says it later.
    ///
    /// # Errors
    ///
    /// Never.
    #[call]
    pub fn ask(&mut self, _question: String, reply: ReplyTo<Result<T, Overdrawn>>) {
        let word = self.word.clone();
        tokio::spawn(async move { reply.send(Ok(word)) });
    }

    /// Says nothing.
    #[deprecated = "ask"]
    #[call]
    pub async fn wait(&mut self, _cx: &mut Context<Self>, reply: ReplyTo<()>) {
        tokio::task::yield_now().await;
        reply.send(());
    }

    /// Says it beside the others.
    #[call(concurrent, timeout = 1s)]
    pub async fn murmur(&self, _question: String) -> Option<T> {
        tokio::task::yield_now().await;
        Some(self.word.clone())
    }
}

#[tokio::test]
async fn an_oracle_answers() {
    let oracle = Oracle::start("42").await.expect("it starts");
    assert_eq!(oracle.ask("?".into()).await.expect("it answers"), "42");
    assert_eq!(oracle.murmur("?".into()).await.expect("it answers"), Some("42"));
}

/// Where an oracle keeps its words.
pub trait Words: Clone + Send + Sync + fmt::Debug + 'static {}

impl Words for &'static str {}

noex::supervisor! {
    /// Oracles of one word.
    pub Temple<W: Words>(word: W) {
        strategy: rest_for_one,
        restarts: 5 in 30s,
        backoff: 10ms..1s,
        auto_shutdown: any_significant,
        first: Oracle<W>(word.clone()) { restart: transient, significant: true, shutdown: 1s },
        /// Those that come and go.
        visitors: dynamic Oracle<W>(word: W) { max: 2, restart: temporary },
    }
}

mod private {
    use super::Keeper;

    noex::supervisor! {
        /// Trees in a tree, in a module of their own.
        pub(crate) Below(cents: i64) {
            strategy: one_for_one,
            only: Keeper<i64, 3>(cents),
            many: partition Keeper<usize, 3>(partition) { by: str, count: 2, ready_within: 5s },
            #[deprecated = "many"]
            none: partition Keeper<u8, 3>(1),
        }
    }
}

noex::supervisor! {
    /// All kinds of children.
    pub All(cents: i64) {
        strategy: one_for_all,
        below: supervisor private::Below(cents),
        temple: supervisor Temple<&'static str>("42") { ready_within: 5s },
        after: dynamic Account,
    }
}

#[tokio::test]
async fn trees_of_all_kinds_are_quiet() {
    let all = All::start(5).await.expect("it starts");
    assert_eq!(all.below().only().get().await.expect("it answers"), 5);
    assert_eq!(all.below().many().get("a").get().await.expect("it answers"), all.below().many().which("a"));
    let visitor = all.temple().visitors().start_child("43").await.expect("it starts");
    assert_eq!(visitor.ask("?".into()).await.expect("it answers"), "43");
    assert_eq!(all.after().count_children().await.expect("it answers").specs, 0);
}

/// A bank that others call all the time.
#[genserver]
#[derive(Debug, Default, Clone)]
pub struct Guarded;

/// Whether it is worth another attempt.
#[must_use]
pub fn is_worth_it(_: &Overdrawn) -> bool {
    true
}

#[genserver]
impl Guarded {
    /// Opens it.
    #[init]
    fn open() -> Self {
        Self
    }

    /// Takes from it.
    ///
    /// # Errors
    ///
    /// There is not enough.
    #[call]
    #[fallback(0)]
    #[timeout(30s)]
    #[retry(max_attempts = 3, jitter = full, when = is_worth_it, idempotent)]
    #[circuit_breaker(window = 20, failure_rate = 0.5, key = user, max_keys = 10)]
    #[rate_limit(100 per 1min, key = user, cost = cents, queue = 5)]
    #[bulkhead(max_concurrent = 4)]
    #[timeout(PATIENCE)]
    pub fn take(&self, user: String, cents: u32) -> Result<u32, Overdrawn> {
        if user.is_empty() { Err(Overdrawn) } else { Ok(cents) }
    }

    /// Notes something.
    #[cast]
    #[rate_limit(5 per 1s, scope = type)]
    pub fn note(&mut self, line: String) {
        drop(line);
    }
}

#[tokio::test(start_paused = true)]
async fn policies_work_as_declared() -> Result<(), Box<dyn std::error::Error>> {
    let guarded = Guarded::start().await?;
    assert_eq!(guarded.take("Ada".into(), 5).await?, 5);
    assert_eq!(guarded.take(String::new(), 5).await?, 0);
    guarded.note("a line".into()).await?;
    Ok(())
}

/// Nothing is in it.
#[derive(Debug)]
pub struct Empty;

/// Something is in it.
#[derive(Debug)]
pub struct Full<T> {
    what: T,
}

/// A box for one thing at a time, and notes about it.
#[state_machine(name = "lints.box", mailbox = CAPACITY)]
#[derive(Debug)]
pub struct Case<T: Send + 'static, N> {
    notes: Vec<N>,
    last: Option<T>,
}

#[state_machine(states(Empty, Full<T>), unhandled = drop)]
impl<T: Clone + Send + 'static, N: Send + 'static> Case<T, N> {
    #[init(Empty | Full)]
    fn init(first: Option<T>, notes: Vec<N>) -> Result<(Self, CaseInitTo<T, N>), Overdrawn> {
        if notes.len() > CAPACITY {
            return Err(Overdrawn);
        }
        let state = first.map_or_else(|| Empty.into(), |what| Full { what }.into());
        Ok((Case { notes, last: None }, state))
    }

    /// Puts something in.
    #[call]
    #[on(Empty => Full)]
    #[postpone(Full)]
    pub fn put(&mut self, what: T) -> (Full<T>, usize) {
        (Full { what }, self.notes.len())
    }

    /// Takes it out.
    #[call]
    #[timeout(PATIENCE)]
    #[on(Full => Empty | Full)]
    pub fn take(&mut self, full: &mut Full<T>, twice: bool) -> (CaseTakeTo<T, N>, Result<T, Overdrawn>) {
        let what = full.what.clone();
        let next = if twice { Full { what: what.clone() }.into() } else { Empty.into() };
        (next, Ok(what))
    }

    /// The last one, later.
    #[call]
    pub fn last(&mut self, reply: ReplyTo<Option<T>>) {
        reply.send(self.last.clone());
    }

    /// Notes something.
    #[cast]
    pub fn note(&mut self, note: N) {
        self.notes.push(note);
    }

    #[info]
    fn ticked(&mut self, _tick: Tick) {
        self.notes.clear();
    }

    #[event]
    #[on(Full => Empty)]
    fn late(&mut self, full: Full<T>) -> Empty {
        self.last = Some(full.what);
        Empty
    }

    #[enter(Full)]
    fn filled(&mut self, actions: &mut Actions<Self>) {
        actions.state_timeout().set(PATIENCE, CaseEvent::Late);
    }

    #[exit(Full)]
    fn emptied(&mut self, _to: At<Self>) {
        self.notes.clear();
    }

    #[terminate]
    fn close(&mut self, _state: &mut CaseState<T, N>, _reason: &ExitReason) {
        self.notes.clear();
    }
}

#[tokio::test(start_paused = true)]
async fn machines_are_quiet() {
    let case = Case::<u8, char>::start(None, Vec::new()).await.expect("it starts");
    assert_eq!(case.put(1).await.expect("it answers"), 0);
    assert_eq!(case.take(true).await.expect("it answers"), 1);
    case.note('n').await.expect("it takes");
    tokio::time::sleep(2 * PATIENCE).await;
    assert_eq!(case.last().await.expect("it answers"), Some(1));
}

/// Halves numbers.
#[genserver]
#[derive(Debug, Clone)]
pub struct Halver;

#[genserver]
impl Halver {
    #[init]
    fn init() -> Self {
        Self
    }

    /// Half of it.
    ///
    /// # Errors
    ///
    /// It has no half.
    #[call(job)]
    pub fn halve(&mut self, number: u32) -> Result<u32, Overdrawn> {
        if number.is_multiple_of(2) { Ok(number / 2) } else { Err(Overdrawn) }
    }
}

noex::pipeline! {
    /// A quarter of a number.
    pub Quarter: u32 => u32 {
        order: any,
        timed: true,
        first: Halver::halve { concurrency: CAPACITY },
        second: Halver::halve,
    }
}

noex::supervisor! {
    /// One who halves for a pipeline, and several who do for all.
    pub Halves(size: usize) {
        strategy: one_for_one,
        one: Halver(),
        /// All of them.
        many: pool Halver() {
            size: size, queue: CAPACITY, queue_timeout: 5s, retries: 1, deadline: 5s, topic: "lints.halves", drain: 1s,
        },
    }
}

#[tokio::test]
async fn pipelines_and_pools_are_quiet() {
    let halves = Halves::start(2).await.expect("it starts");
    let quarter = Quarter::new(halves.one().clone(), halves.one().clone());
    assert_eq!(quarter.process(12).await.expect("it passes"), 3);
    let error = quarter.process(6).await.expect_err("3 has no half");
    assert!(matches!(error, QuarterError::Second(CallError::Handler(Overdrawn))));
    assert_eq!(halves.many().run(8).await.expect("it is done"), 4);
}
