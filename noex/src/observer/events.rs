//! The lifecycle events of a system: typed, numbered, lossy for slow readers, who are told what they missed.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::broadcast::{self, error::RecvError};

use crate::{
    event_bus::Pattern,
    patterns::pool::{JobFailure, JobId},
    process::{ExitReason, Pid},
    resilience::{PolicyEvent, PolicyKind},
    server::slot::Core,
};

/// Events that a reader may be behind before it misses some.
const BEHIND: usize = 1024;

/// Something that happened to a server or a policy.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// Counts up by one for each event that anybody could hear, from 1.
    pub number: u64,
    /// Which incarnation; that of nobody (`<0.0.0>`) for a policy without a server.
    pub pid: Pid,
    /// The server's name, or its type and pid; the policy's name where it has no server.
    pub server: Arc<str>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventKind {
    /// `init` is done; `restarts` lives were before this one.
    Started {
        /// Lives before this one.
        restarts: u32,
    },
    /// The server ended in an orderly way.
    Stopped {
        /// Why.
        reason: ExitReason,
    },
    /// The server ended abnormally.
    Crashed {
        /// Why.
        reason: ExitReason,
    },
    /// A `#[call(concurrent)]` handler panicked: its caller was told, the server lives on.
    HandlerCrashed {
        /// The handler.
        handler: &'static str,
        /// The panic.
        reason: ExitReason,
    },
    /// A supervisor restarts this child.
    Restarting {
        /// The child's id.
        child: Arc<str>,
        /// Why the child ended.
        reason: ExitReason,
    },
    /// A supervisor has used up its restarts and ends.
    GaveUp {
        /// The child whose end was one too many.
        child: Arc<str>,
        /// Why that child ended.
        reason: ExitReason,
    },
    /// A sender began to wait for room in the mailbox, and nobody waited before.
    MailboxHigh,
    /// Nobody waits for room any more.
    MailboxLow,
    /// The server has this name now.
    NameClaimed {
        /// The name.
        name: Arc<str>,
    },
    /// The name is free again.
    NameFreed {
        /// The name.
        name: Arc<str>,
    },
    /// A call was given up by its caller.
    CallTimedOut {
        /// The handler that was called.
        handler: &'static str,
        /// The limit.
        after: Duration,
    },
    /// A subscription of the server with `overflow = disconnect` had no room for an event, and is over.
    Disconnected {
        /// What it listened to.
        pattern: Pattern,
    },
    /// A message ended unserved.
    DeadLetter {
        /// The handler it was for.
        handler: &'static str,
        /// Why nobody served it.
        why: Undelivered,
    },
    /// A policy did something.
    Policy {
        /// What kind of policy.
        kind: PolicyKind,
        /// Its name.
        policy: Arc<str>,
        /// What it did.
        event: PolicyEvent,
    },
    /// A job of a pool has got so far; the server is the pool's supervisor.
    Job {
        /// The job; number 0 for one that was not taken.
        job: JobId,
        /// How far.
        step: JobStep,
    },
}

/// How far a job of a [`Pool`](crate::Pool) has got.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobStep {
    /// It waits for a worker.
    Queued,
    /// The pool did not take it.
    Rejected,
    /// A worker has it.
    Started {
        /// The worker.
        worker: Pid,
    },
    /// Its worker ended, and it waits for the next attempt.
    Requeued {
        /// Which attempt that will be; the second is the first of these.
        attempt: u32,
    },
    /// It ended well.
    Completed,
    /// It ended otherwise.
    Failed {
        /// How.
        why: JobFailure,
    },
    /// It was taken back before a worker came to it.
    Cancelled,
}

/// How much attention an event deserves, for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// All is well.
    Info,
    /// Somebody did not get what it wanted, or soon will not.
    Warn,
    /// Something is broken: a server ended abnormally, or a supervisor gave up.
    Error,
}

impl EventKind {
    /// How much attention it deserves. `Error` is for abnormal ends and panics alone: `normal`, `shutdown` and
    /// `shutdown(x)` are no errors, as in OTP.
    pub fn level(&self) -> Level {
        match self {
            EventKind::Crashed { .. } | EventKind::HandlerCrashed { .. } | EventKind::GaveUp { .. } => {
                Level::Error
            }
            EventKind::Restarting { .. }
            | EventKind::CallTimedOut { .. }
            | EventKind::DeadLetter { .. }
            | EventKind::Disconnected { .. }
            | EventKind::Job {
                step: JobStep::Rejected | JobStep::Requeued { .. } | JobStep::Failed { .. },
                ..
            }
            | EventKind::MailboxHigh => Level::Warn,
            EventKind::Policy { event, .. } => match event {
                PolicyEvent::StateChanged { .. }
                | PolicyEvent::Refused { .. }
                | PolicyEvent::WouldRefuse { .. }
                | PolicyEvent::Drained { .. }
                | PolicyEvent::Exhausted { .. }
                | PolicyEvent::BudgetSpent { .. }
                | PolicyEvent::TimedOut { .. }
                | PolicyEvent::FellBack { .. } => Level::Warn,
                _ => Level::Info,
            },
            EventKind::Started { .. }
            | EventKind::Stopped { .. }
            | EventKind::MailboxLow
            | EventKind::Job { .. }
            | EventKind::NameClaimed { .. }
            | EventKind::NameFreed { .. } => Level::Info,
        }
    }

    pub(crate) fn ended(reason: ExitReason) -> Self {
        if reason.is_orderly() { EventKind::Stopped { reason } } else { EventKind::Crashed { reason } }
    }
}

/// Why a message ended unserved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undelivered {
    /// The server ended first.
    Ended(ExitReason),
    /// The caller no longer waited.
    CallerGone,
    /// The mailbox overflowed.
    Overflow,
    /// The server has no handler for such a message.
    NoHandler,
    /// No server has the name that it was for.
    NoSuchName,
}

pub(crate) struct Events {
    listeners: Arc<AtomicUsize>,
    /// The last number, under one lock with the sending, so that numbers come in order.
    sender: Mutex<(u64, broadcast::Sender<Event>)>,
}

impl Default for Events {
    fn default() -> Self {
        Events { listeners: Arc::default(), sender: Mutex::new((0, broadcast::Sender::new(BEHIND))) }
    }
}

impl Events {
    #[inline]
    pub(crate) fn has_listeners(&self) -> bool {
        self.listeners.load(Ordering::Relaxed) > 0
    }

    #[cold]
    pub(crate) fn send(&self, core: &Core, kind: EventKind) {
        self.send_of(core.pid(), core.label(), kind);
    }

    pub(crate) fn send_of(&self, pid: Pid, server: Arc<str>, kind: EventKind) {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        sender.0 += 1;
        let event = Event { number: sender.0, pid, server, kind };
        // Without a receiver left the event is for nobody.
        let _ = sender.1.send(event);
    }

    pub(crate) fn subscribe(&self) -> EventStream {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        self.listeners.fetch_add(1, Ordering::Relaxed);
        EventStream { receiver: sender.1.subscribe(), listeners: self.listeners.clone() }
    }
}

/// The events of a system, from when it was made.
///
/// # Examples
///
/// ```
/// use noex::{prelude::*, observer::EventKind};
/// # #[genserver] struct Idle {}
/// # #[genserver] impl Idle { #[init] fn init() -> Self { Idle {} } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new();
/// let mut events = system.events();
/// Idle::start().system(&system).await?.stop().await?;
/// assert!(matches!(events.next().await?.kind, EventKind::Started { restarts: 0 }));
/// assert!(matches!(events.next().await?.kind, EventKind::Stopped { .. }));
/// # Ok(()) }
/// ```
#[must_use = "nobody hears the events unless it is read"]
pub struct EventStream {
    receiver: broadcast::Receiver<Event>,
    listeners: Arc<AtomicUsize>,
}

impl EventStream {
    /// The next event.
    ///
    /// # Errors
    ///
    /// [`Missed`] when this reader fell behind; the call after it goes on with the oldest event kept.
    pub async fn next(&mut self) -> Result<Event, Missed> {
        match self.receiver.recv().await {
            Ok(event) => Ok(event),
            Err(RecvError::Lagged(events)) => Err(Missed { events }),
            // The system is gone: nothing will happen any more.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("waiting", &self.receiver.len()).finish()
    }
}

/// A slow reader missed events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{events} events were missed")]
#[non_exhaustive]
pub struct Missed {
    /// How many.
    pub events: u64,
}
