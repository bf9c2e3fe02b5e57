//! What a plan must keep to; looked at before anything of it runs.

use std::{fmt, sync::Arc, time::Duration};

use thiserror::Error;

use super::{
    plan::{Plan, Planned},
    spec::{AutoShutdown, ChildSpec, Restart, Shutdown},
};

/// What is wrong with the plan of a tree or of a child.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Two children have this id.
    #[error("two children are called `{child}`")]
    DuplicateChild {
        /// The id.
        child: Arc<str>,
    },
    /// A permanent child always comes back, so that nothing can follow from its end.
    #[error("child `{child}` is permanent, and cannot be significant as well")]
    SignificantPermanent {
        /// The child's id.
        child: Arc<str>,
    },
    /// A significant child under a supervisor that never looks at it.
    #[error("child `{child}` is significant, but `auto_shutdown` is never")]
    SignificantUnderNever {
        /// The child's id.
        child: Arc<str>,
    },
    /// Children of a dynamic supervisor come and go: none is significant.
    #[error("child `{child}` is significant, which a child of a dynamic supervisor cannot be")]
    SignificantDynamic {
        /// The child's id.
        child: Arc<str>,
    },
    /// `restarts` within no time are no limit.
    #[error("the window of `restarts` is zero")]
    ZeroWindow,
    /// The child is given more time to shut down than the supervisor above it has.
    #[error("child `{child}` has {} to shut down, its supervisor only {parent:?}", Limit(*.own))]
    ShutdownTooLong {
        /// The child's id.
        child: Arc<str>,
        /// The child's time; `None` is without limit.
        own: Option<Duration>,
        /// The supervisor's.
        parent: Duration,
    },
    /// The longest pause before a restart is shorter than the shortest.
    #[error("`backoff` begins with {min:?} and may not grow beyond {max:?}")]
    BackoffBackwards {
        /// The first pause.
        min: Duration,
        /// The longest.
        max: Duration,
    },
}

struct Limit(Option<Duration>);

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(limit) => write!(f, "{limit:?}"),
            None => f.write_str("all the time it wants"),
        }
    }
}

impl Plan {
    /// Looks at the plan and those below it; the error's first part is the supervisor's name.
    pub(super) fn check(&self, own: Shutdown) -> Result<(), (Arc<str>, PlanError)> {
        self.check_own(own).map_err(|error| (self.name.clone(), error))?;
        for Planned { spec, place } in &self.children {
            if let Some(below) = place.plan() {
                below.check(spec.shutdown_type())?;
            }
        }
        Ok(())
    }

    fn check_own(&self, own: Shutdown) -> Result<(), PlanError> {
        if self.restarts.window.is_zero() {
            return Err(PlanError::ZeroWindow);
        }
        if let Some(backoff) = &self.backoff
            && backoff.max < backoff.min
        {
            return Err(PlanError::BackoffBackwards { min: backoff.min, max: backoff.max });
        }
        let mut ids = std::collections::HashSet::new();
        for Planned { spec, .. } in &self.children {
            self.check_child(spec)?;
            if !ids.insert(spec.id()) {
                return Err(PlanError::DuplicateChild { child: spec.id().into() });
            }
            let limit = spec.shutdown_type().limit();
            if let Some(parent) = own.limit()
                && own != Shutdown::BrutalKill
                && limit.is_none_or(|limit| limit > parent)
            {
                return Err(PlanError::ShutdownTooLong { child: spec.id().into(), own: limit, parent });
            }
        }
        Ok(())
    }

    /// Looks at one child by itself.
    pub(super) fn check_child(&self, spec: &ChildSpec) -> Result<(), PlanError> {
        let child = || spec.options.id.clone();
        match (spec.is_significant(), self.auto_shutdown) {
            (false, _) => Ok(()),
            (true, _) if self.is_dynamic => Err(PlanError::SignificantDynamic { child: child() }),
            (true, AutoShutdown::Never) => Err(PlanError::SignificantUnderNever { child: child() }),
            (true, _) if spec.restart_type() == Restart::Permanent => {
                Err(PlanError::SignificantPermanent { child: child() })
            }
            (true, _) => Ok(()),
        }
    }
}
