//! What is going on, on standard error: how many are through, and the news of breakers and workers.

use noex::observer::EventKind;
use noex::prelude::*;
use noex::resilience::PolicyEvent;
use tokio::task::JoinHandle;

use crate::end::Outcome;
use crate::journey::Ended;

/// A line for every so many that are through.
const EACH: u64 = 50;

/// Counts the ends that the bus tells of. It knows nobody, and nobody knows it.
#[genserver]
pub(crate) struct Board {
    delivered: u64,
    refused: u64,
    failed: u64,
}

#[genserver]
impl Board {
    #[init]
    fn open() -> Self {
        Board { delivered: 0, refused: 0, failed: 0 }
    }

    #[subscribe("delivery.*", overflow = wait)]
    fn ended(&mut self, ended: Ended) {
        match ended.outcome {
            Outcome::Delivered => self.delivered += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Failed => self.failed += 1,
        }
        let Board { delivered, refused, failed } = self;
        let through = *delivered + *refused + *failed;
        if through.is_multiple_of(EACH) {
            eprintln!("{through} through: {delivered} delivered, {refused} refused, {failed} failed");
        }
    }
}

/// Tells of circuits that open and close and of workers that come back, until it is aborted.
pub(crate) fn tell_news() -> JoinHandle<()> {
    let mut events = System::global().events();
    tokio::spawn(async move {
        loop {
            // News that were missed are no loss: what counts is counted elsewhere.
            let Ok(event) = events.next().await else { continue };
            match event.kind {
                EventKind::Policy { policy, event: PolicyEvent::StateChanged { from, to }, .. } => {
                    eprintln!("circuit {policy}: {from}, now {to}");
                }
                EventKind::Restarting { child, reason } => {
                    eprintln!("{} {child} starts again: {reason}", event.server);
                }
                _ => {}
            }
        }
    })
}
