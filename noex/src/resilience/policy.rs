//! What all policies have in common: a kind, a name, a voice in their system, and a line in its table.

use std::{fmt, pin::Pin, sync::Arc};

use super::{Disposed, PolicyError, PolicyEvent, PolicyEvents};
use crate::{
    Name, Pid, System, WeakSystem,
    observer::{EventKind, Events},
};

/// The kinds of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PolicyKind {
    /// [`CircuitBreaker`](super::CircuitBreaker)
    CircuitBreaker,
    /// [`Retry`](super::Retry)
    Retry,
    /// [`RateLimiter`](super::RateLimiter)
    RateLimiter,
    /// [`Bulkhead`](super::Bulkhead)
    Bulkhead,
    /// [`Timeout`](super::Timeout)
    Timeout,
    /// [`Fallback`](super::Fallback)
    Fallback,
    /// [`Hedge`](super::Hedge)
    Hedge,
    /// [`LoadShedder`](super::LoadShedder)
    LoadShedder,
    /// What retries and hedges share: [`BudgetOptions`](super::BudgetOptions)
    Budget,
}

impl PolicyKind {
    /// The word of its attribute.
    pub const fn word(self) -> &'static str {
        match self {
            PolicyKind::CircuitBreaker => "circuit_breaker",
            PolicyKind::Retry => "retry",
            PolicyKind::RateLimiter => "rate_limit",
            PolicyKind::Bulkhead => "bulkhead",
            PolicyKind::Timeout => "timeout",
            PolicyKind::Fallback => "fallback",
            PolicyKind::Hedge => "hedge",
            PolicyKind::LoadShedder => "load_shed",
            PolicyKind::Budget => "budget",
        }
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a function that a policy wraps returns.
pub type Protected<T, E> = Pin<Box<dyn Future<Output = Result<T, PolicyError<E>>> + Send>>;

/// Any policy, for a table of them.
pub trait Policy: Send + Sync {
    /// What kind of policy it is.
    fn kind(&self) -> PolicyKind;
    /// Its name; `account.rating` for one of a handler.
    fn name(&self) -> &Arc<str>;
    /// How it stands, read from relaxed counters.
    fn status(&self) -> PolicyStatus;
}

/// How a policy stands, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyStatus {
    /// What kind of policy it is.
    pub kind: PolicyKind,
    /// Its name.
    pub name: Arc<str>,
    /// Its state in a word, such as `closed`; empty where there is only one.
    pub state: &'static str,
    /// Its counters, by name.
    pub counters: Vec<(&'static str, u64)>,
}

impl PolicyStatus {
    /// The counter of this name; 0 when it has none.
    pub fn counter(&self, name: &str) -> u64 {
        self.counters.iter().find(|(counter, _)| *counter == name).map_or(0, |(_, count)| *count)
    }
}

impl fmt::Display for PolicyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<15}  {:<24}  {:<11}", self.kind, self.name, self.state)?;
        for (counter, count) in self.counters.iter().filter(|(_, count)| *count > 0) {
            write!(f, "  {counter} {count}")?;
        }
        Ok(())
    }
}

/// Who a policy is, and where it is heard.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) kind: PolicyKind,
    pub(crate) name: Arc<str>,
    /// The server it belongs to.
    owner: Option<(Pid, Arc<str>)>,
    system: WeakSystem,
    events: Arc<Events>,
}

impl Identity {
    pub(crate) fn new(kind: PolicyKind, name: impl Into<Arc<str>>, system: &System) -> Self {
        Identity {
            kind,
            name: name.into(),
            owner: None,
            system: system.downgrade(),
            events: system.voice().clone(),
        }
    }

    /// The same under another name.
    pub(crate) fn named(&self, name: impl Into<Arc<str>>) -> Self {
        Identity { name: name.into(), ..self.clone() }
    }

    /// The same as a server's.
    pub(crate) fn owned_by(mut self, pid: Pid, server: Arc<str>) -> Self {
        self.owner = Some((pid, server));
        self
    }

    /// Announces what happened, if anybody listens.
    #[inline]
    pub(crate) fn tell(&self, event: impl FnOnce() -> PolicyEvent) {
        if self.events.has_listeners() {
            self.send(event());
        }
    }

    #[cold]
    fn send(&self, event: PolicyEvent) {
        let (pid, server) = match &self.owner {
            Some((pid, server)) => (*pid, server.clone()),
            None => (Pid::local(0, 0), self.name.clone()),
        };
        let kind = EventKind::Policy { kind: self.kind, policy: self.name.clone(), event };
        self.events.send_of(pid, server, kind);
    }

    /// What this policy does from now on.
    pub(crate) fn listen(&self) -> PolicyEvents {
        let system = self.system.upgrade().unwrap_or_default();
        PolicyEvents::of(&system, self.kind, self.name.clone())
    }

    /// The system, if it is still there.
    pub(crate) fn system(&self) -> Option<System> {
        self.system.upgrade()
    }

    pub(crate) fn disposed(&self) -> Disposed {
        Disposed { policy: Name::of(&self.name) }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)
    }
}
