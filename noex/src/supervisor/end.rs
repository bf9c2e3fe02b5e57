//! How a tree ends.

use std::{fmt, sync::Arc, time::Duration};
#[cfg(feature = "signal")]
use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use thiserror::Error;

use crate::{ExitReason, Reason, ServerRef, Supervisor};

/// Why a tree has ended, typed: [`ServerRef::ended`] says `shutdown` for most of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeEnd {
    /// Somebody stopped or killed it, for this reason.
    Stopped(ExitReason),
    /// A significant child was done, and `auto_shutdown` said so.
    Done {
        /// The child's id.
        child: Arc<str>,
    },
    /// There were too many restarts.
    GaveUp(GaveUp),
}

/// A supervisor used up its restarts.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "supervisor `{supervisor}` gave up after `{child}`: {reason} (more than {max} restarts in {window:?})"
)]
#[non_exhaustive]
pub struct GaveUp {
    /// The supervisor.
    pub supervisor: Arc<str>,
    /// The child whose end was one too many.
    pub child: Arc<str>,
    /// Why that child ended.
    #[source]
    pub reason: Reason,
    /// The most restarts ..
    pub max: u32,
    /// .. within this time.
    pub window: Duration,
}

impl TreeEnd {
    /// An error only when the tree gave up, so that `main` can end with it.
    ///
    /// # Errors
    ///
    /// [`GaveUp`].
    pub fn into_result(self) -> Result<(), GaveUp> {
        match self {
            TreeEnd::GaveUp(gave_up) => Err(gave_up),
            TreeEnd::Stopped(_) | TreeEnd::Done { .. } => Ok(()),
        }
    }
}

impl fmt::Display for TreeEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TreeEnd::Stopped(reason) => write!(f, "stopped: {reason}"),
            TreeEnd::Done { child } => write!(f, "done: `{child}` has ended"),
            TreeEnd::GaveUp(gave_up) => gave_up.fmt(f),
        }
    }
}

impl ServerRef<Supervisor> {
    /// Waits until the supervisor has ended, and says why. As [`ended`](ServerRef::ended), which gives the bare
    /// exit reason.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::{ChildOptions, Supervisor, prelude::*, supervisor::TreeEnd};
    /// use std::time::Duration;
    /// # #[genserver] struct Worker {}
    /// # #[genserver] impl Worker {
    /// #     #[init] fn init() -> Self { Worker {} }
    /// #     #[cast] fn fail(&mut self) { panic!("no") }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut tree = Supervisor::builder("tree");
    /// tree.restarts(0, Duration::from_secs(5));
    /// let worker = tree.child::<Worker>(ChildOptions::new("worker"), || ());
    /// let tree = tree.start().await?;
    /// worker.fail().await?;
    /// let TreeEnd::GaveUp(end) = tree.end().await else { panic!() };
    /// assert_eq!((&*end.child, end.max), ("worker", 0));
    /// # Ok(()) }
    /// ```
    pub async fn end(&self) -> TreeEnd {
        let reason = self.ended().await;
        // What it meant to do is not what it did if it was killed meanwhile.
        let meant = self.chronicle().and_then(|chronicle| chronicle.end());
        meant.filter(|_| reason == ExitReason::Shutdown).unwrap_or(TreeEnd::Stopped(reason))
    }

    /// Whether its present life ends, or its last one ended, because there were too many restarts.
    pub(crate) fn gives_up(&self) -> bool {
        let meant = self.chronicle().and_then(|chronicle| chronicle.end());
        matches!(meant, Some(TreeEnd::GaveUp(_)))
    }

    /// Runs an application: waits for an interrupt or a termination signal (Ctrl-C, `SIGTERM`), stops the tree in
    /// order and says why it has ended; that may be before any signal.
    ///
    /// # Errors
    ///
    /// When the operating system does not let the signals be heard.
    #[cfg(feature = "signal")]
    pub async fn run_until_signal(&self) -> std::io::Result<TreeEnd> {
        let mut signals = crate::process::signal::Signals::listen()?;
        let mut end = pin!(self.end());
        let ended = poll_fn(|cx| match end.as_mut().poll(cx) {
            Poll::Ready(end) => Poll::Ready(Some(end)),
            Poll::Pending => signals.poll(cx).map(|()| None),
        });
        if let Some(end) = ended.await {
            return Ok(end);
        }
        // It may be gone by now, which is what is wanted.
        let _ = self.stop_with(ExitReason::Shutdown).await;
        Ok(self.end().await)
    }
}
