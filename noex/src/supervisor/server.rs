//! The supervisor itself: a server whose messages are its children's ends.

use std::{sync::Arc, time::Duration};

use thiserror::Error;

use super::{
    builder::SupervisorBuilder,
    child::{Child, Failed},
    intensity::Intensity,
    spec::{ChildSpec, Restart, Strategy},
};
use crate::{
    Context, ExitReason, GenServer, Init, Mailbox, Message, Never, Now, Pid, Reason, ServerConfig, ServerRef,
    StartError, WeakRef,
    observer::EventKind,
    process::door::{self, Door},
    server::tell,
};

/// A reference to a supervisor.
pub type SupervisorRef = ServerRef<Supervisor>;

/// A running supervisor. Made by `supervisor!`, or by hand with [`Supervisor::builder`].
pub struct Supervisor {
    name: Arc<str>,
    strategy: Strategy,
    intensity: Intensity,
    children: Vec<Child>,
    me: WeakRef<Supervisor>,
    door: Arc<Door>,
}

impl Supervisor {
    /// A tree under construction; `name` is what errors and events call it.
    pub fn builder(name: impl Into<Arc<str>>) -> SupervisorBuilder {
        SupervisorBuilder::new(name.into())
    }
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A child as its supervisor sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChildInfo {
    /// The spec.
    pub spec: ChildSpec,
    /// The running incarnation; `None` when it is down.
    pub pid: Option<Pid>,
}

/// Why a tree did not start.
#[derive(Debug, Error)]
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
    /// Two children have this id; none was started.
    #[error("supervisor `{supervisor}` has two children called `{child}`")]
    DuplicateChild {
        /// The supervisor.
        supervisor: Arc<str>,
        /// The id.
        child: Arc<str>,
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
            StartError::NoRuntime { server } => StartError::NoRuntime { server },
        };
        SupervisorError::Start { supervisor, error: Box::new(error) }
    }
}

/// What a supervisor hears.
#[derive(Debug)]
#[doc(hidden)]
pub enum Notice {
    /// That life is over.
    Ended { pid: Pid, reason: ExitReason },
    /// A restart of this child failed; once more.
    TryAgain { slot: u64, reason: ExitReason },
}

impl Message for Notice {
    const VARIANTS: &'static [&'static str] = &["child_ended", "try_again"];

    fn variant(&self) -> usize {
        match self {
            Notice::Ended { .. } => 0,
            Notice::TryAgain { .. } => 1,
        }
    }
}

/// What a supervisor is asked.
#[derive(Debug)]
#[doc(hidden)]
pub enum Question {
    WhichChildren,
}

impl Message for Question {
    const VARIANTS: &'static [&'static str] = &["children"];
}

impl ServerConfig for Supervisor {
    const MAILBOX: Mailbox = Mailbox::UNBOUNDED;
    const CALL_TIMEOUT: Option<Duration> = None;
    const TRAP_EXIT: bool = true;
}

impl GenServer for Supervisor {
    type Args = SupervisorBuilder;
    type InitError = SupervisorError;
    type Call = Question;
    type Reply = Vec<ChildInfo>;
    type Cast = Never;
    type Info = Notice;
    type Continue = Never;
    type Ref = SupervisorRef;

    async fn init(plan: SupervisorBuilder, cx: &mut Context<Self>) -> Result<Init<Self>, SupervisorError> {
        let SupervisorBuilder { name, strategy, intensity, children } = plan;
        for (at, child) in children.iter().enumerate() {
            if children[..at].iter().any(|other| other.spec.id() == child.spec.id()) {
                let child = child.spec.id().into();
                return Err(SupervisorError::DuplicateChild { supervisor: name, child });
            }
        }
        let me = cx.me().downgrade();
        let door = cx.door();
        let mut supervisor = Supervisor { name, strategy, intensity, children, me, door };
        for at in 0..supervisor.children.len() {
            if let Err(reason) = supervisor.start_child(at).await {
                let child = supervisor.children[at].spec.id().into();
                supervisor.stop_all().await;
                let supervisor = supervisor.name.clone();
                return Err(SupervisorError::Child { supervisor, child, reason: Reason(reason) });
            }
        }
        Ok(Init::ready(supervisor))
    }

    fn call_now(
        &mut self,
        Question::WhichChildren: Question,
        _: &mut Context<Self>,
    ) -> Now<Vec<ChildInfo>, Question> {
        Now::Done(
            self.children
                .iter()
                .map(|child| ChildInfo { spec: child.spec.clone(), pid: child.pid })
                .collect(),
        )
    }

    async fn handle_info(&mut self, notice: Notice, cx: &mut Context<Self>) {
        match notice {
            Notice::Ended { pid, reason } => {
                // An end that the supervisor brought about itself is old news: its `pid` is not expected.
                if let Some(at) = self.children.iter().position(|child| child.pid == Some(pid)) {
                    self.child_ended(at, reason, cx).await;
                }
            }
            Notice::TryAgain { slot, reason } => {
                if let Some(at) = self.children.iter().position(|child| child.place.slot().core().id == slot)
                    && self.children[at].pid.is_none()
                {
                    self.restart(at, reason, cx).await;
                }
            }
        }
    }

    async fn terminate(&mut self, _: &ExitReason, _: &mut Context<Self>) {
        self.stop_all().await;
    }
}

impl ServerRef<Supervisor> {
    /// The children in start order, as the supervisor sees them.
    ///
    /// # Errors
    ///
    /// When the supervisor is gone.
    pub async fn children(&self) -> Result<Vec<ChildInfo>, crate::CallError> {
        self.call(Question::WhichChildren).await
    }
}

impl Supervisor {
    /// Starts the child's next life and watches it. Ignored, it stays down without being a failure.
    async fn start_child(&mut self, at: usize) -> Result<(), ExitReason> {
        let child = &mut self.children[at];
        match child.place.clone().start(self.door.clone()).await {
            Ok(()) => {}
            Err(Failed::Ignored) => {
                child.close(&ExitReason::Normal);
                return Ok(());
            }
            Err(Failed::Refused(reason)) => return Err(reason),
        }
        let core = child.place.slot();
        let pid = core.core().pid();
        child.pid = Some(pid);
        let me = self.me.clone();
        let watcher = Box::new(move |pid: Pid, reason: &ExitReason| {
            if let Some(me) = me.upgrade() {
                tell(&me, Notice::Ended { pid, reason: reason.clone() });
            }
        });
        if core.core().watch(pid.incarnation(), watcher).is_err()
            && let Some(me) = self.me.upgrade()
        {
            tell(&me, Notice::Ended { pid, reason: core.core().last_reason() });
        }
        Ok(())
    }

    async fn child_ended(&mut self, at: usize, reason: ExitReason, cx: &mut Context<Self>) {
        let child = &mut self.children[at];
        child.pid = None;
        match child.spec.restart_type() {
            Restart::Temporary => {
                child.close(&reason);
                self.children.remove(at);
            }
            Restart::Transient if reason.is_orderly() => child.close(&reason),
            Restart::Permanent | Restart::Transient => self.restart(at, reason, cx).await,
        }
    }

    /// Restarts the child and, by the strategy, its siblings; or gives up.
    async fn restart(&mut self, at: usize, reason: ExitReason, cx: &mut Context<Self>) {
        let id: Arc<str> = self.children[at].spec.id().into();
        if !self.intensity.allows(door::now()) {
            cx.announce(|| EventKind::GaveUp { child: id, reason: reason.clone() });
            self.children[at].close(&reason);
            cx.stop(ExitReason::Shutdown);
            return;
        }
        cx.announce(|| EventKind::Restarting { child: id, reason });
        let slot = self.children[at].place.slot().core().id;
        let first = match self.strategy {
            Strategy::OneForOne => {
                self.try_start(at).await;
                return;
            }
            Strategy::RestForOne => at,
            Strategy::OneForAll => 0,
        };
        for other in (first..self.children.len()).rev() {
            self.children[other].stop().await;
        }
        // Temporary siblings that were stopped are forgotten; the child itself cannot be one.
        let mut place = 0;
        self.children.retain(|child| {
            let stays = place < first
                || child.spec.restart_type() != Restart::Temporary
                || child.place.slot().core().id == slot;
            if !stays {
                child.close(&ExitReason::Shutdown);
            }
            place += 1;
            stays
        });
        for at in first..self.children.len() {
            if !self.try_start(at).await {
                return;
            }
        }
    }

    /// Starts a child; on failure asks itself to try again, so that stop and kill are heard in between.
    async fn try_start(&mut self, at: usize) -> bool {
        match self.start_child(at).await {
            Ok(()) => true,
            Err(reason) => {
                let slot = self.children[at].place.slot().core().id;
                if let Some(me) = self.me.upgrade() {
                    tell(&me, Notice::TryAgain { slot, reason });
                }
                false
            }
        }
    }

    /// Stops all children, last first, each within its time.
    async fn stop_all(&mut self) {
        for child in self.children.iter_mut().rev() {
            child.stop().await;
            child.close(&ExitReason::Shutdown);
        }
    }
}

impl Drop for Supervisor {
    /// A supervisor that is killed stops nobody; its children end by themselves.
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            child.orphan();
        }
    }
}
