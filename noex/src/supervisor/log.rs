//! The restart log: why did it restart?

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use super::{
    end::TreeEnd,
    spec::{Restart, Strategy},
};
use crate::{ExitReason, Pid, ServerRef, Supervisor};

/// How many entries a supervisor keeps.
const KEPT: usize = 64;

/// One entry of a [`RestartLog`]: a child that ended and was to come back, or did not come back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RestartEntry {
    /// Counts up from 1 for each supervisor, over all its lives.
    pub number: u64,
    /// The time of day.
    pub at: SystemTime,
    /// Time since this life of the supervisor began.
    pub since_start: Duration,
    /// The child's id; in a dynamic supervisor its type and slot.
    pub child: Arc<str>,
    /// The life that ended, or the last one before the start that failed.
    pub pid: Pid,
    /// What happened to it.
    pub cause: Cause,
    /// The kind of message that it was handling when it panicked: `call`, `cast` or `info`.
    pub message: Option<&'static str>,
    /// The child's restart type.
    pub restart: Restart,
    /// The supervisor's strategy.
    pub strategy: Strategy,
    /// Siblings that ran and were stopped with it, first started first.
    pub taken_down: Vec<Arc<str>>,
    /// What the supervisor did.
    pub outcome: Outcome,
}

/// What a child did that called for a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// It ended. A panic's reason has its text, its file and line, and the handler.
    Ended(ExitReason),
    /// It was started again and did not come up.
    NotStarted(ExitReason),
}

impl Cause {
    /// Why, either way.
    pub fn reason(&self) -> &ExitReason {
        match self {
            Cause::Ended(reason) | Cause::NotStarted(reason) => reason,
        }
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is started again.
    Restarted {
        /// The pause before it; zero without back-off.
        after: Duration,
        /// How many restarts are left for now.
        budget_left: u32,
    },
    /// There were too many restarts: the supervisor ends.
    GaveUp {
        /// The most restarts ..
        max: u32,
        /// .. within this time.
        window: Duration,
    },
}

impl fmt::Display for RestartEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RestartEntry { number, since_start, child, pid, cause, restart, strategy, .. } = self;
        write!(f, "#{number} +{since_start:.3?} {child} {pid} ")?;
        match cause {
            Cause::Ended(reason @ ExitReason::Panic(_)) => {
                write!(f, "crashed: {}{reason}", Kind(self.message))?;
            }
            Cause::Ended(reason) => write!(f, "ended: {reason}")?,
            Cause::NotStarted(reason) => write!(f, "did not start: {reason}")?,
        }
        write!(f, "\n   {restart}, {strategy}: ")?;
        match self.outcome {
            Outcome::Restarted { after, budget_left } => {
                write!(f, "restarted")?;
                if !after.is_zero() {
                    write!(f, " after {after:?}")?;
                }
                if !self.taken_down.is_empty() {
                    write!(f, " with {}", self.taken_down.join(", "))?;
                }
                write!(f, ", {budget_left} left")
            }
            Outcome::GaveUp { max, window } => write!(f, "gave up, more than {max} in {window:?}"),
        }
    }
}

/// `call `, before the handler.
struct Kind(Option<&'static str>);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |kind| write!(f, "{kind} "))
    }
}

/// The last 64 restarts of a supervisor, oldest first. Prints as text, two lines an entry.
///
/// # Examples
///
/// ```
/// use noex::{ChildOptions, Supervisor, prelude::*, supervisor::Outcome};
/// # #[genserver] struct Flaky {}
/// # #[genserver] impl Flaky {
/// #     #[init] fn init() -> Self { Flaky {} }
/// #     #[call] fn divide(&mut self, by: u32) -> u32 { 1 / by }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut tree = Supervisor::builder("tree");
/// let flaky = tree.child::<Flaky>(ChildOptions::new("flaky"), || ());
/// let tree = tree.start().await?;
/// assert!(flaky.divide(0).await.is_err());
/// assert_eq!(flaky.divide(1).await?, 1);
///
/// let log = tree.restart_log();
/// let entry = &log.entries()[0];
/// assert_eq!((&*entry.child, entry.message), ("flaky", Some("call")));
/// assert!(matches!(entry.outcome, Outcome::Restarted { budget_left: 2, .. }));
/// assert!(log.to_string().contains("attempt to divide by zero"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct RestartLog {
    entries: Vec<RestartEntry>,
}

impl RestartLog {
    /// What is kept, oldest first.
    pub fn entries(&self) -> &[RestartEntry] {
        &self.entries
    }
}

impl fmt::Display for RestartLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.iter().try_for_each(|entry| writeln!(f, "{entry}"))
    }
}

/// What is known of a supervisor's past; it outlives the supervisor.
#[derive(Debug, Default)]
pub(crate) struct Chronicle {
    past: Mutex<Past>,
}

#[derive(Debug, Default)]
struct Past {
    entries: VecDeque<RestartEntry>,
    count: u64,
    end: Option<TreeEnd>,
}

impl Chronicle {
    fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an entry, under the next number.
    pub(super) fn note(&self, mut entry: RestartEntry) {
        let mut past = self.past();
        past.count += 1;
        entry.number = past.count;
        if past.entries.len() == KEPT {
            past.entries.pop_front();
        }
        past.entries.push_back(entry);
    }

    /// Why the supervisor is about to end by itself; the first word stands.
    pub(super) fn note_end(&self, end: TreeEnd) {
        self.past().end.get_or_insert(end);
    }

    /// The next life begins.
    pub(super) fn begin(&self) {
        self.past().end = None;
    }

    pub(super) fn end(&self) -> Option<TreeEnd> {
        self.past().end.clone()
    }

    fn log(&self) -> RestartLog {
        RestartLog { entries: self.past().entries.iter().cloned().collect() }
    }
}

impl ServerRef<Supervisor> {
    /// Why children were restarted; readable at any time, also after the end of the supervisor.
    pub fn restart_log(&self) -> RestartLog {
        self.chronicle().map(|chronicle| chronicle.log()).unwrap_or_default()
    }

    pub(super) fn chronicle(&self) -> Option<Arc<Chronicle>> {
        self.plan().map(|plan| plan.chronicle.clone())
    }
}
