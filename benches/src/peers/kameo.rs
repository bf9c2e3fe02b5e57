//! kameo: a type a message, a boxed message and a boxed handler future each, bounded mailboxes of
//! 64 (its default), tracing spans round each handler (on by default, here without a subscriber).
//!
//! Requests are awaited as its documentation does it, which boxes the request's future too.

use std::sync::Arc;
use std::time::Duration;

use kameo::Actor;
use kameo::actor::{ActorRef, Spawn};
use kameo::message::{Context, Message};
use tokio::sync::Notify;

use crate::peer::{AsyncCalls, Calls, Casts, Lifecycle, Peer, Registry, Restarts, Rings, TimedCalls, repeat};
use crate::work::{CALL_TIMEOUT, Total};

pub(crate) struct Kameo;

#[derive(Actor, Clone, Default)]
pub(crate) struct Counter {
    total: Total,
}

struct Add(i64);
struct AddYielding(i64);
struct AddWaiting(i64);
struct AddSlowly(i64);
struct Put(i64);
struct Crash;

impl Message<Add> for Counter {
    type Reply = i64;

    async fn handle(&mut self, Add(by): Add, _: &mut Context<Self, i64>) -> i64 {
        self.total.add_async(by).await
    }
}

impl Message<AddYielding> for Counter {
    type Reply = i64;

    async fn handle(&mut self, AddYielding(by): AddYielding, _: &mut Context<Self, i64>) -> i64 {
        self.total.add_yielding(by).await
    }
}

impl Message<AddWaiting> for Counter {
    type Reply = i64;

    async fn handle(&mut self, AddWaiting(by): AddWaiting, _: &mut Context<Self, i64>) -> i64 {
        self.total.add_waiting(by).await
    }
}

impl Message<AddSlowly> for Counter {
    type Reply = i64;

    async fn handle(&mut self, AddSlowly(by): AddSlowly, _: &mut Context<Self, i64>) -> i64 {
        self.total.add_slowly(by)
    }
}

impl Message<Put> for Counter {
    type Reply = ();

    async fn handle(&mut self, Put(by): Put, _: &mut Context<Self, ()>) {
        self.total.add(by);
    }
}

impl Message<Crash> for Counter {
    type Reply = ();

    async fn handle(&mut self, _: Crash, _: &mut Context<Self, ()>) {
        panic!("told to crash");
    }
}

impl Peer for Kameo {
    const NAME: &'static str = "kameo";
}

impl Calls for Kameo {
    type Counter = ActorRef<Counter>;

    async fn start() -> ActorRef<Counter> {
        Counter::spawn(Counter::default())
    }

    async fn call(counter: &ActorRef<Counter>, by: i64) -> i64 {
        counter.ask(Add(by)).await.expect("the actor runs")
    }

    async fn call_many(counter: &ActorRef<Counter>, times: u64) {
        repeat!(times, counter.ask(Add(1)).await.expect("the actor runs"));
    }

    async fn call_slow(counter: &ActorRef<Counter>, by: i64) -> i64 {
        counter.ask(AddSlowly(by)).await.expect("the actor runs")
    }
}

impl TimedCalls for Kameo {
    async fn call_many_timed(counter: &ActorRef<Counter>, times: u64) {
        repeat!(
            times,
            counter.ask(Add(1)).reply_timeout(CALL_TIMEOUT).await.expect("the actor answers in time")
        );
    }
}

impl AsyncCalls for Kameo {
    // Every handler is an async fn.
    async fn call_many_async(counter: &ActorRef<Counter>, times: u64) {
        Self::call_many(counter, times).await;
    }

    async fn call_many_yielding(counter: &ActorRef<Counter>, times: u64) {
        repeat!(times, counter.ask(AddYielding(1)).await.expect("the actor runs"));
    }

    async fn call_many_waiting(counter: &ActorRef<Counter>, times: u64) {
        repeat!(times, counter.ask(AddWaiting(1)).await.expect("the actor runs"));
    }
}

impl Casts for Kameo {
    async fn cast(counter: &ActorRef<Counter>, by: i64) {
        counter.tell(Put(by)).await.expect("the actor runs");
    }

    async fn cast_many(counter: &ActorRef<Counter>, times: u64) {
        repeat!(times, counter.tell(Put(1)).await.expect("the actor runs"));
    }
}

impl Lifecycle for Kameo {
    async fn start_and_stop() {
        let counter = Counter::spawn(Counter::default());
        counter.wait_for_startup().await;
        counter.stop_gracefully().await.expect("the actor runs");
        counter.wait_for_shutdown().await;
    }
}

impl Registry for Kameo {
    type Names = Vec<ActorRef<Counter>>;

    async fn register(names: &[String]) -> Vec<ActorRef<Counter>> {
        let mut counters = Vec::new();
        for name in names {
            let counter = Self::start().await;
            counter.register(name.clone()).expect("the name is free");
            counters.push(counter);
        }
        counters
    }

    async fn call_by_name(_: &Vec<ActorRef<Counter>>, name: &str, by: i64) -> i64 {
        let counter = ActorRef::<Counter>::lookup(name).expect("the type fits").expect("the name is taken");
        Self::call(&counter, by).await
    }

    async fn forget(counters: Vec<ActorRef<Counter>>) {
        for counter in counters {
            counter.stop_gracefully().await.expect("the actor runs");
            counter.wait_for_shutdown().await;
        }
    }
}

#[derive(Actor)]
pub(crate) struct Supervisor;

/// The supervised child, with its supervisor, which lives as long as somebody refers to it.
pub(crate) struct Child {
    counter: ActorRef<Counter>,
    _supervisor: ActorRef<Supervisor>,
}

impl Restarts for Kameo {
    type Child = Child;

    async fn supervise() -> Child {
        let supervisor = Supervisor::spawn(Supervisor);
        let counter = Counter::supervise(&supervisor, Counter::default())
            .restart_limit(u32::MAX, Duration::from_secs(1))
            .spawn()
            .await;
        Child { counter, _supervisor: supervisor }
    }

    async fn crash(child: &Child) {
        child.counter.tell(Crash).await.expect("the actor runs");
    }

    // The reference outlives the crash, and so does the mailbox.
    async fn try_call(child: &Child, by: i64) -> Option<i64> {
        child.counter.ask(Add(by)).await.ok()
    }
}

/// An actor that knows the next one.
#[derive(Actor)]
pub(crate) struct Link {
    next: Option<ActorRef<Link>>,
    done: Arc<Notify>,
}

struct Connect(ActorRef<Link>);
struct Token(u64);

impl Message<Connect> for Link {
    type Reply = ();

    async fn handle(&mut self, Connect(next): Connect, _: &mut Context<Self, ()>) {
        self.next = Some(next);
    }
}

impl Message<Token> for Link {
    type Reply = ();

    async fn handle(&mut self, Token(hops): Token, _: &mut Context<Self, ()>) {
        match (hops, &self.next) {
            (0, _) => self.done.notify_one(),
            (_, Some(next)) => next.tell(Token(hops - 1)).await.expect("the next actor runs"),
            (_, None) => unreachable!("the circle is closed before the first token"),
        }
    }
}

impl Rings for Kameo {
    type Ring = ActorRef<Link>;

    async fn ring(size: usize, done: Arc<Notify>) -> ActorRef<Link> {
        let last = Link::spawn(Link { next: None, done: done.clone() });
        let mut first = last.clone();
        for _ in 1..size {
            first = Link::spawn(Link { next: Some(first), done: done.clone() });
        }
        last.ask(Connect(first.clone())).await.expect("the last actor runs");
        first
    }

    async fn pass(ring: &ActorRef<Link>, hops: u64) {
        ring.tell(Token(hops)).await.expect("the first actor runs");
    }
}
