//! Slots: where servers live.
//!
//! A slot is one allocation: the run word, the server's state, the head of its inbox, its counters. A
//! supervised server keeps its slot over restarts, so references stay good and queued messages survive.
//!
//! | file | idea |
//! |---|---|
//! | `right` | who may touch the state, and what is handed over without a lock: the only `unsafe` |
//! | `envelope`, `inbox`, `reply` | messages in, replies out |
//! | `notice` | messages for one life alone |
//! | `promises`, `beside` | replies that come later, handlers that run beside the mailbox |
//! | `serving` | until when the caller of the handler under way waits |
//! | `errands` | looking at the state, suspending the server |
//! | `inline` | a call on the caller's own task |
//! | `kept` | an async handler that stays with its caller |
//! | `post` | a message left by its sender |
//! | `turn`, `handler` | serving from the inbox; async handlers |
//! | `refuse` | messages that are not served |
//! | `life` | start, end and restart of an incarnation |
//! | `core` | everything that does not depend on the server's type |
//! | `bonds` | links, monitors and timers of one life |
//! | `subscribed`, `registered` | what the server is subscribed to, where it is registered |
//! | `waits` | who waits for whom: the deadlock check |
//! | `sync`, `model` | the parts where threads meet, and their check under loom |

pub(crate) mod beside;
pub(crate) mod bonds;
pub(crate) mod core;
pub(crate) mod envelope;
pub(crate) mod errands;
mod handler;
pub(crate) mod inbox;
pub(crate) mod inline;
pub(crate) mod kept;
pub(crate) mod life;
#[cfg(all(test, noex_loom))]
mod model;
pub(crate) mod notice;
pub(crate) mod post;
pub(crate) mod promises;
pub(crate) mod refuse;
pub(crate) mod registered;
pub(crate) mod reply;
pub(crate) mod right;
pub(crate) mod serving;
pub(crate) mod subscribed;
mod sync;
pub(crate) mod turn;
pub(crate) mod waits;

use std::{
    any::{Any, TypeId},
    collections::VecDeque,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

pub(crate) use self::core::{Core, Signal};
use self::{
    envelope::{Envelope, Lengths},
    inbox::Store,
    notice::Recall,
    reply::ReplyTo,
    right::{Guarded, Right},
};
use super::{Context, GenServer, Message, error::Target, guarded::Policies};
use crate::{
    process::{
        Exit, ExitReason, Pid,
        door::Door,
        panic::catch,
        runner::Turn,
        seat::{Seat, place},
    },
    resilience::NamedError,
};

/// Where one server lives.
pub(crate) type Slot<S> = Guarded<Front<S>, Room<S>>;

/// The right to be in its room.
type RightTo<'a, S> = Right<'a, Front<S>, Room<S>>;

/// What everybody sees of a slot. What senders on other cores write comes first: it is the next behind the room.
#[repr(C)]
pub(crate) struct Front<S: GenServer> {
    store: Store<S>,
    core: Core,
    /// Messages served, by variant; written by the holder of the run right alone.
    served: Box<[AtomicU64]>,
    /// The policies of its handlers, from when somebody first asks for them.
    policies: OnceLock<Box<Policies<S>>>,
}

/// What only the holder of the run right sees.
#[repr(C)]
pub(crate) struct Room<S: GenServer> {
    /// Messages taken from the inbox, oldest first.
    batch: VecDeque<Envelope<S>>,
    end: End,
    /// The call whose async handler is under way, so that a crash can answer it.
    in_hand: Option<ReplyTo<S::Reply>>,
    live: Option<Live<S>>,
}

/// The server itself.
struct Live<S: GenServer> {
    state: S,
    cx: Context<S>,
}

/// Is the incarnation to end?
enum End {
    No,
    /// When what was queued before the stop is served.
    AfterBatch(ExitReason),
    /// Now, with `terminate`.
    Terminate(ExitReason),
    /// Now, without.
    Finish(ExitReason),
}

impl<S: GenServer> Front<S> {
    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    /// The policies of its handlers.
    pub(crate) fn policies(&self) -> &Policies<S> {
        self.policies.get_or_init(|| Box::new(Policies::of(&self.core)))
    }

    /// A life begins; what is wrong with the policies of its handlers.
    fn begin_policies(&self) -> Option<NamedError> {
        if S::Call::GUARDED.is_empty() && S::Cast::GUARDED.is_empty() && S::Info::GUARDED.is_empty() {
            return None;
        }
        let policies = self.policies();
        if self.core.incarnation() > 1 {
            policies.begin_anew();
        }
        policies.fault().cloned()
    }

    fn begin(&self, variant: usize) {
        self.core.begin(variant);
    }

    /// Messages served, those of some variants not counted.
    pub(crate) fn served_but(&self, but: &[usize]) -> u64 {
        let counted = self.served.iter().enumerate().filter(|(variant, _)| !but.contains(variant));
        counted.map(|(_, count)| count.load(Ordering::Relaxed)).sum()
    }

    /// One more message of this variant is served. Only the holder of the run right writes, so that a
    /// load and a store do.
    #[inline]
    fn done(&self, variant: usize) {
        if let Some(served) = self.served.get(variant) {
            served.store(served.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
        self.core.rest();
    }
}

/// The names of a server's handlers, in the order of [`Envelope::variant`].
fn variant_names<S: GenServer>() -> impl Iterator<Item = &'static str> {
    [S::Call::VARIANTS, S::Cast::VARIANTS, S::Info::VARIANTS].into_iter().flatten().copied()
}

/// A slot that nobody lives in yet; with the door that the server will be started through, where that is known.
pub(crate) fn vacant<S: GenServer>(id: u64, door: Option<Arc<Door>>) -> Arc<Slot<S>> {
    Arc::new(Guarded::down(
        Front {
            core: Core::new(id, S::type_name(), door),
            store: Store::new(),
            policies: OnceLock::new(),
            served: (0..S::Call::VARIANTS.len() + S::Cast::VARIANTS.len() + S::Info::VARIANTS.len())
                .map(|_| AtomicU64::new(0))
                .collect(),
        },
        Room { batch: VecDeque::new(), end: End::No, in_hand: None, live: None },
    ))
}

/// A slot without the server's type.
pub(crate) trait AnySlot: Send + Sync {
    fn core(&self) -> &Core;
    /// Serves at most `budget` messages; the runner's side.
    fn turn(self: Arc<Self>, seat: &mut Seat, budget: &mut usize) -> Turn;
    /// Whether the slot is a `Slot<S>` of this `S`.
    fn is_of(&self, server: TypeId) -> bool;
    /// The handler under way is suspended.
    fn go_away(&self);
    /// Whether a handler is kept that is not overdue at this look; without one all are.
    fn look_after_kept(self: Arc<Self>, look: Option<u32>) -> bool;
    /// The handler under way was dropped: ends the incarnation.
    fn break_off(&self, reason: ExitReason);
    /// The runtime is gone: ends the incarnation without a runner.
    fn abandon(self: Arc<Self>);
    /// Takes a signal along the control lane. `false`: nobody lives here.
    fn signal(self: Arc<Self>, signal: Signal) -> bool;
    /// The same for one life alone, and never on the stack of whoever sends it.
    fn signal_life(self: Arc<Self>, life: u32, signal: Signal) -> bool;
    /// Tells that life of an exit, if it has a handler for that; whether it had.
    fn exit_message(self: Arc<Self>, life: u32, exit: Exit, recall: Option<Recall>) -> bool;
    /// No next life: refuses what is queued and whatever comes.
    fn close(&self, reason: &ExitReason);
    /// The calls that a suspended handler awaits.
    fn awaited(self: Arc<Self>) -> Vec<Target>;
    /// The handler that runs now.
    fn current_handler(&self) -> &'static str;
    /// What kind of message this handler is for, if it is one of the server's.
    fn kind_of(&self, handler: &str) -> Option<&'static str>;
    /// Messages served, by handler.
    fn served(&self) -> Vec<(&'static str, u64)>;
    /// How full the mailbox is.
    fn queue(&self) -> Lengths;
    /// Bytes that the slot holds, its state's own heap not counted.
    fn bytes(&self) -> usize;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<S: GenServer> AnySlot for Slot<S> {
    fn core(&self) -> &Core {
        &self.core
    }

    fn turn(self: Arc<Self>, seat: &mut Seat, budget: &mut usize) -> Turn {
        match catch(|| turn::turn(&self, seat, budget)) {
            Ok(turn::Left::Idle) => Turn::Idle,
            Ok(turn::Left::Again) => Turn::Again(self),
            Ok(turn::Left::Async) => Turn::Async,
            Ok(turn::Left::Begun(seat)) => Turn::Begun(seat, self),
            // Something of the user's panicked outside of a handler: that ends this server, not the runner.
            Err(caught) => {
                handler::break_off(&self, caught.into_reason("?"));
                // A right that was dropped on the way has left its place here, which is nobody else's.
                drop(place());
                Turn::Again(self)
            }
        }
    }

    fn is_of(&self, server: TypeId) -> bool {
        server == TypeId::of::<S>()
    }

    fn go_away(&self) {
        Guarded::go_away(self);
        // A sender may have parked just when this message was begun; the handler may be waiting for it.
        life::begun(self, self.inbox().left());
    }

    fn look_after_kept(self: Arc<Self>, look: Option<u32>) -> bool {
        kept::look_after(&self, look)
    }

    fn awaited(self: Arc<Self>) -> Vec<Target> {
        kept::awaited(&self).unwrap_or_else(|| self.core.awaited())
    }

    fn break_off(&self, reason: ExitReason) {
        handler::break_off(self, reason);
    }

    fn abandon(self: Arc<Self>) {
        life::abandon(&self);
    }

    fn signal(self: Arc<Self>, signal: Signal) -> bool {
        life::signal(&self, signal)
    }

    fn signal_life(self: Arc<Self>, life: u32, signal: Signal) -> bool {
        life::post(&self, signal, Some(life))
    }

    fn exit_message(self: Arc<Self>, life: u32, exit: Exit, recall: Option<Recall>) -> bool {
        life::exit_message(&self, life, exit, recall)
    }

    fn close(&self, reason: &ExitReason) {
        life::close(self, reason);
    }

    fn current_handler(&self) -> &'static str {
        match self.core.current() {
            Some(core::CONTINUATION) => "continuation",
            Some(core::PAUSED) => "suspended",
            Some(core::TERMINATE) => "terminate",
            Some(core::INIT) => "init",
            Some(variant) => variant_names::<S>().nth(variant).unwrap_or("?"),
            None => "?",
        }
    }

    fn kind_of(&self, handler: &str) -> Option<&'static str> {
        let kinds = [("call", S::Call::VARIANTS), ("cast", S::Cast::VARIANTS), ("info", S::Info::VARIANTS)];
        kinds.into_iter().find(|(_, handlers)| handlers.contains(&handler)).map(|(kind, _)| kind)
    }

    fn served(&self) -> Vec<(&'static str, u64)> {
        variant_names::<S>().zip(self.served.iter().map(|count| count.load(Ordering::Relaxed))).collect()
    }

    fn queue(&self) -> Lengths {
        self.inbox().lengths()
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.served.len() * size_of::<AtomicU64>() + self.inbox().heap_bytes()
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl Core {
    /// Identifies the life that the slot is in.
    pub(crate) fn pid(&self) -> Pid {
        Pid::local(self.id, self.incarnation())
    }
}
