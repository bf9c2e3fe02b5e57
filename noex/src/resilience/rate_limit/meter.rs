//! What is kept for one key, and the arithmetic of each algorithm. Times are [ticks](super::super::ticks).

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::Duration,
};

use super::{Algorithm, RateLimitOptions, options::Span};
use crate::resilience::ticks::nanos;

/// From this limit on, a sliding window is an estimate unless it must be exact.
const EXACT_UP_TO: u32 = 1024;

/// The most grants that are given room for at once; a key that is used more gets more.
const FIRST_ROOM: usize = 4;

/// One limit of a limiter. The limit may change while it is in use; how it is counted stays.
#[derive(Debug)]
pub(crate) struct Window {
    limit: AtomicU32,
    pub(super) period: Duration,
    /// The period in ticks.
    span: u64,
    /// In how many ticks a token comes, of a bucket.
    interval: AtomicU64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Log,
    Counter,
    Fixed,
    /// So many may pass at once.
    Bucket {
        burst: u32,
    },
}

impl Window {
    fn new(options: &RateLimitOptions, Span { limit, period }: Span) -> Self {
        let kind = match options.algorithm {
            Algorithm::SlidingWindow if limit <= EXACT_UP_TO || options.exact => Kind::Log,
            Algorithm::SlidingWindow => Kind::Counter,
            Algorithm::FixedWindow => Kind::Fixed,
            Algorithm::TokenBucket { burst } => Kind::Bucket { burst },
            Algorithm::Smooth => Kind::Bucket { burst: 1 },
        };
        let (span, limits, interval) = (nanos(period), AtomicU32::new(0), AtomicU64::new(0));
        let window = Window { limit: limits, period, span, interval, kind };
        window.set_limit(limit);
        window
    }

    /// From now on this limit, which is not 0; what it was, and how what is kept of a bucket is to change.
    pub(super) fn set_limit(&self, limit: u32) -> (u32, Rescale) {
        // Rounded up: never more than was allowed.
        let new = self.span.div_ceil(limit.into());
        let old = self.interval.swap(new, Ordering::Relaxed);
        (self.limit.swap(limit, Ordering::Relaxed), Rescale { old, new })
    }

    #[inline]
    pub(super) fn limit(&self) -> u32 {
        self.limit.load(Ordering::Relaxed)
    }

    /// How many may pass at once.
    #[inline]
    pub(super) fn capacity(&self) -> u32 {
        match self.kind {
            Kind::Bucket { burst } => burst,
            Kind::Log | Kind::Counter | Kind::Fixed => self.limit(),
        }
    }

    /// The period in ticks.
    pub(super) fn span(&self) -> u64 {
        self.span
    }

    /// What a refusal tells of it.
    #[inline]
    pub(super) fn told(&self) -> (u32, Duration) {
        (self.limit(), self.period)
    }

    /// All of a limiter's, the first one first.
    pub(super) fn all(options: &RateLimitOptions) -> Box<[Window]> {
        let first = Span { limit: options.limit, period: options.period };
        std::iter::once(first).chain(options.more.iter()).map(|span| Window::new(options, span)).collect()
    }

    /// After how long a token comes, of a bucket.
    #[inline]
    pub(super) fn interval(&self) -> Option<u64> {
        matches!(self.kind, Kind::Bucket { .. }).then(|| self.interval.load(Ordering::Relaxed))
    }

    /// [`after`] for this bucket.
    #[inline]
    fn after(&self, full_at: u64, now: u64, cost: u64) -> Result<u64, u64> {
        let Some(interval) = self.interval() else { unreachable!("only a bucket has tokens") };
        after(interval, interval.saturating_mul(self.capacity().into()), full_at, now, cost)
    }

    pub(super) fn fresh(&self) -> Meter {
        match self.kind {
            Kind::Log => Meter::Log(VecDeque::new()),
            Kind::Counter => Meter::Counter { window: 0, before: 0, current: 0 },
            Kind::Fixed => Meter::Fixed { start: 0, used: 0 },
            Kind::Bucket { .. } => Meter::Bucket { full_at: 0 },
        }
    }
}

/// Takes `cost` tokens from a bucket that is full again at `full_at`: when it will then be full again, or how long to
/// wait. A token comes each `interval`, a whole bucket in `full`.
#[inline]
pub(super) fn after(interval: u64, full: u64, full_at: u64, now: u64, cost: u64) -> Result<u64, u64> {
    let then = full_at.max(now).saturating_add(interval.saturating_mul(cost));
    match then.saturating_sub(full).saturating_sub(now) {
        0 => Ok(then),
        wait => Err(wait),
    }
}

/// How many tokens are out of a bucket that is full again at `full_at`, and for how long.
#[inline]
pub(super) fn out(interval: u64, full_at: u64, now: u64) -> (u32, u64) {
    let left = full_at.saturating_sub(now);
    // Most buckets lack what was just taken; a division costs as much as all the rest.
    let tokens = if left <= interval { u64::from(left > 0) } else { left.div_ceil(interval) };
    (tokens.try_into().unwrap_or(u32::MAX), left)
}

/// A bucket keeps when it is full again. As many tokens are out when another time passes between two of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rescale {
    old: u64,
    new: u64,
}

impl Rescale {
    pub(super) fn full_at(self, full_at: u64, now: u64) -> u64 {
        let left = u128::from(full_at.saturating_sub(now)) * u128::from(self.new);
        let left = left.div_ceil(u128::from(self.old.max(1)));
        if left == 0 { full_at } else { now.saturating_add(u64::try_from(left).unwrap_or(u64::MAX)) }
    }
}

/// What is kept for one key and one window.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meter {
    /// The last grants, oldest first, at most `limit` of them. What was never granted counts as the oldest.
    Log(VecDeque<u64>),
    /// How many in this period, counted from zero on, and in the one before.
    Counter { window: u64, before: u32, current: u32 },
    /// How many since the period began.
    Fixed { start: u64, used: u32 },
    /// When the bucket is full again.
    Bucket { full_at: u64 },
    /// One for each window.
    Several(Box<[Meter]>),
}

impl Meter {
    pub(super) fn new(windows: &[Window]) -> Self {
        match windows {
            [one] => one.fresh(),
            several => Meter::Several(several.iter().map(Window::fresh).collect()),
        }
    }

    /// Each window with its meter.
    fn each<'m, 'w>(&'m self, windows: &'w [Window]) -> impl Iterator<Item = (&'m Meter, &'w Window)> {
        let meters = match self {
            Meter::Several(meters) => meters,
            one => std::slice::from_ref(one),
        };
        meters.iter().zip(windows)
    }

    fn each_mut<'m, 'w>(
        &'m mut self,
        windows: &'w [Window],
    ) -> impl Iterator<Item = (&'m mut Meter, &'w Window)> {
        let meters = match self {
            Meter::Several(meters) => meters,
            one => std::slice::from_mut(one),
        };
        meters.iter_mut().zip(windows)
    }

    /// How long until so many more can have passed, one after the other as soon as each can, and the window that
    /// says so; 0: now.
    pub(super) fn wait<'a>(&self, windows: &'a [Window], now: u64, units: u64) -> (u64, &'a Window) {
        if let [window] = windows {
            return (self.wait_one(window, now, units), window);
        }
        let mut longest = (0, &windows[0]);
        for (meter, window) in self.each(windows) {
            let wait = meter.wait_one(window, now, units);
            if wait > longest.0 {
                longest = (wait, window);
            }
        }
        longest
    }

    fn wait_one(&self, window: &Window, now: u64, units: u64) -> u64 {
        let (span, limit) = (window.span, u64::from(window.capacity()));
        // Whoever comes after `limit` others waits for a period in which they passed. As a rule nobody does, and a
        // division takes longer than all the rest.
        let (rounds, place) = match units.saturating_sub(1) {
            before if before < limit => (0, before),
            before => (before / limit, before % limit),
        };
        let after_rounds = |wait: u64| wait.saturating_add(rounds.saturating_mul(span));
        match self {
            Meter::Log(grants) => {
                // Of more grants than the limit, which may have been higher, the last ones count.
                let before = (place + grants.len() as u64).checked_sub(limit);
                let grant = before.map_or(0, |place| grants[place as usize]);
                after_rounds((grant + span).saturating_sub(now))
            }
            &Meter::Counter { window: at, before, current } => {
                let (before, current) = rolled(at, before, current, now / span);
                after_rounds(estimated_wait(window, now, (before.into(), current.into()), place + 1))
            }
            &Meter::Fixed { start, used } => {
                let (end, left) = match (start + span).checked_sub(now) {
                    None | Some(0) => (span, limit),
                    Some(left) => (left, limit.saturating_sub(used.into())),
                };
                match units.checked_sub(left + 1) {
                    None => 0,
                    Some(more) => end.saturating_add((more / limit).saturating_mul(span)),
                }
            }
            &Meter::Bucket { full_at } => window.after(full_at, now, units).err().unwrap_or(0),
            Meter::Several(_) => unreachable!("windows do not nest"),
        }
    }

    /// Takes so much, or says for how long it cannot be taken, by which window.
    #[inline]
    pub(super) fn draw<'a>(
        &mut self,
        windows: &'a [Window],
        now: u64,
        cost: u32,
    ) -> Result<(), (u64, &'a Window)> {
        if let ([window], Meter::Bucket { full_at }) = (windows, &mut *self) {
            *full_at = window.after(*full_at, now, cost.into()).map_err(|wait| (wait, window))?;
            return Ok(());
        }
        match self.wait(windows, now, cost.into()) {
            (0, _) => {
                self.take(windows, now, cost);
                Ok(())
            }
            longer => Err(longer),
        }
    }

    /// Takes what [`wait`](Meter::wait) said can be taken now.
    pub(super) fn take(&mut self, windows: &[Window], now: u64, cost: u32) {
        for (meter, window) in self.each_mut(windows) {
            meter.take_one(window, now, cost);
        }
    }

    fn take_one(&mut self, window: &Window, now: u64, cost: u32) {
        match self {
            Meter::Log(grants) => {
                // Another thread may have read the clock later and come first.
                let now = grants.back().map_or(now, |last| now.max(*last));
                let capacity = window.capacity() as usize;
                for _ in 0..cost {
                    let has_room = grants.len() < grants.capacity().min(capacity);
                    let is_over = grants.front().is_some_and(|oldest| oldest + window.span <= now);
                    if !has_room && (is_over || grants.len() >= capacity) {
                        grants.pop_front();
                    } else if !has_room {
                        let most = capacity - grants.len();
                        grants.reserve_exact(grants.len().max(FIRST_ROOM).min(most));
                    }
                    grants.push_back(now);
                }
            }
            Meter::Counter { window: at, before, current } => {
                let period = (now / window.span).max(*at);
                (*before, *current) = rolled(*at, *before, *current, period);
                (*at, *current) = (period, current.saturating_add(cost));
            }
            Meter::Fixed { start, used } => {
                if *start + window.span <= now {
                    (*start, *used) = (now, 0);
                }
                *used = used.saturating_add(cost);
            }
            Meter::Bucket { full_at } => {
                if let Ok(then) = window.after(*full_at, now, cost.into()) {
                    *full_at = then;
                }
            }
            Meter::Several(_) => unreachable!("windows do not nest"),
        }
    }

    /// Gives back what was taken at `taken_at`, as far as it is not over.
    pub(super) fn give_back(&mut self, windows: &[Window], taken_at: u64, cost: u32, now: u64) {
        for (meter, window) in self.each_mut(windows) {
            meter.give_back_one(window, taken_at, cost, now);
        }
    }

    fn give_back_one(&mut self, window: &Window, taken_at: u64, cost: u32, now: u64) {
        if taken_at + window.span <= now {
            return;
        }
        match self {
            Meter::Log(grants) => {
                // It may have been noted a little later than `taken_at`, when threads met.
                let first = grants.partition_point(|grant| *grant < taken_at);
                let last = (first + cost as usize).min(grants.len());
                grants.drain(first..last);
            }
            Meter::Counter { window: at, before, current } => {
                let taken_in = taken_at / window.span;
                if taken_in == *at {
                    *current = current.saturating_sub(cost);
                } else if taken_in + 1 == *at {
                    *before = before.saturating_sub(cost);
                }
            }
            Meter::Fixed { start, used } => {
                if *start <= taken_at {
                    *used = used.saturating_sub(cost);
                }
            }
            Meter::Bucket { full_at } => {
                let interval = window.interval().unwrap_or(window.span);
                *full_at = full_at.saturating_sub(interval.saturating_mul(cost.into()));
            }
            Meter::Several(_) => unreachable!("windows do not nest"),
        }
    }

    /// The first window's limit has changed.
    pub(super) fn rescale(&mut self, by: Rescale, now: u64) {
        match self {
            Meter::Several(meters) => meters.iter_mut().take(1).for_each(|first| first.rescale(by, now)),
            Meter::Bucket { full_at } => *full_at = by.full_at(*full_at, now),
            Meter::Log(_) | Meter::Counter { .. } | Meter::Fixed { .. } => {}
        }
    }

    /// The window with the least left: how much of it is used, and when that will be over.
    pub(super) fn tightest<'w>(&self, windows: &'w [Window], now: u64) -> (&'w Window, u32, u64) {
        let read = |(meter, window): (&Meter, &'w Window)| {
            let (used, over_in) = meter.used(window, now);
            (window, used.min(window.capacity()), over_in)
        };
        if let [window] = windows {
            return read((self, window));
        }
        let readings = self.each(windows).map(read);
        readings
            .min_by_key(|(window, used, _)| window.capacity().saturating_sub(*used))
            .unwrap_or_else(|| unreachable!("a limiter has a window"))
    }

    fn used(&self, window: &Window, now: u64) -> (u32, u64) {
        match self {
            Meter::Log(grants) => {
                let over = grants.partition_point(|grant| grant + window.span <= now);
                let newest = grants.back().map_or(0, |newest| newest + window.span);
                ((grants.len() - over) as u32, newest.saturating_sub(now))
            }
            &Meter::Counter { window: at, before, current } => {
                let period = now / window.span;
                let (before, current) = rolled(at, before, current, period);
                let left = window.span - now % window.span;
                let share = u128::from(before) * u128::from(left);
                let share = share.div_ceil(window.span.into()) as u32;
                let over_in = match (before, current) {
                    (0, 0) => 0,
                    (_, 0) => left,
                    _ => left + window.span,
                };
                (share.saturating_add(current), over_in)
            }
            &Meter::Fixed { start, used } => match (start + window.span).saturating_sub(now) {
                0 => (0, 0),
                left => (used, left),
            },
            &Meter::Bucket { full_at } => out(window.interval().unwrap_or(window.span), full_at, now),
            Meter::Several(_) => unreachable!("windows do not nest"),
        }
    }

    /// When it was used last, or for a bucket when it is full; the more the later.
    pub(super) fn freshness(&self) -> u64 {
        match self {
            Meter::Log(grants) => grants.back().copied().unwrap_or(0),
            Meter::Counter { window, .. } => *window,
            Meter::Fixed { start, .. } => *start,
            Meter::Bucket { full_at } => *full_at,
            Meter::Several(meters) => meters.iter().map(Meter::freshness).max().unwrap_or(0),
        }
    }

    /// Whether it cannot be told from a fresh one.
    pub(super) fn is_over(&self, windows: &[Window], now: u64) -> bool {
        self.each(windows).all(|(meter, window)| match meter {
            Meter::Log(grants) => grants.back().is_none_or(|newest| newest + window.span <= now),
            Meter::Bucket { full_at } => *full_at <= now,
            other => other.used(window, now).1 == 0,
        })
    }
}

/// The counts of two periods, seen from another.
fn rolled(at: u64, before: u32, current: u32, period: u64) -> (u32, u32) {
    match period.saturating_sub(at) {
        0 => (before, current),
        1 => (current, 0),
        _ => (0, 0),
    }
}

/// How long until `units`, no more than the limit, fit beside what is estimated to be in the window: all of this
/// period's, and of the one before the share that the window still covers.
fn estimated_wait(window: &Window, now: u64, (before, current): (u64, u64), units: u64) -> u64 {
    let (span, limit) = (window.span, u64::from(window.limit()));
    let elapsed = now % span;
    // When the share of `count` is down to `room`.
    let shrunk = |count: u64, room: u64| match count {
        0 => 0,
        _ => span - (u128::from(span) * u128::from(room) / u128::from(count)).min(span.into()) as u64,
    };
    match limit.checked_sub(current + units) {
        Some(room) => shrunk(before, room).saturating_sub(elapsed),
        None => span - elapsed + shrunk(current, limit.saturating_sub(units)),
    }
}
