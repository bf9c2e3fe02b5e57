//! Messages that are not served: their callers are told, the rest are counted dead letters.

use super::{RightTo, Slot, envelope::Envelope, variant_names};
use crate::{
    observer::{EventKind, Undelivered},
    process::{
        ExitReason,
        panic::{Caught, catch, drop_quietly},
    },
    server::{GenServer, error::Failure},
};

/// Refuses everything: there is no next life.
pub(super) fn refuse_all<S: GenServer>(slot: &Slot<S>, right: &mut RightTo<'_, S>, reason: &ExitReason) {
    let batch = std::mem::take(&mut right.batch);
    for message in batch.into_iter().chain(slot.inbox.close()) {
        refuse(slot, message, reason);
    }
}

/// A message that will not be served: its caller is told, or it becomes a dead letter.
pub(crate) fn refuse<S: GenServer>(slot: &Slot<S>, message: Envelope<S>, reason: &ExitReason) {
    if message.is_called_off(slot) {
        return drop_quietly(message);
    }
    let variant = message.variant();
    // The message's destructor may panic.
    let dropped = catch(|| match message {
        Envelope::Call(_, reply) => {
            reply.fail(Failure::never_run(reason));
            false
        }
        Envelope::Cast(_) | Envelope::Info(_) | Envelope::Notice(..) => true,
    });
    count_refused(slot, variant, dropped, || Undelivered::Ended(reason.clone()));
}

/// A call whose caller is gone, or a notice that is void.
pub(crate) fn discard<S: GenServer>(slot: &Slot<S>, message: Envelope<S>) {
    if let Envelope::Notice(..) = message {
        return refuse(slot, message, &slot.core.last_reason());
    }
    let variant = message.variant();
    drop_quietly(message);
    dead_letter(slot, variant, Undelivered::CallerGone);
}

/// A message of the system's own that the server has no handler for.
pub(crate) fn unhandled<S: GenServer>(slot: &Slot<S>, message: &'static str) {
    let Some(door) = slot.core.door() else { return };
    door.system().dead_letter();
    announce(slot, || EventKind::DeadLetter { handler: message, why: Undelivered::NoHandler });
}

/// A message that had to go because the mailbox overflowed.
pub(crate) fn overflowed<S: GenServer>(slot: &Slot<S>, message: Envelope<S>) {
    let variant = message.variant();
    let capacity = S::MAILBOX.capacity().unwrap_or(usize::MAX);
    let dropped = catch(|| match message {
        Envelope::Call(_, reply) => {
            reply.fail(Failure::MailboxFull { capacity });
            false
        }
        Envelope::Cast(_) | Envelope::Info(_) | Envelope::Notice(..) => true,
    });
    count_refused(slot, variant, dropped, || Undelivered::Overflow);
}

fn count_refused<S: GenServer>(
    slot: &Slot<S>,
    variant: usize,
    dropped: Result<bool, Caught>,
    why: impl FnOnce() -> Undelivered,
) {
    match dropped {
        Ok(false) => {}
        Ok(true) => dead_letter(slot, variant, why()),
        Err(panic) => {
            drop(panic.into_reason("drop"));
            dead_letter(slot, variant, why());
        }
    }
}

/// Counts and announces a message that ended unserved.
pub(crate) fn dead_letter<S: GenServer>(slot: &Slot<S>, variant: usize, why: Undelivered) {
    let Some(door) = slot.core.door() else { return };
    let handler = variant_names::<S>().nth(variant).unwrap_or("?");
    door.system().dead_letter();
    announce(slot, || EventKind::DeadLetter { handler, why });
}

pub(crate) fn announce<S: GenServer>(slot: &Slot<S>, kind: impl FnOnce() -> EventKind) {
    if let Some(door) = slot.core.door() {
        door.system().announce(&slot.core, kind);
    }
}
