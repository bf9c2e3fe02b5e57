//! Controlled delay: whether work that waited is still worth doing.

use std::time::Duration;

use tokio::time::Instant;

/// Facebook's form of CoDel, as folly has it: a queue that was empty of delay at some moment of the last interval is a
/// good queue, and may take its time; one in which even the luckiest waited for longer than the target is a standing
/// queue, from which whatever waited for more than twice the target is shed.
#[derive(Clone, Debug)]
pub(super) struct Codel {
    target: Duration,
    interval: Duration,
    /// The end of this interval.
    until: Option<Instant>,
    /// The shortest delay in this interval.
    shortest: Duration,
    /// It was above the target in the last one.
    stands: bool,
}

impl Codel {
    pub(super) const fn new(target: Duration, interval: Duration) -> Self {
        Codel { target, interval, until: None, shortest: Duration::MAX, stands: false }
    }

    /// Whether what waited for `delay` until `now` is to be shed.
    pub(super) fn is_late(&mut self, now: Instant, delay: Duration) -> bool {
        if self.until.is_none_or(|until| now >= until) {
            // Of an interval in which nothing came there is nothing to say.
            let is_next = self.until.is_some_and(|until| now < until + self.interval);
            self.stands = is_next && self.shortest != Duration::MAX && self.shortest > self.target;
            self.until = Some(now + self.interval);
            self.shortest = delay;
        } else {
            self.shortest = self.shortest.min(delay);
        }
        self.stands && delay > self.target.saturating_mul(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_burst_is_no_standing_queue() {
        let (mut codel, start) = (Codel::new(ms(5), ms(100)), crate::process::door::now());
        assert!(!codel.is_late(start, ms(50)));
        assert!(!codel.is_late(start + ms(50), ms(1)));
        assert!(!codel.is_late(start + ms(100), ms(50)));
    }

    #[test]
    fn a_standing_queue_sheds_the_longest_waits_until_it_has_gone() {
        let (mut codel, start) = (Codel::new(ms(5), ms(100)), crate::process::door::now());
        assert!(!codel.is_late(start, ms(50)));
        assert!(codel.is_late(start + ms(100), ms(50)));
        assert!(!codel.is_late(start + ms(120), ms(9)));
        assert!(!codel.is_late(start + ms(150), ms(4)));
        assert!(!codel.is_late(start + ms(200), ms(50)));
    }
}
