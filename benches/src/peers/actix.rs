//! actix: actors of a thread ("arbiter") with a local executor; handlers are synchronous functions.
//!
//! On "2 workers" the callers have one arbiter and the servers another, so that every message
//! crosses threads; the ring has half its actors on each. On one thread all share one arbiter.

use std::cell::RefCell;
use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::Notify;

use crate::peer::{AsyncCalls, Calls, Casts, Lifecycle, Peer, Registry, Restarts, Rings, TimedCalls, repeat};
use crate::runtime::Runtime;
use crate::work::{CALL_TIMEOUT, Total};

pub(crate) struct Actix;

thread_local! {
    /// The servers' arbiter, when it is not the callers' own.
    static SERVERS: RefCell<Option<ArbiterHandle>> = const { RefCell::new(None) };
}

/// Starts an actor where the servers are.
fn start<A: Actor<Context = actix::Context<A>> + Send>(actor: A) -> Addr<A> {
    match SERVERS.with_borrow(Clone::clone) {
        Some(arbiter) => A::start_in_arbiter(&arbiter, |_| actor),
        None => actor.start(),
    }
}

#[derive(Default)]
pub(crate) struct Counter {
    total: Total,
}

impl Actor for Counter {
    type Context = actix::Context<Counter>;
}

#[derive(Message)]
#[rtype(i64)]
struct Add(i64);

#[derive(Message)]
#[rtype(i64)]
struct AddAsync(i64);

#[derive(Message)]
#[rtype(i64)]
struct AddYielding(i64);

#[derive(Message)]
#[rtype(i64)]
struct AddWaiting(i64);

#[derive(Message)]
#[rtype(i64)]
struct AddSlowly(i64);

#[derive(Message)]
#[rtype(result = "()")]
struct Put(i64);

#[derive(Message)]
#[rtype(result = "()")]
struct Stop;

#[derive(Message)]
#[rtype(result = "()")]
struct Crash;

impl Handler<Add> for Counter {
    type Result = i64;

    fn handle(&mut self, Add(by): Add, _: &mut Self::Context) -> i64 {
        self.total.add(by)
    }
}

// `AtomicResponse` is the one that keeps other messages out until the handler's future ends.
impl Handler<AddAsync> for Counter {
    type Result = AtomicResponse<Counter, i64>;

    fn handle(&mut self, AddAsync(by): AddAsync, _: &mut Self::Context) -> Self::Result {
        let ready = std::future::ready(()).into_actor(self);
        AtomicResponse::new(Box::pin(ready.map(move |_, counter, _| counter.total.add(by))))
    }
}

impl Handler<AddYielding> for Counter {
    type Result = AtomicResponse<Counter, i64>;

    fn handle(&mut self, AddYielding(by): AddYielding, _: &mut Self::Context) -> Self::Result {
        let yielded = tokio::task::yield_now().into_actor(self);
        AtomicResponse::new(Box::pin(yielded.map(move |_, counter, _| counter.total.add(by))))
    }
}

impl Handler<AddWaiting> for Counter {
    type Result = AtomicResponse<Counter, i64>;

    fn handle(&mut self, AddWaiting(by): AddWaiting, _: &mut Self::Context) -> Self::Result {
        let waited = tokio::spawn(async {}).into_actor(self);
        AtomicResponse::new(Box::pin(waited.map(move |ended, counter, _| {
            ended.expect("the task does not panic");
            counter.total.add(by)
        })))
    }
}

impl Handler<AddSlowly> for Counter {
    type Result = i64;

    fn handle(&mut self, AddSlowly(by): AddSlowly, _: &mut Self::Context) -> i64 {
        self.total.add_slowly(by)
    }
}

impl Handler<Put> for Counter {
    type Result = ();

    fn handle(&mut self, Put(by): Put, _: &mut Self::Context) {
        self.total.add(by);
    }
}

impl Handler<Stop> for Counter {
    type Result = ();

    fn handle(&mut self, _: Stop, context: &mut Self::Context) {
        context.stop();
    }
}

impl Handler<Crash> for Counter {
    type Result = ();

    fn handle(&mut self, _: Crash, _: &mut Self::Context) {
        panic!("told to crash");
    }
}

impl Peer for Actix {
    const NAME: &'static str = "actix";

    fn run<F>(runtime: Runtime, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let system = System::new();
        let servers = (runtime == Runtime::TwoWorkers).then(Arbiter::new);
        SERVERS.set(servers.as_ref().map(Arbiter::handle));
        let output =
            system.block_on(async { actix::spawn(main).await.expect("the scenario does not panic") });
        SERVERS.set(None);
        if let Some(arbiter) = servers {
            arbiter.stop();
            arbiter.join().expect("the arbiter does not panic");
        }
        output
    }
}

impl Calls for Actix {
    type Counter = Addr<Counter>;

    async fn start() -> Addr<Counter> {
        start(Counter::default())
    }

    async fn call(counter: &Addr<Counter>, by: i64) -> i64 {
        counter.send(Add(by)).await.expect("the actor runs")
    }

    async fn call_many(counter: &Addr<Counter>, times: u64) {
        repeat!(times, counter.send(Add(1)).await.expect("the actor runs"));
    }

    async fn call_slow(counter: &Addr<Counter>, by: i64) -> i64 {
        counter.send(AddSlowly(by)).await.expect("the actor runs")
    }
}

impl TimedCalls for Actix {
    async fn call_many_timed(counter: &Addr<Counter>, times: u64) {
        repeat!(times, counter.send(Add(1)).timeout(CALL_TIMEOUT).await.expect("the actor answers in time"));
    }
}

impl AsyncCalls for Actix {
    async fn call_many_async(counter: &Addr<Counter>, times: u64) {
        repeat!(times, counter.send(AddAsync(1)).await.expect("the actor runs"));
    }

    async fn call_many_yielding(counter: &Addr<Counter>, times: u64) {
        repeat!(times, counter.send(AddYielding(1)).await.expect("the actor runs"));
    }

    async fn call_many_waiting(counter: &Addr<Counter>, times: u64) {
        repeat!(times, counter.send(AddWaiting(1)).await.expect("the actor runs"));
    }
}

impl Casts for Actix {
    // Queued even where the mailbox is full.
    async fn cast(counter: &Addr<Counter>, by: i64) {
        counter.do_send(Put(by));
    }

    async fn cast_many(counter: &Addr<Counter>, times: u64) {
        repeat!(times, counter.do_send(Put(1)));
    }
}

impl Lifecycle for Actix {
    // An actor that stops cannot be joined; its last answer is the nearest thing.
    async fn start_and_stop() {
        start(Counter::default()).send(Stop).await.expect("the actor runs");
    }
}

impl Supervised for Counter {}
impl SystemService for Counter {}

impl Registry for Actix {
    type Names = ();

    // Actors are registered by type: all names are one server.
    async fn register(_: &[String]) {}

    async fn call_by_name(_: &(), _: &str, by: i64) -> i64 {
        Self::call(&Counter::from_registry(), by).await
    }

    async fn forget(_: ()) {}
}

/// The child; replaced by whoever notices that it is gone.
pub(crate) struct Child(std::sync::Mutex<Addr<Counter>>);

impl Child {
    fn current(&self) -> Addr<Counter> {
        self.0.lock().expect("no holder panics").clone()
    }
}

impl Restarts for Actix {
    type Child = Child;

    // actix's supervisor restarts an actor that stopped itself, not one that panicked: the caller
    // starts a fresh one when its call fails.
    async fn supervise() -> Child {
        Child(std::sync::Mutex::new(start(Counter::default())))
    }

    async fn crash(child: &Child) {
        child.current().do_send(Crash);
    }

    async fn try_call(child: &Child, by: i64) -> Option<i64> {
        let answer = child.current().send(Add(by)).await.ok();
        if answer.is_none() {
            *child.0.lock().expect("no holder panics") = start(Counter::default());
        }
        answer
    }
}

/// An actor that knows the next one.
pub(crate) struct Link {
    next: Option<Addr<Link>>,
    done: Arc<Notify>,
}

impl Actor for Link {
    type Context = actix::Context<Link>;
}

#[derive(Message)]
#[rtype(result = "()")]
struct Connect(Addr<Link>);

#[derive(Message)]
#[rtype(result = "()")]
struct Token(u64);

impl Handler<Connect> for Link {
    type Result = ();

    fn handle(&mut self, Connect(next): Connect, _: &mut Self::Context) {
        self.next = Some(next);
    }
}

impl Handler<Token> for Link {
    type Result = ();

    fn handle(&mut self, Token(hops): Token, _: &mut Self::Context) {
        match (hops, &self.next) {
            (0, _) => self.done.notify_one(),
            (_, Some(next)) => next.do_send(Token(hops - 1)),
            (_, None) => unreachable!("the circle is closed before the first token"),
        }
    }
}

impl Rings for Actix {
    type Ring = Addr<Link>;

    async fn ring(size: usize, done: Arc<Notify>) -> Addr<Link> {
        let last = Link { next: None, done: done.clone() }.start();
        let mut first = last.clone();
        for index in 1..size {
            let link = Link { next: Some(first), done: done.clone() };
            first = if index < size / 2 { link.start() } else { start(link) };
        }
        last.send(Connect(first.clone())).await.expect("the last actor runs");
        first
    }

    async fn pass(ring: &Addr<Link>, hops: u64) {
        ring.do_send(Token(hops));
    }
}
