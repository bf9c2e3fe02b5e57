//! One breaker a key.

use std::{
    borrow::Borrow,
    collections::{HashMap, VecDeque},
    fmt,
    hash::Hash,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{CircuitBreaker, CircuitBreakerOptions};
use crate::{
    System,
    resilience::{
        CircuitState, Class, ConfigError, Disposed, Identity, NamedError, Policy, PolicyError, PolicyEvent,
        PolicyKind, PolicyStatus,
    },
};

/// A circuit breaker for each key: what fails for one says nothing against the others.
///
/// A key's breaker is made when it is first asked for, with the name `name[key]`. At most
/// [`max_keys`](CircuitBreakerOptions::max_keys) are kept: a new key takes the place of one that nobody used
/// for long. What it had counted is forgotten; calls that run with it go on. Keys tell nothing at
/// `monitor_interval`.
///
/// # Examples
///
/// ```
/// use noex::resilience::{CircuitBreakerOptions, CircuitState, KeyedCircuitBreaker};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let channels = KeyedCircuitBreaker::<String>::new("channels", CircuitBreakerOptions::new().failure_threshold(1))?;
/// let _ = channels.execute("sms", async || Err::<(), _>("no signal")).await;
/// assert_eq!(channels.breaker("sms")?.state(), CircuitState::Open);
/// assert_eq!(channels.execute("email", async || Ok::<_, &str>("sent")).await, Ok("sent"));
/// # Ok(()) }
/// ```
pub struct KeyedCircuitBreaker<K> {
    core: Arc<Core<K>>,
}

struct Core<K> {
    identity: Identity,
    options: CircuitBreakerOptions,
    is_disposed: AtomicBool,
    shelf: RwLock<Shelf<K>>,
}

struct Shelf<K> {
    breakers: HashMap<K, Entry>,
    /// In the order in which they are looked at when there are too many; each key once.
    order: VecDeque<K>,
}

struct Entry {
    breaker: CircuitBreaker,
    /// Since somebody last looked at it.
    is_used: AtomicBool,
}

impl<K> KeyedCircuitBreaker<K>
where
    K: Hash + Eq + Clone + fmt::Debug + Send + Sync + 'static,
{
    /// One without keys yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the option that makes no sense.
    pub fn new(name: impl Into<Arc<str>>, options: CircuitBreakerOptions) -> Result<Self, ConfigError> {
        KeyedCircuitBreaker::within(
            Identity::new(PolicyKind::CircuitBreaker, name, &System::global()),
            options,
        )
    }

    /// One with this identity, in the table of its system.
    pub(crate) fn within(identity: Identity, options: CircuitBreakerOptions) -> Result<Self, ConfigError> {
        if let Some(fault) = options.fault() {
            return Err(fault.of(&identity.name));
        }
        let shelf = RwLock::new(Shelf { breakers: HashMap::new(), order: VecDeque::new() });
        let core = Arc::new(Core { identity, options, is_disposed: AtomicBool::new(false), shelf });
        if let Some(system) = core.identity.system() {
            system.book().list(&core);
        }
        Ok(KeyedCircuitBreaker { core })
    }

    /// The one of this name in this system, made with these options if there is none.
    pub(crate) fn shared(
        system: &System,
        name: &str,
        options: CircuitBreakerOptions,
    ) -> Result<Self, NamedError> {
        let core = system.book().get_or_create(PolicyKind::CircuitBreaker, name, || {
            let identity = Identity::new(PolicyKind::CircuitBreaker, name, system);
            KeyedCircuitBreaker::<K>::within(identity, options).map(|breakers| breakers.core)
        })?;
        if options != core.options {
            return Err(NamedError::Conflict { policy: name.into() });
        }
        Ok(KeyedCircuitBreaker { core })
    }

    /// The breaker of this key, made if there is none.
    ///
    /// # Errors
    ///
    /// [`Disposed`] after [`dispose`](KeyedCircuitBreaker::dispose).
    pub fn breaker<Q>(&self, key: &Q) -> Result<CircuitBreaker, Disposed>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let shelf = self.core.shelf.read().unwrap_or_else(PoisonError::into_inner);
        match shelf.breakers.get(key) {
            Some(entry) => {
                // Writes only once: those who read share the line.
                if !entry.is_used.load(Ordering::Relaxed) {
                    entry.is_used.store(true, Ordering::Relaxed);
                }
                Ok(entry.breaker.clone())
            }
            None => {
                drop(shelf);
                self.make(key.to_owned())
            }
        }
    }

    #[cold]
    fn make(&self, key: K) -> Result<CircuitBreaker, Disposed> {
        let core = &*self.core;
        // The key's own code runs before the lock is taken.
        let identity = core.identity.named(format!("{}[{key:?}]", core.identity.name));
        let breaker = CircuitBreaker::unlisted(identity, core.options);
        let twin = key.clone();
        let mut gone = Vec::new();
        let mut shelf = core.shelf.write().unwrap_or_else(PoisonError::into_inner);
        if core.is_disposed.load(Ordering::Relaxed) {
            return Err(core.identity.disposed());
        }
        if let Some(entry) = shelf.breakers.get(&key) {
            return Ok(entry.breaker.clone());
        }
        while shelf.breakers.len() >= core.options.keys() {
            gone.push(shelf.forget_one());
        }
        shelf.order.push_back(twin);
        shelf.breakers.insert(key, Entry { breaker: breaker.clone(), is_used: AtomicBool::new(true) });
        drop(shelf);
        // Keys are dropped without the lock.
        drop(gone);
        Ok(breaker)
    }

    /// Runs the operation behind the breaker of this key; see [`CircuitBreaker::execute`].
    ///
    /// # Errors
    ///
    /// As [`CircuitBreaker::execute`].
    pub async fn execute<Q, T, E, F>(
        &self,
        key: &Q,
        operation: impl FnOnce() -> F,
    ) -> Result<T, PolicyError<E>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        F: Future<Output = Result<T, E>>,
    {
        self.breaker(key)?.execute(operation).await
    }

    /// As [`execute`](KeyedCircuitBreaker::execute), where `judge` says how the outcome counts.
    ///
    /// # Errors
    ///
    /// As [`CircuitBreaker::execute`].
    pub async fn execute_with<Q, T, E, F>(
        &self,
        key: &Q,
        judge: impl FnOnce(&Result<T, E>) -> Class,
        operation: impl FnOnce() -> F,
    ) -> Result<T, PolicyError<E>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        F: Future<Output = Result<T, E>>,
    {
        self.breaker(key)?.execute_with(judge, operation).await
    }

    /// The keys it keeps, in no order.
    pub fn keys(&self) -> Vec<K> {
        self.core.shelf.read().unwrap_or_else(PoisonError::into_inner).order.iter().cloned().collect()
    }

    /// Forgets the keys that nobody used since this was last called, and how many those were.
    pub fn evict_idle(&self) -> usize {
        let gone = self.core.shelf.write().unwrap_or_else(PoisonError::into_inner).forget_idle();
        gone.len()
    }

    /// How it stands: `keys`, and of those `open`; `succeeded`, `failed` and `refused` of all that it keeps.
    pub fn status(&self) -> PolicyStatus {
        self.core.status()
    }

    /// Forgets all keys and refuses whatever comes; operations under way go on. Again, it does nothing.
    pub fn dispose(&self) {
        if self.core.is_disposed.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut shelf = self.core.shelf.write().unwrap_or_else(PoisonError::into_inner);
        let (breakers, order) = (std::mem::take(&mut shelf.breakers), std::mem::take(&mut shelf.order));
        drop(shelf);
        for entry in breakers.values() {
            entry.breaker.dispose();
        }
        drop((breakers, order));
        self.core.identity.tell(|| PolicyEvent::Disposed);
    }
}

impl<K: Hash + Eq> Shelf<K> {
    /// The first that was not used since it was last looked at. Who was gets a second chance, so that each
    /// look is paid for by a use.
    fn forget_one(&mut self) -> Option<(K, K, Entry)> {
        for _ in 0..=self.order.len() {
            let key = self.order.pop_front()?;
            if self.breakers.get(&key).is_some_and(|entry| entry.is_used.swap(false, Ordering::Relaxed)) {
                self.order.push_back(key);
                continue;
            }
            let (twin, entry) = self.breakers.remove_entry(&key)?;
            return Some((key, twin, entry));
        }
        None
    }

    fn forget_idle(&mut self) -> Vec<(K, K, Entry)> {
        let mut gone = Vec::new();
        for _ in 0..self.order.len() {
            let Some(key) = self.order.pop_front() else { break };
            match self.breakers.get(&key) {
                Some(entry) if entry.is_used.swap(false, Ordering::Relaxed) => self.order.push_back(key),
                _ => {
                    if let Some((twin, entry)) = self.breakers.remove_entry(&key) {
                        gone.push((key, twin, entry));
                    }
                }
            }
        }
        gone
    }
}

impl<K: Send + Sync> Policy for Core<K> {
    fn kind(&self) -> PolicyKind {
        self.identity.kind
    }

    fn name(&self) -> &Arc<str> {
        &self.identity.name
    }

    fn status(&self) -> PolicyStatus {
        let breakers: Vec<CircuitBreaker> = {
            let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
            shelf.breakers.values().map(|entry| entry.breaker.clone()).collect()
        };
        let sums: Vec<_> = breakers.iter().map(|breaker| breaker.core.tally.sums()).collect();
        let open = breakers.iter().filter(|breaker| refuses(breaker.state())).count();
        let counters = vec![
            ("keys", breakers.len() as u64),
            ("open", open as u64),
            ("succeeded", sums.iter().map(|sums| sums.succeeded).sum()),
            ("failed", sums.iter().map(|sums| sums.failed).sum()),
            ("refused", sums.iter().map(|sums| sums.refused).sum()),
        ];
        PolicyStatus { kind: self.kind(), name: self.name().clone(), state: "", counters }
    }
}

/// Whether calls are refused, but for probes.
fn refuses(state: CircuitState) -> bool {
    matches!(state, CircuitState::Open | CircuitState::HalfOpen | CircuitState::ForcedOpen)
}

impl<K> Clone for KeyedCircuitBreaker<K> {
    fn clone(&self) -> Self {
        KeyedCircuitBreaker { core: self.core.clone() }
    }
}

impl<K> fmt::Debug for KeyedCircuitBreaker<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedCircuitBreaker").field("name", &self.core.identity.name).finish_non_exhaustive()
    }
}
