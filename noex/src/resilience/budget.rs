//! How much more than the first attempt there may be: the budget of retries and hedges.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{ConfigError, Fault, Identity, Policy, PolicyKind, PolicyStatus};
use crate::process::door::now;

/// How many further attempts there may be for the calls there are.
///
/// A service that fails for everybody must not get three times the load because each of its callers tries three
/// times. So each call pays a fifth of an attempt into a common account, and each further attempt is paid from it;
/// a `floor` lets a quiet client retry as well. What was paid in and what was spent fade within the `window`, so
/// that an hour of health does not pay for a storm. An attempt after a time-out costs double, because whatever
/// timed out may well still be at work.
///
/// The account belongs to one policy, or to all that name the same one with [`shared`](BudgetOptions::shared).
///
/// The idea is that of Finagle's `RetryBudget` and of "The Site Reliability Workbook"; the price of time-outs is
/// that of the AWS clients.
///
/// # Examples
///
/// ```
/// use noex::resilience::{BudgetOptions, RetryOptions};
///
/// // All clients of the payments service together: at most a tenth more.
/// const PAYMENTS: BudgetOptions = BudgetOptions::new().ratio(0.1).shared("payments");
/// const OPTIONS: RetryOptions = RetryOptions::new().budget(PAYMENTS);
/// assert_eq!(OPTIONS.fault(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
#[must_use = "options do nothing until a policy is made of them"]
pub struct BudgetOptions {
    ratio: f64,
    floor: u32,
    #[cfg_attr(feature = "serde", serde(with = "super::config::duration"))]
    window: Duration,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "super::config::word"))]
    shared: Option<Name>,
}

/// By this name, serde does not take it for something to borrow.
type Name = &'static str;

impl BudgetOptions {
    /// A fifth of the calls, and 10 attempts per second besides, over 10 s; not shared.
    pub const fn new() -> Self {
        BudgetOptions { ratio: 0.2, floor: 10, window: Duration::from_secs(10), shared: None }
    }

    /// Further attempts per call, from 0 to 1.
    pub const fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = ratio;
        self
    }

    /// Further attempts per second that cost nothing.
    pub const fn floor(mut self, per_second: u32) -> Self {
        self.floor = per_second;
        self
    }

    /// How long a call counts; more than 0.
    pub const fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// One account for all policies of the system that give this name, with the same options.
    pub const fn shared(mut self, name: &'static str) -> Self {
        self.shared = Some(name);
        self
    }

    /// The first option that breaks a rule.
    pub const fn fault(&self) -> Option<Fault> {
        // The comparison is false for what is no number.
        if !(self.ratio >= 0.0 && self.ratio <= 1.0) {
            return Some(Fault { option: "ratio", rule: "a budget is a part of the calls, from 0 to 1" });
        }
        if self.window.is_zero() {
            return Some(Fault { option: "window", rule: "a window of no time holds no calls" });
        }
        None
    }

    /// The account: the shared one, or one of this policy.
    pub(super) fn open(self, owner: &Identity) -> Result<Arc<Budget>, ConfigError> {
        if let Some(fault) = self.fault() {
            return Err(fault.of(&owner.name));
        }
        let Some(name) = self.shared else { return Ok(Arc::new(Budget::new(owner.clone(), self))) };
        let system = owner.system().unwrap_or_default();
        let kind = PolicyKind::Budget;
        let make = || {
            let budget = Arc::new(Budget::new(Identity::new(kind, name, &system), self));
            system.book().list(&budget);
            Ok(budget)
        };
        let budget = system.book().get_or_create(kind, name, make)?;
        if budget.options != self {
            let fault = Fault { option: "budget", rule: "the shared budget of this name has other options" };
            return Err(fault.of(&owner.name));
        }
        Ok(budget)
    }
}

impl Default for BudgetOptions {
    fn default() -> Self {
        BudgetOptions::new()
    }
}

/// The account.
#[derive(Debug)]
pub(super) struct Budget {
    identity: Identity,
    options: BudgetOptions,
    /// Calls since the account was last looked at. A call reads no clock.
    calls: AtomicU64,
    account: Mutex<Account>,
    spent: AtomicU64,
    refused: AtomicU64,
}

/// Calls and costs that still count. What was counted `t` ago counts by `e^(-t / window)`: as a moving window, a
/// steady rate makes for `rate * window`, in two numbers.
#[derive(Debug, Default)]
struct Account {
    calls: f64,
    costs: f64,
    at: Option<Instant>,
}

impl Budget {
    fn new(identity: Identity, options: BudgetOptions) -> Self {
        let (calls, account, spent, refused) = Default::default();
        Budget { identity, options, calls, account, spent, refused }
    }

    /// A call begins.
    pub(super) fn deposit(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Pays for a further attempt, if there is enough.
    pub(super) fn withdraw(&self, cost: u32) -> bool {
        let cost = f64::from(cost);
        let mut account = self.account();
        account.age(self.calls.swap(0, Ordering::Relaxed), self.options.window);
        let free = f64::from(self.options.floor) * self.options.window.as_secs_f64();
        let is_paid = account.costs + cost <= self.options.ratio * account.calls + free;
        if is_paid {
            account.costs += cost;
        }
        drop(account);
        let counter = if is_paid { &self.spent } else { &self.refused };
        counter.fetch_add(1, Ordering::Relaxed);
        is_paid
    }

    /// No code of anybody else's runs under this lock.
    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    /// Brings everything to the present; the calls came evenly since the last time.
    fn age(&mut self, calls: u64, window: Duration) {
        let now = now();
        let calls = calls as f64;
        let since = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.at = Some(now);
        if since.is_zero() {
            self.calls += calls;
            return;
        }
        let windows = since.as_secs_f64() / window.as_secs_f64();
        let kept = (-windows).exp();
        self.calls = self.calls * kept + calls * (1.0 - kept) / windows;
        self.costs *= kept;
    }
}

impl Policy for Budget {
    fn kind(&self) -> PolicyKind {
        self.identity.kind
    }

    fn name(&self) -> &Arc<str> {
        &self.identity.name
    }

    fn status(&self) -> PolicyStatus {
        let counters = vec![
            ("spent", self.spent.load(Ordering::Relaxed)),
            ("refused", self.refused.load(Ordering::Relaxed)),
        ];
        PolicyStatus { kind: self.kind(), name: self.name().clone(), state: "", counters }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::System;

    const SECOND: Duration = Duration::from_secs(1);

    fn budget(options: BudgetOptions) -> Budget {
        Budget::new(Identity::new(PolicyKind::Budget, "b", &System::new()), options)
    }

    fn spend_all(budget: &Budget) -> usize {
        (0..10_000).take_while(|_| budget.withdraw(1)).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_client_has_the_floor_of_one_window() {
        let budget = budget(BudgetOptions::new());
        assert_eq!(spend_all(&budget), 100);
        tokio::time::advance(SECOND).await;
        // What came back in a second of ten: 100 * (1 - e^-0.1).
        assert_eq!(spend_all(&budget), 9);
        tokio::time::advance(SECOND * 1000).await;
        assert_eq!(spend_all(&budget), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn each_call_pays_a_part_of_an_attempt() {
        let budget = budget(BudgetOptions::new().floor(0));
        assert_eq!(spend_all(&budget), 0);
        for _ in 0..50 {
            budget.deposit();
        }
        assert_eq!(spend_all(&budget), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_of_health_pays_for_no_more_than_a_window() {
        let budget = budget(BudgetOptions::new().floor(0));
        budget.withdraw(1);
        // 100 calls a second.
        for _ in 0..360_000 {
            budget.deposit();
        }
        tokio::time::advance(SECOND * 3600).await;
        assert_eq!(spend_all(&budget), 200);
    }
}
