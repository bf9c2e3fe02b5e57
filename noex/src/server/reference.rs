//! References to servers.

use std::{
    fmt,
    sync::{Arc, Weak},
};

use super::{
    Call, Cast, CastError, GenServer, InfoOf, NotRunning, Overflow, Reason, cast,
    cast::Send as SendInfo,
    slot::{
        AnySlot, Signal, Slot,
        envelope::Envelope,
        reply::ReplyCell,
        waits::{self, Awaited},
    },
};
use crate::{
    observer::Snapshot,
    process::{ExitReason, Monitor, Pid},
};

/// A typed reference to a server: cheap to clone, good over restarts.
///
/// `#[genserver]` wraps it in a type with the handlers' methods (`AccountRef`), which derefs to it. As long
/// as there is a reference, or a name, or a supervisor, the server lives; when the last reference to an
/// unnamed, unsupervised server is dropped, it serves what is queued and stops.
pub struct ServerRef<S: GenServer> {
    slot: Arc<Slot<S>>,
}

impl<S: GenServer> ServerRef<S> {
    pub(crate) fn new(slot: Arc<Slot<S>>) -> Self {
        slot.core().add_handle();
        ServerRef { slot }
    }

    #[inline]
    pub(crate) fn slot(&self) -> &Arc<Slot<S>> {
        &self.slot
    }

    /// Calls the server with one of its message values; the typed methods do the same with less writing.
    pub fn call(&self, call: S::Call) -> Call<'_, S> {
        Call::new(self, call, Ok)
    }

    /// Casts one of its message values. Waits for room in the mailbox, never for the handler.
    pub fn cast(&self, cast: S::Cast) -> Cast<'_, S> {
        Cast::new(self, cast)
    }

    /// Casts without waiting, from anywhere.
    ///
    /// # Errors
    ///
    /// Gives the message back when the server is gone or its mailbox is full.
    pub fn try_cast(&self, cast: S::Cast) -> Result<(), CastError<S::Cast>> {
        let overflow = match S::OVERFLOW {
            Overflow::Wait => Overflow::Fail,
            other => other,
        };
        let Err(message) = cast::offer(&self.slot, Envelope::Cast(cast)) else { return Ok(()) };
        match cast::push(&self.slot, message, overflow, None) {
            Ok(_) => Ok(()),
            Err((Envelope::Cast(message), why)) => Err(CastError { message, why }),
            Err(_) => unreachable!("a cast comes back as a cast"),
        }
    }

    /// Sends a plain message to the server's `#[info]` handler for it.
    pub fn send<M: InfoOf<S>>(&self, message: M) -> SendInfo<'_, S> {
        SendInfo::new(self, message.into_info())
    }

    /// Stops the server with reason `normal`: it serves what is queued now, then `terminate` runs. Ready
    /// when it is gone. A supervised server is restarted or not as its restart type says. A handler that
    /// stops its own server does not wait: the server stops when the handler has returned.
    ///
    /// # Errors
    ///
    /// [`NotRunning`] when there is nothing to stop.
    pub async fn stop(&self) -> Result<(), NotRunning> {
        self.stop_with(ExitReason::Normal).await
    }

    /// As [`stop`](ServerRef::stop), with another reason.
    ///
    /// # Errors
    ///
    /// [`NotRunning`] when there is nothing to stop.
    pub async fn stop_with(&self, reason: ExitReason) -> Result<(), NotRunning> {
        let life = self.slot.core().incarnation();
        if !self.slot.clone().signal(Signal::Stop(reason)) {
            return Err(self.not_running());
        }
        self.end_of(life, Some("stop")).await;
        Ok(())
    }

    /// Ends the server without `terminate`. A handler that is suspended is dropped where it awaits; one
    /// that computes ends first. Returns at once; `false` when nothing was there to kill.
    pub fn kill(&self) -> bool {
        self.slot.clone().signal(Signal::Kill)
    }

    /// Waits until the present incarnation has ended and says why; at once when it has.
    pub async fn ended(&self) -> ExitReason {
        let life = self.slot.core().incarnation();
        match self.end_of(life, None).await {
            Some(reason) => reason,
            None => self.slot.core().last_reason(),
        }
    }

    /// Waits for the end of a life; `None` when it was over before. `asked`: the wait is given up when the
    /// life cannot end before the waiting handler has.
    async fn end_of(&self, life: u32, asked: Option<&'static str>) -> Option<ExitReason> {
        if self.slot.core().is_over(life) {
            return None;
        }
        let cell = Arc::new(ReplyCell::new());
        let tell = cell.open(None);
        let watcher = Box::new(move |_: Pid, reason: &ExitReason| tell.send(reason.clone()));
        // Whoever gives the wait up leaves nothing behind.
        let Ok(monitor) = self.slot.core().watch(life, watcher) else { return None };
        let _watch = Unwatch { slot: &self.slot, monitor };
        let wait = Arc::downgrade(&cell) as Weak<dyn Awaited>;
        let mut noted = false;
        let ended = std::future::poll_fn(|cx| {
            let polled = cell.poll(cx.waker());
            if let (Some(asked), false, true) = (asked, noted, polled.is_pending()) {
                noted = waits::wait_for(|| self.slot.clone(), asked, || wait.clone(), cx.waker(), 1);
            }
            polled
        })
        .await;
        if noted {
            waits::wait_is_over(&wait);
        }
        ended.ok()
    }

    fn not_running(&self) -> NotRunning {
        NotRunning { server: self.slot.core().label(), reason: Reason(self.slot.core().last_reason()) }
    }

    /// Identifies the present (or last) incarnation.
    pub fn pid(&self) -> Pid {
        self.slot.core().pid()
    }

    /// The registered name.
    pub fn name(&self) -> Option<Arc<str>> {
        self.slot.core().name()
    }

    /// Whether an incarnation is running now.
    pub fn is_alive(&self) -> bool {
        self.slot.core().is_alive()
    }

    /// What can be seen of the server from outside, as of now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&*self.slot)
    }

    /// A reference that does not keep the server alive.
    pub fn downgrade(&self) -> WeakRef<S> {
        WeakRef { slot: Arc::downgrade(&self.slot) }
    }
}

/// Ends a watch of the slot when it is dropped.
struct Unwatch<'a, S: GenServer> {
    slot: &'a Arc<Slot<S>>,
    monitor: Monitor,
}

impl<S: GenServer> Drop for Unwatch<'_, S> {
    fn drop(&mut self) {
        self.slot.core().unwatch(self.monitor);
    }
}

impl<S: GenServer> Clone for ServerRef<S> {
    fn clone(&self) -> Self {
        ServerRef::new(self.slot.clone())
    }
}

impl<S: GenServer> Drop for ServerRef<S> {
    fn drop(&mut self) {
        if self.slot.core().drop_handle() && !self.slot.core().is_supervised() {
            self.slot.clone().signal(Signal::Unreferenced);
        }
    }
}

impl<S: GenServer> PartialEq for ServerRef<S> {
    /// The same slot.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.slot, &other.slot)
    }
}

impl<S: GenServer> Eq for ServerRef<S> {}

impl<S: GenServer> fmt::Debug for ServerRef<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let core = self.slot.core();
        f.debug_struct("ServerRef")
            .field("server", &core.label())
            .field("pid", &core.pid())
            .field("state", &if core.is_alive() { "running" } else { "down" })
            .finish()
    }
}

/// A reference that does not keep the server alive.
pub struct WeakRef<S: GenServer> {
    slot: Weak<Slot<S>>,
}

impl<S: GenServer> WeakRef<S> {
    /// The reference, unless the server has ended for good.
    pub fn upgrade(&self) -> Option<S::Ref> {
        let server = ServerRef::new(self.slot.upgrade()?);
        (server.is_alive() || server.slot.core().is_supervised()).then(|| server.into())
    }
}

impl<S: GenServer> Clone for WeakRef<S> {
    fn clone(&self) -> Self {
        WeakRef { slot: self.slot.clone() }
    }
}

impl<S: GenServer> fmt::Debug for WeakRef<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakRef").field("server", &std::any::type_name::<S>()).finish_non_exhaustive()
    }
}
