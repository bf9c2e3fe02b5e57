//! One notification's way, from the line that it was to its end.

use noex::prelude::*;

use crate::deliver::Deliver;
use crate::end::{End, Outcome};
use crate::limit::Limit;
use crate::notification::{Delivered, Line};
use crate::tracker::{Entry, NotTracked, TrackerRef};
use crate::validate::Validate;

pipeline! {
    /// What a line passes to be delivered. Tracking is no stage of it, because that is for those as well that fell out on
    /// the way.
    pub(crate) Way: Line => Delivered {
        validate: Validate::validate,
        limit: Limit::check,
        deliver: Deliver::deliver,
    }
}

/// The news that a notification has ended, on the bus as `delivery.delivered`, `delivery.refused` or `delivery.failed`.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
}

/// Takes a line to its end and has that end on record; an error is one that is not.
///
/// Every step is a call, and a call always ends: so does every line.
pub(crate) async fn travel(way: Way, tracker: TrackerRef, line: Line) -> Result<End, CallError<NotTracked>> {
    let end = End::of(way.process(line.clone()).await);
    tracker.record(Entry { line, end: end.clone() }).await?;
    let topic = match end.outcome {
        Outcome::Delivered => "delivery.delivered",
        Outcome::Refused => "delivery.refused",
        Outcome::Failed => "delivery.failed",
    };
    // It is on record; that nobody listens any more changes nothing.
    let _ = System::global().bus().publish(topic, Ended { outcome: end.outcome }).await;
    Ok(end)
}
