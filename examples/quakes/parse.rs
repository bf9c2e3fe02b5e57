//! First stage: from the text of a feature to what it says.

use noex::prelude::*;

use crate::event::{Feature, Parsed};
use crate::feed::{FeedError, RawFeature};
use crate::input::Feed;
use crate::meter::Meter;
use crate::refusal::{Reason, Refusal};

/// Takes features from the feed and parses them.
///
/// The stage has nothing to lose: where the feed stands is known to the [`Feed`].
#[genserver(mailbox = 64, call_timeout = infinity)]
pub(crate) struct Parse {
    feed: Feed,
    meter: Meter,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Next {
    Feature(Parsed),
    Refused(Refusal),
    /// The feed cannot be read on.
    Broken(FeedError),
    End,
}

#[genserver]
impl Parse {
    #[init]
    fn init(feed: Feed, meter: Meter) -> Self {
        Parse { feed, meter }
    }

    /// The next feature of the feed; waits while there is none yet.
    #[call]
    pub(crate) async fn next(&mut self) -> Next {
        match self.feed.next().await {
            None => Next::End,
            Some(Err(error)) => Next::Broken(error),
            Some(Ok(raw)) => {
                // From here on, not while waiting: a slow pipe does not make the stage busy.
                let _busy = self.meter.handling();
                match parse(&raw) {
                    Ok(parsed) => Next::Feature(parsed),
                    Err(refusal) => Next::Refused(refusal),
                }
            }
        }
    }
}

/// Reads one feature. Its syntax is sound, or the feed would not have handed it out; its shape may
/// be anything.
fn parse(raw: &RawFeature) -> Result<Parsed, Refusal> {
    match serde_json::from_str::<Feature>(&raw.text) {
        Ok(feature) => Ok(Parsed { feature, at: raw.at }),
        Err(error) => {
            let detail = error.to_string();
            // Its line and column count from the beginning of the feature; `at` is in the file.
            let detail = detail.split(" at line ").next().unwrap_or_default().to_owned();
            Err(Refusal { reason: Reason::NotAFeature, at: raw.at, detail })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Position;

    #[test]
    fn what_is_missing_is_for_the_next_stage_and_what_is_wrong_is_refused() {
        let at = Position { line: 4, column: 1 };
        let raw = |text: &str| RawFeature { text: text.to_owned(), at };
        let parsed = parse(&raw(r#"{"id":null,"properties":{"mag":1.5,"felt":null}}"#)).unwrap();
        assert_eq!(parsed.feature.properties.unwrap().mag, Some(1.5));

        let refusal = parse(&raw(r#"{"id":"x","properties":{"mag":"big"}}"#)).unwrap_err();
        assert_eq!(refusal.to_string(), "4:1: not a feature: invalid type: string \"big\", expected f64");
        assert!(parse(&raw("7")).is_err());
    }

    #[tokio::test]
    async fn the_stage_reads_to_the_end_and_says_when_it_is_broken() {
        let feed = Feed::read(&b"{\"features\":[{\"id\":\"a\"},7"[..]).unwrap();
        let mut stage = Parse::init(feed, Meter::default());
        assert!(matches!(stage.next().await, Next::Feature(_)));
        assert!(matches!(stage.next().await, Next::Refused(_)));
        assert!(matches!(stage.next().await, Next::Broken(_)));
        assert!(matches!(stage.next().await, Next::End));
    }
}
