//! What a handler can ask of its server's surroundings.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};

use super::{
    GenServer, HandlesContinue, ServerRef,
    slot::{AnySlot, Slot, refuse},
};
use crate::{
    observer::EventKind,
    process::{ExitReason, Pid, TimerId, door::Door},
    system::System,
};

/// A handler's view of its own server: who it is, and what is to happen after the handler.
///
/// A handler gets it by taking `cx: &mut Context<Self>` as its first argument.
///
/// # Examples
///
/// ```
/// use noex::prelude::*;
///
/// #[genserver]
/// struct Countdown { left: u32 }
///
/// #[genserver]
/// impl Countdown {
///     #[init]
///     fn init(left: u32) -> Self { Countdown { left } }
///
///     #[call]
///     fn tick(&mut self, cx: &mut Context<Self>) -> u32 {
///         self.left -= 1;
///         if self.left == 0 {
///             cx.stop(ExitReason::Normal);    // after this reply
///         }
///         self.left
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let countdown = Countdown::start(1).await?;
/// assert_eq!(countdown.tick().await?, 0);
/// assert_eq!(countdown.ended().await, ExitReason::Normal);
/// # Ok(()) }
/// ```
pub struct Context<S: GenServer> {
    slot: Weak<Slot<S>>,
    /// What is to be seen to after the handler; absent while there is nothing, which is one look.
    orders: Option<Box<Orders<S>>>,
}

struct Orders<S: GenServer> {
    stop: Option<ExitReason>,
    then: VecDeque<S::Continue>,
    /// To be told when nothing arrives for that long.
    idle: Option<(Duration, S::Info)>,
    /// The timer whose message is being handled.
    fired: Option<TimerId>,
}

impl<S: GenServer> Orders<S> {
    fn is_empty(&self) -> bool {
        self.stop.is_none() && self.then.is_empty() && self.idle.is_none() && self.fired.is_none()
    }
}

impl<S: GenServer> Context<S> {
    pub(crate) fn new(slot: &Arc<Slot<S>>) -> Self {
        Context { slot: Arc::downgrade(slot), orders: None }
    }

    #[inline]
    pub(crate) fn has_orders(&self) -> bool {
        self.orders.is_some()
    }

    fn orders(&mut self) -> &mut Orders<S> {
        self.orders.get_or_insert_with(|| {
            Box::new(Orders { stop: None, then: VecDeque::new(), idle: None, fired: None })
        })
    }

    pub(crate) fn first(&mut self, message: Option<S::Continue>) {
        if let Some(message) = message {
            self.orders().then.push_front(message);
        }
    }

    pub(crate) fn take_stop(&mut self) -> Option<ExitReason> {
        self.orders.as_mut()?.stop.take()
    }

    pub(crate) fn take_continuation(&mut self) -> Option<S::Continue> {
        let next = self.orders.as_mut()?.then.pop_front();
        self.forget_orders();
        next
    }

    pub(crate) fn set_idle(&mut self, after: Duration, info: S::Info) {
        self.orders().idle = Some((after, info));
    }

    pub(crate) fn take_idle(&mut self) -> Option<(Duration, S::Info)> {
        let idle = self.orders.as_mut()?.idle.take();
        self.forget_orders();
        idle
    }

    /// The handler that begins, or has ended, has this timer's message.
    pub(crate) fn set_fired(&mut self, timer: Option<TimerId>) {
        if timer.is_some() || self.orders.is_some() {
            self.orders().fired = timer;
            self.forget_orders();
        }
    }

    pub(crate) fn fired_timer(&self) -> Option<TimerId> {
        self.orders.as_ref()?.fired
    }

    fn forget_orders(&mut self) {
        if self.orders.as_ref().is_some_and(|orders| orders.is_empty()) {
            self.orders = None;
        }
    }

    pub(crate) fn slot(&self) -> Arc<Slot<S>> {
        // Handlers run in their slot, and `init` in the slot being filled: it cannot be gone.
        self.slot.upgrade().expect("a context is used inside its own server")
    }

    /// The door this server was started through.
    pub(crate) fn door(&self) -> Arc<Door> {
        self.slot().core().door().expect("a server that runs came through a door").clone()
    }

    pub(crate) fn announce(&self, kind: impl FnOnce() -> EventKind) {
        refuse::announce(&self.slot(), kind);
    }

    /// A reference to this server itself.
    pub fn me(&self) -> S::Ref {
        ServerRef::new(self.slot()).into()
    }

    /// This life's identifier.
    pub fn pid(&self) -> Pid {
        self.slot().core().pid()
    }

    /// The system the server belongs to.
    pub fn system(&self) -> System {
        self.door().system().clone()
    }

    /// Ends the server with `reason` when this handler has returned; its reply is still sent, `terminate`
    /// runs, what is queued is not served.
    pub fn stop(&mut self, reason: ExitReason) {
        self.orders().stop = Some(reason);
    }

    /// Runs the continuation for `message` after this handler, before anything queued.
    ///
    /// Several are run in the order they were asked for. As `{:continue, term}` in Elixir.
    pub fn then<M>(&mut self, message: M)
    where
        S: HandlesContinue<M>,
    {
        self.orders().then.push_back(S::continuation(message));
    }
}

impl<S: GenServer> fmt::Debug for Context<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("server", &self.slot.upgrade().map(|slot| slot.core().label()))
            .finish()
    }
}
