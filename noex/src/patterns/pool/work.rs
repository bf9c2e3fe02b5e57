//! What makes a server a worker.

use crate::{Call, GenServer};

/// A server that can be a worker of a [`Pool`](super::Pool): one of its calls is the work.
///
/// `#[call(job)]` on that handler writes it. By hand it is a line for each item.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no worker: none of its handlers is a job",
    label = "no `#[call(job)]` handler",
    note = "mark the handler that does the work: `#[call(job)]`"
)]
pub trait Work: GenServer {
    /// What is to be done: the handler's argument, or a tuple of several.
    type Job: Send + 'static;
    /// What comes of it.
    type Output: Send + 'static;
    /// What the handler returns as its error.
    type Error: Send + 'static;

    /// Whether the handler runs beside the mailbox: then its panic is not the worker's end.
    const IS_CONCURRENT: bool = false;

    /// The call that does the job.
    fn work(worker: &Self::Ref, job: Self::Job) -> Call<'_, Self, Self::Output, Self::Error>;
}
