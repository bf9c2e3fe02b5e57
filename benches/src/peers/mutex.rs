//! No server at all: the state in a mutex that the callers share.
//!
//! No message, no wake-up, no isolation: a panic poisons or half-changes the state, and nothing is
//! queued in order. It shows what a call costs when nothing is promised.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::peer::{Calls, Peer, Registry, repeat};
use crate::work::Total;

/// A total behind the lock `L`.
pub(crate) struct Mutexed<L>(PhantomData<L>);

/// The two kinds of mutex.
pub(crate) trait Lock: Send + Sync + Sized + 'static {
    const PEER: &'static str;
    fn new(total: Total) -> Self;
    fn with(&self, work: impl FnOnce(&mut Total) -> i64 + Send) -> impl Future<Output = i64> + Send;
}

/// `tokio::sync::Mutex`: callers wait in a queue, in turn.
pub(crate) struct Waiting(tokio::sync::Mutex<Total>);

impl Lock for Waiting {
    const PEER: &'static str = "tokio_mutex";

    fn new(total: Total) -> Waiting {
        Waiting(tokio::sync::Mutex::new(total))
    }

    async fn with(&self, work: impl FnOnce(&mut Total) -> i64 + Send) -> i64 {
        work(&mut *self.0.lock().await)
    }
}

/// `std::sync::Mutex`: callers block their thread and never give way to another task.
pub(crate) struct Blocking(std::sync::Mutex<Total>);

impl Lock for Blocking {
    const PEER: &'static str = "std_mutex";

    fn new(total: Total) -> Blocking {
        Blocking(std::sync::Mutex::new(total))
    }

    async fn with(&self, work: impl FnOnce(&mut Total) -> i64 + Send) -> i64 {
        work(&mut self.0.lock().expect("no holder panics"))
    }
}

impl<L: Lock> Peer for Mutexed<L> {
    const NAME: &'static str = L::PEER;
}

impl<L: Lock> Calls for Mutexed<L> {
    type Counter = Arc<L>;

    async fn start() -> Arc<L> {
        Arc::new(L::new(Total::default()))
    }

    async fn call(counter: &Arc<L>, by: i64) -> i64 {
        counter.with(|total| total.add(by)).await
    }

    async fn call_many(counter: &Arc<L>, times: u64) {
        repeat!(times, counter.with(|total| total.add(1)).await);
    }

    async fn call_slow(counter: &Arc<L>, by: i64) -> i64 {
        counter.with(|total| total.add_slowly(by)).await
    }
}

impl<L: Lock> Registry for Mutexed<L> {
    type Names = HashMap<String, L>;

    async fn register(names: &[String]) -> HashMap<String, L> {
        names.iter().map(|name| (name.clone(), L::new(Total::default()))).collect()
    }

    async fn call_by_name(names: &HashMap<String, L>, name: &str, by: i64) -> i64 {
        names[name].with(|total| total.add(by)).await
    }

    async fn forget(_: HashMap<String, L>) {}
}
