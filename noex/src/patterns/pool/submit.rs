//! A job on its way: being submitted, and its outcome to come.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    task::coop,
    time::{Instant, timeout_at},
};

use super::{JobError, JobId, NotAccepted, Rejected, Work, outcome::Told, shared::Shared};

/// A job about to be submitted: awaited, it waits for room in the queue and gives the job's handle.
///
/// # Errors
///
/// [`Rejected`] gives the job back: the pool takes no more.
#[must_use = "a job is not submitted until this is awaited, or sent with `now`"]
pub struct Submit<'a, W: Work> {
    pub(super) shared: &'a Arc<Shared<W>>,
    pub(super) job: W::Job,
    pub(super) priority: i8,
}

impl<W: Work> Submit<'_, W> {
    /// Goes before jobs of a lower priority; 0 unless said otherwise.
    pub fn priority(mut self, priority: i8) -> Self {
        self.priority = priority;
        self
    }

    /// Submits it now, without waiting.
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives the job back: there is no room, or the pool takes no more.
    pub fn now(self) -> Result<JobHandle<W>, Rejected<W::Job>> {
        let Submit { shared, job, priority } = self;
        if let Some(why) = shared.refusal() {
            return Err(shared.reject(job, why));
        }
        if !shared.room.try_enter() {
            return Err(shared.reject(job, shared.full()));
        }
        Ok(JobHandle::of(shared, job, priority, shared.until()))
    }
}

impl<'a, W: Work> IntoFuture for Submit<'a, W> {
    type Output = Result<JobHandle<W>, Rejected<W::Job>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let Submit { shared, job, priority } = self;
        Box::pin(async move {
            match enter(shared).await {
                Ok(until) => Ok(JobHandle::of(shared, job, priority, until)),
                Err(why) => Err(shared.reject(job, why)),
            }
        })
    }
}

impl<W: Work> fmt::Debug for Submit<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submit").field("priority", &self.priority).finish_non_exhaustive()
    }
}

/// Waits for room; until when the job may wait for a worker then.
pub(super) async fn enter<W: Work>(shared: &Shared<W>) -> Result<Option<Instant>, NotAccepted> {
    if let Some(why) = shared.refusal() {
        return Err(why);
    }
    let until = shared.until();
    let is_in = match until {
        None => shared.room.enter().await,
        Some(until) => match timeout_at(until, shared.room.enter()).await {
            Ok(is_in) => is_in,
            Err(_) => return Err(shared.expired()),
        },
    };
    match shared.refusal() {
        None if is_in => Ok(until),
        why => {
            if is_in {
                shared.room.leave();
            }
            Err(why.unwrap_or_else(|| shared.full()))
        }
    }
}

/// A job that was accepted: a future of its outcome.
///
/// # Cancel safety
///
/// `&mut handle` can be awaited, dropped and awaited again. Dropping the handle itself leaves the job in the pool: it is
/// done, and its outcome is nobody's. [`cancel`](JobHandle::cancel) takes it back.
///
/// # Errors
///
/// [`JobError`].
///
/// # Panics
///
/// When it is polled after it was ready.
pub struct JobHandle<W: Work> {
    pub(super) id: JobId,
    pub(super) shared: Arc<Shared<W>>,
    pub(super) outcome: Told<W>,
}

impl<W: Work> JobHandle<W> {
    /// Of a job for which there is room.
    pub(super) fn of(shared: &Arc<Shared<W>>, job: W::Job, priority: i8, until: Option<Instant>) -> Self {
        let (ticket, outcome) = Told::ticket();
        let id = shared.take_in(job, priority, until, ticket);
        JobHandle { id, shared: shared.clone(), outcome }
    }

    /// Which job.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// Takes the job back if no worker has come to it: its outcome is then [`JobError::Cancelled`]. `false`: it is
    /// under way, or has ended.
    pub fn cancel(&self) -> bool {
        self.shared.cancel(self.id)
    }
}

impl<W: Work> Future for JobHandle<W> {
    type Output = Result<W::Output, JobError<W::Error>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // A tight loop of jobs that are done must let other tasks run.
        let proceed = ready!(coop::poll_proceed(cx));
        let id = self.id;
        let outcome = ready!(self.outcome.poll(id, cx));
        proceed.made_progress();
        Poll::Ready(outcome)
    }
}

impl<W: Work> fmt::Debug for JobHandle<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobHandle").field("id", &self.id).finish_non_exhaustive()
    }
}
