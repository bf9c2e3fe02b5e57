//! Second stage: keeps what is sound and refuses the rest, with the reason.

use std::collections::HashSet;

use noex::prelude::*;

use crate::event::{Event, Parsed};
use crate::meter::Meter;
use crate::refusal::{Reason, Refusal};
use crate::rules;

/// Judges features, one after the other, and remembers which ids it let through.
///
/// The memory dies with a crash. No harm: an id that comes again after that meets the database,
/// which stores it once.
#[genserver(mailbox = 64, call_timeout = infinity)]
pub(crate) struct Validate {
    seen: HashSet<String>,
    meter: Meter,
}

#[genserver]
impl Validate {
    #[init]
    fn init(meter: Meter) -> Self {
        Validate { seen: HashSet::new(), meter }
    }

    /// The event that a feature tells of, or why it is refused.
    #[call(job)]
    pub(crate) fn validate(&mut self, parsed: Parsed) -> Result<Event, Refusal> {
        let _busy = self.meter.handling();
        let at = parsed.at;
        let event = rules::check(parsed)?;
        if !self.seen.insert(event.id.clone()) {
            return Err(Refusal { reason: Reason::DuplicateId, at, detail: event.id });
        }
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Position;

    #[test]
    fn an_id_passes_once() {
        let text = r#"{"id":"x1","properties":{"mag":4.5,"time":1},"geometry":{"coordinates":[1,2,3]}}"#;
        let parsed =
            Parsed { feature: serde_json::from_str(text).unwrap(), at: Position { line: 1, column: 1 } };
        // A handler is a plain method: no runtime is needed to test it.
        let mut stage = Validate::init(Meter::default());
        assert_eq!(stage.validate(parsed.clone()).unwrap().id, "x1");
        assert_eq!(stage.validate(parsed).unwrap_err().reason, Reason::DuplicateId);
    }
}
