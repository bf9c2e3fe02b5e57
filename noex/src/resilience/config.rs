//! Options as text: how they are read from a configuration file.

/// A duration as `"500ms"`, `"5s"`, `"1min"`, `"1h"`, or a whole number of milliseconds.
pub(super) mod duration {
    use std::{fmt, time::Duration};

    use serde::{
        Deserializer,
        de::{Error, Visitor},
    };

    /// The units, as `#[genserver]` has them.
    const UNITS: [(&str, u64); 5] =
        [("us", 1), ("ms", 1_000), ("min", 60_000_000), ("s", 1_000_000), ("h", 3_600_000_000)];

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        from.deserialize_any(Written)
    }

    struct Written;

    impl Visitor<'_> for Written {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a duration such as \"500ms\", \"5s\", \"1min\", or a number of milliseconds")
        }

        fn visit_u64<E: Error>(self, milliseconds: u64) -> Result<Duration, E> {
            Ok(Duration::from_millis(milliseconds))
        }

        fn visit_i64<E: Error>(self, milliseconds: i64) -> Result<Duration, E> {
            let milliseconds = u64::try_from(milliseconds);
            milliseconds.map(Duration::from_millis).map_err(|_| E::custom("a duration is not negative"))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
            let unknown = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
            let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
            let unit = &text[digits.len()..];
            let (_, micros) = UNITS.iter().find(|(word, _)| *word == unit).ok_or_else(unknown)?;
            let count: u64 = digits.trim().replace('_', "").parse().map_err(|_| unknown())?;
            count.checked_mul(*micros).map(Duration::from_micros).ok_or_else(unknown)
        }
    }
}

/// A duration that may be left out.
pub(super) mod optional_duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer};

    #[derive(Deserialize)]
    struct Written(#[serde(with = "super::duration")] Duration);

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        Option::<Written>::deserialize(from).map(|written| written.map(|Written(duration)| duration))
    }
}

/// The name of something, kept for good, because options are `Copy`. A configuration that is read again costs
/// nothing again.
pub(super) fn word<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<&'static str>, D::Error> {
    let word: Option<String> = serde::Deserialize::deserialize(from)?;
    Ok(word.map(keep))
}

/// The text, kept for good, once.
pub(super) fn keep(text: String) -> &'static str {
    use std::{
        collections::HashSet,
        sync::{Mutex, PoisonError},
    };
    static KEPT: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = kept.get_or_insert_default();
    if let Some(known) = kept.get(text.as_str()) {
        return known;
    }
    let text: &'static str = text.leak();
    kept.insert(text);
    text
}
