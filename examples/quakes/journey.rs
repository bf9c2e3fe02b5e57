//! One event's way through the stages after parse.

use std::fmt::Display;

use noex::prelude::*;

use crate::enrich::Enrich;
use crate::event::Parsed;
use crate::outcome::{Loss, Outcome, Stage};
use crate::store::{NotStored, Receipt, Store};
use crate::validate::Validate;

pipeline! {
    /// The stages that an event passes once it is parsed.
    pub(crate) Journey: Parsed => Receipt {
        validate: Validate::validate,
        enrich: Enrich::enrich,
        store: Store::save,
    }
}

/// Takes the event from stage to stage, to its end.
///
/// Each step is a call, and a call always comes back: with the reply, with the refusal, or with
/// the news that the stage crashed with the message in hand. That is why no event can get lost.
pub(crate) async fn travel(journey: Journey, parsed: Parsed) -> Outcome {
    let id = parsed.feature.id.clone().unwrap_or_else(|| parsed.at.to_string());

    let receipt = match journey.process(parsed).await {
        Ok(receipt) => receipt,
        Err(JourneyError::Validate(CallError::Handler(refusal))) => return Outcome::Refused(refusal),
        Err(JourneyError::Validate(error)) => return lost(Stage::Validate, id, &error),
        Err(JourneyError::Enrich(error)) => return lost(Stage::Enrich, id, &error),
        Err(JourneyError::Store(error)) => return lost(Stage::Store, id, &error),
    };
    match receipt.durable().await {
        Ok(saved) => Outcome::Saved(saved),
        Err(error @ NotStored::Crashed) => {
            Outcome::Crashed(Loss { stage: Stage::Store, event: id, why: error.to_string() })
        }
        Err(error @ NotStored::Database(_)) => {
            Outcome::Failed(Loss { stage: Stage::Store, event: id, why: error.to_string() })
        }
    }
}

/// The end of an event whose stage did not answer.
pub(crate) fn lost<E: Display>(stage: Stage, event: String, error: &CallError<E>) -> Outcome {
    match error {
        CallError::Crashed { reason, .. } => Outcome::Crashed(Loss { stage, event, why: reason.to_string() }),
        other => Outcome::Failed(Loss { stage, event, why: other.to_string() }),
    }
}
