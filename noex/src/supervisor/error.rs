//! What can go wrong with trees: their start, and what they are asked to do.

use std::{sync::Arc, time::Duration};

use thiserror::Error;

use super::check::PlanError;
use crate::{NotRunning, Pid, Reason, StartError};

/// Why a tree did not start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SupervisorError {
    /// A child did not start. The ones before it were stopped in reverse order.
    #[error("supervisor `{supervisor}` did not start: child `{child}` failed ({reason})")]
    Child {
        /// The supervisor.
        supervisor: Arc<str>,
        /// The child's id.
        child: Arc<str>,
        /// Why.
        #[source]
        reason: Reason,
    },
    /// A child was not ready in its time. The ones before it were stopped in reverse order.
    #[error("supervisor `{supervisor}` did not start: child `{child}` was not ready within {after:?}")]
    NotReady {
        /// The supervisor.
        supervisor: Arc<str>,
        /// The child's id.
        child: Arc<str>,
        /// The time it had.
        after: Duration,
    },
    /// The plan, or one nested in it, contradicts itself; no child was started.
    #[error("supervisor `{supervisor}` cannot run: {error}")]
    Plan {
        /// The supervisor that it is about.
        supervisor: Arc<str>,
        /// What is wrong.
        #[source]
        error: PlanError,
    },
    /// Anything that can go wrong with the start of a server.
    #[error("supervisor `{supervisor}` did not start: {error}")]
    Start {
        /// The supervisor.
        supervisor: Arc<str>,
        /// What went wrong.
        #[source]
        error: Box<StartError<std::convert::Infallible>>,
    },
}

impl SupervisorError {
    pub(super) fn from_start(supervisor: Arc<str>, error: StartError<SupervisorError>) -> Self {
        let error = match error {
            StartError::Init { error, .. } => return error,
            StartError::Ignored { server } => StartError::Ignored { server },
            StartError::Crashed { server, reason } => StartError::Crashed { server, reason },
            StartError::Timeout { server, after } => StartError::Timeout { server, after },
            StartError::NameTaken { name, holder } => StartError::NameTaken { name, holder },
            StartError::Policy { server, error } => StartError::Policy { server, error },
            StartError::AlreadyRegistered(taken) => StartError::AlreadyRegistered(taken),
            StartError::NoRuntime { server } => StartError::NoRuntime { server },
        };
        SupervisorError::Start { supervisor, error: Box::new(error) }
    }
}

/// Why a supervisor did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AdminError {
    /// A child of this id runs.
    #[error("child `{child}` runs already, as {pid}")]
    AlreadyStarted {
        /// The child's id.
        child: Arc<str>,
        /// Its present life.
        pid: Pid,
    },
    /// There is a child of this id, which is down.
    #[error("there is a child `{child}`, which is down")]
    AlreadyPresent {
        /// The child's id.
        child: Arc<str>,
    },
    /// There is no such child.
    #[error("there is no child `{child}`")]
    NotFound {
        /// The id, or what stands for it.
        child: Arc<str>,
    },
    /// The child runs, and would have to be stopped first.
    #[error("child `{child}` is running, as {pid}")]
    Running {
        /// The child's id.
        child: Arc<str>,
        /// Its present life.
        pid: Pid,
    },
    /// The child is being started.
    #[error("child `{child}` is being started")]
    Starting {
        /// The child's id.
        child: Arc<str>,
    },
    /// There are as many children as there may be.
    #[error("there are {max} children, as many as there may be")]
    TooMany {
        /// How many there may be.
        max: usize,
    },
    /// The child does not fit into the plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The child's `init` refused or crashed, or its name is taken.
    #[error("child `{child}` did not start: {reason}")]
    NotStarted {
        /// The child's id.
        child: Arc<str>,
        /// Why.
        #[source]
        reason: Reason,
    },
    /// The child was not ready in its time.
    #[error("child `{child}` was not ready within {after:?}")]
    NotReady {
        /// The child's id.
        child: Arc<str>,
        /// The time it had.
        after: Duration,
    },
    /// The child's `init` asked to be ignored. A supervisor keeps a place for it, a dynamic one does not.
    #[error("child `{child}` does not want to run now")]
    Ignored {
        /// The child's id.
        child: Arc<str>,
    },
    /// The child was stopped while it started.
    #[error("child `{child}` was stopped while it started")]
    Cancelled {
        /// The child's id.
        child: Arc<str>,
    },
    /// The supervisor has ended.
    #[error(transparent)]
    NotRunning(#[from] NotRunning),
}
