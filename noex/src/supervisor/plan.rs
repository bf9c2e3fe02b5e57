//! A tree as data: what a supervisor's every life begins with.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    backoff::Backoff,
    child::Leaving,
    log::Chronicle,
    place::Place,
    spec::{AutoShutdown, ChildSpec, Strategy},
};
use crate::ExitReason;

/// At most `max` restarts within any `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(super) max: u32,
    pub(super) window: Duration,
}

/// A tree as data: what each life of its supervisor begins with.
#[doc(hidden)]
pub struct Plan {
    pub(super) name: Arc<str>,
    pub(super) strategy: Strategy,
    pub(super) restarts: Budget,
    pub(super) auto_shutdown: AutoShutdown,
    pub(super) backoff: Option<Backoff>,
    /// Children come and go by pid, in no order, and stop in parallel.
    pub(super) is_dynamic: bool,
    /// How many children there may be.
    pub(super) most: usize,
    pub(super) children: Vec<Planned>,
    /// What happened, over all lives.
    pub(super) chronicle: Arc<Chronicle>,
    /// Children of a life that was killed, which the next one waits for.
    orphans: Mutex<Vec<Leaving>>,
}

/// A child with the place that it has in every life of its supervisor, so that references to it stay good.
#[derive(Clone)]
pub(crate) struct Planned {
    pub(super) spec: ChildSpec,
    pub(super) place: Arc<dyn Place>,
}

impl Plan {
    pub(super) fn new(name: Arc<str>) -> Self {
        Plan {
            name,
            strategy: Strategy::OneForOne,
            restarts: Budget { max: 3, window: Duration::from_secs(5) },
            auto_shutdown: AutoShutdown::Never,
            backoff: None,
            is_dynamic: false,
            most: usize::MAX,
            children: Vec::new(),
            chronicle: Arc::default(),
            orphans: Mutex::default(),
        }
    }

    pub(super) fn orphans(&self) -> Vec<Leaving> {
        self.listed().clone()
    }

    pub(super) fn list_orphans(&self, orphans: Vec<Leaving>) {
        let before = std::mem::replace(&mut *self.listed(), orphans);
        drop(before);
    }

    fn listed(&self) -> MutexGuard<'_, Vec<Leaving>> {
        self.orphans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same tree in places of its own.
    pub(super) fn again(&self) -> Self {
        Plan {
            name: self.name.clone(),
            strategy: self.strategy,
            restarts: self.restarts,
            auto_shutdown: self.auto_shutdown,
            backoff: self.backoff.clone(),
            is_dynamic: self.is_dynamic,
            most: self.most,
            children: self.children.iter().map(|child| Planned::of(child.spec.clone())).collect(),
            chronicle: Arc::default(),
            orphans: Mutex::default(),
        }
    }

    /// The supervisor will not come back: neither will its children.
    pub(super) fn retire(&self, reason: &ExitReason) {
        for child in self.children.iter().rev() {
            child.place.clone().retire(reason);
        }
    }
}

impl Drop for Plan {
    /// A tree that is never started leaves nobody waiting for its children.
    fn drop(&mut self) {
        for child in &self.children {
            if child.place.slot().core().incarnation() == 0 {
                child.place.clone().retire(&ExitReason::NoProc);
            }
        }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("name", &self.name)
            .field("strategy", &self.strategy)
            .field("children", &self.children.iter().map(|child| &child.spec).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
