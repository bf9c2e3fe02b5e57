//! The peer `noex_try_cast`: unbounded mailboxes, and casts that never wait, as the peers that have no
//! bound do. Beside it, `noex` does what its documentation does: bounded mailboxes, and casts that are
//! awaited, which is a place where the runtime may let others run.

use noex::prelude::*;

use crate::peer::{Calls, Casts, Peer, repeat};
use crate::work::Total;

/// As [`Noex`](super::Noex), with casts that never wait.
pub(crate) struct NoexTryCast;

#[genserver(mailbox = unbounded, call_timeout = infinity)]
pub(crate) struct Boundless {
    total: Total,
}

#[genserver]
impl Boundless {
    #[init]
    fn open() -> Self {
        Boundless { total: Total::default() }
    }

    #[call]
    pub(crate) fn add(&mut self, by: i64) -> i64 {
        self.total.add(by)
    }

    #[call]
    pub(crate) fn add_slowly(&mut self, by: i64) -> i64 {
        self.total.add_slowly(by)
    }

    #[cast]
    pub(crate) fn put(&mut self, by: i64) {
        self.total.add(by);
    }
}

impl Peer for NoexTryCast {
    const NAME: &'static str = "noex_try_cast";
}

impl Calls for NoexTryCast {
    type Counter = BoundlessRef;

    async fn start() -> BoundlessRef {
        Boundless::start().await.expect("the server starts")
    }

    async fn call(counter: &BoundlessRef, by: i64) -> i64 {
        counter.add(by).await.expect("the server runs")
    }

    async fn call_many(counter: &BoundlessRef, times: u64) {
        repeat!(times, counter.add(1).await.expect("the server runs"));
    }

    async fn call_slow(counter: &BoundlessRef, by: i64) -> i64 {
        counter.add_slowly(by).await.expect("the server runs")
    }
}

impl Casts for NoexTryCast {
    async fn cast(counter: &BoundlessRef, by: i64) {
        counter.put(by).try_send().expect("the server runs");
    }

    async fn cast_many(counter: &BoundlessRef, times: u64) {
        repeat!(times, counter.put(1).try_send().expect("the server runs"));
    }
}
