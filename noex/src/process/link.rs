//! Links and exit signals.
//!
//! A link joins two lives both ways: when one ends, the other gets an exit signal with the reason.
//!
//! | the signal | not trapping | trapping |
//! |---|---|---|
//! | `normal`, from a link or from anybody | ignored | an [`Exit`] message |
//! | any other reason | ends with that reason, without `terminate` | an [`Exit`] message |
//! | any, from the parent (who made a linked start) | as above | `terminate`, then ends with that reason |
//! | [`kill`](crate::ServerRef::kill) | ends with `killed` | ends with `killed` |
//!
//! An [`Exit`] to a server without an `#[info]` handler for it is a dead letter, no more.

use std::{fmt, sync::Arc};

use super::{ExitReason, Pid};
use crate::{
    Context, GenServer, NotRunning, Reason, ServerRef,
    server::slot::{
        AnySlot, Signal,
        bonds::{Answer, Heard, Peer},
    },
};

/// An exit signal as a message: what a server that traps exits gets instead of ending.
///
/// # Examples
///
/// ```
/// use noex::prelude::*;
///
/// #[genserver]
/// struct Worker {}
///
/// #[genserver]
/// impl Worker {
///     #[init]
///     fn init() -> Self { Worker {} }
/// }
///
/// #[genserver(trap_exit)]
/// struct Owner { worker: WorkerRef, lost: Option<ExitReason> }
///
/// #[genserver]
/// impl Owner {
///     #[init]
///     async fn init(cx: &mut Context<Self>) -> Result<Self, StartError> {
///         Ok(Owner { worker: Worker::start().linked(cx).await?, lost: None })
///     }
///
///     #[call]
///     fn worker(&self) -> WorkerRef { self.worker.clone() }
///
///     #[call]
///     fn lost(&self) -> Option<ExitReason> { self.lost.clone() }
///
///     #[info]
///     fn ended(&mut self, exit: Exit) {
///         assert_eq!(exit.pid, Some(self.worker.pid()));
///         self.lost = Some(exit.reason);
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let owner = Owner::start().await?;
/// let worker = owner.worker().await?;
/// worker.kill();
/// worker.ended().await;
/// assert_eq!(owner.lost().await?, Some(ExitReason::Killed));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exit {
    /// Who ended, or sent the signal; `None` for a signal from outside of any server.
    pub pid: Option<Pid>,
    /// Its registered name, if it had one.
    pub name: Option<Arc<str>>,
    /// Why it ended, or what the signal says.
    pub reason: ExitReason,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.pid) {
            (Some(name), _) => write!(f, "exit of {name}: {}", self.reason),
            (None, Some(pid)) => write!(f, "exit of {pid}: {}", self.reason),
            (None, None) => write!(f, "exit: {}", self.reason),
        }
    }
}

/// One life, to be addressed whatever its server's type is.
pub(crate) struct Life {
    pub(crate) slot: Arc<dyn AnySlot>,
    pub(crate) number: u32,
}

impl Life {
    pub(crate) fn of(slot: Arc<dyn AnySlot>) -> Self {
        let number = slot.core().incarnation();
        Life { slot, number }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::local(self.slot.core().id, self.number)
    }

    pub(crate) fn peer(&self) -> Peer {
        Arc::downgrade(&self.slot)
    }

    /// The end of this life as an exit signal.
    pub(crate) fn exit(&self) -> Exit {
        let core = self.slot.core();
        Exit { pid: Some(self.pid()), name: core.name(), reason: core.last_reason() }
    }
}

/// Why there is no link.
pub(crate) enum Unlinked {
    NearIsGone,
    FarIsGone,
}

/// Links two lives.
pub(crate) fn link(near: &Life, far: &Life) -> Result<(), Unlinked> {
    if near.pid() == far.pid() {
        return Ok(());
    }
    if !near.slot.core().ask_link(near.number, far.pid(), far.peer()) {
        return Err(Unlinked::NearIsGone);
    }
    match far.slot.core().answer_link(far.number, near.pid(), near.peer()) {
        Answer::Linked => Ok(()),
        Answer::Gone if near.slot.core().withdraw_link(near.number, far.pid()) => Err(Unlinked::FarIsGone),
        // They were linked already: the exit signal is on its way, or it comes from here.
        Answer::Gone => {
            hear_exit(&near.slot, near.number, far.exit());
            Ok(())
        }
    }
}

/// A linked server has ended.
pub(crate) fn hear_exit(slot: &Arc<dyn AnySlot>, life: u32, exit: Exit) {
    let Some(heard) = exit.pid.and_then(|from| slot.core().hear_exit(life, from)) else { return };
    let (from, traps) = (exit.pid, slot.core().traps_exits());
    let is_in_mailbox = match heard {
        Heard::Linked(recall) if traps => slot.clone().exit_message(life, exit, Some(recall)),
        _ if traps || exit.reason != ExitReason::Normal => {
            slot.clone().signal_life(life, Signal::Exit(exit.reason));
            false
        }
        _ => false,
    };
    if let (Some(from), false) = (from, is_in_mailbox) {
        slot.core().forget_exit(from);
    }
}

/// Somebody's exit signal. `false`: nobody lives there.
pub(crate) fn send_exit(to: &Life, exit: Exit) -> bool {
    let core = to.slot.core();
    if core.is_over(to.number) {
        return false;
    }
    let traps = core.traps_exits();
    let is_parent = exit.pid.is_some_and(|from| core.is_parent(from));
    if traps && !is_parent {
        to.slot.clone().exit_message(to.number, exit, None);
        true
    } else if !traps && exit.reason == ExitReason::Normal {
        true
    } else {
        to.slot.clone().signal_life(to.number, Signal::Exit(exit.reason))
    }
}

impl<S: GenServer> ServerRef<S> {
    /// Sends the server an exit signal, from anywhere. Returns at once; `false` when nobody lives there.
    ///
    /// A server that does not trap exits ends with `reason`, without `terminate`: a suspended handler is
    /// dropped where it awaits. It ignores `Normal`. One that traps exits gets an [`Exit`]. As `exit/2` in
    /// Erlang, except that no reason kills: that is [`kill`](ServerRef::kill).
    ///
    /// # Examples
    ///
    /// ```
    /// # use noex::prelude::*;
    /// # #[genserver] struct Idle {}
    /// # #[genserver] impl Idle { #[init] fn init() -> Self { Idle {} } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let idle = Idle::start().await?;
    /// idle.exit(ExitReason::Normal);      // ignored
    /// idle.exit(ExitReason::Shutdown);
    /// assert_eq!(idle.ended().await, ExitReason::Shutdown);
    /// # Ok(()) }
    /// ```
    pub fn exit(&self, reason: ExitReason) -> bool {
        send_exit(&Life::of(self.slot().clone()), Exit { pid: None, name: None, reason })
    }
}

impl<S: GenServer> Context<S> {
    pub(crate) fn life(&self) -> Life {
        Life::of(self.slot())
    }

    /// Links this server and the present life of another, both ways. A second link between the same two
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// [`NotRunning`] when there is nobody to link to: then nothing is linked, and no [`Exit`] comes either.
    pub fn link<T: GenServer>(&mut self, other: &ServerRef<T>) -> Result<(), NotRunning> {
        let far = Life::of(other.slot().clone());
        link(&self.life(), &far).map_err(|_| NotRunning {
            server: far.slot.core().label().into(),
            reason: Reason(far.slot.core().last_reason()),
        })
    }

    /// Ends the link with another server, however often they were linked. From here on its end is nothing to
    /// this server; an [`Exit`] of it that is not read yet is not read any more.
    pub fn unlink<T: GenServer>(&mut self, other: &ServerRef<T>) {
        let (near, far) = (self.life(), Life::of(other.slot().clone()));
        // One that was not linked at this end stays linked at the other: that end is just making the link.
        if near.slot.core().unlink(near.number, far.pid().slot()) {
            far.slot.core().unlink(far.number, near.pid().slot());
        }
    }

    /// Sends another server an exit signal from this one; see [`ServerRef::exit`]. A child of a linked start
    /// heeds its parent: trapping exits, it runs `terminate` and ends. `false` when nobody lives there.
    pub fn exit<T: GenServer>(&mut self, other: &ServerRef<T>, reason: ExitReason) -> bool {
        let me = self.life();
        let exit = Exit { pid: Some(me.pid()), name: me.slot.core().name(), reason };
        send_exit(&Life::of(other.slot().clone()), exit)
    }

    /// Traps exits from here on, or no more; each life begins as `#[genserver(trap_exit)]` says.
    #[doc(alias = "process_flag")]
    pub fn trap_exit(&mut self, traps: bool) {
        self.slot().core().trap_exits(traps);
    }
}
