//! Changes of what there is, by hand or because whatever the limit is for asked to be left alone: other limits, and none
//! left.

use std::{borrow::Borrow, hash::Hash, task::Waker};

use super::{LimiterKey, Quota, core::Core, meter::Meter};
use crate::resilience::{ConfigError, PolicyEvent};

impl<K: LimiterKey> Core<K> {
    /// The first window's limit.
    pub(super) fn limit(&self) -> u32 {
        self.windows()[0].limit()
    }

    /// Sets the first window's limit, for all keys in one step; `anew`: all of them are fresh with it. Those who wait go
    /// on as far as they can.
    pub(super) fn set_limit(&self, limit: u32, anew: bool) -> Result<(), ConfigError> {
        if let Some(fault) = self.options.limit(limit).fault() {
            return Err(fault.of(&self.identity.name));
        }
        let now = self.ticks.now();
        let (mut from, mut wakers) = (limit, Vec::new());
        let set = || {
            let (before, rescale) = self.windows()[0].set_limit(limit);
            from = before;
            self.open();
            if let Some(bucket) = &self.bucket {
                let full_at = |full_at| if anew { 0 } else { rescale.full_at(full_at, now) };
                bucket.follow(&self.windows()[0], full_at);
            }
            rescale
        };
        self.table.change(set, |entry, tally, rescale| {
            if anew {
                entry.meter = Meter::new(self.windows());
            } else {
                entry.meter.rescale(*rescale, now);
            }
            self.advance(entry, tally, now, &mut wakers);
            // Its turn is another one now.
            wakers.extend(entry.line.as_ref().and_then(|line| line.first_waker()));
        });
        wakers.into_iter().for_each(Waker::wake);
        if from != limit {
            self.identity.tell(|| PolicyEvent::LimitChanged { from: from as usize, to: limit as usize });
        }
        Ok(())
    }

    /// Takes all that a key has left; how much that was.
    pub(super) fn drain<Q>(&self, key: &Q) -> u32
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let now = self.ticks.now();
        self.drained(match &self.bucket {
            Some(bucket) => bucket.drain(now),
            None => self.table.visit(key, now, |entry, _| self.empty(&mut entry.meter, now)).unwrap_or(0),
        })
    }

    /// The same of a key that is known, if it is still.
    pub(super) fn drain_known(&self, key: u64) -> u32 {
        let now = self.ticks.now();
        self.drained(match &self.bucket {
            Some(bucket) => bucket.drain(now),
            None => self.table.visit_hashed(key, |entry, _| self.empty(&mut entry.meter, now)).unwrap_or(0),
        })
    }

    fn empty(&self, meter: &mut Meter, now: u64) -> u32 {
        let left = Quota::after(meter, self.windows(), now).remaining;
        if left > 0 {
            meter.take(self.windows(), now, left);
        }
        left
    }

    fn drained(&self, units: u32) -> u32 {
        if units > 0 {
            self.identity.tell(|| PolicyEvent::Drained { units });
        }
        units
    }
}
