//! What a server is subscribed to: ended with its life or with its slot, whichever it was made for.

use std::sync::Arc;

use super::Core;
use crate::event_bus::Feed;

/// The subscriptions of a slot.
#[derive(Default)]
pub(crate) struct Subscribed {
    feeds: Vec<Arc<Feed>>,
    /// When to look through them for those that are over.
    crowded: usize,
}

fn life_of(feed: &Feed) -> Option<u32> {
    feed.owner().and_then(|owner| owner.life)
}

impl Core {
    /// Ends the subscription with this life or with the slot, as it says. `false`: the life is over.
    pub(crate) fn keep_subscription(&self, life: u32, feed: &Arc<Feed>) -> bool {
        let mut slow = self.slow();
        if !self.is_alive() || self.incarnation() != life {
            return false;
        }
        let Subscribed { feeds, crowded } = &mut slow.whole().subscribed;
        if feeds.len() >= *crowded {
            feeds.retain(|feed| !feed.is_over());
            *crowded = 2 * feeds.len() + 8;
        }
        feeds.push(feed.clone());
        true
    }

    /// Whether an earlier life has left the subscription of this handler.
    pub(crate) fn has_subscription(&self, handler: &'static str) -> bool {
        let slow = self.slow();
        let Some(rest) = &slow.rest else { return false };
        rest.subscribed
            .feeds
            .iter()
            .any(|feed| !feed.is_over() && feed.owner().is_some_and(|owner| owner.handler == Some(handler)))
    }

    /// The life is over: ends what was subscribed for it, or, with the slot closed, all there is.
    pub(super) fn end_subscriptions(&self, is_closed: bool) {
        let ended: Vec<_> = match &mut self.slow().rest {
            Some(rest) => {
                rest.subscribed.feeds.extract_if(.., |feed| is_closed || life_of(feed).is_some()).collect()
            }
            None => return,
        };
        for feed in ended {
            feed.end();
        }
    }
}
