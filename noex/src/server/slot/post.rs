//! The sender's side: leaving a message without waiting for its handler.
//!
//! ```text
//! sender ── idle? ──yes─▶ enter ─▶ the batch ─▶ lay the right ready          (no lock)
//!    └──────no──▶ inbox (locked) ─▶ raise QUEUED
//! ```
//!
//! An event has a place in its subscription's buffer, so that it goes in whether the mailbox has room or not.

use std::sync::Arc;

use super::{Envelope, Slot, refuse, right::QUEUED, turn};
use crate::server::GenServer;

/// Leaves a message with a server if there is room for it, or gives it back. `true`: the right lies ready
/// now and the caller must send a runner.
///
/// An idle server has an empty mailbox, so its first message need not queue: the sender takes the right,
/// puts the message where the runner will look first, and leaves the right there.
#[inline]
pub(crate) fn leave<S: GenServer>(slot: &Slot<S>, message: Envelope<S>) -> Result<bool, Envelope<S>> {
    if slot.flags() == 0
        && let Some(mut right) = slot.try_enter()
    {
        right.batch.push_back(message);
        slot.inbox().handed_over(1);
        right.lay_ready();
        return Ok(true);
    }
    slot.inbox().offer(message, || slot.raise(QUEUED))
}

/// Brings an event to its server. `false`: that has ended.
#[inline]
pub(crate) fn deliver<S: GenServer>(slot: &Arc<Slot<S>>, event: Envelope<S>) -> bool {
    if slot.flags() == 0
        && let Some(mut right) = slot.try_enter()
    {
        right.batch.push_back(event);
        slot.inbox().handed_over(1);
        right.lay_ready();
        turn::summon(slot);
        return true;
    }
    queue(slot, event)
}

fn queue<S: GenServer>(slot: &Arc<Slot<S>>, event: Envelope<S>) -> bool {
    let raise = || slot.raise(QUEUED);
    let queued = match event {
        Envelope::Event(info, ticket) => slot.inbox().force_event(info, ticket, raise),
        // One that its publisher waits for.
        event => slot.inbox().force(event, raise).map(|summoned| (summoned, None)),
    };
    // What comes too late for a server that has ended, nobody misses.
    let Ok((summoned, late)) = queued else { return false };
    if summoned {
        turn::summon(slot);
    }
    if let Some(late) = late {
        refuse::late(slot, late);
    }
    true
}
