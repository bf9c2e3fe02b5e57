//! noex, with what its attributes generate: bounded mailboxes of 1,024, and callers that run the
//! handlers of idle servers themselves.
//!
//! Calls have no time-out here unless a scenario is about it, because the other peers have none.

use noex::{DynamicSupervisor, prelude::*};

use crate::peer::{
    AsyncCalls, Calls, Casts, Children, Lifecycle, Peer, Registry, Restarts, TimedCalls, repeat,
};
use crate::work::{CALL_TIMEOUT, Total};

mod line;
mod never_wait;
mod pool;
mod publish;
mod ring;

pub(crate) use self::never_wait::NoexTryCast;

pub(crate) struct Noex;

#[genserver(call_timeout = infinity)]
pub(crate) struct Counter {
    total: Total,
}

#[genserver]
impl Counter {
    #[init]
    fn open() -> Self {
        Counter { total: Total::default() }
    }

    #[call]
    pub(crate) fn add(&mut self, by: i64) -> i64 {
        self.total.add(by)
    }

    #[call]
    pub(crate) async fn add_async(&mut self, by: i64) -> i64 {
        self.total.add_async(by).await
    }

    #[call]
    pub(crate) async fn add_yielding(&mut self, by: i64) -> i64 {
        self.total.add_yielding(by).await
    }

    #[call]
    pub(crate) async fn add_waiting(&mut self, by: i64) -> i64 {
        self.total.add_waiting(by).await
    }

    #[call]
    pub(crate) fn add_slowly(&mut self, by: i64) -> i64 {
        self.total.add_slowly(by)
    }

    #[cast]
    pub(crate) fn put(&mut self, by: i64) {
        self.total.add(by);
    }

    #[cast]
    pub(crate) fn crash(&mut self) {
        panic!("told to crash");
    }
}

impl Peer for Noex {
    const NAME: &'static str = "noex";
}

impl Calls for Noex {
    type Counter = CounterRef;

    async fn start() -> CounterRef {
        Counter::start().await.expect("the server starts")
    }

    async fn call(counter: &CounterRef, by: i64) -> i64 {
        counter.add(by).await.expect("the server runs")
    }

    async fn call_many(counter: &CounterRef, times: u64) {
        repeat!(times, counter.add(1).await.expect("the server runs"));
    }

    async fn call_slow(counter: &CounterRef, by: i64) -> i64 {
        counter.add_slowly(by).await.expect("the server runs")
    }
}

impl TimedCalls for Noex {
    async fn call_many_timed(counter: &CounterRef, times: u64) {
        repeat!(times, counter.add(1).timeout(CALL_TIMEOUT).await.expect("the server answers in time"));
    }
}

impl AsyncCalls for Noex {
    async fn call_many_async(counter: &CounterRef, times: u64) {
        repeat!(times, counter.add_async(1).await.expect("the server runs"));
    }

    async fn call_many_yielding(counter: &CounterRef, times: u64) {
        repeat!(times, counter.add_yielding(1).await.expect("the server runs"));
    }

    async fn call_many_waiting(counter: &CounterRef, times: u64) {
        repeat!(times, counter.add_waiting(1).await.expect("the server runs"));
    }
}

impl Casts for Noex {
    async fn cast(counter: &CounterRef, by: i64) {
        counter.put(by).await.expect("the server runs");
    }

    async fn cast_many(counter: &CounterRef, times: u64) {
        repeat!(times, counter.put(1).await.expect("the server runs"));
    }
}

impl Lifecycle for Noex {
    async fn start_and_stop() {
        let counter = Self::start().await;
        counter.stop().await.expect("the server runs");
    }
}

impl Registry for Noex {
    type Names = Vec<CounterRef>;

    async fn register(names: &[String]) -> Vec<CounterRef> {
        let mut counters = Vec::new();
        for name in names {
            counters.push(Counter::start().name(name.as_str()).await.expect("the name is free"));
        }
        counters
    }

    async fn call_by_name(_: &Vec<CounterRef>, name: &str, by: i64) -> i64 {
        let counter = Counter::whereis(name).expect("the name is taken");
        counter.add(by).await.expect("the server runs")
    }

    async fn forget(counters: Vec<CounterRef>) {
        for counter in counters {
            counter.stop().await.expect("the server runs");
        }
    }
}

supervisor! {
    /// One counter that may crash as often as the scenario likes.
    pub(crate) Tree() {
        strategy: one_for_one,
        restarts: 1_000_000 in 1s,
        counter: Counter(),
    }
}

impl Restarts for Noex {
    type Child = Tree;

    async fn supervise() -> Tree {
        Tree::start().await.expect("the tree starts")
    }

    async fn crash(tree: &Tree) {
        tree.counter().crash().await.expect("there is room");
    }

    // The reference outlives the crash, and so does the mailbox.
    async fn try_call(tree: &Tree, by: i64) -> Option<i64> {
        tree.counter().add(by).await.ok()
    }
}

impl Children for Noex {
    type Supervisor = DynamicSupervisor<Counter>;
    type Child = CounterRef;

    async fn open() -> DynamicSupervisor<Counter> {
        DynamicSupervisor::builder("counters").start().await.expect("it starts")
    }

    async fn add(supervisor: &DynamicSupervisor<Counter>) -> CounterRef {
        supervisor.start_child(()).await.expect("the child starts")
    }

    async fn remove(supervisor: &DynamicSupervisor<Counter>, child: CounterRef) {
        supervisor.terminate_child(&child).await.expect("the child is there");
    }

    async fn close(supervisor: DynamicSupervisor<Counter>) {
        supervisor.stop().await.expect("it runs");
    }
}
