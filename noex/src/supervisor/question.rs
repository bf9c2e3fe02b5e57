//! What a supervisor is asked, and what it answers.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{
    error::AdminError,
    place::Place,
    plan::{Budget, Planned},
    spec::ChildSpec,
};
use crate::{Message, Pid};

/// A child as its supervisor sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChildInfo {
    /// The spec.
    pub spec: ChildSpec,
    /// The running incarnation; `None` when it is down.
    pub pid: Option<Pid>,
    /// What it does.
    pub state: ChildState,
}

/// What a child does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChildState {
    /// Nothing: it was stopped, is done, or asked to be ignored.
    Down,
    /// It waits for its turn, or for the end of a back-off.
    Waiting,
    /// Its `init` is under way.
    Starting,
    /// It runs.
    Running,
    /// It was told to end.
    Stopping,
}

/// How many children there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildCount {
    /// Children, running or not.
    pub specs: usize,
    /// Those with a process.
    pub active: usize,
    /// Those that are supervisors, running or not.
    pub supervisors: usize,
    /// The rest, running or not.
    pub workers: usize,
}

/// What a supervisor is asked.
#[doc(hidden)]
#[allow(private_interfaces)]
pub enum Question {
    WhichChildren,
    CountChildren,
    Spec(Arc<str>),
    StartChild(Planned),
    Terminate(Who),
    Restart(Arc<str>),
    Delete(Arc<str>),
    Restarts(Budget),
    /// What is drawn of so many children, and how many there are.
    Picture(usize),
}

/// Which child.
#[doc(hidden)]
#[derive(Debug)]
pub enum Who {
    Id(Arc<str>),
    Slot(u64),
}

impl Message for Question {
    const VARIANTS: &'static [&'static str] = &[
        "children",
        "count_children",
        "child_spec",
        "start_child",
        "terminate_child",
        "restart_child",
        "delete_child",
        "set_restarts",
        "draw",
    ];

    fn variant(&self) -> usize {
        match self {
            Question::WhichChildren => 0,
            Question::CountChildren => 1,
            Question::Spec(_) => 2,
            Question::StartChild(_) => 3,
            Question::Terminate(_) => 4,
            Question::Restart(_) => 5,
            Question::Delete(_) => 6,
            Question::Restarts(_) => 7,
            Question::Picture(_) => 8,
        }
    }
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::VARIANTS[self.variant()])
    }
}

/// What a supervisor answers.
#[doc(hidden)]
#[derive(Debug)]
#[allow(private_interfaces)]
pub enum Reply {
    Children(Vec<ChildInfo>),
    Count(ChildCount),
    Spec(Result<Box<ChildSpec>, AdminError>),
    Done(Result<(), AdminError>),
    /// It is under way.
    Wait(oneshot::Receiver<Result<Option<Pid>, AdminError>>),
    Picture(Vec<Seen>, usize),
}

/// A child as it is drawn.
pub(crate) struct Seen {
    pub(super) spec: ChildSpec,
    pub(super) name: Arc<str>,
    pub(super) place: Arc<dyn Place>,
    pub(super) state: ChildState,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen").field("spec", &self.spec).field("state", &self.state).finish_non_exhaustive()
    }
}
