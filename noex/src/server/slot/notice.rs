//! Notices: infos that one life of a server was promised.
//!
//! What a server set up itself (a monitor, a link, a timer, a stream) comes to it as an info message, but
//! only to the life that asked for it, and only as long as that life wants it:
//!
//! | notice | into a full mailbox | called off by |
//! |---|---|---|
//! | `Down`, `Exit` | goes in all the same | `demonitor`, `unlink` |
//! | time-out of a state machine | goes in all the same | any event or change that ends it |
//! | idle time-out | goes in all the same (then it is not idle) | any message served before it |
//! | timers, items of a stream | waits in line for room | their handle, where they repeat |
//! | events that a publisher waits to be handled | goes in all the same: they have a buffer of their own | the subscription |
//!
//! Whoever serves the queue looks at a notice before its handler does; one that is void is passed over.
//! If nobody had called it off, it is a dead letter.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::OwnedSemaphorePermit;

use super::{Core, Envelope, Slot};
use crate::{
    event_bus::{Done, Ticket},
    process::{
        Monitor, Pid, TimerId,
        panic::{Caught, catch},
    },
    server::{Context, GenServer, Now},
};

/// Up when a notice is called off.
pub(crate) type Recall = Arc<AtomicBool>;

/// Where a notice comes from.
#[derive(Clone)]
pub(crate) enum Origin {
    /// The end of a server that this one was linked to.
    Link(Pid),
    /// Somebody's exit signal.
    Signal,
    Monitor(Monitor),
    Timer(TimerId),
    /// Nothing was served since this many messages, those of the variants `but` not counted.
    Silence {
        served: u64,
        but: Arc<[usize]>,
    },
    Stream,
    /// A publisher that waits until it is handled.
    Event,
    /// A time-out of a state machine.
    Reminder,
}

/// What makes an info a notice. It travels beside the info, so that a server without infos has no notices
/// to look out for.
pub(crate) struct Stamp {
    origin: Origin,
    /// The life it is for.
    life: u32,
    recall: Option<Recall>,
    /// Given back when the notice leaves the queue: who sends many waits for that.
    permit: Option<OwnedSemaphorePermit>,
    event: Option<Ticket>,
    /// Dropped when it is handled, or will not be.
    done: Option<Done>,
}

impl Stamp {
    pub(crate) fn new(life: u32, origin: Origin) -> Self {
        Stamp { origin, life, recall: None, permit: None, event: None, done: None }
    }

    pub(crate) fn recalled_by(self, recall: Recall) -> Self {
        Stamp { recall: Some(recall), ..self }
    }

    pub(crate) fn permitted_by(self, permit: OwnedSemaphorePermit) -> Self {
        Stamp { permit: Some(permit), ..self }
    }

    /// An event whose publisher waits until it is handled; the subscription says which lives it is for.
    pub(crate) fn of_event(event: Ticket, done: Done) -> Self {
        let stamp = Stamp::new(0, Origin::Event);
        Stamp { event: Some(event), done: Some(done), ..stamp }
    }

    pub(crate) fn on<S: GenServer>(self, info: S::Info) -> Envelope<S> {
        Envelope::Notice(info, Box::new(self))
    }

    /// The event's place, for one that newer events have taken the place of.
    pub(super) fn event(&self) -> Option<&Ticket> {
        self.event.as_ref()
    }

    /// It must not be dropped to make room for another message.
    pub(super) fn stays(&self) -> bool {
        matches!(self.origin, Origin::Link(_) | Origin::Signal | Origin::Monitor(_) | Origin::Reminder)
    }

    /// Nobody misses it: it was called off, or silence was broken before it came.
    pub(super) fn is_called_off<S: GenServer>(&self, slot: &Slot<S>) -> bool {
        self.recall.as_ref().is_some_and(|recall| recall.load(Ordering::Acquire))
            || self.event.as_ref().is_some_and(Ticket::is_called_off)
            || matches!(&self.origin, Origin::Silence { served, but } if slot.served_but(but) != *served)
    }

    #[cold]
    pub(super) fn is_void<S: GenServer>(&self, slot: &Slot<S>) -> bool {
        let life = slot.core.incarnation();
        match (&self.origin, &self.event) {
            (Origin::Event, Some(ticket)) => ticket.is_void(life),
            // Its handler was about to have it.
            (Origin::Event, None) => false,
            _ => self.life != life || self.is_called_off(slot),
        }
    }

    /// Its handler is about to have it: the timer that it is from, if it is from one.
    fn open(&mut self, core: &Core) -> Option<TimerId> {
        drop(self.permit.take());
        drop(self.event.take());
        match self.origin {
            Origin::Link(pid) => core.forget_exit(pid),
            Origin::Monitor(monitor) => drop(core.forget_monitor(monitor)),
            Origin::Timer(timer) => return Some(timer),
            Origin::Signal | Origin::Silence { .. } | Origin::Stream | Origin::Event | Origin::Reminder => {}
        }
        None
    }
}

/// Tells the server, if its handler is a plain `fn`. Apart from the other messages, of which there are more.
#[cold]
pub(super) fn tell<S: GenServer>(
    slot: &Slot<S>,
    state: &mut S,
    cx: &mut Context<S>,
    info: S::Info,
    mut stamp: Stamp,
) -> Result<Now<(), Envelope<S>>, Caught> {
    let timer = stamp.open(&slot.core);
    cx.set_fired(timer);
    let told = catch(|| state.info_now(info, cx));
    cx.set_fired(None);
    Ok(match told? {
        Now::Done(()) => Now::Done(()),
        // It may go back into the queue, and must not reach the next life from there.
        Now::Later(info) => Now::Later(stamp.on(info)),
    })
}

/// The same where the handler is async; boxed, so that the others' future need not have a place for it.
#[cold]
pub(super) fn handle<'a, S: GenServer>(
    slot: &Slot<S>,
    state: &'a mut S,
    cx: &'a mut Context<S>,
    info: S::Info,
    mut stamp: Stamp,
) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
    let timer = stamp.open(&slot.core);
    let done = stamp.done.take();
    Box::pin(async move {
        cx.set_fired(timer);
        state.handle_info(info, cx).await;
        cx.set_fired(None);
        drop(done);
    })
}

/// Queues a notice whether there is room or not.
pub(crate) fn notify<S: GenServer>(slot: &Arc<Slot<S>>, info: S::Info, stamp: Stamp) {
    let mut message = Some(stamp.on(info));
    if let Some(true) = slot.inbox().force(&mut message, &mut None, || slot.raise(super::right::QUEUED)) {
        super::turn::summon(slot);
    }
    if let Some(refused) = message {
        super::refuse::refuse(slot, refused, &slot.core.last_reason());
    }
}
