//! Reads a GeoJSON feed one feature at a time, and knows where in the text each one stands.
//!
//! The whole document is never in memory. `serde_json` walks the outer object with the visitors
//! below; each element of `features` is checked for syntax and cut out as text, and what it means
//! is for the parse stage to say. So one odd record costs that record, and only broken JSON ends
//! the feed: with line and column, after everything before it was handed out.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::ops::ControlFlow;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::text::{CountedText, Position};

/// One feature as it was written, and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawFeature {
    pub(crate) text: String,
    pub(crate) at: Position,
}

/// What a feed tells while it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// How many features the feed says it has; a hint for the progress bar, not a promise.
    Announced(u64),
    Feature(RawFeature),
}

/// Why a feed could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FeedError {
    #[error("{at}: the feed is truncated: {detail}")]
    Truncated { at: Position, detail: String },
    #[error("{at}: the feed is malformed: {detail}")]
    Malformed { at: Position, detail: String },
    #[error("{at}: the feed cannot be read: {detail}")]
    Unreadable { at: Position, detail: String },
}

/// Reads `source` to its end and hands each item to `each`, which may say that it has enough.
///
/// # Errors
/// Where and why the text stops being a feed. What came before has been handed out by then.
pub(crate) fn read_feed<R: Read>(
    source: R,
    each: &mut dyn FnMut(Item) -> ControlFlow<()>,
) -> Result<(), FeedError> {
    let (text, position) = CountedText::new(source);
    let mut json = serde_json::Deserializer::from_reader(text);
    let mut reading = Reading { each, position: &position, enough: false };
    let read = Document(&mut reading).deserialize(&mut json).and_then(|()| json.end());
    match read {
        Err(error) if !reading.enough => Err(feed_error(&error, position.get())),
        _ => Ok(()),
    }
}

fn feed_error(error: &serde_json::Error, reached: Position) -> FeedError {
    // Of an error of the source its reader knows best where it is.
    let at = match error.classify() {
        Category::Io => reached,
        _ => Position { line: error.line(), column: error.column() },
    };
    let told = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let detail = told.strip_suffix(&suffix).unwrap_or(&told).to_owned();
    match error.classify() {
        Category::Eof => FeedError::Truncated { at, detail },
        Category::Io if error.io_error_kind() == Some(io::ErrorKind::InvalidData) => {
            FeedError::Malformed { at, detail }
        }
        Category::Io => FeedError::Unreadable { at, detail },
        Category::Syntax | Category::Data => FeedError::Malformed { at, detail },
    }
}

/// What all visitors share.
struct Reading<'a> {
    each: &'a mut dyn FnMut(Item) -> ControlFlow<()>,
    position: &'a Cell<Position>,
    /// `each` has had enough: the error that then ends the reading is none.
    enough: bool,
}

impl Reading<'_> {
    fn tell<E: serde::de::Error>(&mut self, item: Item) -> Result<(), E> {
        if (self.each)(item).is_break() {
            self.enough = true;
            return Err(E::custom("enough"));
        }
        Ok(())
    }
}

/// The outer object.
struct Document<'r, 'a>(&'r mut Reading<'a>);

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a GeoJSON feature collection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut has_features = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "features" => {
                    has_features = true;
                    map.next_value_seed(Features(self.0))?;
                }
                "metadata" => {
                    if let Some(count) = map.next_value::<Metadata>()?.count {
                        self.0.tell(Item::Announced(count))?;
                    }
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if has_features { Ok(()) } else { Err(A::Error::missing_field("features")) }
    }
}

/// The part of `metadata` that helps; anything else there, of whatever type, is no error.
struct Metadata {
    count: Option<u64>,
}

impl<'de> serde::Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let metadata = serde_json::Value::deserialize(json)?;
        Ok(Metadata { count: metadata.get("count").and_then(serde_json::Value::as_u64) })
    }
}

/// The array `features`.
struct Features<'r, 'a>(&'r mut Reading<'a>);

impl<'de> DeserializeSeed<'de> for Features<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(Feature(self.0))?.is_some() {}
        Ok(())
    }
}

/// One element of `features`.
struct Feature<'r, 'a>(&'r mut Reading<'a>);

impl<'de> DeserializeSeed<'de> for Feature<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        // `serde_json` looks at most one byte ahead, and has just looked at the first of the feature.
        // Should that ever change, the test `a_feature_knows_where_it_begins` fails.
        let at = self.0.position.get();
        let raw: Box<RawValue> = serde::Deserialize::deserialize(json)?;
        self.0.tell(Item::Feature(RawFeature { text: raw.get().to_owned(), at }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "{\"type\":\"FeatureCollection\",\"metadata\":{\"count\":2},\n \"features\":[{\"id\":\"a\"},\n   {\"id\":\"b\"}],\"bbox\":[1,2]}";

    fn read(text: &str) -> (Vec<Item>, Result<(), FeedError>) {
        let mut items = Vec::new();
        let result = read_feed(text.as_bytes(), &mut |item| {
            items.push(item);
            ControlFlow::Continue(())
        });
        (items, result)
    }

    fn feature(text: &str, line: usize, column: usize) -> Item {
        Item::Feature(RawFeature { text: text.to_owned(), at: Position { line, column } })
    }

    fn at(line: usize, column: usize) -> Position {
        Position { line, column }
    }

    #[test]
    fn a_feature_knows_where_it_begins() {
        let (items, result) = read(TWO);
        assert_eq!(result, Ok(()));
        assert_eq!(
            items,
            [Item::Announced(2), feature("{\"id\":\"a\"}", 2, 14), feature("{\"id\":\"b\"}", 3, 4)]
        );
    }

    #[test]
    fn wherever_a_feed_is_cut_the_error_is_at_the_cut_and_earlier_features_are_kept() {
        for cut in 0..TWO.len() {
            let (items, result) = read(&TWO[..cut]);
            let lines = TWO[..cut].split('\n').collect::<Vec<_>>();
            let end = at(lines.len(), lines[lines.len() - 1].len());
            assert!(
                matches!(&result, Err(FeedError::Truncated { at, .. }) if *at == end),
                "cut at {cut}, expected {end}: {result:?}"
            );
            let kept = items.iter().filter(|item| matches!(item, Item::Feature(_))).count();
            assert_eq!(kept, TWO[..cut].matches("\"}").count(), "cut at {cut}");
        }
    }

    #[test]
    fn a_malformed_feature_is_an_error_at_the_wrong_character() {
        let (items, result) = read("{\"features\":[\n{\"id\":\"a\"},\n{\"id\" \"b\"}]}");
        assert_eq!(items, [feature("{\"id\":\"a\"}", 2, 1)]);
        assert_eq!(
            result,
            Err(FeedError::Malformed { at: at(3, 7), detail: "expected `:`".to_owned() }),
            "the second quote of line 3"
        );
    }

    #[test]
    fn a_brace_that_is_missing_is_found_where_it_is_missed() {
        let (items, result) = read("{\"features\":[\n{\"a\":{\"id\":1},\n{\"id\":\"b\"}]}");
        assert_eq!(items, []);
        assert!(
            matches!(&result, Err(FeedError::Malformed { at, .. }) if *at == Position { line: 3, column: 1 }),
            "{result:?}"
        );
    }

    #[test]
    fn what_is_no_feed_says_so() {
        for (text, line, column, words) in [
            ("[1]", 1, 1, "expected a GeoJSON feature collection"),
            ("{\"features\":{}}", 1, 13, "expected an array of features"),
            ("{\"type\":\"Feature\"}", 1, 18, "missing field `features`"),
            ("{\"features\":[]} 5", 1, 17, "trailing characters"),
        ] {
            let (_, result) = read(text);
            let Err(FeedError::Malformed { at: found, detail }) = result else {
                panic!("{text}: {result:?}")
            };
            assert!(detail.contains(words), "{text}: {detail}");
            assert_eq!(found, at(line, column), "{text}");
        }
    }

    #[test]
    fn a_byte_that_is_not_utf8_is_found_where_it_is() {
        for wrong in [&b"\xE9"[..], b"\xFF", b"\xE9\n", b"\xE2\x82", b"\xED\xA0\x80"] {
            let mut items = 0;
            let mut text =
                b"{\"features\":[\n{\"a\":\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8C\x8D\"},\n{\"a\":\"caf".to_vec();
            text.extend(wrong);
            text.extend(b"\"}]}");
            let result = read_feed(&text[..], &mut |_| {
                items += 1;
                ControlFlow::Continue(())
            });
            let detail = "not UTF-8".to_owned();
            let expected = Err(FeedError::Malformed { at: at(3, 10), detail });
            assert_eq!((result, items), (expected, 1), "{wrong:x?}");
        }
    }

    #[test]
    fn a_feature_of_the_wrong_shape_is_left_to_the_parse_stage() {
        let (items, result) = read("{\"features\":[7, {\"properties\":{\"mag\":\"big\"}}]}");
        assert_eq!(result, Ok(()));
        assert_eq!(items.len(), 2);
    }

    #[test]
    fn reading_stops_when_the_reader_has_enough() {
        let mut seen = 0;
        let result = read_feed(TWO.as_bytes(), &mut |item| {
            seen += 1;
            if matches!(item, Item::Feature(_)) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((result, seen), (Ok(()), 2));
    }

    #[test]
    fn an_error_of_the_source_says_how_far_the_reading_came() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let result = read_feed("{\n\"fea".as_bytes().chain(Failing), &mut |_| ControlFlow::Continue(()));
        let detail = "the disk is gone".to_owned();
        assert_eq!(result, Err(FeedError::Unreadable { at: at(2, 4), detail }));
    }
}
