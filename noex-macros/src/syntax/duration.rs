//! Durations with their unit: `2s`, `500ms`, `1.5s`.

use crate::syntax::options::Value;
use proc_macro2::TokenStream;
use std::time::Duration;

/// The units a duration can be written in, and their length in nanoseconds.
const UNITS: [(&str, u64); 5] = [
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// What stands where a duration is wanted.
pub(crate) enum Written {
    Duration(Duration),
    /// `5`, with the digits
    NoUnit(String),
    /// `5x`, with the unit
    UnknownUnit(String),
    /// More than can be counted.
    TooLong,
    /// The path of a constant.
    Constant,
    /// A word, such as `infinity`.
    Word(String),
    Other,
}

pub(crate) fn parse(tokens: &TokenStream) -> Written {
    match Value::of(tokens) {
        Value::Integer(int) => {
            let Some(unit) = unit(int.suffix()) else {
                return without_unit(int.base10_digits(), int.suffix());
            };
            match int.base10_parse::<u64>().ok().and_then(|count| count.checked_mul(unit)) {
                Some(nanos) => Written::Duration(Duration::from_nanos(nanos)),
                None => Written::TooLong,
            }
        }
        Value::Float(float) => {
            let Some(unit) = unit(float.suffix()) else {
                return without_unit(float.base10_digits(), float.suffix());
            };
            match float
                .base10_parse::<f64>()
                .map(|count| Duration::try_from_secs_f64(count * unit as f64 / 1e9))
            {
                Ok(Ok(duration)) if duration.as_nanos() <= u128::from(u64::MAX) => {
                    Written::Duration(duration)
                }
                _ => Written::TooLong,
            }
        }
        Value::Word(word) => Written::Word(word.to_string()),
        Value::Constant => Written::Constant,
        Value::Text(_) | Value::Negative | Value::Other => Written::Other,
    }
}

fn unit(suffix: &str) -> Option<u64> {
    UNITS.iter().find(|(name, _)| *name == suffix).map(|(_, nanos)| *nanos)
}

fn without_unit(digits: &str, suffix: &str) -> Written {
    match suffix {
        "" => Written::NoUnit(digits.to_string()),
        unit => Written::UnknownUnit(unit.to_string()),
    }
}
