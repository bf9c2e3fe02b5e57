//! Timers that fire once: a message, an exit signal, a kill, or a function of one's own.
//!
//! A timer is a task that sleeps, holds its server weakly and ends with the life it belongs to: the server
//! that set it from its context, or the one whose reference it was set on. It is never early.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    ExitReason, Pid,
    attendant::{Attendant, later},
    door::{now, sleep_until},
    link::{Exit, Life, send_exit},
    panic::catch,
};
use crate::{
    Context, GenServer, InfoOf, ServerRef,
    observer::Undelivered,
    server::{
        deliver,
        slot::{
            Signal,
            notice::{Origin, Recall, Stamp, notify},
        },
    },
    system::System,
};

/// Identifies one timer; unique in the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(u64);

impl TimerId {
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        TimerId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Debug for TimerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timer#{}", self.0)
    }
}

/// A timer that was set. Dropping this does not cancel it.
///
/// # Examples
///
/// ```
/// use noex::prelude::*;
/// use std::time::Duration;
///
/// struct Late(&'static str);
///
/// #[genserver]
/// struct Reminder { timer: Option<Timer>, heard: Vec<&'static str> }
///
/// #[genserver]
/// impl Reminder {
///     #[init]
///     fn init() -> Self { Reminder { timer: None, heard: Vec::new() } }
///
///     #[call]
///     fn remind(&mut self, cx: &mut Context<Self>, what: &'static str, after: Duration) {
///         self.timer = Some(cx.send_after(after, Late(what)));
///     }
///
///     #[call]
///     fn never_mind(&mut self) -> Option<Duration> { self.timer.take()?.cancel() }
///
///     #[call]
///     fn heard(&self) -> Vec<&'static str> { self.heard.clone() }
///
///     #[info]
///     fn late(&mut self, late: Late) { self.heard.push(late.0); }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let second = Duration::from_secs(1);
/// let reminder = Reminder::start().await?;
/// reminder.remind("tea", second).await?;
/// tokio::time::sleep(2 * second).await;
/// reminder.remind("coffee", 3 * second).await?;
/// tokio::time::sleep(second).await;
/// assert_eq!(reminder.never_mind().await?, Some(2 * second));
/// tokio::time::sleep(3 * second).await;
/// assert_eq!(reminder.heard().await?, ["tea"]);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Timer {
    id: TimerId,
    attendant: Arc<Attendant>,
}

impl Timer {
    pub(super) fn new(id: TimerId, attendant: Arc<Attendant>) -> Self {
        Timer { id, attendant }
    }

    pub(super) fn attendant(&self) -> &Arc<Attendant> {
        &self.attendant
    }

    /// What [`Context::fired`] says while its message is handled.
    pub fn id(&self) -> TimerId {
        self.id
    }

    /// Cancels the timer and gives the time that was left: it will not fire. `None` when it has fired (its
    /// message may wait in the mailbox still, and is handled), was cancelled, or ended with its server.
    ///
    /// Of a timer with a period, a tick that is not handled yet is called off.
    #[doc(alias = "cancel_timer")]
    pub fn cancel(&self) -> Option<Duration> {
        self.attendant.cancel().map(left)
    }

    /// The time left until it fires (next); `None` as for [`cancel`](Timer::cancel).
    #[doc(alias = "read_timer")]
    pub fn left(&self) -> Option<Duration> {
        self.attendant.due().map(left)
    }
}

fn left(due: tokio::time::Instant) -> Duration {
    due.saturating_duration_since(now())
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").field("id", &self.id).field("left", &self.left()).finish()
    }
}

/// Does something once, unless it is cancelled or the life it belongs to is over first.
fn after<F: Future<Output = ()> + Send>(
    life: &Life,
    delay: Duration,
    action: impl FnOnce(TimerId) -> F + Send + 'static,
) -> Timer {
    let door = life.slot.core().door();
    let start = door.map_or_else(now, |door| door.now());
    let timer = Timer::new(TimerId::next(), Attendant::new(later(start, delay)));
    let Timer { id, attendant } = timer.clone();
    // Without a door nobody has lived here yet: the timer ends at once, with a life that is not there.
    let Some(door) = door else {
        timer.attendant.end();
        return timer;
    };
    timer.attendant.tend(door, life, async move {
        if let Some(due) = attendant.due() {
            sleep_until(due, None).await;
        }
        if attendant.fire() {
            action(id).await;
        }
    });
    timer
}

impl<S: GenServer> ServerRef<S> {
    /// Sends the server a message after `delay`, if the present life is not over by then. A full mailbox
    /// it meets as any sender does: with `overflow = wait` it waits for room.
    pub fn send_after<M>(&self, delay: Duration, message: M) -> Timer
    where
        M: InfoOf<S> + Send + 'static,
    {
        let (life, slot) = (Life::of(self.slot().clone()), Arc::downgrade(self.slot()));
        let number = life.number;
        after(&life, delay, async move |timer| {
            if let Some(slot) = slot.upgrade() {
                deliver(slot, message.into_info(), Stamp::new(number, Origin::Timer(timer))).await;
            }
        })
    }

    /// Sends the server an exit signal after `delay`, if the present life is not over by then; see
    /// [`exit`](ServerRef::exit).
    pub fn exit_after(&self, delay: Duration, reason: ExitReason) -> Timer {
        let life = Life::of(self.slot().clone());
        let (peer, number) = (life.peer(), life.number);
        after(&life, delay, async move |_| {
            if let Some(slot) = peer.upgrade() {
                send_exit(&Life { slot, number }, Exit { pid: None, name: None, reason });
            }
        })
    }

    /// Kills the server after `delay`, if the present life is not over by then.
    pub fn kill_after(&self, delay: Duration) -> Timer {
        let life = Life::of(self.slot().clone());
        let (peer, number) = (life.peer(), life.number);
        after(&life, delay, async move |_| {
            if let Some(slot) = peer.upgrade() {
                slot.signal_life(number, Signal::Kill);
            }
        })
    }
}

impl<S: GenServer> Context<S> {
    /// Sends this server a message after `delay`, to its `#[info]` handler for it. The timer ends with this life.
    /// As `erlang:send_after`; the [`Timer`] cancels it and says how much time is left.
    #[doc(alias = "start_timer")]
    pub fn send_after<M>(&mut self, delay: Duration, message: M) -> Timer
    where
        M: InfoOf<S> + Send + 'static,
    {
        ServerRef::new(self.slot()).send_after(delay, message)
    }

    /// Sends a message after `delay` to the server of type `T` that has this name when the time has come. One
    /// that nobody gets is a dead letter. The timer ends with this life.
    pub fn send_after_to<T, M>(&mut self, name: impl Into<Arc<str>>, delay: Duration, message: M) -> Timer
    where
        T: GenServer,
        M: InfoOf<T> + Send + 'static,
    {
        let (name, system, me) = (name.into(), self.system(), self.pid());
        after(&self.life(), delay, async move |timer| match system.names().find::<T>(&name) {
            Some(server) => {
                let life = server.pid().incarnation();
                let stamp = Stamp::new(life, Origin::Timer(timer));
                deliver(server.slot().clone(), message.into_info(), stamp).await;
            }
            None => nobody(&system, me, name, message),
        })
    }

    /// Runs a function after `delay`, beside this server: as `timer:apply_after`. The timer ends with this life. A panic in the
    /// function is its own.
    #[doc(alias = "apply_after")]
    pub fn run_after(&mut self, delay: Duration, function: impl FnOnce() + Send + 'static) -> Timer {
        after(&self.life(), delay, async move |_| {
            if let Err(panic) = catch(function) {
                drop(panic.into_reason("run_after"));
            }
        })
    }

    /// Sends this server a message when nothing is handled for `delay` after this handler: the next message of
    /// any kind cancels it, and so does the next `idle_timeout`. It fires once. As a time-out that a callback
    /// returns in OTP; for a silence timer that winds itself up again there is `#[idle(60s)]`.
    pub fn idle_timeout<M>(&mut self, delay: Duration, message: M)
    where
        M: InfoOf<S>,
    {
        self.set_idle(delay, message.into_info());
    }

    /// The timer whose message is being handled; `None` in a handler of anything else. So the message of a timer
    /// that was set again can be told from that of the one before.
    pub fn fired(&self) -> Option<TimerId> {
        self.fired_timer()
    }
}

/// Sends the server an info after `delay`, unless it is called off, whether there is room for it or not.
pub(crate) fn remind<S: GenServer>(cx: &Context<S>, delay: Duration, info: S::Info, recall: Recall) -> Timer {
    let (life, slot) = (cx.life(), Arc::downgrade(&cx.slot()));
    let number = life.number;
    after(&life, delay, async move |_| {
        if let Some(slot) = slot.upgrade() {
            notify(&slot, info, Stamp::new(number, Origin::Reminder).recalled_by(recall));
        }
    })
}

/// A message for a name that nobody has.
fn nobody<M: Send + 'static>(system: &System, from: Pid, name: Arc<str>, message: M) {
    system.dead_letter("timer", Undelivered::NoSuchName, || (from, name), || Box::new(message));
}
