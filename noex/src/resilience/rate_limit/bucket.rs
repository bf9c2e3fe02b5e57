//! The bucket of a limiter without keys: one word, charged by one compare-and-swap.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    Quota,
    core::Apart,
    meter::{Meter, Window, after, out},
};

/// What a charge needs is beside the word, so that it need not look at the window.
pub(super) struct Bucket {
    /// After how long a token comes.
    interval: AtomicU64,
    capacity: u32,
    full_at: Apart<AtomicU64>,
}

impl Bucket {
    pub(super) fn of(window: &Window) -> Option<Self> {
        let interval = AtomicU64::new(window.interval()?);
        Some(Bucket { interval, capacity: window.capacity(), full_at: Apart::default() })
    }

    /// The window has another limit, and what is kept changes with it.
    pub(super) fn follow(&self, window: &Window, change: impl Fn(u64) -> u64) {
        if let Some(interval) = window.interval() {
            self.interval.store(interval, Ordering::Relaxed);
        }
        self.change(change);
    }

    /// Changes when it is full; when it was before.
    pub(super) fn change(&self, change: impl Fn(u64) -> u64) -> u64 {
        let change = |full_at| Some(change(full_at));
        let changed = self.full_at.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
        changed.unwrap_or_else(|full_at| full_at)
    }

    #[inline]
    fn after(&self, full_at: u64, now: u64, cost: u32) -> Result<u64, u64> {
        let interval = self.interval.load(Ordering::Relaxed);
        after(interval, interval.saturating_mul(self.capacity.into()), full_at, now, cost.into())
    }

    /// Whether so much can ever be drawn.
    #[inline]
    pub(super) fn can_hold(&self, cost: u32) -> bool {
        (1..=self.capacity).contains(&cost)
    }

    /// Takes `cost` tokens: when it will then be full again, or how long to wait.
    #[inline]
    pub(super) fn draw(&self, now: u64, cost: u32) -> Result<u64, u64> {
        let Apart(full_at) = &self.full_at;
        let mut known = full_at.load(Ordering::Relaxed);
        loop {
            let then = self.after(known, now, cost)?;
            match full_at.compare_exchange_weak(known, then, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(then),
                Err(other) => known = other,
            }
        }
    }

    /// Draws all there is.
    pub(super) fn drain(&self, now: u64) -> u32 {
        let mut units = 0;
        let empty = |full_at| {
            units = self.capacity.saturating_sub(self.out(full_at, now).0);
            if units > 0 { self.after(full_at, now, units).ok() } else { None }
        };
        let drawn = self.full_at.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, empty);
        if drawn.is_ok() { units } else { 0 }
    }

    /// How it stands.
    #[inline]
    pub(super) fn quota(&self, full_at: u64, now: u64) -> Quota {
        Quota::passed(self.capacity, self.out(full_at, now))
    }

    /// How many tokens are out, and for how long.
    #[inline]
    fn out(&self, full_at: u64, now: u64) -> (u32, u64) {
        out(self.interval.load(Ordering::Relaxed), full_at, now)
    }

    pub(super) fn meter(&self) -> Meter {
        Meter::Bucket { full_at: self.full_at.0.load(Ordering::Relaxed) }
    }
}
