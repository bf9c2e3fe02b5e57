//! A task for each item, and their values as a stream.

use std::{
    collections::VecDeque,
    fmt,
    future::{Future, poll_fn},
    iter::Fuse,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_core::Stream;

use super::{OnTimeout, TaskError, TaskSupervisor};
use crate::{Shutdown, process::door::Boxed};

/// The values of one task for each item, so many tasks at a time. Made by [`TaskSupervisor::stream`].
///
/// Items are asked for as tasks end and their values are taken: nothing runs ahead of who reads by more than the
/// concurrency. Dropped, its tasks end. A failing item is an error in its place; the others go on.
#[must_use = "a stream does nothing until it is read"]
pub struct TaskStream<I: Iterator, F, T> {
    tasks: TaskSupervisor,
    items: Fuse<I>,
    work: F,
    concurrency: usize,
    ordered: bool,
    timeout: Option<Duration>,
    on_timeout: OnTimeout,
    running: VecDeque<Running<T>>,
    failed: bool,
}

enum Running<T> {
    Waiting(Boxed<Result<T, TaskError>>),
    Done(Result<T, TaskError>),
}

impl<I: Iterator, F, T> TaskStream<I, F, T> {
    pub(super) fn new(tasks: TaskSupervisor, items: I, work: F) -> Self {
        TaskStream {
            tasks,
            items: items.fuse(),
            work,
            concurrency: crate::supervisor::cores(),
            ordered: true,
            timeout: None,
            on_timeout: OnTimeout::default(),
            running: VecDeque::new(),
            failed: false,
        }
    }

    /// How many tasks there are at a time; as many as there are cores by default.
    ///
    /// # Panics
    ///
    /// When it is 0: nothing would ever happen.
    #[track_caller]
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        assert!(concurrency > 0, "a stream needs at least one task at a time");
        self.concurrency = concurrency;
        self
    }

    /// Whether values come in the order of their items, as by default, or as they are ready.
    pub fn ordered(mut self, ordered: bool) -> Self {
        self.ordered = ordered;
        self
    }

    /// How long a task may take, from when it begins; without limit by default. Its item is a
    /// [`TaskError::Timeout`] then, and the stream ends with it unless [`on_timeout`](TaskStream::on_timeout) says
    /// otherwise.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// With [`OnTimeout::Kill`] a task that takes too long costs its own value only.
    pub fn on_timeout(mut self, on_timeout: OnTimeout) -> Self {
        self.on_timeout = on_timeout;
        self
    }
}

impl<I, F, W> TaskStream<I, F, W::Output>
where
    I: Iterator,
    F: FnMut(I::Item) -> W,
    W: Future + Send + 'static,
    W::Output: Send + 'static,
{
    /// The next value; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<W::Output, TaskError>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn begin(&mut self, item: I::Item) -> Running<W::Output> {
        let (tasks, work, limit) = (self.tasks.clone(), (self.work)(item), self.timeout);
        Running::Waiting(Box::pin(async move {
            let mut task = tasks.run(work).await?.end_with_handle();
            let Some(limit) = limit else { return task.await };
            let pid = task.pid();
            match task.within(limit).await {
                Some(outcome) => outcome,
                None => {
                    // Gone before the next one begins; a value that comes now comes too late.
                    drop(task.shutdown(Shutdown::BrutalKill).await);
                    Err(TaskError::Timeout { task: pid, after: limit })
                }
            }
        }))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<W::Output, TaskError>>> {
        while !self.failed
            && self.running.len() < self.concurrency
            && let Some(item) = self.items.next()
        {
            let running = self.begin(item);
            self.running.push_back(running);
        }
        let mut ready = None;
        for (at, running) in self.running.iter_mut().enumerate() {
            if let Running::Waiting(waiting) = running
                && let Poll::Ready(outcome) = waiting.as_mut().poll(cx)
            {
                *running = Running::Done(outcome);
            }
            if matches!(running, Running::Done(_)) && ready.is_none() && (at == 0 || !self.ordered) {
                ready = Some(at);
            }
        }
        match ready.and_then(|at| self.running.remove(at)) {
            Some(Running::Done(outcome)) => {
                if matches!(outcome, Err(TaskError::Timeout { .. })) && self.on_timeout == OnTimeout::Ignore {
                    self.failed = true;
                    self.running.clear();
                }
                Poll::Ready(Some(outcome))
            }
            Some(Running::Waiting(_)) | None if self.running.is_empty() => Poll::Ready(None),
            Some(Running::Waiting(_)) | None => Poll::Pending,
        }
    }
}

/// Nothing in it is ever pinned where it lies.
impl<I: Iterator, F, T> Unpin for TaskStream<I, F, T> {}

impl<I, F, W> Stream for TaskStream<I, F, W::Output>
where
    I: Iterator,
    F: FnMut(I::Item) -> W,
    W: Future + Send + 'static,
    W::Output: Send + 'static,
{
    type Item = Result<W::Output, TaskError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(cx)
    }
}

impl<I: Iterator, F, T> fmt::Debug for TaskStream<I, F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskStream")
            .field("concurrency", &self.concurrency)
            .field("running", &self.running.len())
            .finish_non_exhaustive()
    }
}
