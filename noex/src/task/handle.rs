//! The handle of a task: waiting for its value, or giving it up.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};

use super::{error::TaskError, process::TaskRef};
use crate::{
    ExitReason, Pid, Reason, Shutdown, Watch,
    process::{
        attendant::later,
        door::{now, within},
        link::Life,
    },
    server::slot::{AnySlot, Signal},
};

/// A running task and its value to come: a future of it.
///
/// Dropped, a linked task ends; others go on without anybody to tell.
///
/// # Examples
///
/// ```
/// use noex::{prelude::*, task::{TaskError, TaskSupervisor}};
/// use std::time::Duration;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tasks = TaskSupervisor::builder("tasks").start().await?;
/// let sum = tasks.run(async { 20 + 22 }).await?;
/// assert_eq!(sum.await?, 42);
///
/// let mut slow = tasks.run(std::future::pending::<()>()).await?;
/// assert!(slow.within(Duration::from_millis(1)).await.is_none());     // not given up
/// slow.process().kill();
/// assert!(matches!(slow.await, Err(TaskError::Ended { reason, .. }) if reason.0 == ExitReason::Killed));
/// # Ok(()) }
/// ```
#[must_use = "a linked task ends when its handle is dropped"]
pub struct Task<T> {
    process: TaskRef,
    value: oneshot::Receiver<T>,
    state: State,
    ends_with_handle: bool,
}

enum State {
    /// The value is to come.
    Open,
    /// There will be none: this says why.
    Failing(Watch),
    /// Whoever asked has had it.
    Told,
}

/// What becomes of a task whose time is up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnTimeout {
    /// It goes on; in a stream, the stream fails.
    #[default]
    Ignore,
    /// It is killed.
    Kill,
}

impl<T> Task<T> {
    pub(super) fn new(process: TaskRef, value: oneshot::Receiver<T>, ends_with_handle: bool) -> Self {
        Task { process, value, state: State::Open, ends_with_handle }
    }

    pub(super) fn end_with_handle(mut self) -> Self {
        self.ends_with_handle = true;
        self
    }

    /// Its process, to watch, link or end it.
    pub fn process(&self) -> &TaskRef {
        &self.process
    }

    /// Its pid.
    pub fn pid(&self) -> Pid {
        self.process.pid()
    }

    /// Its only life.
    pub(super) fn life(&self) -> Life {
        Life { slot: self.process.slot().clone(), number: 1 }
    }

    /// The value, if it comes within this time. Otherwise, and when it was had before, `None`: the task goes on
    /// and can be asked again.
    pub async fn within(&mut self, limit: Duration) -> Option<Result<T, TaskError>> {
        match self.state {
            State::Told => None,
            _ => within(Some(limit), self).await,
        }
    }

    /// The value, which has to come within this time; the task is given up otherwise.
    ///
    /// # Errors
    ///
    /// [`TaskError`].
    pub async fn await_for(mut self, limit: Duration) -> Result<T, TaskError> {
        let task = self.pid();
        self.within(limit).await.unwrap_or(Err(TaskError::Timeout { task, after: limit }))
    }

    /// Ends the task, as a supervisor ends a child: ready when it is gone. Its value if it had one, why it
    /// failed if it had failed; `None` when it was neither.
    pub async fn shutdown(mut self, shutdown: Shutdown) -> Option<Result<T, TaskError>> {
        if let Some(outcome) = self.within(Duration::ZERO).await {
            return Some(outcome);
        }
        let Life { slot, number } = self.life();
        if shutdown == Shutdown::BrutalKill {
            slot.signal_life(number, Signal::Kill);
        } else {
            slot.signal_life(number, Signal::Exit(ExitReason::Shutdown));
        }
        let outcome = match within(shutdown.limit().filter(|limit| !limit.is_zero()), &mut self).await {
            Some(outcome) => outcome,
            None => {
                self.process.kill();
                (&mut self).await
            }
        };
        match outcome {
            Err(TaskError::Ended { reason: Reason(ExitReason::Shutdown | ExitReason::Killed), .. }) => None,
            outcome => Some(outcome),
        }
    }

    /// The values of all of them, in this order; those that are not had are dropped with the first failure.
    ///
    /// # Errors
    ///
    /// Of the first, in this order, that failed.
    pub async fn all(tasks: Vec<Task<T>>) -> Result<Vec<T>, TaskError> {
        let mut values = Vec::with_capacity(tasks.len());
        for task in tasks {
            values.push(task.await?);
        }
        Ok(values)
    }

    /// What all of them have to say within this time, in this order; `None` of one that is not done. It goes on,
    /// or is killed.
    pub async fn all_within(
        tasks: &mut [Task<T>],
        limit: Duration,
        on_timeout: OnTimeout,
    ) -> Vec<Option<Result<T, TaskError>>> {
        let due: Instant = later(now(), limit);
        let mut told = Vec::with_capacity(tasks.len());
        for task in tasks {
            let outcome = task.within(due.saturating_duration_since(now())).await;
            if outcome.is_none() && on_timeout == OnTimeout::Kill && !matches!(task.state, State::Told) {
                task.process.kill();
                // Its reason is known: it was killed here.
                let _ = task.await;
            }
            told.push(outcome);
        }
        told
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        loop {
            match &mut self.state {
                State::Open => {
                    let value = std::task::ready!(Pin::new(&mut self.value).poll(cx));
                    if let Ok(value) = value {
                        self.state = State::Told;
                        return Poll::Ready(Ok(value));
                    }
                    self.state = State::Failing(Watch::of(self.life(), |slot| slot.core().last_reason()));
                }
                State::Failing(watch) => {
                    let down = std::task::ready!(Pin::new(watch).poll(cx));
                    self.state = State::Told;
                    return Poll::Ready(Err(TaskError::Ended {
                        task: down.pid,
                        reason: Reason(down.reason),
                    }));
                }
                State::Told => panic!("a task has one value, and this one's was had"),
            }
        }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if self.ends_with_handle && !matches!(self.state, State::Told) {
            self.process.slot().clone().signal_life(1, Signal::Kill);
        }
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("pid", &self.pid()).finish_non_exhaustive()
    }
}
