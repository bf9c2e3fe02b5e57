//! What a peer can do: a small trait for each ability a scenario needs.
//!
//! A peer implements the traits it has an honest answer for; a scenario runs with exactly the peers
//! that have its trait. Every method is one operation written the way the peer's own documentation
//! writes it, and panics where the peer reports an error: a benchmark that fails has no figures.
//!
//! What is done many times over has its loop in the peer, where a user's loop would be: a future of
//! ours around each operation would cost more than the fastest of them.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::runtime::Runtime;

/// Evaluates `$operation` so many times, and keeps the compiler from knowing what came out.
macro_rules! repeat {
    ($times:expr, $operation:expr) => {
        for _ in 0..$times {
            std::hint::black_box($operation);
        }
    };
}
pub(crate) use repeat;

/// One way of writing a server.
pub(crate) trait Peer: Sized + Send + Sync + 'static {
    /// What the peer is called on the command line and in results.
    const NAME: &'static str;

    /// Runs `main` on a fresh runtime; [`Runtime::run`] unless the peer brings its own.
    fn run<F>(runtime: Runtime, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        runtime.run(main)
    }
}

/// Servers that add a number and answer with the sum.
pub(crate) trait Calls: Peer {
    /// The handle of a server.
    type Counter: Clone + Send + Sync + 'static;

    /// Starts a server whose sum is zero.
    fn start() -> impl Future<Output = Self::Counter> + Send;

    /// Adds `by` and waits for the sum, however long it takes.
    fn call(counter: &Self::Counter, by: i64) -> impl Future<Output = i64> + Send;

    /// Makes so many calls of [`Calls::call`] by one, one after the other.
    fn call_many(counter: &Self::Counter, times: u64) -> impl Future<Output = ()> + Send;

    /// As [`Calls::call`], with a handler that is busy for a few microseconds.
    fn call_slow(counter: &Self::Counter, by: i64) -> impl Future<Output = i64> + Send;
}

/// Calls that give up after [`CALL_TIMEOUT`](crate::work::CALL_TIMEOUT).
pub(crate) trait TimedCalls: Calls {
    /// As [`Calls::call_many`], each with the time-out.
    fn call_many_timed(counter: &Self::Counter, times: u64) -> impl Future<Output = ()> + Send;
}

/// Calls whose handler is asynchronous and has the server to itself until it ends.
pub(crate) trait AsyncCalls: Calls {
    /// As [`Calls::call_many`], with a handler that is ready at once.
    fn call_many_async(counter: &Self::Counter, times: u64) -> impl Future<Output = ()> + Send;

    /// As [`Calls::call_many`], with a handler that yields once.
    fn call_many_yielding(counter: &Self::Counter, times: u64) -> impl Future<Output = ()> + Send;

    /// As [`Calls::call_many`], with a handler that waits for a task that it starts.
    fn call_many_waiting(counter: &Self::Counter, times: u64) -> impl Future<Output = ()> + Send;
}

/// Messages nobody waits for.
pub(crate) trait Casts: Calls {
    /// Adds `by` without waiting for the sum; a bounded mailbox may make the sender wait for room.
    fn cast(counter: &Self::Counter, by: i64) -> impl Future<Output = ()> + Send;

    /// Casts so many times by one.
    fn cast_many(counter: &Self::Counter, times: u64) -> impl Future<Output = ()> + Send;
}

/// Events that reach whoever subscribed, none of them lost.
pub(crate) trait Publishes: Peer {
    /// The bus, with its subscribers.
    type Bus: Send + Sync + 'static;

    /// Starts so many servers that subscribe and add up what they hear.
    fn open(subscribers: u64) -> impl Future<Output = Self::Bus> + Send;

    /// Publishes a number.
    fn publish(bus: &Self::Bus, by: i64) -> impl Future<Output = ()> + Send;

    /// The sums of all subscribers, each asked behind what was published.
    fn sums(bus: &Self::Bus) -> impl Future<Output = Vec<i64>> + Send;
}

/// Servers that pass a token to the next one in a circle.
pub(crate) trait Rings: Peer {
    /// The whole circle.
    type Ring: Send + Sync + 'static;

    /// Starts `size` servers in a circle; the one that gets the last token notifies `done`.
    fn ring(size: usize, done: Arc<Notify>) -> impl Future<Output = Self::Ring> + Send;

    /// Hands the first server a token that is to be passed on `hops` times.
    fn pass(ring: &Self::Ring, hops: u64) -> impl Future<Output = ()> + Send;
}

/// Servers that can be stopped and waited for.
pub(crate) trait Lifecycle: Peer {
    /// Starts a server, stops it and waits until it is gone.
    fn start_and_stop() -> impl Future<Output = ()> + Send;
}

/// Servers found by name.
pub(crate) trait Registry: Peer {
    /// What keeps the names, unless that is the process.
    type Names: Send + Sync + 'static;

    /// Starts a server under each name.
    fn register(names: &[String]) -> impl Future<Output = Self::Names> + Send;

    /// Looks the name up, adds `by` to the server of that name and waits for the sum.
    fn call_by_name(names: &Self::Names, name: &str, by: i64) -> impl Future<Output = i64> + Send;

    /// Stops the servers and frees the names.
    fn forget(names: Self::Names) -> impl Future<Output = ()> + Send;
}

/// Jobs that wait until one of a few workers is free.
pub(crate) trait Pools: Peer {
    /// The handle of a pool.
    type Pool: Clone + Send + Sync + 'static;

    /// Starts a pool of so many workers.
    fn pool(workers: usize) -> impl Future<Output = Self::Pool> + Send;

    /// Has so many jobs done, one after the other; each adds one to some worker's sum.
    fn run_many(pool: &Self::Pool, times: u64) -> impl Future<Output = ()> + Send;

    /// As [`Pools::run_many`], with jobs that yield once.
    fn run_many_yielding(pool: &Self::Pool, times: u64) -> impl Future<Output = ()> + Send;
}

/// Servers that a number goes through, one after the other; each adds one.
pub(crate) trait Lines: Peer {
    /// All of them.
    type Line: Send + Sync + 'static;

    /// Starts four.
    fn line() -> impl Future<Output = Self::Line> + Send;

    /// Sends so many numbers through, one after the other.
    fn process_many(line: &Self::Line, times: u64) -> impl Future<Output = ()> + Send;
}

/// Servers somebody starts again when they crash.
pub(crate) trait Restarts: Peer {
    /// Where to find the child, before and after a crash.
    type Child: Send + Sync + 'static;

    /// Starts a supervisor with one child that adds numbers.
    fn supervise() -> impl Future<Output = Self::Child> + Send;

    /// Tells the child to panic.
    fn crash(child: &Self::Child) -> impl Future<Output = ()> + Send;

    /// Calls the child; `None` when there is nobody to answer.
    fn try_call(child: &Self::Child, by: i64) -> impl Future<Output = Option<i64>> + Send;
}

/// Supervisors whose children come and go.
pub(crate) trait Children: Peer {
    /// The supervisor's handle.
    type Supervisor: Send + Sync + 'static;
    /// What a child is known by.
    type Child: Send + 'static;

    /// Starts a supervisor without children.
    fn open() -> impl Future<Output = Self::Supervisor> + Send;

    /// Starts a child and waits until it runs.
    fn add(supervisor: &Self::Supervisor) -> impl Future<Output = Self::Child> + Send;

    /// Stops a child and waits until it is gone.
    fn remove(supervisor: &Self::Supervisor, child: Self::Child) -> impl Future<Output = ()> + Send;

    /// Stops the supervisor and all children, and waits until they are gone.
    fn close(supervisor: Self::Supervisor) -> impl Future<Output = ()> + Send;
}
