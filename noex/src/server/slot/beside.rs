//! Handlers that run beside the mailbox: tasks on clones of the state, which end with the life that began them.

use std::{
    future::{Future, poll_fn},
    sync::Arc,
    task::{Poll, Waker},
};

use tokio::task::AbortHandle;

use super::{
    AnySlot, Core, RightTo, Slot,
    handler::{done, stand_at},
    life::caught,
    refuse::announce,
    reply::ReplyCell,
    serving,
};
use crate::{
    observer::EventKind,
    process::{ExitReason, seat::Seat},
    server::{GenServer, ReplyTo, error::Failure},
};

#[derive(Default)]
pub(crate) struct Beside {
    /// A task that is not spawned yet has no handle.
    running: Vec<(u64, Option<AbortHandle>)>,
    next: u64,
    crashed: u64,
    /// Wakes a server that waits for their end, to end itself.
    over: Option<Waker>,
}

impl Core {
    fn begin_beside(&self) -> u64 {
        self.owe();
        let mut slow = self.slow();
        let beside = &mut slow.whole().beside;
        beside.next += 1;
        let id = beside.next;
        beside.running.push((id, None));
        id
    }

    fn keep_beside(&self, id: u64, task: AbortHandle) {
        let mut slow = self.slow();
        let mut running = slow.whole().beside.running.iter_mut();
        match running.find(|(other, _)| *other == id) {
            Some((_, handle)) => *handle = Some(task),
            // Done, or cancelled before it was known.
            None => {
                drop(slow);
                task.abort();
            }
        }
    }

    fn end_beside(&self, id: u64, crashed: bool) {
        let over = {
            let mut slow = self.slow();
            let beside = &mut slow.whole().beside;
            beside.running.retain(|(other, _)| *other != id);
            beside.crashed += u64::from(crashed);
            if beside.running.is_empty() { beside.over.take() } else { None }
        };
        if let Some(over) = over {
            over.wake();
        }
    }

    /// How many run now, and how many have panicked.
    pub(crate) fn beside(&self) -> (usize, u64) {
        self.slow().rest.as_ref().map_or((0, 0), |rest| (rest.beside.running.len(), rest.beside.crashed))
    }

    fn poll_beside(&self, waker: &Waker) -> Poll<()> {
        let mut slow = self.slow();
        let beside = &mut slow.whole().beside;
        if beside.running.is_empty() {
            return Poll::Ready(());
        }
        beside.over = Some(waker.clone());
        Poll::Pending
    }

    /// The life is over: so are they. Their callers were told before.
    pub(super) fn cancel_beside(&self) {
        let running = match &mut self.slow().rest {
            Some(rest) => std::mem::take(&mut rest.beside.running),
            None => return,
        };
        for task in running.into_iter().filter_map(|(_, task)| task) {
            task.abort();
        }
    }
}

/// Runs a handler beside the mailbox; its outcome is the reply.
pub(crate) fn spawn<S: GenServer, T: 'static>(
    slot: &Arc<Slot<S>>,
    handler: &'static str,
    cell: Arc<ReplyCell<S::Reply>>,
    reply: ReplyTo<T>,
    future: impl Future<Output = T> + Send + 'static,
) {
    let core = AnySlot::core(&**slot);
    let Some(door) = core.door() else { return };
    let id = core.begin_beside();
    let task = {
        let slot = slot.clone();
        async move {
            let crash = match caught(serving::serve(slot.core.id, &cell, 2, future)).await {
                Ok(answer) => {
                    reply.send(answer);
                    None
                }
                Err(panic) => {
                    let reason = panic.into_reason(handler);
                    reply.fail(Failure::Crashed { reason: reason.clone(), may_have_run: true });
                    Some(reason)
                }
            };
            slot.core.end_beside(id, crash.is_some());
            if let Some(reason) = crash {
                announce(&slot, || EventKind::HandlerCrashed { handler, reason });
            }
        }
    };
    core.keep_beside(id, door.spawn(task));
}

/// A server that ends in an orderly way waits for the handlers that run beside it. `true`: there are any,
/// and the wait sits in the seat.
pub(super) fn is_busy<S: GenServer>(slot: &Slot<S>, reason: &ExitReason) -> bool {
    let core = AnySlot::core(slot);
    !reason.is_panic() && core.owes() && core.beside().0 > 0
}

/// Waits for the handlers that run beside the server; then it ends as it was about to.
pub(super) fn wait<S: GenServer>(slot: &Arc<Slot<S>>, right: RightTo<'_, S>, seat: &mut Seat) {
    seat.begin(right.into_owned(slot.clone()), |right| async move {
        let slot = right.slot();
        let core = AnySlot::core(&**slot);
        stand_at!(slot, poll_fn(|cx| core.poll_beside(cx.waker())));
        done(right, 0)
    });
}
