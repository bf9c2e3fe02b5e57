//! Hedge: a slow operation is started once more, and the first answer wins.

mod latency;
mod options;

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

pub use options::HedgeOptions;
use tokio::time::Sleep;

use self::latency::Latencies;
use super::{
    ConfigError, Identity, NamedError, Policy, PolicyError, PolicyEvent, PolicyEvents, PolicyKind,
    PolicyStatus, Protected, budget::Budget,
};
use crate::{
    System,
    process::door::{now, sleep_until},
};

/// Starts an operation that is slow once more beside the first run, and takes the first that succeeds.
///
/// **Only for operations that can be run twice**: reads, or writes that are the same when repeated. All runs are
/// polled by the caller's own task; whichever loses is dropped before the result is returned. It is for the few slow
/// ones among many quick ones, where the second run most likely meets another machine or another moment. Against
/// failures there is [`Retry`](super::Retry): a run that fails before there is another one ends the call. When all
/// fail, the error is that of the first run.
///
/// A service that is slow because it is overloaded must not get twice the load: the extra runs have a
/// [budget](HedgeOptions::budget), 5 % of the calls.
///
/// The idea is that of "The Tail at Scale" by Dean and Barroso; the words are those of gRPC.
///
/// # Examples
///
/// ```
/// use noex::resilience::{Hedge, HedgeOptions};
/// use std::{cell::Cell, time::Duration};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hedge = Hedge::new("search", HedgeOptions::new().delay(Duration::from_millis(20)))?;
/// let runs = Cell::new(0);
/// let found = hedge.execute(async || {
///     runs.set(runs.get() + 1);
///     if runs.get() == 1 { std::future::pending().await }
///     Ok::<_, String>("a lamp")
/// });
/// assert_eq!(found.await, Ok("a lamp"));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Hedge {
    core: Arc<Core>,
}

struct Core {
    identity: Identity,
    options: HedgeOptions,
    budget: Arc<Budget>,
    /// Only where a quantile of them is wanted.
    latencies: Option<Latencies>,
    is_disposed: AtomicBool,
    calls: AtomicU64,
    hedged: AtomicU64,
    won: AtomicU64,
    budget_spent: AtomicU64,
}

impl Hedge {
    /// A hedge of its own, which no other call of `new` or [`get`](Hedge::get) gives.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the option that makes no sense.
    pub fn new(name: impl Into<Arc<str>>, options: HedgeOptions) -> Result<Self, ConfigError> {
        Hedge::within(Identity::new(PolicyKind::Hedge, name, &System::global()), options)
    }

    /// One with this identity, in the table of its system.
    pub(crate) fn within(identity: Identity, options: HedgeOptions) -> Result<Self, ConfigError> {
        let budget = Hedge::prepare(&identity, options)?;
        Ok(Hedge::make(identity, options, budget))
    }

    /// A shared budget is looked up before anything else, as it has a name in the same book.
    fn prepare(identity: &Identity, options: HedgeOptions) -> Result<Arc<Budget>, ConfigError> {
        match options.fault() {
            Some(fault) => Err(fault.of(&identity.name)),
            None => options.budget.open(identity),
        }
    }

    fn make(identity: Identity, options: HedgeOptions, budget: Arc<Budget>) -> Self {
        let latencies = options.quantile.map(|_| Latencies::new());
        let (calls, hedged, won, budget_spent) = Default::default();
        let is_disposed = AtomicBool::new(false);
        let core =
            Core { identity, options, budget, latencies, is_disposed, calls, hedged, won, budget_spent };
        let core = Arc::new(core);
        if let Some(system) = core.identity.system() {
            system.book().list(&core);
        }
        Hedge { core }
    }

    /// The hedge of this name, made with the defaults if there is none.
    pub fn get(name: &str) -> Self {
        match Hedge::find_or_make(name, None) {
            Ok(hedge) => hedge,
            Err(_) => unreachable!("the defaults are no error"),
        }
    }

    /// The hedge of this name, made with these options if there is none.
    ///
    /// # Errors
    ///
    /// [`NamedError`] when there is one with other options, or these make no sense.
    pub fn get_or_create(name: &str, options: HedgeOptions) -> Result<Self, NamedError> {
        Hedge::find_or_make(name, Some(options))
    }

    fn find_or_make(name: &str, options: Option<HedgeOptions>) -> Result<Self, NamedError> {
        let system = System::global();
        let identity = Identity::new(PolicyKind::Hedge, name, &system);
        let made_with = options.unwrap_or_default();
        let budget = Hedge::prepare(&identity, made_with)?;
        let core = system.book().get_or_create(PolicyKind::Hedge, name, || {
            Ok::<_, NamedError>(Hedge::make(identity, made_with, budget).core)
        })?;
        match options {
            Some(options) if options != core.options => Err(NamedError::Conflict { policy: name.into() }),
            _ => Ok(Hedge { core }),
        }
    }

    /// Runs the operation, on the caller's task, and further runs beside it when it takes long.
    ///
    /// # Cancel safety
    ///
    /// Dropped, all runs are dropped.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Failed`] with the error of the first run, when none succeeded.
    pub async fn execute<T, E, F>(&self, mut operation: impl FnMut() -> F) -> Result<T, PolicyError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let core = &*self.core;
        if core.is_disposed.load(Ordering::Relaxed) {
            return Err(core.identity.disposed().into());
        }
        self.begin();
        let begun = core.latencies.as_ref().map(|_| now());
        let outcome = {
            let mut first = pin!(operation());
            let mut first_error = None;
            // Most calls need none, so that none is prepared.
            let mut extras: Vec<Pin<Box<F>>> = Vec::new();
            let mut may_start = core.options.max_extra;
            let mut clock = None;
            poll_fn(|cx| {
                if first_error.is_none() {
                    match first.as_mut().poll(cx) {
                        Poll::Ready(Ok(value)) => return Poll::Ready(Ok(value)),
                        Poll::Ready(Err(error)) => first_error = Some(error),
                        Poll::Pending => {}
                    }
                }
                // Those that run, and then those that start now.
                let mut at = 0;
                loop {
                    let Some(extra) = extras.get_mut(at) else {
                        if extras.is_empty()
                            && let Some(error) = first_error.take()
                        {
                            return Poll::Ready(Err(error));
                        }
                        if may_start == 0 || core.poll_delay(&mut clock, cx).is_pending() {
                            return Poll::Pending;
                        }
                        if !core.may_hedge(core.options.max_extra - may_start + 1) {
                            may_start = 0;
                            return Poll::Pending;
                        }
                        (may_start, clock) = (may_start - 1, None);
                        extras.push(Box::pin(operation()));
                        continue;
                    };
                    match extra.as_mut().poll(cx) {
                        Poll::Ready(Ok(value)) => {
                            self.has_won();
                            return Poll::Ready(Ok(value));
                        }
                        Poll::Ready(Err(_)) => drop(extras.swap_remove(at)),
                        Poll::Pending => at += 1,
                    }
                }
            })
            .await
        };
        if let (Some(latencies), Some(begun)) = (&core.latencies, begun) {
            // Of a first run that lost it is known that it would have taken longer.
            latencies.note(now() - begun);
        }
        outcome.map_err(PolicyError::Failed)
    }

    /// A function that is run once more when it is slow. Its argument is cloned for each run.
    ///
    /// # Examples
    ///
    /// ```
    /// # use noex::resilience::{Hedge, PolicyError};
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let double = Hedge::get("arithmetic").wrap(async |number: u32| number.checked_mul(2).ok_or("too large"));
    /// assert_eq!(double(4).await, Ok(8));
    /// assert_eq!(tokio::spawn(double(u32::MAX)).await?, Err(PolicyError::Failed("too large")));
    /// # Ok(()) }
    /// ```
    pub fn wrap<A, T, E, F, W>(&self, function: W) -> impl Fn(A) -> Protected<T, E> + use<A, T, E, F, W>
    where
        A: Clone + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
        F: Future<Output = Result<T, E>> + Send,
        W: Fn(A) -> F + Send + Sync + 'static,
    {
        let (hedge, function) = (self.clone(), Arc::new(function));
        move |argument| {
            let (hedge, function) = (hedge.clone(), function.clone());
            Box::pin(async move { hedge.execute(move || function(argument.clone())).await })
        }
    }

    /// One more call; what it pays into the budget.
    pub(crate) fn begin(&self) {
        self.core.calls.fetch_add(1, Ordering::Relaxed);
        self.core.budget.deposit();
    }

    /// How many further runs a call may have.
    pub(crate) fn max_extra(&self) -> u32 {
        self.core.options.max_extra
    }

    /// Ready when it is time for a further run.
    pub(crate) fn poll_delay(&self, clock: &mut Option<Pin<Box<Sleep>>>, cx: &mut Context<'_>) -> Poll<()> {
        self.core.poll_delay(clock, cx)
    }

    /// Whether the budget pays for the further run of this number.
    pub(crate) fn may_run(&self, extra: u32) -> bool {
        self.core.may_hedge(extra)
    }

    /// A further run was first.
    pub(crate) fn has_won(&self) {
        self.core.won.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether it wants to know how long calls take.
    pub(crate) fn notes_latency(&self) -> bool {
        self.core.latencies.is_some()
    }

    /// How long a call took.
    pub(crate) fn note(&self, took: Duration) {
        if let Some(latencies) = &self.core.latencies {
            latencies.note(took);
        }
    }

    /// Its events from now on.
    pub fn events(&self) -> PolicyEvents {
        self.core.identity.listen()
    }

    /// How it stands.
    pub fn status(&self) -> PolicyStatus {
        self.core.status()
    }

    /// After how long a further run starts, as of now.
    pub fn delay(&self) -> Duration {
        self.core.delay()
    }

    /// Gives up the name and refuses whatever comes; calls under way go on. Again, it does nothing.
    pub fn dispose(&self) {
        if !self.core.is_disposed.swap(true, Ordering::Relaxed) {
            if let Some(system) = self.core.identity.system() {
                system.book().forget(&*self.core);
            }
            self.core.identity.tell(|| PolicyEvent::Disposed);
        }
    }
}

impl Core {
    fn delay(&self) -> Duration {
        let measured = self.latencies.as_ref().zip(self.options.quantile);
        measured
            .and_then(|(latencies, part)| latencies.quantile(part, self.options.warm_up))
            .unwrap_or(self.options.delay)
    }

    /// Waits until a further run may start. `clock` is that of the wait, if it has begun.
    fn poll_delay(&self, clock: &mut Option<Pin<Box<Sleep>>>, cx: &mut Context<'_>) -> Poll<()> {
        if clock.is_none() {
            let delay = self.delay();
            // A timer would wait for its driver's turn, even with nothing to wait for.
            if delay.is_zero() {
                return Poll::Ready(());
            }
            // What the clock cannot count to never comes.
            let Some(at) = now().checked_add(delay) else { return Poll::Pending };
            *clock = Some(sleep_until(at, None));
        }
        clock.as_mut().map_or(Poll::Pending, |clock| clock.as_mut().poll(cx))
    }

    /// Pays for a further run.
    fn may_hedge(&self, extra: u32) -> bool {
        let may = self.budget.withdraw(1);
        if may {
            self.hedged.fetch_add(1, Ordering::Relaxed);
            self.identity.tell(|| PolicyEvent::Hedged { extra });
        } else {
            self.budget_spent.fetch_add(1, Ordering::Relaxed);
            self.identity.tell(|| PolicyEvent::BudgetSpent { attempt: extra });
        }
        may
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
            ("calls", self.calls.load(Ordering::Relaxed)),
            ("hedged", self.hedged.load(Ordering::Relaxed)),
            ("won", self.won.load(Ordering::Relaxed)),
            ("budget_spent", self.budget_spent.load(Ordering::Relaxed)),
        ];
        PolicyStatus { kind: self.kind(), name: self.name().clone(), state: "", counters }
    }
}

impl fmt::Debug for Hedge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hedge").field("name", &self.core.identity.name).finish_non_exhaustive()
    }
}
