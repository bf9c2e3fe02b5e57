//! Worker pools: equal servers that take jobs from one queue, as soon as each is free.
//!
//! A worker is an ordinary server whose `#[call(job)]` handler is the work. The pool keeps so many of them under a
//! supervisor; a job waits in the queue until one of them is free, so that the work is spread by itself.
//!
//! ```text
//! submit ─▶ queue ─▶ a free worker ─▶ its outcome, at the job's handle
//!   full: waits        │ crashes, or takes too long: its next life begins,
//!   or is refused      └─ and the job goes back to its place in the queue, or is reported
//! ```
//!
//! # What holds
//!
//! - A job that was accepted ends in exactly one way: its handler's outcome, or a [`JobError`] that says whether the
//!   handler ran. It is counted in [`PoolStats`], announced as [`EventKind::Job`](crate::observer::EventKind::Job), and published
//!   on the bus under the pool's [`topic`](PoolBuilder::topic), if it has one.
//! - One that waits longer than [`queue_timeout`](PoolBuilder::queue_timeout) says is not begun any more, and told so.
//! - A job is in one place at a time: before it is tried again, the life that had it is over.
//! - A higher priority goes first; within one priority the order is that of submitting. Each step of priority
//!   overtakes at most [`ageing`](PoolBuilder::ageing) jobs that were there before, so that none waits for ever.
//! - The queue survives its workers, and their supervisor's restart. When the pool is stopped, what is queued is done
//!   first, within the time of [`drain`](PoolBuilder::drain).
//!
//! # How many workers
//!
//! | the work | workers | queue |
//! |---|---|---|
//! | computes | as many as [`cores`](crate::supervisor::cores); no more can run at once | short |
//! | waits for disks and networks | 2 to 4 for each core, or what the other side bears | as long as a wait is bearable |
//! | both | 2 for each core to begin with; [`resize`](Pool::resize) by what [`stats`](Pool::stats) says | |
//! | needs much memory | few: each has a state of its own | long |
//!
//! Work that blocks its thread is not interrupted by a [`deadline`](PoolBuilder::deadline): hand it to
//! `tokio::task::spawn_blocking` in an async handler.

mod builder;
mod desk;
mod done;
mod error;
mod event;
mod gate;
mod handle;
mod memory;
mod outcome;
mod queue;
mod room;
mod run;
mod shared;
mod stats;
mod submit;
mod tender;
mod waits;
mod work;

pub use builder::PoolBuilder;
pub use done::JobDone;
pub use error::{JobError, JobFailure, NotAccepted, Rejected};
pub use event::JobEvent;
pub use handle::Pool;
pub use memory::MemoryQueue;
pub use queue::{Entry, JobId, Queue};
pub use run::Run;
pub use stats::PoolStats;
pub use submit::{JobHandle, Submit};
pub use work::Work;
