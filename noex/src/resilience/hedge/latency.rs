//! How long an operation takes as a rule.

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Buckets for each doubling: a quantile is right to within an eighth.
const STEPS: u32 = 8;
/// From 1 µs to about 9 min; what is longer counts as that.
const DOUBLINGS: u32 = 29;
const BUCKETS: usize = (STEPS * DOUBLINGS) as usize;
/// Counts are halved when there are so many, so that last week's latencies do not decide.
const ENOUGH: u32 = 4096;

/// Counts of latencies, in buckets that grow with them.
pub(super) struct Latencies {
    counts: Box<[AtomicU32; BUCKETS]>,
    total: AtomicU32,
    halving: Mutex<()>,
}

impl Latencies {
    pub(super) fn new() -> Self {
        Latencies {
            counts: Box::new([const { AtomicU32::new(0) }; BUCKETS]),
            total: AtomicU32::new(0),
            halving: Mutex::new(()),
        }
    }

    pub(super) fn note(&self, latency: Duration) {
        self.counts[bucket(latency)].fetch_add(1, Ordering::Relaxed);
        if self.total.fetch_add(1, Ordering::Relaxed) + 1 >= ENOUGH {
            self.halve();
        }
    }

    #[cold]
    fn halve(&self) {
        let _one = self.halving.lock().unwrap_or_else(PoisonError::into_inner);
        if self.total.load(Ordering::Relaxed) < ENOUGH {
            return;
        }
        let mut gone = 0;
        for count in &self.counts[..] {
            let half = count.load(Ordering::Relaxed) / 2;
            // What is counted meanwhile is not lost.
            count.fetch_sub(half, Ordering::Relaxed);
            gone += half;
        }
        self.total.fetch_sub(gone, Ordering::Relaxed);
    }

    /// Below which that part of the latencies lies, if there are as many as `enough`.
    pub(super) fn quantile(&self, part: f64, enough: u32) -> Option<Duration> {
        let total = self.total.load(Ordering::Relaxed);
        if total < enough.max(1) {
            return None;
        }
        let wanted = (part * f64::from(total)).ceil() as u32;
        let mut below = 0;
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let reached = counts.take_while(|count| {
            below += count;
            below < wanted
        });
        Some(upper_end(reached.count().min(BUCKETS - 1)))
    }
}

fn bucket(latency: Duration) -> usize {
    let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1);
    let doubling = micros.ilog2();
    // The three bits behind the first.
    let step = ((u128::from(micros) << 3) >> doubling) as u32 - STEPS;
    ((doubling * STEPS + step) as usize).min(BUCKETS - 1)
}

fn upper_end(bucket: usize) -> Duration {
    let (doubling, step) = (bucket as u32 / STEPS, bucket as u32 % STEPS);
    let eighths = u64::from(STEPS + step + 1) << doubling;
    Duration::from_nanos(eighths * 1000 / u64::from(STEPS))
}

impl fmt::Debug for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latencies").field("total", &self.total).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_bucket_holds_what_lies_below_its_end_and_above_the_end_before() {
        for micros in (1..5000).chain([65_535, 65_536, 1 << 28, 500_000_000]) {
            let latency = Duration::from_micros(micros);
            let bucket = bucket(latency);
            assert!(latency < upper_end(bucket), "{latency:?} {bucket}");
            assert!(
                bucket == 0 || latency + Duration::from_micros(1) > upper_end(bucket - 1),
                "{latency:?} {bucket}"
            );
        }
        assert_eq!(bucket(Duration::ZERO), 0);
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
    }

    #[test]
    fn a_quantile_is_right_to_within_an_eighth_and_forgets() {
        let latencies = Latencies::new();
        assert_eq!(latencies.quantile(0.9, 0), None);
        for ms in 1..=100 {
            latencies.note(MS * ms);
        }
        assert_eq!(latencies.quantile(0.9, 101), None, "not warm");
        let found = latencies.quantile(0.9, 100).unwrap();
        assert!(MS * 90 <= found && found <= MS * 102, "{found:?}");

        for _ in 0..20_000 {
            latencies.note(MS * 500);
        }
        assert!(latencies.total.load(Ordering::Relaxed) < ENOUGH);
        assert!(latencies.quantile(0.1, 0).unwrap() > MS * 450);
    }
}
