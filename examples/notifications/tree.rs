//! All servers under one supervisor.

use std::path::PathBuf;

use lettre::message::Mailbox;
use noex::prelude::*;

use crate::board::Board;
use crate::channels::{Email, Gateway, Push, Relay, Sms};
use crate::deliver::{Deliver, Worker};
use crate::journey::Way;
use crate::limit::Limit;
use crate::sabotage::Sabotage;
use crate::tracker::Tracker;
use crate::validate::Validate;

/// What the servers are started with, at first and after each crash.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) run: u64,
    pub(crate) database: PathBuf,
    pub(crate) relay: Relay,
    pub(crate) from: Mailbox,
    pub(crate) push: Gateway,
    pub(crate) sms: Gateway,
    pub(crate) sabotage: Sabotage,
}

supervisor! {
    /// From the far end of the way to its beginning; stopping goes the other way.
    ///
    /// The workers are killed on purpose, as often as one likes: their budget is meant never to run out, and a job whose
    /// worker was killed five times over is given up, and says so.
    pub(crate) Notifications(plan: Plan) {
        strategy: one_for_one,

        board:    Board(),
        tracker:  Tracker(plan.database.clone(), plan.run) { shutdown: 30s },
        email:    Email(plan.relay.clone(), plan.from.clone()),
        push:     Push(plan.push.clone()),
        sms:      Sms(plan.sms.clone()),
        workers:  pool Worker(email, push, sms, plan.sabotage.clone()) {
            size: 3,
            queue: 64,
            retries: 5,
            deadline: 10s,
            restarts: 100_000 in 1s,
        },
        deliver:  Deliver(workers),
        limit:    Limit(),
        validate: Validate(plan.run),
    }
}

impl Notifications {
    /// The way of what comes in.
    pub(crate) fn way(&self) -> Way {
        Way::new(self.validate().clone(), self.limit().clone(), self.deliver().clone())
    }
}
