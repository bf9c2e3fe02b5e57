//! The handle, and what it shares.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc, Mutex, TryLockError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::time::Instant;

use super::{
    BulkheadOptions, Demand, Entering, Permit,
    adaptive::{Finder, Sample},
    gate::Gate,
    permit::Held,
};
use crate::{
    Name, System,
    process::{attendant::later, door::now},
    resilience::{
        BulkheadFull, Class, ConfigError, FullBy, Identity, NamedError, Policy, PolicyError, PolicyEvent,
        PolicyEvents, PolicyKind, PolicyStatus, Protected, deadline,
    },
};

/// Lets so many operations run at once, and so many wait, so that one part's trouble does not take everybody's tasks,
/// connections and memory.
///
/// A cheap handle; clones share the slots. A slot is free again when its operation is over: done, failed, panicked or
/// dropped. Those who wait are served in order, and a newcomer passes none of them. The defaults are those of the
/// seeds' `Bulkhead`: 10 at once, 100 waiting for up to 30 s.
///
/// Entering and leaving cost one atomic operation each while nobody waits.
///
/// | choose | when |
/// |---|---|
/// | [`QueueOrder::Fifo`](super::QueueOrder::Fifo), a short queue | as a rule; everybody can wait a little, and nobody is passed |
/// | `max_queue(0)` | those who are refused have something better to do, such as a fallback |
/// | [`QueueOrder::Codel`](super::QueueOrder::Codel) | load comes in bursts: a burst is queued, a standing queue is shed |
/// | [`QueueOrder::Lifo`](super::QueueOrder::Lifo) | callers give up after a while: under overload the newest are served in time |
/// | [`Demand::weight`] | operations differ in what they take |
/// | [`Demand::priority`] | some callers matter more: they go first, and last when there is no room |
/// | [`Adaptive`](super::Adaptive) | nobody knows how many are good, or it changes |
///
/// A bulkhead says how many at once; a [`RateLimiter`](crate::resilience::RateLimiter) says how many per second. In
/// front of a service that has become slow, the first one holds and the second does not.
///
/// # Examples
///
/// ```
/// use noex::resilience::{Bulkhead, BulkheadOptions, PolicyError};
/// use std::convert::Infallible;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let api = Bulkhead::new("api", BulkheadOptions::new().max_concurrent(1).max_queue(0))?;
/// assert_eq!(api.execute(async || Ok::<_, Infallible>(7)).await, Ok(7));
///
/// let inside = api.try_enter()?;
/// let refused = api.execute(async || Ok::<_, Infallible>(7)).await;
/// assert!(matches!(refused, Err(PolicyError::BulkheadFull(_))));
/// drop(inside);
/// assert_eq!(api.free_slots(), 1);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Bulkhead {
    core: Arc<Core>,
}

pub(super) struct Core {
    pub(super) identity: Identity,
    pub(super) gate: Gate,
    options: BulkheadOptions,
    finder: Option<Mutex<Finder>>,
    is_disposed: AtomicBool,
    refused: AtomicU64,
    timed_out: AtomicU64,
    shed: AtomicU64,
}

impl Bulkhead {
    /// A bulkhead of its own, which no other call of `new` or [`get`](Bulkhead::get) gives.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the option that makes no sense.
    pub fn new(name: impl Into<Arc<str>>, options: BulkheadOptions) -> Result<Self, ConfigError> {
        Bulkhead::within(Identity::new(PolicyKind::Bulkhead, name, &System::global()), options)
    }

    /// One with this identity, in the table of its system.
    pub(crate) fn within(identity: Identity, options: BulkheadOptions) -> Result<Self, ConfigError> {
        if let Some(fault) = options.fault() {
            return Err(fault.of(&identity.name));
        }
        let first = options.max_concurrent;
        let (refused, timed_out, shed) = Default::default();
        let core = Arc::new(Core {
            identity,
            gate: Gate::new(first as usize, options.max_queue, options.queue),
            options,
            finder: options.adaptive.map(|adaptive| Mutex::new(Finder::new(adaptive, first))),
            is_disposed: AtomicBool::new(false),
            refused,
            timed_out,
            shed,
        });
        if let Some(system) = core.identity.system() {
            system.book().list(&core);
        }
        Ok(Bulkhead { core })
    }

    /// The bulkhead of this name, made with the defaults if there is none.
    #[doc(alias = "get_bulkhead")]
    pub fn get(name: &str) -> Self {
        match Bulkhead::find_or_make(&System::global(), name, None) {
            Ok(bulkhead) => bulkhead,
            Err(_) => unreachable!("the defaults are no error"),
        }
    }

    /// The bulkhead of this name, made with these options if there is none.
    ///
    /// # Errors
    ///
    /// [`NamedError`] when there is one with other options, or these make no sense.
    pub fn get_or_create(name: &str, options: BulkheadOptions) -> Result<Self, NamedError> {
        Bulkhead::find_or_make(&System::global(), name, Some(options))
    }

    /// The one of this name in this system, made with these options if there is none.
    pub(crate) fn shared(system: &System, name: &str, options: BulkheadOptions) -> Result<Self, NamedError> {
        Bulkhead::find_or_make(system, name, Some(options))
    }

    fn find_or_make(
        system: &System,
        name: &str,
        options: Option<BulkheadOptions>,
    ) -> Result<Self, NamedError> {
        let core = system.book().get_or_create(PolicyKind::Bulkhead, name, || {
            let identity = Identity::new(PolicyKind::Bulkhead, name, system);
            Bulkhead::within(identity, options.unwrap_or_default()).map(|bulkhead| bulkhead.core)
        })?;
        match options {
            Some(options) if options != core.options => Err(NamedError::Conflict { policy: name.into() }),
            _ => Ok(Bulkhead { core }),
        }
    }

    /// A place inside, if there is one and nobody waits for it.
    ///
    /// # Errors
    ///
    /// [`BulkheadFull`], at once.
    pub fn try_enter(&self) -> Result<Permit, BulkheadFull> {
        self.try_enter_as(Demand::new())
    }

    /// As [`try_enter`](Bulkhead::try_enter), for what takes more than one slot.
    ///
    /// # Errors
    ///
    /// As [`try_enter`](Bulkhead::try_enter); a weight above the limit is always refused.
    pub fn try_enter_as(&self, demand: Demand) -> Result<Permit, BulkheadFull> {
        if self.core.admit(demand)? {
            Ok(Permit(Held::new(self.core.clone(), demand.weight)))
        } else {
            Err(self.core.refuse(FullBy::Slots))
        }
    }

    /// A place inside, as soon as it is one's turn. It stands in line from now on, not only from the first poll.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it leaves the line.
    ///
    /// # Errors
    ///
    /// [`BulkheadFull`], at once when the queue is full as well, else when `queue_timeout` or the time of the caller of
    /// the handler around it is over.
    pub fn enter(&self) -> Entering {
        self.enter_as(Demand::new())
    }

    /// As [`enter`](Bulkhead::enter), with a weight and a priority.
    ///
    /// # Errors
    ///
    /// As [`enter`](Bulkhead::enter); a weight of 0, and one above the limit, is always refused.
    pub fn enter_as(&self, demand: Demand) -> Entering {
        Entering::new(&self.core, demand)
    }

    /// Runs the operation, on the caller's task, when there is a slot for it.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it leaves the line, or drops the operation and frees its slot.
    ///
    /// # Errors
    ///
    /// [`PolicyError::BulkheadFull`] as from [`enter`](Bulkhead::enter).
    pub async fn execute<T, E, F>(&self, operation: impl FnOnce() -> F) -> Result<T, PolicyError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.execute_as(Demand::new(), Class::of, operation).await
    }

    /// As [`execute`](Bulkhead::execute), with a weight and a priority, and a judge of the outcome from whom an
    /// adaptive limit learns what is an overload: [`Class::TimedOut`], [`Class::Throttled`] and [`Class::Busy`] are.
    ///
    /// # Errors
    ///
    /// As [`execute`](Bulkhead::execute); a weight of 0, and one above the limit, is always refused.
    pub async fn execute_as<T, E, F>(
        &self,
        demand: Demand,
        judge: impl FnOnce(&Result<T, E>) -> Class,
        operation: impl FnOnce() -> F,
    ) -> Result<T, PolicyError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let core = &*self.core;
        let done = match core.admit(demand) {
            Ok(true) => {
                let mut held = Held::new(core, demand.weight);
                let done = operation().await;
                held.finish(judge(&done));
                done
            }
            Ok(false) => {
                let entered = Entering::new(&self.core, demand).await;
                let permit = entered.map_err(|refused| core.as_error(refused))?;
                let done = operation().await;
                permit.finish(judge(&done));
                done
            }
            Err(refused) => return Err(core.as_error(refused)),
        };
        done.map_err(PolicyError::Failed)
    }

    /// A function of which so many run at once. Its future is boxed; [`execute`](Bulkhead::execute) needs no
    /// allocation.
    pub fn wrap<A, T, E, F, W>(&self, function: W) -> impl Fn(A) -> Protected<T, E> + use<A, T, E, F, W>
    where
        A: Send + 'static,
        F: Future<Output = Result<T, E>> + Send,
        W: Fn(A) -> F + Send + Sync + 'static,
    {
        let (bulkhead, function) = (self.clone(), Arc::new(function));
        move |argument| {
            let (bulkhead, function) = (bulkhead.clone(), function.clone());
            Box::pin(async move { bulkhead.execute(|| function(argument)).await })
        }
    }

    /// From now on so many may run at once; at least 1. Those who run more than that go on. An adaptive limit goes on
    /// from its own.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for 0.
    pub fn resize(&self, max_concurrent: u32) -> Result<(), ConfigError> {
        if let Some(fault) = BulkheadOptions::new().max_concurrent(max_concurrent).fault() {
            return Err(fault.of(&self.core.identity.name));
        }
        self.core.resize(max_concurrent as usize);
        Ok(())
    }

    /// How many may run at once.
    pub fn max_concurrent(&self) -> usize {
        self.core.gate.limit()
    }

    /// How many slots are taken.
    pub fn active(&self) -> usize {
        self.core.gate.active()
    }

    /// How many wait.
    pub fn queued(&self) -> usize {
        self.core.gate.queued()
    }

    /// How many slots are free.
    pub fn free_slots(&self) -> usize {
        self.core.gate.limit().saturating_sub(self.active())
    }

    /// How many more may wait.
    pub fn free_places(&self) -> usize {
        self.core.options.max_queue.saturating_sub(self.queued())
    }

    /// Its options, as they were given.
    pub fn options(&self) -> &BulkheadOptions {
        &self.core.options
    }

    /// Its events from now on.
    pub fn events(&self) -> PolicyEvents {
        self.core.identity.listen()
    }

    /// How it stands.
    pub fn status(&self) -> PolicyStatus {
        self.core.status()
    }

    /// Gives up the name, sends away those who wait and refuses whatever comes; operations under way go on. Again, it
    /// does nothing.
    pub fn dispose(&self) {
        let core = &*self.core;
        if !core.is_disposed.swap(true, Ordering::Relaxed) {
            if let Some(system) = core.identity.system() {
                system.book().forget(core);
            }
            core.gate.close();
            core.identity.tell(|| PolicyEvent::Disposed);
        }
    }
}

impl Core {
    /// Enters if there is room and nobody waits: `true`. `false`: there may be a place in line.
    #[inline]
    pub(super) fn admit(&self, demand: Demand) -> Result<bool, BulkheadFull> {
        if self.is_disposed.load(Ordering::Relaxed) {
            return Err(self.refuse(FullBy::Disposed));
        }
        if demand.weight != 1 && (demand.weight == 0 || demand.weight as usize > self.gate.limit()) {
            return Err(self.refuse(FullBy::Weight));
        }
        Ok(self.gate.enter(demand.weight))
    }

    /// Until when one waits who comes now.
    pub(super) fn patience(&self) -> Instant {
        let own = self.options.queue_timeout;
        match deadline::after(Some(own)) {
            Some((at, _)) => at,
            None => later(now(), own),
        }
    }

    pub(super) fn refuse(&self, why: FullBy) -> BulkheadFull {
        let count = match why {
            FullBy::QueueTimeout => &self.timed_out,
            FullBy::Shed => &self.shed,
            _ => &self.refused,
        };
        count.fetch_add(1, Ordering::Relaxed);
        self.identity.tell(|| PolicyEvent::Refused { retry_after: None });
        let (active, queued) = (self.gate.active(), self.gate.queued());
        BulkheadFull { policy: Name::of(&self.identity.name), active, queued, why }
    }

    fn as_error<E>(&self, refused: BulkheadFull) -> PolicyError<E> {
        match refused.why {
            FullBy::Disposed => self.identity.disposed().into(),
            _ => refused.into(),
        }
    }

    /// The clock is only read where somebody learns from it.
    pub(super) fn begin(&self) -> Option<(Instant, usize)> {
        self.finder.as_ref().map(|_| (now(), self.gate.active()))
    }

    /// An adaptive limit learns from one operation, unless another thread is at it: one more or less is no matter.
    pub(super) fn learn(&self, (began, beside): (Instant, usize), class: Class) {
        let is_overloaded = match class {
            Class::TimedOut { .. } | Class::Throttled { .. } | Class::Busy => true,
            Class::Refused | Class::Cancelled | Class::Absent => return,
            _ => false,
        };
        let took = now().saturating_duration_since(began);
        let Some(finder) = &self.finder else { return };
        let limit = match finder.try_lock() {
            Ok(mut finder) => finder.limit_after(Sample { took, beside, is_overloaded }),
            Err(TryLockError::Poisoned(finder)) => {
                finder.into_inner().limit_after(Sample { took, beside, is_overloaded })
            }
            Err(TryLockError::WouldBlock) => return,
        };
        if limit != self.gate.limit() {
            self.resize(limit);
        }
    }

    fn resize(&self, limit: usize) {
        let before = self.gate.resize(limit);
        if before != limit {
            self.identity.tell(|| PolicyEvent::LimitChanged { from: before, to: limit });
        }
    }
}

impl Policy for Core {
    fn kind(&self) -> PolicyKind {
        self.identity.kind
    }

    fn name(&self) -> &Arc<str> {
        &self.identity.name
    }

    fn status(&self) -> PolicyStatus {
        let counters = vec![
            ("limit", self.gate.limit() as u64),
            ("active", self.gate.active() as u64),
            ("queued", self.gate.queued() as u64),
            ("refused", self.refused.load(Ordering::Relaxed)),
            ("timed_out", self.timed_out.load(Ordering::Relaxed)),
            ("shed", self.shed.load(Ordering::Relaxed)),
        ];
        PolicyStatus { kind: self.kind(), name: self.name().clone(), state: "", counters }
    }
}

impl fmt::Debug for Bulkhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulkhead").field("name", &self.core.identity.name).finish_non_exhaustive()
    }
}
