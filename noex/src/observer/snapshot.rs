//! What can be seen of a server from outside.

use std::{sync::Arc, time::Duration};

use crate::{
    process::Pid,
    server::{
        Target,
        slot::{AnySlot, core::PAUSED},
    },
};

/// A server as of one moment: read from relaxed counters, between which it goes on. An async handler that is with its
/// caller goes to a runner, because for whom it waits lies with it.
///
/// # Examples
///
/// ```
/// use noex::prelude::*;
/// # #[genserver] struct Counter { count: u64 }
/// # #[genserver] impl Counter {
/// #     #[init] fn init() -> Self { Counter { count: 0 } }
/// #     #[call] fn add(&mut self, by: u64) -> u64 { self.count += by; self.count }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let counter = Counter::start().await?;
/// counter.add(2).await?;
/// assert_eq!(counter.snapshot().served, [("add", 1)]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// The present (or last) incarnation.
    pub pid: Pid,
    /// The registered name.
    pub name: Option<Arc<str>>,
    /// The server's type.
    pub server: &'static str,
    /// Running, suspended or down.
    pub status: Status,
    /// Lives before this one.
    pub restarts: u32,
    /// Messages in the mailbox.
    pub queue: usize,
    /// The most messages that ever were in the mailbox.
    pub queue_high_water: usize,
    /// Senders that wait for room in the mailbox, each with one message.
    pub senders_waiting: usize,
    /// Messages served, by handler, over all lives.
    pub served: Vec<(&'static str, u64)>,
    /// The handler that runs now.
    pub handler: Option<&'static str>,
    /// At least so long it has run: since the first snapshot that saw this very run of it. A server never
    /// reads the time for its messages, so nobody knows better.
    pub handler_for: Duration,
    /// The calls that the handler awaits now.
    pub waiting_for: Vec<Target>,
    /// `#[call(concurrent)]` handlers that run now.
    pub concurrent: usize,
    /// `#[call(concurrent)]` handlers that panicked, over all lives.
    pub concurrent_crashes: u64,
    /// Bytes that the slot holds: the state's own size included, its heap not.
    pub bytes: usize,
}

/// Whether a server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// An incarnation lives.
    Running,
    /// It lives and serves no message until it is resumed.
    Suspended,
    /// Not started, between two lives, or ended.
    Down,
}

impl Snapshot {
    pub(crate) fn of(slot: Arc<dyn AnySlot>) -> Self {
        let core = slot.core();
        let queue = slot.queue();
        let served = slot.served();
        let current = core.current().filter(|current| *current != PAUSED);
        let (concurrent, concurrent_crashes) = core.beside();
        let status = match core.current() {
            _ if !core.is_alive() => Status::Down,
            Some(PAUSED) => Status::Suspended,
            _ => Status::Running,
        };
        let messages = served.iter().map(|(_, count)| count).sum();
        Snapshot {
            pid: core.pid(),
            name: core.name(),
            server: core.type_name(),
            status,
            restarts: core.incarnation().saturating_sub(1),
            queue: queue.queued,
            queue_high_water: queue.high_water,
            senders_waiting: queue.parked,
            served,
            handler: current.map(|_| slot.current_handler()),
            handler_for: current.map_or(Duration::ZERO, |current| core.seen_for(current, messages)),
            waiting_for: slot.clone().awaited(),
            concurrent,
            concurrent_crashes,
            bytes: slot.bytes(),
        }
    }
}
