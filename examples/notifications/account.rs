//! The final account: what became of all that was submitted.

use std::collections::BTreeMap;
use std::fmt;

use crate::end::Outcome;

/// Ends by outcome and reason, as they are on record.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Account(BTreeMap<String, BTreeMap<String, u64>>);

impl Account {
    pub(crate) fn add(&mut self, outcome: String, reason: String, count: u64) {
        *self.0.entry(outcome).or_default().entry(reason).or_default() += count;
    }

    /// All that ended so.
    pub(crate) fn of(&self, outcome: Outcome) -> u64 {
        self.0.get(outcome.as_str()).map_or(0, |reasons| reasons.values().sum())
    }

    /// All that ended.
    pub(crate) fn total(&self) -> u64 {
        Outcome::ALL.into_iter().map(|outcome| self.of(outcome)).sum()
    }
}

/// One count to a line, the reasons indented below their outcome.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in Outcome::ALL {
            count(f, outcome.as_str(), self.of(outcome))?;
            for (reason, number) in self.0.get(outcome.as_str()).into_iter().flatten() {
                count(f, &format!("  {reason}"), *number)?;
            }
        }
        Ok(())
    }
}

pub(crate) fn count(f: &mut fmt::Formatter<'_>, what: &str, number: u64) -> fmt::Result {
    writeln!(f, "{what:<32} {number:>7}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_stand_below_their_outcome() {
        let mut account = Account::default();
        account.add("failed".to_owned(), "circuit open".to_owned(), 2);
        account.add("delivered".to_owned(), "sms".to_owned(), 5);
        let lines = account.to_string();
        let words: Vec<Vec<&str>> = lines.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            words,
            [
                vec!["delivered", "5"],
                vec!["sms", "5"],
                vec!["refused", "0"],
                vec!["failed", "2"],
                vec!["circuit", "open", "2"]
            ]
        );
        assert_eq!(account.total(), 7);
    }
}
