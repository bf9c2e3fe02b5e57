//! The peers, each in its own module.

use crate::peer::{
    AsyncCalls, Calls, Casts, Children, Lifecycle, Lines, Pools, Publishes, Registry, Restarts, Rings,
    TimedCalls,
};
use crate::scenario::{
    Bench, call, cast, children as crowds, crowd as sizes, fairness, fanout, pipeline, pool as pools,
    publish, registry as registries, restart as restarts, ring, rss, spawn,
};

mod actix;
pub(crate) mod beam;
mod broadcast;
mod kameo;
mod mutex;
mod noex;
mod policy;
mod ractor;
mod tokio_hand;
mod xtra;

/// The peers the others are compared with: the first of them that has a figure. Policies are compared with
/// noex's, methods that have some with one that has none, and what refuses with a breaker.
pub(crate) const BASELINES: &[&str] = &["tokio_unbounded", "noex_bare", "noex", "noex_breaker"];

/// Every scenario with every peer that can do it.
pub(crate) fn all() -> Vec<Bench> {
    use self::actix::Actix;
    use self::broadcast::Broadcast;
    use self::kameo::Kameo;
    use self::mutex::{Blocking, Mutexed, Waiting};
    use self::noex::{Noex, NoexTryCast};
    use self::ractor::Ractor;
    use self::tokio_hand::{Bounded, TokioHand, Unbounded};
    use self::xtra::Xtra;

    [
        server::<TokioHand<Unbounded>>(),
        registry::<TokioHand<Unbounded>>(),
        restart::<TokioHand<Unbounded>>(),
        children::<TokioHand<Unbounded>>(),
        to_each::<TokioHand<Unbounded>>(),
        pool::<TokioHand<Unbounded>>(),
        line::<TokioHand<Unbounded>>(),
        million::<TokioHand<Unbounded>>(),
        crowd::<TokioHand<Unbounded>>(),
        line::<TokioHand<Bounded>>(),
        server::<TokioHand<Bounded>>(),
        registry::<TokioHand<Bounded>>(),
        restart::<TokioHand<Bounded>>(),
        to_each::<TokioHand<Bounded>>(),
        publishers::<Broadcast>(),
        shared::<Mutexed<Waiting>>(),
        registry::<Mutexed<Waiting>>(),
        shared::<Mutexed<Blocking>>(),
        registry::<Mutexed<Blocking>>(),
        crowd::<Mutexed<Blocking>>(),
        server::<Noex>(),
        million::<Noex>(),
        crowd::<Noex>(),
        registry::<Noex>(),
        restart::<Noex>(),
        children::<Noex>(),
        publishers::<Noex>(),
        pool::<Noex>(),
        line::<Noex>(),
        senders::<NoexTryCast>(),
        publishers::<NoexTryCast>(),
        server::<Kameo>(),
        registry::<Kameo>(),
        restart::<Kameo>(),
        to_each::<Kameo>(),
        server::<Ractor>(),
        registry::<Ractor>(),
        restart::<Ractor>(),
        publishers::<Ractor>(),
        server::<Actix>(),
        registry::<Actix>(),
        restart::<Actix>(),
        to_each::<Actix>(),
        million::<Actix>(),
        server::<Xtra>(),
        million::<Xtra>(),
        beam::benches(),
        policy::benches(),
    ]
    .concat()
}

/// What a mutex can do.
fn shared<P: Calls>() -> Vec<Bench> {
    vec![
        Bench::new::<P>(&call::SEQ, call::seq::<P>),
        Bench::new::<P>(&call::CONC, call::conc::<P>),
        Bench::new::<P>(&call::ALLOCS, call::allocs::<P>),
        Bench::new::<P>(&rss::RSS, rss::rss::<P>),
        Bench::new::<P>(&fairness::SHORT, fairness::short::<P>),
        Bench::new::<P>(&fairness::LONG, fairness::long::<P>),
    ]
}

/// What has room for a million servers in a few gigabytes; kameo and ractor would take seven and eight.
fn million<P: Calls>() -> Vec<Bench> {
    vec![Bench::new::<P>(&rss::MILLION, rss::million::<P>)]
}

fn crowd<P: Calls>() -> Vec<Bench> {
    vec![Bench::new::<P>(&sizes::CROWD, sizes::crowd::<P>)]
}

/// What is sent without a reply.
fn senders<P: Casts + Rings>() -> Vec<Bench> {
    vec![
        Bench::new::<P>(&cast::CAST, cast::cast::<P>),
        Bench::new::<P>(&ring::RING, ring::ring::<P>),
        Bench::new::<P>(&fanout::FANOUT, fanout::fanout::<P>),
    ]
}

/// What a server with a mailbox can do besides.
fn server<P: TimedCalls + AsyncCalls + Casts + Rings + Lifecycle>() -> Vec<Bench> {
    let mut benches = shared::<P>();
    benches.extend([
        Bench::new::<P>(&call::TIMEOUT, call::timeout::<P>),
        Bench::new::<P>(&call::ASYNC, call::ready::<P>),
        Bench::new::<P>(&call::ASYNC_YIELD, call::yielding::<P>),
        Bench::new::<P>(&call::ASYNC_WAIT, call::waiting::<P>),
        Bench::new::<P>(&cast::ALLOCS, cast::allocs::<P>),
        Bench::new::<P>(&spawn::SPAWN, spawn::spawn::<P>),
    ]);
    benches.extend(senders::<P>());
    benches
}

fn registry<P: Registry>() -> Vec<Bench> {
    vec![Bench::new::<P>(&registries::REGISTRY_CALL, registries::registry_call::<P>)]
}

fn restart<P: Restarts>() -> Vec<Bench> {
    vec![Bench::new::<P>(&restarts::RESTART, restarts::restart::<P>)]
}

fn children<P: Children>() -> Vec<Bench> {
    vec![
        Bench::new::<P>(&crowds::CHILDREN, crowds::children::<P>),
        Bench::new::<P>(&crowds::STOP, crowds::stop::<P>),
    ]
}

/// What has a bus of its own.
fn publishers<P: Publishes>() -> Vec<Bench> {
    vec![Bench::new::<P>(&publish::PUBLISH, publish::publish::<P>)]
}

/// What has none that keeps every event: the publisher knows its subscribers.
fn to_each<P: Casts>() -> Vec<Bench> {
    vec![Bench::new::<P>(&publish::PUBLISH, fanout::fanout::<P>)]
}

fn pool<P: Pools>() -> Vec<Bench> {
    vec![
        Bench::new::<P>(&pools::POOL, pools::pool::<P>),
        Bench::new::<P>(&pools::POOL_YIELD, pools::yielding::<P>),
    ]
}

fn line<P: Lines>() -> Vec<Bench> {
    vec![Bench::new::<P>(&pipeline::PIPELINE, pipeline::pipeline::<P>)]
}
