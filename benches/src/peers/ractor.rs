//! ractor: Erlang's processes on tokio; one message enum an actor, boxed on its way, unbounded
//! mailboxes, and separate channels for signals and supervision.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ractor::{
    Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent, call, call_t, cast, pg, registry,
};
use tokio::sync::Notify;

use crate::peer::{
    AsyncCalls, Calls, Casts, Lifecycle, Peer, Publishes, Registry, Restarts, Rings, TimedCalls, repeat,
};
use crate::work::{CALL_TIMEOUT, Total};

pub(crate) struct Ractor;

struct Counter;

pub(crate) enum Message {
    Add(i64, RpcReplyPort<i64>),
    AddYielding(i64, RpcReplyPort<i64>),
    AddWaiting(i64, RpcReplyPort<i64>),
    AddSlowly(i64, RpcReplyPort<i64>),
    Put(i64),
    Crash,
}

impl Actor for Counter {
    type Msg = Message;
    type State = Total;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Message>, _: ()) -> Result<Total, ActorProcessingErr> {
        Ok(Total::default())
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        message: Message,
        total: &mut Total,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Add(by, reply) => reply.send(total.add_async(by).await)?,
            Message::AddYielding(by, reply) => reply.send(total.add_yielding(by).await)?,
            Message::AddWaiting(by, reply) => reply.send(total.add_waiting(by).await)?,
            Message::AddSlowly(by, reply) => reply.send(total.add_slowly(by))?,
            Message::Put(by) => drop(total.add(by)),
            Message::Crash => panic!("told to crash"),
        }
        Ok(())
    }
}

impl Peer for Ractor {
    const NAME: &'static str = "ractor";
}

impl Calls for Ractor {
    type Counter = ActorRef<Message>;

    async fn start() -> ActorRef<Message> {
        Actor::spawn(None, Counter, ()).await.expect("the actor starts").0
    }

    async fn call(counter: &ActorRef<Message>, by: i64) -> i64 {
        call!(counter, |reply| Message::Add(by, reply)).expect("the actor runs")
    }

    async fn call_many(counter: &ActorRef<Message>, times: u64) {
        repeat!(times, call!(counter, |reply| Message::Add(1, reply)).expect("the actor runs"));
    }

    async fn call_slow(counter: &ActorRef<Message>, by: i64) -> i64 {
        call!(counter, |reply| Message::AddSlowly(by, reply)).expect("the actor runs")
    }
}

impl TimedCalls for Ractor {
    async fn call_many_timed(counter: &ActorRef<Message>, times: u64) {
        repeat!(
            times,
            call_t!(counter, |reply| Message::Add(1, reply), CALL_TIMEOUT.as_millis() as u64)
                .expect("the actor answers in time")
        );
    }
}

impl AsyncCalls for Ractor {
    // Every handler is an async fn.
    async fn call_many_async(counter: &ActorRef<Message>, times: u64) {
        Self::call_many(counter, times).await;
    }

    async fn call_many_yielding(counter: &ActorRef<Message>, times: u64) {
        repeat!(times, call!(counter, |reply| Message::AddYielding(1, reply)).expect("the actor runs"));
    }

    async fn call_many_waiting(counter: &ActorRef<Message>, times: u64) {
        repeat!(times, call!(counter, |reply| Message::AddWaiting(1, reply)).expect("the actor runs"));
    }
}

impl Casts for Ractor {
    async fn cast(counter: &ActorRef<Message>, by: i64) {
        cast!(counter, Message::Put(by)).expect("the actor runs");
    }

    async fn cast_many(counter: &ActorRef<Message>, times: u64) {
        repeat!(times, cast!(counter, Message::Put(1)).expect("the actor runs"));
    }
}

/// By a process group, as its documentation has it; its output ports lose what a subscriber is ten events behind.
impl Publishes for Ractor {
    type Bus = (String, Vec<ActorRef<Message>>);

    async fn open(subscribers: u64) -> Self::Bus {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let group = format!("rates {}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut counters = Vec::new();
        for _ in 0..subscribers {
            counters.push(Self::start().await);
        }
        pg::join(group.clone(), counters.iter().map(|counter| counter.get_cell()).collect());
        (group, counters)
    }

    async fn publish((group, _): &Self::Bus, by: i64) {
        for member in pg::get_members(group) {
            member.send_message(Message::Put(by)).expect("the actor runs");
        }
    }

    async fn sums((_, counters): &Self::Bus) -> Vec<i64> {
        let mut sums = Vec::new();
        for counter in counters {
            sums.push(Self::call(counter, 0).await);
        }
        sums
    }
}

impl Lifecycle for Ractor {
    async fn start_and_stop() {
        let (counter, task) = Actor::spawn(None, Counter, ()).await.expect("the actor starts");
        counter.stop(None);
        task.await.expect("the actor does not panic");
    }
}

impl Registry for Ractor {
    type Names = Vec<ActorRef<Message>>;

    async fn register(names: &[String]) -> Vec<ActorRef<Message>> {
        let mut counters = Vec::new();
        for name in names {
            let started = Actor::spawn(Some(name.clone()), Counter, ()).await;
            counters.push(started.expect("the name is free").0);
        }
        counters
    }

    async fn call_by_name(_: &Vec<ActorRef<Message>>, name: &str, by: i64) -> i64 {
        let counter: ActorRef<Message> = registry::where_is(name).expect("the name is taken").into();
        Self::call(&counter, by).await
    }

    async fn forget(counters: Vec<ActorRef<Message>>) {
        for counter in counters {
            counter.stop_and_wait(None, None).await.expect("the actor runs");
        }
    }
}

/// Starts the counter again, under its name, whenever it failed.
struct Supervisor;

impl Actor for Supervisor {
    type Msg = ();
    type State = String;
    type Arguments = String;

    async fn pre_start(&self, myself: ActorRef<()>, name: String) -> Result<String, ActorProcessingErr> {
        Actor::spawn_linked(Some(name.clone()), Counter, (), myself.get_cell()).await?;
        Ok(name)
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<()>,
        event: SupervisionEvent,
        name: &mut String,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(..) = event {
            Actor::spawn_linked(Some(name.clone()), Counter, (), myself.get_cell()).await?;
        }
        Ok(())
    }
}

/// The name of the supervised child, with its supervisor.
pub(crate) struct Child {
    name: String,
    _supervisor: ActorRef<()>,
}

impl Restarts for Ractor {
    type Child = Child;

    async fn supervise() -> Child {
        // Names belong to the process; the runtime of an earlier sample may not have freed its own.
        static SUPERVISORS: AtomicU64 = AtomicU64::new(0);
        let name = format!("child-{}", SUPERVISORS.fetch_add(1, Ordering::Relaxed));
        let started = Actor::spawn(None, Supervisor, name.clone()).await;
        Child { name, _supervisor: started.expect("the supervisor starts").0 }
    }

    async fn crash(child: &Child) {
        let counter: ActorRef<Message> = registry::where_is(&child.name).expect("the child runs").into();
        cast!(counter, Message::Crash).expect("the child runs");
    }

    async fn try_call(child: &Child, by: i64) -> Option<i64> {
        let counter: ActorRef<Message> = registry::where_is(&child.name)?.into();
        call!(counter, |reply| Message::Add(by, reply)).ok()
    }
}

/// An actor that knows the next one.
struct Link;

pub(crate) enum Hop {
    Connect(ActorRef<Hop>),
    Token(u64),
}

impl Actor for Link {
    type Msg = Hop;
    type State = (Option<ActorRef<Hop>>, Arc<Notify>);
    type Arguments = (Option<ActorRef<Hop>>, Arc<Notify>);

    async fn pre_start(
        &self,
        _: ActorRef<Hop>,
        link: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(link)
    }

    async fn handle(
        &self,
        _: ActorRef<Hop>,
        message: Hop,
        (next, done): &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match (message, &next) {
            (Hop::Connect(link), _) => *next = Some(link),
            (Hop::Token(0), _) => done.notify_one(),
            (Hop::Token(hops), Some(next)) => cast!(next, Hop::Token(hops - 1))?,
            (Hop::Token(_), None) => unreachable!("the circle is closed before the first token"),
        }
        Ok(())
    }
}

impl Rings for Ractor {
    type Ring = ActorRef<Hop>;

    async fn ring(size: usize, done: Arc<Notify>) -> ActorRef<Hop> {
        let mut first: Option<ActorRef<Hop>> = None;
        let mut last = None;
        for _ in 0..size {
            let started = Actor::spawn(None, Link, (first, done.clone())).await;
            let (link, _) = started.expect("the actor starts");
            last.get_or_insert_with(|| link.clone());
            first = Some(link);
        }
        let (first, last) = first.zip(last).expect("a circle has a server");
        cast!(last, Hop::Connect(first.clone())).expect("the last actor runs");
        first
    }

    async fn pass(ring: &ActorRef<Hop>, hops: u64) {
        cast!(ring, Hop::Token(hops)).expect("the first actor runs");
    }
}
