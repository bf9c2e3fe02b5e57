//! The sender's side: leaving a message without waiting for its handler.
//!
//! ```text
//! sender ── idle? ──yes─▶ enter ─▶ the batch ─▶ lay the right ready          (no lock)
//!    └──────no──▶ inbox (locked) ─▶ raise QUEUED
//! ```

use super::{Envelope, Slot, right::QUEUED};
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
        slot.inbox.handed_over(1);
        right.lay_ready();
        return Ok(true);
    }
    slot.inbox.offer(message, || slot.raise(QUEUED))
}
