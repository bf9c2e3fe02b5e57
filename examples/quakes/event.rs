//! An event on its way: as the feed has it, as it is when valid, as it is stored.

use serde::Deserialize;

use crate::places::Place;
use crate::text::Position;

/// What a feature says, before anyone has judged it: everything may be missing.
///
/// The fields are those of the feed, so the names are the feed's as well.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(crate) struct Feature {
    pub(crate) id: Option<String>,
    pub(crate) properties: Option<Properties>,
    pub(crate) geometry: Option<Geometry>,
}

/// The feed's properties that are used here, of its 26.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(crate) struct Properties {
    pub(crate) mag: Option<f64>,
    #[serde(rename = "magType")]
    pub(crate) mag_type: Option<String>,
    pub(crate) place: Option<String>,
    /// Milliseconds since 1970, UTC.
    pub(crate) time: Option<i64>,
    /// `earthquake`, `quarry blast`, `explosion` ..
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

/// A GeoJSON point: longitude, latitude, depth in km.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(crate) struct Geometry {
    pub(crate) coordinates: Option<Vec<Option<f64>>>,
}

/// A feature that parsed, and where it stood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parsed {
    pub(crate) feature: Feature,
    pub(crate) at: Position,
}

/// An event that is worth keeping: nothing essential is missing and the numbers are possible.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: String,
    /// Milliseconds since 1970, UTC.
    pub(crate) time_ms: i64,
    pub(crate) magnitude: f64,
    pub(crate) magnitude_type: Option<String>,
    pub(crate) kind: String,
    /// Where the network says it was, in words.
    pub(crate) description: Option<String>,
    /// Degrees, -90 to 90.
    pub(crate) latitude: f64,
    /// Degrees, -180 to 180.
    pub(crate) longitude: f64,
    /// Kilometres below sea level; negative above it.
    pub(crate) depth_km: Option<f64>,
}

/// An event with what enrich knows to add.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Enriched {
    pub(crate) event: Event,
    pub(crate) nearest: Place,
    pub(crate) distance_km: f64,
    pub(crate) severity: crate::severity::Severity,
}
