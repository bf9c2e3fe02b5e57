//! The sender's side: leaving a message without waiting for its handler.
//!
//! ```text
//! sender ── idle? ──yes─▶ enter ─▶ the batch ─▶ lay the right ready          (no lock)
//!    └──────no──▶ inbox (locked) ─▶ raise QUEUED
//! ```
//!
//! An event has a place in its subscription's buffer, so that it goes in whether the mailbox has room or not.

use std::sync::Arc;

use super::{Envelope, Slot, inbox::push_from, refuse, right::QUEUED, turn};
use crate::server::GenServer;

/// Leaves a message with a server if there is room for it; without, it stays where it is, and there is no answer.
/// `true`: the right lies ready now and the caller must send a runner.
///
/// An idle server has an empty mailbox, so its first message need not queue: the sender takes the right,
/// puts the message where the runner will look first, and leaves the right there.
///
/// It is moved once, from where its sender made it.
#[inline]
pub(crate) fn leave<S: GenServer>(slot: &Slot<S>, message: &mut Option<Envelope<S>>) -> Option<bool> {
    if slot.flags() == 0
        && let Some(mut right) = slot.try_enter()
    {
        push_from(message, &mut right.batch);
        slot.inbox().handed_over(1);
        right.lay_ready();
        return Some(true);
    }
    slot.inbox().offer(message, || slot.raise(QUEUED))
}

/// Brings an event to its server. `false`: that has ended, and what comes too late nobody misses.
#[inline]
pub(crate) fn deliver<S: GenServer>(slot: &Arc<Slot<S>>, event: &mut Option<Envelope<S>>) -> bool {
    if slot.flags() == 0
        && let Some(mut right) = slot.try_enter()
    {
        push_from(event, &mut right.batch);
        slot.inbox().handed_over(1);
        right.lay_ready();
        turn::summon(slot);
        return true;
    }
    let mut late = None;
    let Some(summoned) = slot.inbox().force(event, &mut late, || slot.raise(QUEUED)) else { return false };
    if summoned {
        turn::summon(slot);
    }
    if let Some(late) = late {
        refuse::late(slot, late);
    }
    true
}
