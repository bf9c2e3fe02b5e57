//! Why a record is not stored, as a type: counted by reason, told by place.

use std::fmt;

use crate::text::Position;

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// Valid JSON, but not a feature: a number for a name, a string for a magnitude ..
    NotAFeature,
    MissingId,
    MissingTime,
    MissingMagnitude,
    ImpossibleMagnitude,
    MissingCoordinates,
    ImpossibleCoordinates,
    ImpossibleDepth,
    DuplicateId,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Reason::NotAFeature => "not a feature",
            Reason::MissingId => "missing id",
            Reason::MissingTime => "missing time",
            Reason::MissingMagnitude => "missing magnitude",
            Reason::ImpossibleMagnitude => "impossible magnitude",
            Reason::MissingCoordinates => "missing coordinates",
            Reason::ImpossibleCoordinates => "impossible coordinates",
            Reason::ImpossibleDepth => "impossible depth",
            Reason::DuplicateId => "duplicate id",
        })
    }
}

/// A record that was refused, and where to look for it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{at}: {reason}: {detail}")]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    pub(crate) at: Position,
    /// The words that help: the id, the value that was found.
    pub(crate) detail: String,
}
