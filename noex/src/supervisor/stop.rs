//! Stopping a tree: in reverse order, one by one; a dynamic supervisor's children all at once.

use tokio::time::Instant;

use super::{child::Leaving, place::gone, server::Supervisor};
use crate::{
    ExitReason,
    process::{attendant::later, door},
    server::slot::Signal,
};

impl Supervisor {
    /// Stops all children, each within its time, and lets their places go.
    pub(super) async fn stop_all(&mut self) {
        // All at once, so that nothing starts any more while something stops.
        let starting: Vec<_> = self.children.values_mut().rev().filter_map(|child| child.part()).collect();
        for start in starting {
            // Cancelled, done or panicked: it is over.
            let _ = start.await;
        }
        if self.plan.is_dynamic {
            let leaving = self.children.values_mut().filter_map(|child| child.dismiss()).collect();
            see_off(leaving).await;
        } else {
            for child in self.children.values_mut().rev() {
                if let Some(leaving) = child.dismiss() {
                    see_off(vec![leaving]).await;
                }
            }
        }
        let may_return = self.may_return();
        for child in self.children.values().rev() {
            // Those who wait for a planned child of a supervisor that may come back go on waiting.
            if !(may_return && child.is_planned) {
                child.place.clone().retire(&ExitReason::Shutdown);
            }
        }
        self.is_done = true;
    }
}

/// Waits for all of them, and kills each whose time is up.
pub(super) async fn see_off(leaving: Vec<Leaving>) {
    let begun = door::now();
    let mut waiting: Vec<(Option<Instant>, Leaving)> =
        leaving.into_iter().map(|it| (it.limit.map(|limit| later(begun, limit)), it)).collect();
    // Those with the least time first: while one is waited for, nobody else's time can be up.
    waiting.sort_by_key(|(due, _)| (due.is_none(), *due));
    let mut killed = Vec::new();
    for (due, it) in waiting {
        let left = due.map(|due| due.saturating_duration_since(door::now()));
        if !gone(&it.slot, it.life, left).await {
            it.slot.clone().signal_life(it.life, Signal::Kill);
            killed.push(it);
        }
    }
    // Nobody else's time is spent on those that compute and cannot be killed at once.
    for it in killed {
        gone(&it.slot, it.life, None).await;
    }
}
