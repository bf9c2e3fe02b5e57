//! Circuit breaker: what fails again and again is left alone for a while.

mod call;
mod core;
mod gate;
mod keyed;
#[cfg(all(test, noex_loom))]
mod model;
mod monitor;
mod options;
mod rules;
mod sync;
mod tally;
mod turn;
mod window;
mod word;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use self::{
    call::Call,
    core::{Core, wait},
    gate::Entry,
    turn::Command,
};
use super::{
    CircuitState, Class, ConfigError, Counts, Identity, NamedError, Policy, PolicyError, PolicyEvents,
    PolicyKind, PolicyStatus, Protected, TripCause,
};
use crate::{System, process::door::now};

pub use self::{
    call::Isolation,
    keyed::KeyedCircuitBreaker,
    options::{CircuitBreakerOptions, CircuitWindow, HalfOpen},
};
pub(crate) use self::{
    core::{Admission, Denied, Refusal},
    monitor::Monitors,
    word::Pass,
};

/// Refuses calls to what fails again and again, and tries it again after a while.
///
/// A clone is the same breaker.
///
/// ```text
///              failures, rate, slow rate, hint
///     CLOSED ───────────────────────────────▶ OPEN ◀──────────────┐
///        ▲                                     │ first call after │ a probe fails, or is slow;
///        │ enough probes succeed;              │ reset_timeout    │ no success in half_open_timeout
///        │ half_open_timeout over, one         ▼                  │
///        └─ success and no failure ───────── HALF-OPEN ───────────┘
/// ```
///
/// States change when somebody looks: at a call, at [`state`](CircuitBreaker::state). There is no timer, and
/// a closed breaker reads no clock (with a window of time, one each result).
///
/// Each entry into a state is a generation of its own. A result counts only in the generation its call was
/// admitted in: a call that began before the circuit opened and fails after it closed again changes nothing
/// but the counter
/// `late_results`.
///
/// # Which numbers
///
/// | option | little patience | medium | much patience |
/// |---|---|---|---|
/// | `failure_threshold` | 2–3 | 5–10 | 15–20 |
/// | `success_threshold` | 1–2 | 3–5 | 5–10 |
/// | `reset_timeout` | 5–10 s | 30–60 s | 2–5 min |
///
/// Failures in a row tell a service that is down, and forget everything with one success. A service that is
/// half down wants a [`window`](CircuitBreakerOptions::window) with a rate; calls that hang rather than fail
/// want [`slow_call`](CircuitBreakerOptions::slow_call).
///
/// The states are those of Nygard's *Release It!*; windows and slow calls are resilience4j's, waiting for the
/// verdict is cockatiel's.
///
/// In closed state a call costs a few nanoseconds: no lock, no clock, no allocation. With a window, each
/// result takes a lock for a moment.
///
/// # Examples
///
/// ```
/// use noex::resilience::{CircuitBreaker, CircuitBreakerOptions, CircuitState, PolicyError};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::new("database", CircuitBreakerOptions::new().failure_threshold(2))?;
/// for _ in 0..2 {
///     let failed = breaker.execute(async || Err::<(), _>("no connection")).await;
///     assert_eq!(failed, Err(PolicyError::Failed("no connection")));
/// }
/// assert_eq!(breaker.state(), CircuitState::Open);
/// match breaker.execute(async || Ok::<_, &str>(7)).await {
///     Err(PolicyError::CircuitOpen(open)) => {
///         assert!(open.to_string().starts_with("circuit `database` is open (2 failures in a row), try again in "));
///     }
///     other => unreachable!("{other:?}"),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[doc(alias = "getBreaker")]
pub struct CircuitBreaker {
    core: Arc<Core>,
}

impl CircuitBreaker {
    /// A breaker of its own, which no other call of `new` or [`get`](CircuitBreaker::get) gives.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the option that makes no sense.
    pub fn new(name: impl Into<Arc<str>>, options: CircuitBreakerOptions) -> Result<Self, ConfigError> {
        CircuitBreaker::within(Identity::new(PolicyKind::CircuitBreaker, name, &System::global()), options)
    }

    /// One with this identity, in the table of its system.
    pub(crate) fn within(identity: Identity, options: CircuitBreakerOptions) -> Result<Self, ConfigError> {
        if let Some(fault) = options.fault() {
            return Err(fault.of(&identity.name));
        }
        let breaker = CircuitBreaker::unlisted(identity, options);
        if let Some(system) = breaker.core.identity.system() {
            system.book().list(&breaker.core);
        }
        breaker.core.enrol();
        Ok(breaker)
    }

    /// One whose options are in order, and that another policy answers for.
    fn unlisted(identity: Identity, options: CircuitBreakerOptions) -> Self {
        CircuitBreaker { core: Arc::new(Core::new(identity, options)) }
    }

    /// The breaker of this name, made with the defaults if there is none.
    pub fn get(name: &str) -> Self {
        match CircuitBreaker::find_or_make(&System::global(), name, None) {
            Ok(breaker) => breaker,
            Err(_) => unreachable!("the defaults are no error"),
        }
    }

    /// The breaker of this name, made with these options if there is none.
    ///
    /// # Errors
    ///
    /// [`NamedError`] when there is one with other options, or these make no sense.
    pub fn get_or_create(name: &str, options: CircuitBreakerOptions) -> Result<Self, NamedError> {
        CircuitBreaker::find_or_make(&System::global(), name, Some(options))
    }

    /// The one of this name in this system, made with these options if there is none.
    pub(crate) fn shared(
        system: &System,
        name: &str,
        options: CircuitBreakerOptions,
    ) -> Result<Self, NamedError> {
        CircuitBreaker::find_or_make(system, name, Some(options))
    }

    fn find_or_make(
        system: &System,
        name: &str,
        options: Option<CircuitBreakerOptions>,
    ) -> Result<Self, NamedError> {
        let core = system.book().get_or_create(PolicyKind::CircuitBreaker, name, || {
            let identity = Identity::new(PolicyKind::CircuitBreaker, name, system);
            CircuitBreaker::within(identity, options.unwrap_or_default()).map(|breaker| breaker.core)
        })?;
        match options {
            Some(options) if options != core.options => Err(NamedError::Conflict { policy: name.into() }),
            _ => Ok(CircuitBreaker { core }),
        }
    }

    /// Asks for leave to run.
    #[inline]
    pub(crate) fn admit(&self) -> Admission {
        match self.core.gate.pass() {
            Some(pass) => Admission::Pass(pass),
            None => self.admit_unless_open(),
        }
    }

    #[inline]
    fn admit_unless_open(&self) -> Admission {
        let entry = self.core.enter();
        match entry {
            Entry::Pass(pass) => Admission::Pass(pass),
            Entry::Full(_) if self.core.options.waits() => Admission::Wait(Box::pin(wait(self.core.clone()))),
            refused => Admission::Refused(Denied(refused)),
        }
    }

    /// Spells out a refusal, counts and tells it.
    #[inline(always)]
    pub(crate) fn refusal(&self, denied: Denied) -> Refusal {
        self.core.refuse(denied.0)
    }

    /// What became of a call that had leave. `elapsed`: how long it took, where
    /// [`times_calls`](Self::times_calls);
    /// `hint`: how long a pause the service asks for.
    #[inline]
    pub(crate) fn finish(
        &self,
        pass: Pass,
        counts: Counts,
        elapsed: Option<Duration>,
        hint: Option<Duration>,
    ) {
        if counts == Counts::Success && elapsed.is_none() && self.core.gate.is_moot(pass) {
            self.core.tally.succeed();
        } else {
            self.core.take(pass, counts, elapsed, hint);
        }
    }

    /// Whether it wants to know how long calls take.
    #[inline]
    pub(crate) fn times_calls(&self) -> bool {
        self.core.options.slow().is_some()
    }

    /// Runs the operation, on the caller's task, if the circuit lets it. Any `Err` is a failure.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the operation is dropped; that is neither success nor failure, and a probe's place is free
    /// again. When the operation panics, that is a failure, and the panic goes on.
    ///
    /// # Errors
    ///
    /// [`PolicyError::CircuitOpen`] without having run it; what it fails with as [`PolicyError::Failed`].
    pub async fn execute<T, E, F>(&self, operation: impl FnOnce() -> F) -> Result<T, PolicyError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.execute_with(Class::of, operation).await
    }

    /// As [`execute`](CircuitBreaker::execute), where `judge` says how the outcome counts.
    ///
    /// # Errors
    ///
    /// As `execute`.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::resilience::{CircuitBreaker, CircuitBreakerOptions, CircuitState, Class, judge};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::new("users", CircuitBreakerOptions::new().failure_threshold(1))?;
    /// // That nobody is there says nothing against the service.
    /// let known = judge::errors(|error: &&str| if *error == "not found" { Class::Ignored } else { Class::Transient });
    /// let _ = breaker.execute_with(known, async || Err::<(), _>("not found")).await;
    /// assert_eq!(breaker.state(), CircuitState::Closed);
    /// # Ok(()) }
    /// ```
    pub async fn execute_with<T, E, F>(
        &self,
        judge: impl FnOnce(&Result<T, E>) -> Class,
        operation: impl FnOnce() -> F,
    ) -> Result<T, PolicyError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let pass = match self.admit() {
            Admission::Pass(pass) => pass,
            Admission::Refused(denied) => return Err(self.refusal(denied).into()),
            Admission::Wait(verdict) => verdict.await?,
        };
        let mut call = Call::new(self, pass, self.times_calls().then(now));
        let outcome = operation().await;
        let class = judge(&outcome);
        call.end(class);
        outcome.map_err(PolicyError::Failed)
    }

    /// A function that runs this one behind the breaker. Its future is boxed;
    /// [`execute`](CircuitBreaker::execute) needs no allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// # use noex::resilience::CircuitBreaker;
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let find = CircuitBreaker::get("users").wrap(async |id: u32| if id == 7 { Ok("ann") } else { Err("nobody") });
    /// assert_eq!(find(7).await, Ok("ann"));
    /// assert_eq!(tokio::spawn(find(8)).await?.unwrap_err().into_failed(), Ok("nobody"));
    /// # Ok(()) }
    /// ```
    pub fn wrap<A, T, E, F, W>(&self, function: W) -> impl Fn(A) -> Protected<T, E> + use<A, T, E, F, W>
    where
        A: Send + 'static,
        F: Future<Output = Result<T, E>> + Send,
        W: Fn(A) -> F + Send + Sync + 'static,
    {
        let (breaker, function) = (self.clone(), Arc::new(function));
        move |argument| {
            let (breaker, function) = (breaker.clone(), function.clone());
            Box::pin(async move { breaker.execute(|| function(argument)).await })
        }
    }

    /// Its state now. An open circuit whose time is over is open until the first call.
    pub fn state(&self) -> CircuitState {
        let state = self.core.gate.state(|| self.core.now());
        self.core.announce();
        state
    }

    /// What opened it last, if anything did.
    pub fn last_trip(&self) -> Option<TripCause> {
        self.core.gate.cause()
    }

    /// Opens it until [`force_close`](CircuitBreaker::force_close).
    pub fn force_open(&self) {
        self.core.obey(Command::ForceOpen);
    }

    /// Closes it, whatever state it is in, with nothing counted against it; also undoes
    /// [`isolate`](CircuitBreaker::isolate), [`disable`](CircuitBreaker::disable) and
    /// [`observe`](CircuitBreaker::observe).
    pub fn force_close(&self) {
        self.core.obey(Command::Close);
    }

    /// Opens it until the handle is dropped; with several, until the last of them is.
    ///
    /// # Examples
    ///
    /// ```
    /// # use noex::resilience::{CircuitBreaker, CircuitBreakerOptions, CircuitState};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::new("mail", CircuitBreakerOptions::new())?;
    /// let maintenance = breaker.isolate();
    /// assert_eq!(breaker.state(), CircuitState::ForcedOpen);
    /// drop(maintenance);
    /// assert_eq!(breaker.state(), CircuitState::Closed);
    /// # Ok(()) }
    /// ```
    #[must_use = "the circuit closes when this is dropped"]
    pub fn isolate(&self) -> Isolation {
        let epoch = self.core.gate.isolate();
        self.core.announce();
        Isolation { core: self.core.clone(), epoch }
    }

    /// Lets everything pass and counts nothing, until [`enable`](CircuitBreaker::enable).
    pub fn disable(&self) {
        self.core.obey(Command::Disable);
    }

    /// Lets everything pass and counts as ever, until [`enable`](CircuitBreaker::enable): what the circuit would have
    /// refused is told as [`PolicyEvent::WouldRefuse`](super::PolicyEvent) and counted as `would_refuse`. For options
    /// that are to be tried out where refusals would hurt.
    ///
    /// It opens, half-opens and closes unseen, in half-open with the first calls as its probes; only results of calls
    /// that it would have let pass move it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use noex::resilience::{CircuitBreaker, CircuitBreakerOptions, CircuitState, PolicyError};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::new("search", CircuitBreakerOptions::new().failure_threshold(2))?;
    /// breaker.observe();
    /// for _ in 0..5 {
    ///     let failed = breaker.execute(async || Err::<(), _>("no index")).await;
    ///     assert_eq!(failed, Err(PolicyError::Failed("no index")));
    /// }
    /// assert_eq!(breaker.state(), CircuitState::Observed);
    /// assert_eq!(breaker.status().counter("would_refuse"), 3);
    /// # Ok(()) }
    /// ```
    pub fn observe(&self) {
        self.core.obey(Command::Observe);
    }

    /// Closed again, if it was disabled or observed.
    pub fn enable(&self) {
        self.core.obey(Command::Enable);
    }

    /// As new: closed, all counters zero. What runs now does not count any more.
    pub fn reset(&self) {
        self.core.obey(Command::Close);
        self.core.tally.clear();
    }

    /// Its events from now on.
    pub fn events(&self) -> PolicyEvents {
        self.core.enrol();
        self.core.identity.listen()
    }

    /// How it stands: `succeeded`, `failed`, `neutral`, `refused`, `would_refuse` and `late_results` since it was made
    /// or reset; `failures` in a row; `calls`, `failure_per_mille` and `slow_per_mille` of its window.
    pub fn status(&self) -> PolicyStatus {
        let status = self.core.status();
        self.core.announce();
        status
    }

    /// Gives up the name and refuses whatever comes and whoever waits; operations under way go on. Again, it
    /// does nothing.
    pub fn dispose(&self) {
        self.core.dispose();
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker").field("name", &self.core.identity.name).finish_non_exhaustive()
    }
}
