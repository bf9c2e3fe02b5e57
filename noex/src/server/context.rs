//! What a handler can ask of its server's surroundings.

use std::{
    any::Any,
    collections::VecDeque,
    fmt,
    future::Future,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use super::{
    ContinuationOf, GenServer, ReplyTo, ServerRef,
    slot::{self, AnySlot, Slot, beside, refuse, serving},
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
    hibernate: bool,
    /// The reply address of the deferred call in hand, until its handler takes it. Without its type, so that
    /// a reply that cannot be sent is no error of the context's as well.
    lent: Option<Box<dyn Any + Send>>,
}

impl<S: GenServer> Orders<S> {
    fn is_empty(&self) -> bool {
        self.stop.is_none()
            && self.then.is_empty()
            && self.idle.is_none()
            && self.fired.is_none()
            && !self.hibernate
            && self.lent.is_none()
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
            Box::new(Orders {
                stop: None,
                then: VecDeque::new(),
                idle: None,
                fired: None,
                hibernate: false,
                lent: None,
            })
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

    pub(crate) fn take_hibernate(&mut self) -> bool {
        self.orders.as_mut().is_some_and(|orders| std::mem::take(&mut orders.hibernate))
    }

    /// Gives the handler that is about to run the reply address of its call.
    pub(crate) fn lend(&mut self, reply: slot::reply::ReplyTo<S::Reply>) {
        self.orders().lent = Some(Box::new(reply));
    }

    /// The reply address that the handler did not take.
    pub(crate) fn take_lent(&mut self) -> Option<slot::reply::ReplyTo<S::Reply>> {
        let lent = self.orders.as_mut()?.lent.take();
        self.forget_orders();
        lent?.downcast().ok().map(|lent| *lent)
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

    /// Gives the memory of the mailbox back after this handler, for a server that expects to be idle for
    /// long. What is queued is served all the same; nothing else can be seen of it. As `hibernate` in OTP.
    pub fn hibernate(&mut self) {
        self.orders().hibernate = true;
    }

    /// Runs the continuation for `message` after this handler, before anything queued.
    ///
    /// Several are run in the order they were asked for. As `{:continue, term}` in Elixir.
    pub fn then<M>(&mut self, message: M)
    where
        M: ContinuationOf<S>,
    {
        self.orders().then.push_back(message.into_continuation());
    }
}

/// What concerns the call in hand.
impl<S: GenServer> Context<S> {
    /// Until when the caller of the call in hand waits, for an async handler: calls that it makes wait no
    /// longer. `None` when nobody waits, or without limit, and in a plain `fn`, which ends before any limit.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::prelude::*;
    /// use std::time::{Duration, Instant};
    ///
    /// #[genserver]
    /// struct Clock {}
    ///
    /// #[genserver]
    /// impl Clock {
    ///     #[init]
    ///     fn init() -> Self { Clock {} }
    ///
    ///     /// How long there is, to do it well.
    ///     #[call]
    ///     async fn left(&mut self, cx: &mut Context<Self>) -> Option<Duration> {
    ///         cx.deadline().map(|at| at - Instant::now())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let clock = Clock::start().await?;
    /// assert!(clock.left().timeout(Duration::from_secs(1)).await?.unwrap() <= Duration::from_secs(1));
    /// assert_eq!(clock.left().no_timeout().await?, None);
    /// # Ok(()) }
    /// ```
    pub fn deadline(&self) -> Option<Instant> {
        serving::deadline(self.slot().core().id).map(tokio::time::Instant::into_std)
    }

    /// Whether the caller of the call in hand is gone, as of when this async handler was last resumed: its
    /// reply would vanish. `false` in a plain `fn`.
    pub fn is_cancelled(&self) -> bool {
        serving::is_cancelled(self.slot().core().id)
    }

    /// Ready when the caller of the call in hand is gone; never in a handler that serves no call.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + use<S> {
        let id = self.slot().core().id;
        std::future::poll_fn(move |_| serving::poll_cancelled(id))
    }

    /// The reply address of the call in hand, whose reply is then sent later: for a call of which
    /// [`Message::is_deferred`](crate::Message::is_deferred) says so. `reply` makes the server's reply type of
    /// it. `#[genserver]` asks for it where a handler's last argument is a [`ReplyTo`].
    ///
    /// # Panics
    ///
    /// When there is no such call in hand, or its address was taken.
    pub fn reply_to<T: 'static>(&mut self, reply: fn(T) -> S::Reply) -> ReplyTo<T> {
        let lent = self.take_lent().expect("a deferred call is in hand, and its reply address was not taken");
        ReplyTo::new(&self.slot(), lent, reply)
    }

    /// Runs `handler` beside the mailbox and replies with its outcome: for a call of which
    /// [`Message::is_deferred`](crate::Message::is_deferred) says so. `#[call(concurrent)]` does this with a
    /// clone of the state. `name`: the handler's, for errors and events.
    ///
    /// When the server stops, it waits for the handler; when it is killed or crashes, the handler is
    /// dropped where it awaits. Its own panic is the caller's
    /// [`CallError::Crashed`](crate::CallError::Crashed) and an event, and the server lives on.
    ///
    /// # Panics
    ///
    /// As [`reply_to`](Context::reply_to).
    pub fn beside<T: 'static>(
        &mut self,
        name: &'static str,
        reply: fn(T) -> S::Reply,
        handler: impl Future<Output = T> + Send + 'static,
    ) {
        let lent = self.take_lent().expect("a deferred call is in hand, and its reply address was not taken");
        let Some(cell) = lent.cell().cloned() else { return };
        let slot = self.slot();
        beside::spawn(&slot, name, cell, ReplyTo::new(&slot, lent, reply), handler);
    }
}

impl<S: GenServer> fmt::Debug for Context<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("server", &self.slot.upgrade().map(|slot| slot.core().label()))
            .finish()
    }
}
