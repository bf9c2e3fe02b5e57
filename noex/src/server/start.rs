//! Starting a server.

use std::{fmt, future::IntoFuture, sync::Arc, time::Duration};

use super::{
    GenServer, Reason, ServerRef, StartError,
    slot::{
        self, AnySlot, Slot,
        life::{self, Starter, Unborn},
        refuse,
    },
};
use crate::{
    Context, Name, Pid, Watch,
    observer::EventKind,
    process::{
        door::Boxed,
        link::{Life, Unlinked, hear_exit, link},
    },
    registry::{AlreadyRegistered, Claim},
    system::System,
};

/// A server about to be started: a builder that is awaited.
///
/// `Account::start(..)` makes one. `init` runs on the task that awaits it; when the future is ready the
/// server answers calls.
///
/// # Cancel safety
///
/// Dropped while `init` runs, `init` is dropped with it, the name is free again and nothing remains.
///
/// # Errors
///
/// [`StartError`]: `init` refused, panicked, asked to be ignored or took too long; the name, or a key, is taken;
/// there is no tokio runtime.
///
/// # Examples
///
/// ```
/// use noex::prelude::*;
/// # #[genserver] struct Counter { count: u64 }
/// # #[genserver] impl Counter {
/// #     #[init] fn init(count: u64) -> Self { Counter { count } }
/// #     #[call] fn get(&self) -> u64 { self.count }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let counter = Counter::start(7).name("visits").await?;
/// assert_eq!(Counter::whereis("visits").unwrap().get().await?, 7);
/// assert!(matches!(
///     Counter::start(8).name("visits").await,
///     Err(StartError::NameTaken { holder, .. }) if holder == counter.pid(),
/// ));
/// # Ok(()) }
/// ```
#[must_use = "a server does not start until this is awaited"]
pub struct Start<S: GenServer> {
    args: S::Args,
    name: Option<Arc<str>>,
    label: Option<Arc<str>>,
    system: Option<System>,
    limit: Option<Duration>,
    parent: Option<Life>,
    claims: Vec<Claim>,
}

impl<S: GenServer> Start<S> {
    /// A start with these arguments; `Account::start(..)` for servers made by the macro.
    pub fn new(args: S::Args) -> Self {
        Start {
            args,
            name: S::NAME.map(Arc::from),
            label: None,
            system: None,
            limit: None,
            parent: None,
            claims: Vec::new(),
        }
    }

    /// Registers the server under this name, in place of the one its type has.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What the server is called where it has no name.
    pub(crate) fn label(mut self, label: Arc<str>) -> Self {
        self.label = Some(label);
        self
    }

    /// Starts in this system, not in the global one.
    pub fn system(mut self, system: &System) -> Self {
        self.system = Some(system.clone());
        self
    }

    /// Gives `init` up after this time; without limit by default.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Links the server to the one that starts it, its parent, from before its `init` on.
    ///
    /// The parent's end ends it, also while it starts; with `trap_exit` it runs `terminate` then. Its own end
    /// is the parent's business once it has started: a start that fails is an error here, and no exit signal
    /// as well (in OTP it is both).
    ///
    /// # Examples
    ///
    /// ```
    /// # use noex::prelude::*;
    /// # #[genserver] struct Worker {}
    /// # #[genserver] impl Worker { #[init] fn init() -> Self { Worker {} } }
    /// #[genserver]
    /// struct Owner { worker: WorkerRef }
    ///
    /// #[genserver]
    /// impl Owner {
    ///     #[init]
    ///     async fn init(cx: &mut Context<Self>) -> Result<Self, StartError> {
    ///         Ok(Owner { worker: Worker::start().linked(cx).await? })
    ///     }
    ///
    ///     #[call]
    ///     fn worker(&self) -> WorkerRef { self.worker.clone() }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let owner = Owner::start().await?;
    /// let worker = owner.worker().await?;
    /// owner.kill();
    /// assert_eq!(worker.ended().await, ExitReason::Killed);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "start_link")]
    pub fn linked<P: GenServer>(mut self, cx: &Context<P>) -> Self {
        self.parent = Some(cx.life());
        self
    }

    /// Gives a monitor together with the reference: whatever becomes of the server, its [`Watch`] will say.
    #[doc(alias = "start_monitor")]
    pub fn monitored(self) -> StartMonitored<S> {
        StartMonitored(self)
    }

    /// Registers the server before its `init`.
    pub(crate) fn claim(&mut self, claim: Claim) {
        self.claims.push(claim);
    }

    async fn up<R>(self, give: impl FnOnce(ServerRef<S>) -> R) -> Result<R, StartError<S::InitError>> {
        let Start { args, name, label, system, limit, parent, claims } = self;
        let system = system.as_ref().unwrap_or_else(|| System::everybodys());
        let door = system.door();
        let has_runtime = door.is_some();
        let server = ServerRef::new(slot::vacant::<S>(System::next_slot(), door));
        let slot = server.slot();
        if let Some(label) = label {
            slot.core().set_label(label);
        }
        if !has_runtime {
            return Err(StartError::NoRuntime { server: name.unwrap_or_else(|| slot.core().label()).into() });
        }
        if let Err(taken) = claim_all(claims, slot) {
            return Err(StartError::AlreadyRegistered(taken));
        }
        if let Some(name) = name {
            slot.core().set_name(name.clone());
            if let Err(holder) = system.names().claim(&name, slot.clone()) {
                slot.core().end_registrations(first_life(slot));
                return Err(StartError::NameTaken { name: name.into(), holder });
            }
            refuse::announce(slot, || EventKind::NameClaimed { name });
        }
        let starter = parent.as_ref().map_or(Starter::Anybody, Starter::Parent);
        match life::bring_up(slot, args, limit, starter).await {
            Ok(()) => {
                if let Some(parent) = parent {
                    adopt(&parent, &Life::of(slot.clone()));
                }
                Ok(give(server))
            }
            Err(unborn) => Err(explain(unborn, slot.core().label().into())),
        }
    }
}

/// The life that a new slot is about to have.
fn first_life<S: GenServer>(slot: &Slot<S>) -> Pid {
    Pid::local(slot.core().id, 1)
}

/// Registers the life that is about to begin, wherever it is to be, or nowhere.
fn claim_all<S: GenServer>(claims: Vec<Claim>, slot: &Arc<Slot<S>>) -> Result<(), AlreadyRegistered> {
    let pid = first_life(slot);
    for claim in claims {
        claim(pid, slot.clone()).inspect_err(|_| slot.core().end_registrations(pid))?;
    }
    Ok(())
}

/// The parent's end of the link; until now it would have heard of failed starts too.
pub(crate) fn adopt(parent: &Life, child: &Life) {
    match link(parent, child) {
        Ok(()) => {}
        Err(Unlinked::NearIsGone) => hear_exit(&child.slot, child.number, parent.exit()),
        // It is linked at its end, and has told the parent: which was not listening yet.
        Err(Unlinked::FarIsGone) => {
            let core = parent.slot.core();
            if core.ask_link(parent.number, child.pid(), child.peer()) {
                hear_exit(&parent.slot, parent.number, child.exit());
            }
        }
    }
}

/// A start that gives a monitor as well; awaited, it is the reference and its [`Watch`].
#[must_use = "a server does not start until this is awaited"]
pub struct StartMonitored<S: GenServer>(Start<S>);

impl<S: GenServer> IntoFuture for StartMonitored<S> {
    type Output = Result<(S::Ref, Watch), StartError<S::InitError>>;
    type IntoFuture = Boxed<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.0.up(|server| {
            // It has one life, so that its reason is to be had even when that is over already.
            let watch = Watch::of(Life::of(server.slot().clone()), |slot| slot.core().last_reason());
            (server.into(), watch)
        }))
    }
}

impl<S: GenServer> fmt::Debug for StartMonitored<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StartMonitored").field(&self.0).finish()
    }
}

fn explain<E>(unborn: Unborn<E>, server: Name) -> StartError<E> {
    match unborn {
        Unborn::Refused(error) => StartError::Init { server, error },
        Unborn::Ignored => StartError::Ignored { server },
        Unborn::Crashed(reason) => StartError::Crashed { server, reason: Reason(reason) },
        Unborn::Timeout(after) => StartError::Timeout { server, after },
        Unborn::Policy(error) => StartError::Policy { server, error },
        Unborn::Running => unreachable!("a slot of one's own cannot be running"),
    }
}

impl<S: GenServer> IntoFuture for Start<S> {
    type Output = Result<S::Ref, StartError<S::InitError>>;
    type IntoFuture = Boxed<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.up(Into::into))
    }
}

impl<S: GenServer> fmt::Debug for Start<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("server", &std::any::type_name::<S>())
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
