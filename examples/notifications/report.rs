//! All that is told at the end.

use std::fmt;

use noex::pipeline::StageStats;
use noex::pool::PoolStats;
use noex::resilience::PolicyStatus;

use crate::account::{Account, count};

/// The account, and how it came about.
#[derive(Debug)]
pub(crate) struct Report {
    /// Counted where lines are taken, not where they end.
    pub(crate) submitted: u64,
    pub(crate) account: Account,
    pub(crate) stages: [StageStats; 3],
    pub(crate) workers: PoolStats,
    /// By the sabotage.
    pub(crate) killed: u64,
    pub(crate) policies: Vec<PolicyStatus>,
    /// What the local gateways say.
    pub(crate) sinks: Vec<(&'static str, String)>,
}

impl Report {
    /// Whether every line that was taken is on record, with its end.
    pub(crate) fn adds_up(&self) -> bool {
        self.submitted == self.account.total()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        count(f, "submitted", self.submitted)?;
        write!(f, "{}", self.account)?;
        if !self.adds_up() {
            let total = self.account.total();
            writeln!(f, "THE ACCOUNT DOES NOT ADD UP: {} submitted, {total} on record", self.submitted)?;
        }
        writeln!(f, "\nstages")?;
        for StageStats { stage, entered, completed, failed, .. } in &self.stages {
            writeln!(f, "  {stage:<10} {entered} in, {completed} out, {failed} failed")?;
        }
        let PoolStats { size, completed, failed, retried, .. } = &self.workers;
        writeln!(f, "\nworkers")?;
        writeln!(
            f,
            "  {size} workers, {} killed; {completed} jobs done, {failed} failed, {retried} tried again after a kill",
            self.killed
        )?;
        writeln!(f, "\npolicies")?;
        for policy in &self.policies {
            writeln!(f, "  {policy}")?;
        }
        if !self.sinks.is_empty() {
            writeln!(f, "\nlocal gateways")?;
        }
        for (channel, told) in &self.sinks {
            writeln!(f, "  {channel:<10} {told}")?;
        }
        Ok(())
    }
}
