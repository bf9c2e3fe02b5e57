//! How many operations were sent of late, and how many of them were accepted.

use std::time::Duration;

use crate::resilience::ticks::nanos;

/// How many parts the window has: what leaves it, leaves by the part.
const PARTS: usize = 16;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) sent: u64,
    pub(super) accepted: u64,
}

#[derive(Debug)]
pub(super) struct Window {
    /// How long a part lasts, in ticks.
    span: u64,
    /// The part that is counted in, from zero on.
    at: u64,
    parts: [Counts; PARTS],
    total: Counts,
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        let span = (nanos(length) / PARTS as u64).max(1);
        Window { span, at: 0, parts: Default::default(), total: Counts::default() }
    }

    /// What is in the window now, before one more is sent.
    pub(super) fn send(&mut self, now: u64) -> Counts {
        let at = now / self.span;
        let over = at.saturating_sub(self.at).min(PARTS as u64);
        self.at = self.at.max(at);
        for part in 0..over {
            let part = &mut self.parts[((self.at - part) % PARTS as u64) as usize];
            let Counts { sent, accepted } = std::mem::take(part);
            self.total.sent -= sent;
            self.total.accepted -= accepted;
        }
        let before = self.total;
        self.part().sent += 1;
        self.total.sent += 1;
        before
    }

    /// The last one sent is taken for accepted until it is known better: what is under way says nothing against anybody.
    pub(super) fn accept(&mut self) {
        self.part().accepted += 1;
        self.total.accepted += 1;
    }

    /// One of those taken for accepted was not. No look at the clock: of all of them it is the last one.
    pub(super) fn reject(&mut self) {
        let newest_first =
            (0..PARTS as u64).map(|back| ((self.at + PARTS as u64 - back) % PARTS as u64) as usize);
        for part in newest_first {
            if let Some(left) = self.parts[part].accepted.checked_sub(1) {
                self.parts[part].accepted = left;
                self.total.accepted -= 1;
                return;
            }
        }
    }

    fn part(&mut self) -> &mut Counts {
        &mut self.parts[(self.at % PARTS as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_long_ago_does_not_count() {
        let mut window = Window::new(Duration::from_nanos(160));
        for now in [1000, 1005, 1150] {
            window.send(now);
            window.accept();
        }
        let Counts { sent, accepted } = window.send(1159);
        assert_eq!((sent, accepted), (3, 3));
        assert_eq!(window.send(1160).sent, 2);
        assert_eq!(window.send(5000).sent, 0);
    }

    #[test]
    fn what_was_not_accepted_is_taken_back_once() {
        let mut window = Window::new(Duration::from_nanos(160));
        for now in [1000, 1100] {
            window.send(now);
            window.accept();
        }
        window.send(1150);
        for left in [1, 0, 0] {
            window.reject();
            assert_eq!(window.total.accepted, left);
        }
        assert_eq!(window.send(9000).accepted, 0);
    }
}
