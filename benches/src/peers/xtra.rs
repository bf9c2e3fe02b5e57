//! xtra: an address is a queue of boxed messages that any number of actors may empty; unbounded
//! here, as in its documentation. No supervision, no names, no time-outs of its own.
//!
//! The queue is a heap: messages of one priority are handled in no particular order, so that a call
//! overtakes casts sent before it unless the casts have a higher priority.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::time::timeout;
use xtra::{Actor, Address, Context, Handler, Mailbox};

use crate::peer::{AsyncCalls, Calls, Casts, Lifecycle, Peer, Rings, TimedCalls, repeat};
use crate::work::{CALL_TIMEOUT, Total};

pub(crate) struct Xtra;

#[derive(Default)]
pub(crate) struct Counter {
    total: Total,
}

impl Actor for Counter {
    type Stop = ();

    async fn stopped(self) {}
}

struct Add(i64);
struct AddYielding(i64);
struct AddWaiting(i64);
struct AddSlowly(i64);
struct Put(i64);

impl Handler<Add> for Counter {
    type Return = i64;

    async fn handle(&mut self, Add(by): Add, _: &mut Context<Self>) -> i64 {
        self.total.add_async(by).await
    }
}

impl Handler<AddYielding> for Counter {
    type Return = i64;

    async fn handle(&mut self, AddYielding(by): AddYielding, _: &mut Context<Self>) -> i64 {
        self.total.add_yielding(by).await
    }
}

impl Handler<AddWaiting> for Counter {
    type Return = i64;

    async fn handle(&mut self, AddWaiting(by): AddWaiting, _: &mut Context<Self>) -> i64 {
        self.total.add_waiting(by).await
    }
}

impl Handler<AddSlowly> for Counter {
    type Return = i64;

    async fn handle(&mut self, AddSlowly(by): AddSlowly, _: &mut Context<Self>) -> i64 {
        self.total.add_slowly(by)
    }
}

impl Handler<Put> for Counter {
    type Return = ();

    async fn handle(&mut self, Put(by): Put, _: &mut Context<Self>) {
        self.total.add(by);
    }
}

impl Peer for Xtra {
    const NAME: &'static str = "xtra";
}

impl Calls for Xtra {
    type Counter = Address<Counter>;

    async fn start() -> Address<Counter> {
        xtra::spawn_tokio(Counter::default(), Mailbox::unbounded())
    }

    async fn call(counter: &Address<Counter>, by: i64) -> i64 {
        counter.send(Add(by)).await.expect("the actor runs")
    }

    async fn call_many(counter: &Address<Counter>, times: u64) {
        repeat!(times, counter.send(Add(1)).await.expect("the actor runs"));
    }

    async fn call_slow(counter: &Address<Counter>, by: i64) -> i64 {
        counter.send(AddSlowly(by)).await.expect("the actor runs")
    }
}

impl TimedCalls for Xtra {
    async fn call_many_timed(counter: &Address<Counter>, times: u64) {
        repeat!(
            times,
            timeout(CALL_TIMEOUT, counter.send(Add(1))).await.expect("in time").expect("the actor runs")
        );
    }
}

impl AsyncCalls for Xtra {
    // Every handler is an async fn.
    async fn call_many_async(counter: &Address<Counter>, times: u64) {
        Self::call_many(counter, times).await;
    }

    async fn call_many_yielding(counter: &Address<Counter>, times: u64) {
        repeat!(times, counter.send(AddYielding(1)).await.expect("the actor runs"));
    }

    async fn call_many_waiting(counter: &Address<Counter>, times: u64) {
        repeat!(times, counter.send(AddWaiting(1)).await.expect("the actor runs"));
    }
}

impl Casts for Xtra {
    async fn cast(counter: &Address<Counter>, by: i64) {
        // Detached, the future queues the message and leaves the reply alone. The priority lets the
        // call that flushes the casts come last.
        drop(counter.send(Put(by)).priority(1).detach().await.expect("the actor runs"));
    }

    async fn cast_many(counter: &Address<Counter>, times: u64) {
        repeat!(times, drop(counter.send(Put(1)).priority(1).detach().await.expect("the actor runs")));
    }
}

impl Lifecycle for Xtra {
    async fn start_and_stop() {
        let counter = xtra::spawn_tokio(Counter::default(), Mailbox::unbounded());
        let gone = counter.join();
        // The last address stops its actor.
        drop(counter);
        gone.await;
    }
}

/// An actor that knows the next one.
pub(crate) struct Link {
    next: Option<Address<Link>>,
    done: Arc<Notify>,
}

impl Actor for Link {
    type Stop = ();

    async fn stopped(self) {}
}

struct Connect(Address<Link>);
struct Token(u64);

impl Handler<Connect> for Link {
    type Return = ();

    async fn handle(&mut self, Connect(next): Connect, _: &mut Context<Self>) {
        self.next = Some(next);
    }
}

impl Handler<Token> for Link {
    type Return = ();

    async fn handle(&mut self, Token(hops): Token, _: &mut Context<Self>) {
        match (hops, &self.next) {
            (0, _) => self.done.notify_one(),
            (_, Some(next)) => drop(next.send(Token(hops - 1)).detach().await.expect("the next actor runs")),
            (_, None) => unreachable!("the circle is closed before the first token"),
        }
    }
}

impl Rings for Xtra {
    type Ring = Address<Link>;

    async fn ring(size: usize, done: Arc<Notify>) -> Address<Link> {
        let start = |next| xtra::spawn_tokio(Link { next, done: done.clone() }, Mailbox::unbounded());
        let last = start(None);
        let mut first = last.clone();
        for _ in 1..size {
            first = start(Some(first));
        }
        last.send(Connect(first.clone())).await.expect("the last actor runs");
        first
    }

    async fn pass(ring: &Address<Link>, hops: u64) {
        drop(ring.send(Token(hops)).detach().await.expect("the first actor runs"));
    }
}
