//! References to servers.

use std::{
    any::Any,
    fmt,
    sync::{Arc, Weak},
};

use super::{
    Call, CallError, Cast, CastError, GenServer, InfoOf, Message, NotRunning, Overflow, Reason, cast,
    cast::Send as SendInfo,
    error::Failure,
    guarded::admit,
    slot::{
        AnySlot, Core, Signal, Slot,
        envelope::Envelope,
        errands, life, refuse,
        reply::ReplyCell,
        serving::Until,
        waits::{self, Awaited},
    },
};
use crate::{
    observer::Snapshot,
    process::{ExitReason, Monitor, Pid, door::within, panic::catch},
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

    /// As [`call`](ServerRef::call), but fails at once with [`CallError::MailboxFull`] where it would have to
    /// wait for room in the mailbox.
    pub fn try_call(&self, call: S::Call) -> Call<'_, S> {
        self.call(call).try_call()
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
        self.try_send(&mut Some(Envelope::Cast(cast)))
    }

    /// Sends a cast from where it is.
    #[inline]
    pub(super) fn try_send(&self, message: &mut Option<Envelope<S>>) -> Result<(), CastError<S::Cast>> {
        let overflow = match S::OVERFLOW {
            Overflow::Wait => Overflow::Fail,
            other => other,
        };
        // Most messages meet no policies: nothing is made for what they would take from them.
        let sent = if S::Cast::GUARDED.is_empty() {
            cast::put(&self.slot, message, overflow)
        } else {
            let Some(cast) = message.take() else { unreachable!("a cast that is sent is there") };
            match admit(&self.slot, &cast) {
                Ok(passed) => {
                    let sent = cast::put(&self.slot, &mut Some(cast), overflow);
                    sent.inspect_err(|_| passed.unsent(&self.slot))
                }
                Err(why) => Err((cast, why)),
            }
        };
        match sent {
            Ok(()) => Ok(()),
            Err((Envelope::Cast(message), why)) => Err(CastError { message, why }),
            Err(_) => unreachable!("a cast comes back as a cast"),
        }
    }

    /// Sends a plain message to the server's `#[info]` handler for it.
    pub fn send<M: InfoOf<S>>(&self, message: M) -> SendInfo<'_, S> {
        SendInfo::new(self, message.into_info())
    }

    /// Sends a message whose type the sender does not know to be one of the server's. Without an `#[info]`
    /// handler for it, the message is dropped and counted as a dead letter, and the server does not notice.
    ///
    /// # Errors
    ///
    /// As of [`send`](ServerRef::send).
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::prelude::*;
    /// # #[genserver] struct Counter { count: u64 }
    /// # #[genserver] impl Counter {
    /// #     #[init] fn init() -> Self { Counter { count: 0 } }
    /// #     #[info] fn add(&mut self, by: u64) { self.count += by }
    /// #     #[call] fn get(&self) -> u64 { self.count }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let counter = Counter::start().await?;
    /// counter.send_any(Box::new(2_u64)).await?;
    /// counter.send_any(Box::new("what is this?")).await?;
    /// assert_eq!(counter.get().await?, 2);
    /// # Ok(()) }
    /// ```
    pub async fn send_any(&self, message: Box<dyn Any + Send>) -> Result<(), CastError<S::Info>> {
        match S::info_from(message) {
            Ok(info) => SendInfo::new(self, info).await,
            Err(message) => {
                refuse::unhandled(&self.slot, "info", message);
                Ok(())
            }
        }
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
        loop {
            // The life that is stopped is the one that is waited for, whatever a supervisor does meanwhile.
            let life = self.slot.core().incarnation();
            if life::signal_to(&self.slot, Signal::Stop(reason.clone()), Some(life)) {
                self.end_of(life, Some("stop")).await;
                return Ok(());
            }
            if self.slot.core().is_over(life) && self.slot.core().incarnation() == life {
                return Err(self.not_running());
            }
        }
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
        let tell = cell.open(None, Until::Forever);
        let watcher = Box::new(move |_: Pid, reason: &ExitReason| tell.send(reason.clone()));
        // Whoever gives the wait up leaves nothing behind.
        let Ok(monitor) = self.slot.core().watch(life, watcher) else { return None };
        let _watch = Unwatch { slot: &self.slot, monitor };
        self.answer(&cell, asked).await.ok()
    }

    /// Waits for what the server answers. `asked`: the wait is given up when a handler waits that the server
    /// waits for.
    async fn answer<R: Send + 'static>(
        &self,
        cell: &Arc<ReplyCell<R>>,
        asked: Option<&'static str>,
    ) -> Result<R, Failure> {
        let wait = Arc::downgrade(cell) as Weak<dyn Awaited>;
        let mut noted = false;
        let answer = std::future::poll_fn(|cx| {
            let polled = cell.poll(cx.waker());
            if let (Some(asked), false, true) = (asked, noted, polled.is_pending()) {
                noted = waits::wait_for(|| (self.slot.clone(), asked, wait.clone()), cx.waker(), 1);
            }
            polled
        })
        .await;
        if noted {
            waits::wait_is_over(&wait);
        }
        answer
    }

    /// Looks at the server's state from outside: between two messages, before those that are queued, also
    /// while the server is suspended. What `look` returns comes back; the server does not notice.
    ///
    /// As `sys:get_state`. It waits for the handler under way, no longer than the server's `call_timeout`.
    ///
    /// # Errors
    ///
    /// [`CallError`]: the server is not running, has ended before it could be looked at, was busy for too
    /// long, or it is the very server whose handler looks (`Deadlock`).
    ///
    /// # Panics
    ///
    /// When `look` does: the panic is its own, not the server's.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::prelude::*;
    /// # #[genserver] struct Counter { count: u64 }
    /// # #[genserver] impl Counter {
    /// #     #[init] fn init() -> Self { Counter { count: 40 } }
    /// #     #[cast] fn add(&mut self, by: u64) { self.count += by }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let counter = Counter::start().await?;
    /// assert_eq!(counter.inspect(|counter| counter.count).await?, 40);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "get_state")]
    pub async fn inspect<R: Send + 'static>(
        &self,
        look: impl FnOnce(&S) -> R + Send + 'static,
    ) -> Result<R, CallError> {
        match self.errand(look, false, "inspect").await {
            Ok(seen) => Ok(seen),
            Err(failure) => Err(failure.at(self.slot.core().target("inspect"))),
        }
    }

    /// Suspends the server: it finishes the handler under way and then serves no message until
    /// [`resume`](ServerRef::resume). What is sent meanwhile is queued. Stop, kill and supervisors work as
    /// ever, and a [`stop`](ServerRef::stop) serves what is queued. Ready when the server is suspended.
    ///
    /// As `sys:suspend`. Suspensions are not counted: one [`resume`](ServerRef::resume) ends them all.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it suspends nothing.
    ///
    /// # Errors
    ///
    /// As of [`inspect`](ServerRef::inspect); then the server is not suspended.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::prelude::*;
    /// # #[genserver] struct Counter { count: u64 }
    /// # #[genserver] impl Counter {
    /// #     #[init] fn init() -> Self { Counter { count: 40 } }
    /// #     #[cast] fn add(&mut self, by: u64) { self.count += by }
    /// #     #[call] fn get(&self) -> u64 { self.count }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let counter = Counter::start().await?;
    /// counter.suspend().await?;
    /// counter.add(2).await?;
    /// assert_eq!(counter.inspect(|counter| counter.count).await?, 40);
    /// counter.resume();
    /// assert_eq!(counter.get().await?, 42);
    /// # Ok(()) }
    /// ```
    pub async fn suspend(&self) -> Result<(), CallError> {
        match self.errand(|_| (), true, "suspend").await {
            Ok(()) => Ok(()),
            Err(failure) => Err(failure.at(self.slot.core().target("suspend"))),
        }
    }

    /// Ends a suspension; what is queued is served. `false`: the server was not suspended.
    pub fn resume(&self) -> bool {
        self.slot.core().unpause()
    }

    async fn errand<R: Send + 'static>(
        &self,
        look: impl FnOnce(&S) -> R + Send + 'static,
        pause: bool,
        name: &'static str,
    ) -> Result<R, Failure> {
        let cell = Arc::new(ReplyCell::new());
        let tell = cell.open(None, Until::Forever);
        let look = Box::new(move |core: &Core, state: &dyn Any| {
            let Some(state) = state.downcast_ref::<S>() else { return };
            let is_paused = pause && core.pause();
            // Who does not wait for it any more would not resume it either.
            if !tell.offer(catch(|| look(state))) && is_paused {
                core.unpause();
            }
        });
        if !errands::send(&self.slot, look) {
            return Err(Failure::NotRunning(self.slot.core().last_reason()));
        }
        let _leaves = Leaves(&cell);
        match within(S::CALL_TIMEOUT, self.answer(&cell, Some(name))).await {
            Some(Ok(Ok(seen))) => Ok(seen),
            Some(Ok(Err(panic))) => panic.resume(),
            Some(Err(Failure::ReplyDropped)) => Err(Failure::Stopped(self.slot.core().last_reason())),
            Some(Err(failure)) => Err(failure),
            None => Err(Failure::Timeout { after: S::CALL_TIMEOUT.unwrap_or_default(), began: false }),
        }
    }

    fn not_running(&self) -> NotRunning {
        NotRunning { server: self.slot.core().label().into(), reason: Reason(self.slot.core().last_reason()) }
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
        Snapshot::of(self.slot.clone())
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

/// Nobody waits for the answer when this is dropped.
struct Leaves<'a, R>(&'a ReplyCell<R>);

impl<R> Drop for Leaves<'_, R> {
    fn drop(&mut self) {
        self.0.abandon();
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
