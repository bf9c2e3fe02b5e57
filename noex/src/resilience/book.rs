//! The policies of a system: those that have a name there, and all of them in one table.

use std::{
    any::Any,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use super::{Monitors, Policy, PolicyKind, PolicyStatus};

/// A system's policies.
#[derive(Default)]
pub(crate) struct Book {
    named: Mutex<Named>,
    all: Mutex<All>,
    monitors: Monitors,
}

type Named = HashMap<(PolicyKind, Arc<str>), Arc<dyn Any + Send + Sync>>;

/// Everything that lives, oldest first; what is gone is struck out when the list has doubled.
#[derive(Default)]
struct All {
    policies: Vec<Weak<dyn Policy>>,
    sweep_at: usize,
}

/// No code of anybody else's runs under these locks.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Book {
    /// Puts a policy into the table, where it stays as long as it lives.
    pub(crate) fn list<P: Policy + 'static>(&self, policy: &Arc<P>) {
        let policy = Arc::downgrade(policy);
        let mut all = lock(&self.all);
        if all.policies.len() >= all.sweep_at.max(64) {
            all.policies.retain(|policy| policy.strong_count() > 0);
            all.sweep_at = all.policies.len() * 2;
        }
        all.policies.push(policy);
    }

    /// The policy of this name, made if there is none. However many threads ask at once, it is made once; `make`
    /// runs under the lock of the names.
    pub(crate) fn get_or_create<P: Policy + 'static, E>(
        &self,
        kind: PolicyKind,
        name: &str,
        make: impl FnOnce() -> Result<Arc<P>, E>,
    ) -> Result<Arc<P>, E> {
        let mut named = lock(&self.named);
        let key = (kind, Arc::from(name));
        if let Some(known) = named.get(&key).and_then(|known| known.clone().downcast::<P>().ok()) {
            return Ok(known);
        }
        let policy = make()?;
        named.insert(key, policy.clone());
        Ok(policy)
    }

    /// Takes the name from a policy that has it.
    pub(crate) fn forget<P: Policy + 'static>(&self, policy: &P) {
        let mut named = lock(&self.named);
        let key = (policy.kind(), policy.name().clone());
        let is_its = |known: &Arc<dyn Any + Send + Sync>| {
            known.downcast_ref::<P>().is_some_and(|known| std::ptr::eq(known, policy))
        };
        if named.get(&key).is_some_and(is_its) {
            let gone = named.remove(&key);
            drop(named);
            drop(gone);
        }
    }

    /// Those of its circuit breakers that tell how they stand.
    pub(crate) fn monitors(&self) -> &Monitors {
        &self.monitors
    }

    /// How all of them stand, by kind and name.
    pub(crate) fn table(&self) -> Vec<PolicyStatus> {
        let policies: Vec<Arc<dyn Policy>> =
            lock(&self.all).policies.iter().filter_map(Weak::upgrade).collect();
        let mut table: Vec<PolicyStatus> = policies.iter().map(|policy| policy.status()).collect();
        table.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        table
    }
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book").field("named", &lock(&self.named).len()).finish_non_exhaustive()
    }
}
