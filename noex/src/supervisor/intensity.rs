//! Restarts per window.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::plan::Budget;

/// Counts restarts against a budget, over all children; a sliding window as in OTP.
#[derive(Debug)]
pub(crate) struct Intensity {
    budget: Budget,
    recent: VecDeque<Instant>,
}

impl Intensity {
    pub(crate) fn new(budget: Budget) -> Self {
        Intensity { budget, recent: VecDeque::new() }
    }

    pub(super) fn budget(&self) -> Budget {
        self.budget
    }

    /// Another budget; what was used of the old one counts.
    pub(super) fn change(&mut self, budget: Budget) {
        self.budget = budget;
    }

    /// One more restart, and how many are left; `None` when that is one too many.
    pub(crate) fn spend(&mut self, now: Instant) -> Option<u32> {
        while self.recent.front().is_some_and(|&then| now.duration_since(then) > self.budget.window) {
            self.recent.pop_front();
        }
        let left = (self.budget.max as usize).checked_sub(self.recent.len() + 1)?;
        self.recent.push_back(now);
        Some(left as u32)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn budget(max: u32, seconds: u64) -> Intensity {
        Intensity::new(Budget { max, window: Duration::from_secs(seconds) })
    }

    #[test]
    fn forgets_what_is_older_than_the_window() {
        let start = Instant::now();
        let mut two_in_ten = budget(2, 10);
        let left = [0, 4, 9, 11, 12].map(|at| two_in_ten.spend(start + Duration::from_secs(at)));
        assert_eq!(left, [Some(1), Some(0), None, Some(0), None]);
    }

    #[test]
    fn zero_allows_nothing() {
        assert_eq!(budget(0, 5).spend(Instant::now()), None);
    }

    #[test]
    fn a_smaller_budget_counts_what_was_spent() {
        let start = Instant::now();
        let mut budget = budget(3, 10);
        assert_eq!([budget.spend(start), budget.spend(start)], [Some(2), Some(1)]);
        budget.change(Budget { max: 1, window: Duration::from_secs(10) });
        assert_eq!(budget.spend(start), None);
    }
}
