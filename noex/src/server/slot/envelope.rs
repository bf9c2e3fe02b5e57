//! Messages on their way, and what can become of one that is pushed.

use super::{Slot, notice::Stamp, reply::ReplyTo};
use crate::{
    event_bus::{Feed, Ticket},
    server::{GenServer, Message, error::Failure, is_async},
};

/// A message on its way. Whatever must travel beside a message has its place here.
pub(crate) enum Envelope<S: GenServer> {
    Call(S::Call, ReplyTo<S::Reply>),
    Cast(S::Cast),
    Info(S::Info),
    /// An info that one life was promised; what that means is boxed, because a mailbox has few of them.
    Notice(S::Info, Box<Stamp>),
    /// An info that an event was made into, with its place in the subscription's buffer.
    Event(S::Info, Ticket),
}

impl<S: GenServer> Envelope<S> {
    /// The message's place among all variants of the server: calls, then casts, then infos.
    pub(crate) fn variant(&self) -> usize {
        match self {
            Envelope::Call(call, _) => call.variant(),
            Envelope::Cast(cast) => S::Call::VARIANTS.len() + cast.variant(),
            Envelope::Info(info) | Envelope::Notice(info, _) | Envelope::Event(info, _) => {
                Self::info_variant(info)
            }
        }
    }

    /// The place of an info message among all variants.
    pub(crate) fn info_variant(info: &S::Info) -> usize {
        S::Call::VARIANTS.len() + S::Cast::VARIANTS.len() + info.variant()
    }
}

impl<S: GenServer> Envelope<S> {
    /// Its handler is known to be async.
    #[inline]
    pub(crate) fn is_async(&self) -> bool {
        match self {
            Envelope::Call(call, _) => is_async(call),
            Envelope::Cast(cast) => is_async(cast),
            Envelope::Info(info) | Envelope::Notice(info, _) | Envelope::Event(info, _) => is_async(info),
        }
    }

    /// Its reply does not come from its handler's return.
    #[inline]
    pub(crate) fn is_deferred(&self) -> bool {
        matches!(self, Envelope::Call(call, _) if call.is_deferred())
    }

    /// Nobody waits for its reply any more, or it is not to be told any more. If not, it is about to be served.
    #[inline]
    pub(crate) fn is_abandoned(&self, slot: &Slot<S>) -> bool {
        match self {
            Envelope::Call(call, reply) => {
                // Who may try again wants to know whether it was begun: here it is.
                reply.is_abandoned()
                    || !S::Call::GUARDED.is_empty() && (!reply.begin() || is_shed(slot, call, reply))
            }
            Envelope::Notice(_, stamp) => stamp.is_void(slot),
            Envelope::Event(_, ticket) => ticket.is_void(slot.core().incarnation()),
            Envelope::Cast(_) | Envelope::Info(_) => false,
        }
    }

    /// Nobody misses it.
    pub(crate) fn is_called_off(&self, slot: &Slot<S>) -> bool {
        match self {
            Envelope::Notice(_, stamp) => stamp.is_called_off(slot),
            Envelope::Event(_, ticket) => ticket.is_called_off(),
            _ => false,
        }
    }

    /// An event of this subscription.
    pub(crate) fn is_event_of(&self, feed: &Feed) -> bool {
        self.ticket().is_some_and(|ticket| std::ptr::eq(&**ticket.feed(), feed))
    }

    /// An event's place in its subscription's buffer.
    pub(crate) fn ticket(&self) -> Option<&Ticket> {
        match self {
            Envelope::Event(_, ticket) => Some(ticket),
            Envelope::Notice(_, stamp) => stamp.event(),
            _ => None,
        }
    }

    /// It is not to make room for another message.
    pub(crate) fn stays(&self) -> bool {
        matches!(self, Envelope::Notice(_, stamp) if stamp.stays())
    }
}

/// Whether the call was queued for so long that its load shedder turns it away; its caller is told.
#[inline]
fn is_shed<S: GenServer>(slot: &Slot<S>, call: &S::Call, reply: &ReplyTo<S::Reply>) -> bool {
    let Some(since) = reply.queued_at() else { return false };
    let time = slot.policies().of_call(call.variant()).queue_time();
    let Some(shed) = time.and_then(|time| time.shed(since)) else { return false };
    reply.shed(Failure::Shed(shed));
    true
}

/// What became of a message that was pushed.
pub(crate) enum Pushed<S: GenServer> {
    /// It is queued.
    Queued,
    /// No room: the message waits in line under this ticket; `first` in that line.
    Parked { ticket: u64, first: bool },
    /// No room, and the message is given back.
    Full(Envelope<S>),
    /// The queue overflowed and this message had to go.
    Dropped { lost: Envelope<S> },
    /// The server is gone for good.
    Closed(Envelope<S>),
}

/// How full a mailbox is.
#[derive(Clone, Copy, Default)]
pub(crate) struct Lengths {
    pub(crate) queued: usize,
    /// The most that were ever queued.
    pub(crate) high_water: usize,
    pub(crate) parked: usize,
}

/// What has become of a parked message.
pub(crate) enum Waited<S: GenServer> {
    Moved,
    Still,
    Back(Envelope<S>),
}
