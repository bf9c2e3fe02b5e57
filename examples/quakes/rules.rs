//! Which events are worth keeping.
//!
//! The rules are one function from what the feed says to an [`Event`] or the first rule it breaks.
//! Whether an id was seen before is not here: that takes memory, which the validate stage has.

use crate::event::{Event, Parsed};
use crate::refusal::{Reason, Refusal};

/// Beyond any magnitude ever measured (9.5, Chile 1960) or that a fault on Earth could give.
const MAGNITUDES: std::ops::RangeInclusive<f64> = -5.0..=12.0;

/// Kilometres. Summits are above sea level; below 800 km no earthquake has been located.
const DEPTHS: std::ops::RangeInclusive<f64> = -10.0..=800.0;

/// The event a feature tells of.
///
/// # Errors
/// The first rule that the feature breaks.
pub(crate) fn check(parsed: Parsed) -> Result<Event, Refusal> {
    let Parsed { feature, at } = parsed;
    let properties = feature.properties.unwrap_or_default();
    let name = feature.id.clone().unwrap_or_else(|| "no id".to_owned());
    let refuse = |reason, detail: String| Err(Refusal { reason, at, detail: format!("{name}{detail}") });

    let Some(id) = feature.id.filter(|id| !id.trim().is_empty()) else {
        let place = properties.place.unwrap_or_else(|| "a record without a place".to_owned());
        return Err(Refusal { reason: Reason::MissingId, at, detail: place });
    };
    let Some(time_ms) = properties.time else {
        return refuse(Reason::MissingTime, String::new());
    };
    let Some(magnitude) = properties.mag else {
        return refuse(Reason::MissingMagnitude, String::new());
    };
    if !MAGNITUDES.contains(&magnitude) {
        return refuse(Reason::ImpossibleMagnitude, format!(", magnitude {magnitude}"));
    }
    let coordinates = feature.geometry.and_then(|geometry| geometry.coordinates).unwrap_or_default();
    let coordinate = |index: usize| coordinates.get(index).copied().flatten();
    let (Some(longitude), Some(latitude)) = (coordinate(0), coordinate(1)) else {
        return refuse(Reason::MissingCoordinates, String::new());
    };
    if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
        return refuse(
            Reason::ImpossibleCoordinates,
            format!(", latitude {latitude}, longitude {longitude}"),
        );
    }
    let depth_km = coordinate(2);
    if let Some(depth) = depth_km.filter(|depth| !DEPTHS.contains(depth)) {
        return refuse(Reason::ImpossibleDepth, format!(", {depth} km"));
    }
    Ok(Event {
        id,
        time_ms,
        magnitude,
        magnitude_type: properties.mag_type,
        kind: properties.kind.unwrap_or_else(|| "earthquake".to_owned()),
        description: properties.place,
        latitude,
        longitude,
        depth_km,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Feature;
    use crate::text::Position;

    const GOOD: &str = r#"{"id":"x1","properties":{"mag":4.5,"time":1517966773840,"place":"Here"},"geometry":{"coordinates":[-118.5,34.25,10.5]}}"#;

    fn judge(text: &str) -> Result<Event, Refusal> {
        let feature: Feature = serde_json::from_str(text).unwrap();
        check(Parsed { feature, at: Position { line: 7, column: 3 } })
    }

    #[test]
    fn a_complete_feature_is_an_event() {
        let event = judge(GOOD).unwrap();
        assert_eq!((event.id.as_str(), event.magnitude, event.time_ms), ("x1", 4.5, 1_517_966_773_840));
        assert_eq!((event.latitude, event.longitude, event.depth_km), (34.25, -118.5, Some(10.5)));
        assert_eq!(event.kind, "earthquake");
    }

    #[test]
    fn each_rule_has_its_reason() {
        for (from, to, reason) in [
            (r#""id":"x1","#, "", Reason::MissingId),
            (r#""id":"x1","#, r#""id":" ","#, Reason::MissingId),
            (r#""time":1517966773840,"#, "", Reason::MissingTime),
            (r#""mag":4.5"#, r#""mag":null"#, Reason::MissingMagnitude),
            (r#""mag":4.5,"#, "", Reason::MissingMagnitude),
            (r#""mag":4.5"#, r#""mag":45"#, Reason::ImpossibleMagnitude),
            (r#"[-118.5,34.25,10.5]"#, "[]", Reason::MissingCoordinates),
            (r#"[-118.5,34.25,10.5]"#, "[-118.5,null,10.5]", Reason::MissingCoordinates),
            (r#"{"coordinates":[-118.5,34.25,10.5]}"#, "null", Reason::MissingCoordinates),
            ("34.25", "134.25", Reason::ImpossibleCoordinates),
            ("-118.5", "-218.5", Reason::ImpossibleCoordinates),
            ("10.5", "10500", Reason::ImpossibleDepth),
        ] {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD, "{from} is not in the text");
            let refusal = judge(&text).unwrap_err();
            assert_eq!(refusal.reason, reason, "{text}");
            assert_eq!(refusal.at, Position { line: 7, column: 3 });
        }
    }

    #[test]
    fn a_refusal_says_where_why_and_which() {
        let text = GOOD.replace("34.25", "134.25");
        assert_eq!(
            judge(&text).unwrap_err().to_string(),
            "7:3: impossible coordinates: x1, latitude 134.25, longitude -118.5"
        );
    }

    #[test]
    fn depth_may_be_missing_and_the_edges_of_the_map_are_on_it() {
        assert_eq!(judge(&GOOD.replace(",10.5]", "]")).unwrap().depth_km, None);
        assert!(judge(&GOOD.replace("-118.5,34.25", "180,-90")).is_ok());
    }
}
