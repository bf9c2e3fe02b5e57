//! What became of each event: exactly one of five things.

use std::collections::BTreeMap;
use std::fmt;

use crate::database::Saved;
use crate::refusal::{Reason, Refusal};

/// A stage of the pipeline, in the order in which an event passes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Parse,
    Validate,
    Enrich,
    Store,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Stage::Parse => "parse",
            Stage::Validate => "validate",
            Stage::Enrich => "enrich",
            Stage::Store => "store",
        })
    }
}

/// The end of one event's journey.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Saved(Saved),
    Refused(Refusal),
    Crashed(Loss),
    Failed(Loss),
}

/// An event that is in no fault itself and still was not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) stage: Stage,
    /// Its id, or where it stands when it was lost before it was read.
    pub(crate) event: String,
    /// What the stage left as its last words.
    pub(crate) why: String,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}: {}", self.event, self.stage, self.why)
    }
}

/// All outcomes so far, counted; and of those that were not stored, which.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) stored: u64,
    pub(crate) already_there: u64,
    pub(crate) refused: BTreeMap<Reason, u64>,
    pub(crate) crashed: u64,
    pub(crate) failed: u64,
    pub(crate) refusals: Listed,
    pub(crate) crashes: Listed,
    pub(crate) failures: Listed,
}

impl Tally {
    /// `listed`: lines kept of each kind of loss.
    pub(crate) fn new(listed: usize) -> Tally {
        let list = Listed { lines: Vec::new(), limit: listed };
        Tally { refusals: list.clone(), crashes: list.clone(), failures: list, ..Tally::default() }
    }

    pub(crate) fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Saved(Saved::New) => self.stored += 1,
            Outcome::Saved(Saved::AlreadyThere) => self.already_there += 1,
            Outcome::Refused(refusal) => {
                *self.refused.entry(refusal.reason).or_default() += 1;
                self.refusals.add(&refusal);
            }
            Outcome::Crashed(loss) => {
                self.crashed += 1;
                self.crashes.add(&loss);
            }
            Outcome::Failed(loss) => {
                self.failed += 1;
                self.failures.add(&loss);
            }
        }
    }

    pub(crate) fn total_refused(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Every event counted, whatever became of it.
    pub(crate) fn total(&self) -> u64 {
        self.stored + self.already_there + self.total_refused() + self.crashed + self.failed
    }
}

/// The first lines of a list that may be long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    lines: Vec<String>,
    limit: usize,
}

impl Listed {
    fn add(&mut self, line: &impl ToString) {
        if self.lines.len() < self.limit {
            self.lines.push(line.to_string());
        }
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Position;

    #[test]
    fn each_outcome_is_counted_once_and_lists_are_bounded() {
        let mut tally = Tally::new(2);
        tally.count(Outcome::Saved(Saved::New));
        tally.count(Outcome::Saved(Saved::AlreadyThere));
        for line in 1..=3 {
            tally.count(Outcome::Refused(Refusal {
                reason: Reason::MissingTime,
                at: Position { line, column: 1 },
                detail: "x".to_owned(),
            }));
        }
        let loss = Loss { stage: Stage::Enrich, event: "e".to_owned(), why: "panic".to_owned() };
        tally.count(Outcome::Crashed(loss.clone()));
        tally.count(Outcome::Failed(loss));
        assert_eq!(tally.total(), 7);
        assert_eq!(tally.refused, [(Reason::MissingTime, 3)].into());
        assert_eq!(tally.refusals.lines(), ["1:1: missing time: x", "2:1: missing time: x"]);
        assert_eq!(tally.crashes.lines(), ["e in enrich: panic"]);
    }
}
