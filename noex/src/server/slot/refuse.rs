//! Messages that are not served: their callers are told, the rest are counted dead letters.

use std::any::Any;

use super::{RightTo, Slot, envelope::Envelope, variant_names};
use crate::{
    observer::{EventKind, Undelivered},
    process::{ExitReason, panic::drop_quietly},
    server::{GenServer, error::Failure},
};

/// Refuses everything: there is no next life.
pub(super) fn refuse_all<S: GenServer>(slot: &Slot<S>, right: &mut RightTo<'_, S>, reason: &ExitReason) {
    let batch = std::mem::take(&mut right.batch);
    for message in batch.into_iter().chain(slot.inbox().close()) {
        refuse(slot, message, reason);
    }
}

/// A message that will not be served: its caller is told, or it becomes a dead letter.
pub(crate) fn refuse<S: GenServer>(slot: &Slot<S>, message: Envelope<S>, reason: &ExitReason) {
    if message.is_called_off(slot) {
        return drop_quietly(message);
    }
    give_up(slot, message, || Failure::never_run(reason), || Undelivered::Ended(reason.clone()));
}

/// A message that had to go because the mailbox overflowed.
pub(crate) fn overflowed<S: GenServer>(slot: &Slot<S>, message: Envelope<S>) {
    let capacity = S::MAILBOX.capacity().unwrap_or(usize::MAX);
    give_up(slot, message, || Failure::MailboxFull { capacity }, || Undelivered::Overflow);
}

/// A call whose caller is gone, a notice that is void, an event that newer ones have taken the place of.
pub(crate) fn discard<S: GenServer>(slot: &Slot<S>, message: Envelope<S>) {
    let life = slot.core.incarnation();
    if message.ticket().is_some_and(|ticket| !ticket.is_of_another(life)) {
        return late(slot, message);
    }
    match message {
        Envelope::Notice(..) | Envelope::Event(..) => refuse(slot, message, &slot.core.last_reason()),
        // Its caller was told so.
        Envelope::Call(_, ref reply) if reply.was_shed() => drop_quietly(message),
        message => bury(slot, message, Undelivered::CallerGone),
    }
}

/// An event that newer ones have taken the place of.
pub(crate) fn late<S: GenServer>(slot: &Slot<S>, event: Envelope<S>) {
    if event.is_called_off(slot) {
        return drop_quietly(event);
    }
    if let Some(ticket) = event.ticket() {
        ticket.feed().note_dropped();
    }
    overflowed(slot, event);
}

fn give_up<S: GenServer>(
    slot: &Slot<S>,
    message: Envelope<S>,
    failure: impl FnOnce() -> Failure,
    why: impl FnOnce() -> Undelivered,
) {
    match message {
        Envelope::Call(_, ref reply) if reply.is_abandoned() => {
            bury(slot, message, Undelivered::CallerGone);
        }
        // The caller has the answer before its message is dropped, which may panic.
        Envelope::Call(call, reply) => {
            reply.fail(failure());
            drop_quietly(call);
        }
        other => bury(slot, other, why()),
    }
}

fn bury<S: GenServer>(slot: &Slot<S>, message: Envelope<S>, why: Undelivered) {
    let handler = variant_names::<S>().nth(message.variant()).unwrap_or("?");
    dead_letter(slot, handler, why, move || match message {
        Envelope::Call(call, _) => Box::new(call),
        Envelope::Cast(cast) => Box::new(cast),
        Envelope::Info(info) | Envelope::Notice(info, _) | Envelope::Event(info, _) => Box::new(info),
    });
}

/// A message of the system's own that the server has no handler for.
pub(crate) fn unhandled<S: GenServer>(slot: &Slot<S>, handler: &'static str, message: Box<dyn Any + Send>) {
    dead_letter(slot, handler, Undelivered::NoHandler, || message);
}

fn dead_letter<S: GenServer>(
    slot: &Slot<S>,
    handler: &'static str,
    why: Undelivered,
    message: impl FnOnce() -> Box<dyn Any + Send>,
) {
    match slot.core.door() {
        Some(door) => {
            door.system().dead_letter(handler, why, || (slot.core.pid(), slot.core.label()), message);
        }
        None => drop_quietly(message),
    }
}

pub(crate) fn announce<S: GenServer>(slot: &Slot<S>, kind: impl FnOnce() -> EventKind) {
    if let Some(door) = slot.core.door() {
        door.system().announce(&slot.core, kind);
    }
}
