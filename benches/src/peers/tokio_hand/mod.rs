//! The floor: what one writes with tokio alone, a task, an enum of messages and a oneshot a call.
//!
//! No isolation, no counters, no stopping but by dropping the last sender.

use std::marker::PhantomData;

use tokio::sync::oneshot;
use tokio::time::timeout;

mod channel;
mod children;
mod line;
mod pool;
mod registry;
mod restart;
mod ring;

pub(crate) use self::channel::{Bounded, Unbounded};

use self::channel::Channel;
use crate::peer::{AsyncCalls, Calls, Casts, Lifecycle, Peer, TimedCalls, repeat};
use crate::work::{CALL_TIMEOUT, Total};

/// Servers by hand over the channel `C`.
pub(crate) struct TokioHand<C>(PhantomData<C>);

pub(crate) type Reply = oneshot::Sender<i64>;

pub(crate) enum Message {
    Add(i64, Reply),
    AddAsync(i64, Reply),
    AddYielding(i64, Reply),
    AddWaiting(i64, Reply),
    AddSlowly(i64, Reply),
    Put(i64),
    Crash,
}

/// The server: handles messages until nobody can send any more.
async fn serve<C: Channel>(mut inbox: C::Receiver<Message>) {
    let mut total = Total::default();
    while let Some(message) = C::receive(&mut inbox).await {
        // A caller that went away does not want its reply.
        match message {
            Message::Add(by, reply) => drop(reply.send(total.add(by))),
            Message::AddAsync(by, reply) => drop(reply.send(total.add_async(by).await)),
            Message::AddYielding(by, reply) => drop(reply.send(total.add_yielding(by).await)),
            Message::AddWaiting(by, reply) => drop(reply.send(total.add_waiting(by).await)),
            Message::AddSlowly(by, reply) => drop(reply.send(total.add_slowly(by))),
            Message::Put(by) => drop(total.add(by)),
            Message::Crash => panic!("told to crash"),
        }
    }
}

/// Sends what `message` makes of a fresh oneshot and waits for the reply; `None` if there is none.
async fn ask<C: Channel>(
    server: &C::Sender<Message>,
    message: impl FnOnce(Reply) -> Message + Send,
) -> Option<i64> {
    let (reply, answer) = oneshot::channel();
    C::send(server, message(reply)).await.ok()?;
    answer.await.ok()
}

impl<C: Channel> Peer for TokioHand<C> {
    const NAME: &'static str = C::PEER;
}

impl<C: Channel> Calls for TokioHand<C> {
    type Counter = C::Sender<Message>;

    async fn start() -> Self::Counter {
        let (server, inbox) = C::open();
        tokio::spawn(serve::<C>(inbox));
        server
    }

    async fn call(counter: &Self::Counter, by: i64) -> i64 {
        ask::<C>(counter, |reply| Message::Add(by, reply)).await.expect("the server runs")
    }

    async fn call_many(counter: &Self::Counter, times: u64) {
        repeat!(times, ask::<C>(counter, |reply| Message::Add(1, reply)).await.expect("the server runs"));
    }

    async fn call_slow(counter: &Self::Counter, by: i64) -> i64 {
        ask::<C>(counter, |reply| Message::AddSlowly(by, reply)).await.expect("the server runs")
    }
}

impl<C: Channel> TimedCalls for TokioHand<C> {
    async fn call_many_timed(counter: &Self::Counter, times: u64) {
        repeat!(
            times,
            timeout(CALL_TIMEOUT, ask::<C>(counter, |reply| Message::Add(1, reply)))
                .await
                .expect("in time")
                .expect("the server runs")
        );
    }
}

impl<C: Channel> AsyncCalls for TokioHand<C> {
    async fn call_many_async(counter: &Self::Counter, times: u64) {
        repeat!(
            times,
            ask::<C>(counter, |reply| Message::AddAsync(1, reply)).await.expect("the server runs")
        );
    }

    async fn call_many_yielding(counter: &Self::Counter, times: u64) {
        repeat!(
            times,
            ask::<C>(counter, |reply| Message::AddYielding(1, reply)).await.expect("the server runs")
        );
    }

    async fn call_many_waiting(counter: &Self::Counter, times: u64) {
        repeat!(
            times,
            ask::<C>(counter, |reply| Message::AddWaiting(1, reply)).await.expect("the server runs")
        );
    }
}

impl<C: Channel> Casts for TokioHand<C> {
    async fn cast(counter: &Self::Counter, by: i64) {
        C::send(counter, Message::Put(by)).await.expect("the server runs");
    }

    async fn cast_many(counter: &Self::Counter, times: u64) {
        repeat!(times, C::send(counter, Message::Put(1)).await.expect("the server runs"));
    }
}

impl<C: Channel> Lifecycle for TokioHand<C> {
    async fn start_and_stop() {
        let (server, inbox) = C::open();
        let task = tokio::spawn(serve::<C>(inbox));
        drop(server);
        task.await.expect("the server does not panic");
    }
}
