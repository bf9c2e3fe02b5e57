//! Retry: an operation that failed is run again.

mod attempts;
mod backoff;
mod options;
mod pattern;

use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

pub(crate) use attempts::Attempts;
pub(crate) use attempts::Next;
pub use options::{Jitter, RetryOptions};
pub use pattern::{ErrorPatterns, Pattern, regex};

use self::pattern::{NoPattern, Patterns};
use super::{
    Class, ConfigError, Fault, Identity, NamedError, Policy, PolicyError, PolicyEvents, PolicyKind,
    PolicyStatus, Protected, budget::Budget, dice::Dice,
};
use crate::{
    System,
    process::door::{now, sleep_until},
};

/// Runs an operation again when it failed, after a while that grows with each failure.
///
/// Which outcomes are worth another attempt: with [`execute`](Retry::execute) all errors, or those that one of the
/// patterns of [`retryable_errors`](RetryOptions::retryable_errors) matches; with
/// [`execute_with`](Retry::execute_with) what a judge says: one of [`judge`](super::judge), such as
/// [`retry_if`](super::judge::retry_if). The last outcome is the call's, unchanged.
///
/// It ends early, with the last outcome at once: when the next attempt would begin after the caller's deadline or
/// after [`max_elapsed`](RetryOptions::max_elapsed), since nobody is helped by a sleep that ends in a time-out; when the
/// [budget](super::BudgetOptions) is spent; when the service says "never". A service that says when
/// ([`Class::Throttled`]) is not asked before.
///
/// # Which options when
///
/// | the operation | options |
/// |---|---|
/// | reads, or can be repeated | the defaults, `idempotent(true)` |
/// | may not run twice | leave `idempotent` out, and judge by [`Class`]; on a handler, `dedupe` |
/// | is called by many clients | [`Jitter::Full`], or they all come back at the same moment |
/// | belongs to a service that others depend on | a [budget](super::BudgetOptions), or an outage grows by all attempts of all clients |
/// | is somebody's request | a [`Timeout`](super::Timeout) around the retry: patience for all attempts together |
/// | hangs at times | a [`Timeout`](super::Timeout) inside as well: one attempt cannot use the patience up |
/// | is protected by a circuit breaker | the retry outside of the breaker, with [`judge::nested`](super::judge::nested): an open circuit is not tried again |
///
/// The defaults are those of the seeds' `Retry`; the rules of deadline and budget those of gRPC and the AWS clients.
///
/// # Examples
///
/// ```
/// use noex::resilience::{Retry, RetryOptions};
/// use std::{cell::Cell, time::Duration};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let retry = Retry::new("catalog", RetryOptions::new().initial_delay(Duration::from_millis(100)))?;
/// let runs = Cell::new(0);
/// let found = retry.execute(async || {
///     runs.set(runs.get() + 1);
///     if runs.get() < 3 { Err("network error") } else { Ok("a lamp") }
/// });
/// assert_eq!(found.await, Ok("a lamp"));
/// assert_eq!(runs.get(), 3);
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[doc(alias = "Retrier")]
pub struct Retry {
    core: Arc<Core>,
}

pub(crate) struct Core {
    identity: Identity,
    options: RetryOptions,
    patterns: Patterns,
    budget: Option<Arc<Budget>>,
    dice: Dice,
    is_disposed: AtomicBool,
    calls: AtomicU64,
    retries: AtomicU64,
    recovered: AtomicU64,
    exhausted: AtomicU64,
    not_retryable: AtomicU64,
    budget_spent: AtomicU64,
}

impl Retry {
    /// A retry of its own, which no other call of `new` or [`get`](Retry::get) gives.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the option that makes no sense.
    pub fn new(name: impl Into<Arc<str>>, options: RetryOptions) -> Result<Self, ConfigError> {
        Retry::within(Identity::new(PolicyKind::Retry, name, &System::global()), options)
    }

    /// One with this identity, in the table of its system.
    pub(crate) fn within(identity: Identity, options: RetryOptions) -> Result<Self, ConfigError> {
        Prepared::new(identity, options).map(Prepared::make)
    }

    /// The retry of this name, made with the defaults if there is none.
    #[doc(alias = "getRetrier")]
    #[doc(alias = "get_retrier")]
    pub fn get(name: &str) -> Self {
        match Retry::find_or_make(name, None) {
            Ok(retry) => retry,
            Err(_) => unreachable!("the defaults are no error"),
        }
    }

    /// The retry of this name, made with these options if there is none.
    ///
    /// # Errors
    ///
    /// [`NamedError`] when there is one with other options, or these make no sense.
    pub fn get_or_create(name: &str, options: RetryOptions) -> Result<Self, NamedError> {
        Retry::find_or_make(name, Some(options))
    }

    fn find_or_make(name: &str, options: Option<RetryOptions>) -> Result<Self, NamedError> {
        let system = System::global();
        // A shared budget has a name of its own to be looked up, and only one can be at a time.
        let identity = Identity::new(PolicyKind::Retry, name, &system);
        let prepared = Prepared::new(identity, options.unwrap_or_default())?;
        let core = system
            .book()
            .get_or_create(PolicyKind::Retry, name, || Ok::<_, NamedError>(prepared.make().core))?;
        match options {
            Some(options) if options != core.options => Err(NamedError::Conflict { policy: name.into() }),
            _ => Ok(Retry { core }),
        }
    }

    /// Runs the operation, on the caller's task, until it succeeds or there is no further attempt. Every error is
    /// worth another one, unless there are [`retryable_errors`](RetryOptions::retryable_errors) and none matches.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it does not run the operation again.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Failed`] with the error of the last attempt.
    pub async fn execute<T, E, F>(&self, operation: impl FnMut() -> F) -> Result<T, PolicyError<E>>
    where
        E: fmt::Display,
        F: Future<Output = Result<T, E>>,
    {
        let judge = |outcome: &Result<T, E>| match outcome {
            Err(error) if !self.core.patterns.match_error(error) => Class::Permanent,
            outcome => Class::of(outcome),
        };
        self.execute_with(judge, operation).await
    }

    /// As [`execute`](Retry::execute), where `judge` says how an outcome counts. The patterns are not asked.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Failed`] with the error of the last attempt.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::resilience::{PolicyError, Retry, judge};
    ///
    /// #[derive(Debug, PartialEq)]
    /// enum Error { Timeout, Denied }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let timeouts = judge::retry_if(|error| *error == Error::Timeout);
    /// let denied = Retry::get("door").execute_with(timeouts, async || Err::<(), _>(Error::Denied)).await;
    /// assert_eq!(denied, Err(PolicyError::Failed(Error::Denied)));
    /// # }
    /// ```
    pub async fn execute_with<T, E, F>(
        &self,
        judge: impl Fn(&Result<T, E>) -> Class,
        mut operation: impl FnMut() -> F,
    ) -> Result<T, PolicyError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        if self.core.is_disposed.load(Ordering::Relaxed) {
            return Err(self.core.identity.disposed().into());
        }
        let mut attempts = self.core.attempts();
        loop {
            // What failed is gone before the wait, with whatever it holds.
            let after = {
                let outcome = operation().await;
                match self.core.next(&mut attempts, judge(&outcome)) {
                    Next::Stop => return outcome.map_err(PolicyError::Failed),
                    Next::After(after) => after,
                }
            };
            pause(after).await;
        }
    }

    /// A function that runs this one again when it fails. Its argument is cloned for each attempt but the last. Its
    /// future is boxed; [`execute`](Retry::execute) needs no allocation but for the timer of a back-off.
    ///
    /// # Examples
    ///
    /// ```
    /// # use noex::resilience::{PolicyError, Retry};
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let double = Retry::get("arithmetic").wrap(async |number: u32| number.checked_mul(2).ok_or("too large"));
    /// assert_eq!(double(4).await, Ok(8));
    /// assert_eq!(tokio::spawn(double(u32::MAX)).await?, Err(PolicyError::Failed("too large")));
    /// # Ok(()) }
    /// ```
    pub fn wrap<A, T, E, F, W>(&self, function: W) -> impl Fn(A) -> Protected<T, E> + use<A, T, E, F, W>
    where
        A: Clone + Send + 'static,
        E: fmt::Display,
        F: Future<Output = Result<T, E>> + Send,
        W: Fn(A) -> F + Send + Sync + 'static,
    {
        let (retry, function) = (self.clone(), Arc::new(function));
        move |argument| {
            let (retry, function) = (retry.clone(), function.clone());
            let (mut argument, mut left) = (Some(argument), retry.core.options.max_attempts);
            let run = move || {
                left -= 1;
                let argument = if left == 0 { argument.take() } else { argument.clone() };
                function(argument.expect("only the last attempt takes it"))
            };
            Box::pin(async move { retry.execute(run).await })
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

    /// Gives up the name and refuses whatever comes; calls under way go on. Again, it does nothing.
    pub fn dispose(&self) {
        if !self.core.is_disposed.swap(true, Ordering::Relaxed) {
            if let Some(system) = self.core.identity.system() {
                system.book().forget(&*self.core);
            }
            self.core.identity.tell(|| super::PolicyEvent::Disposed);
        }
    }

    /// For one call: what [`next`](Retry::next) needs. In the first poll, because the deadline is that of whoever
    /// polls.
    pub(crate) fn attempts(&self) -> Attempts {
        self.core.attempts()
    }

    /// After each attempt, with how it counts: whether there is another. Tells the events, pays from the budget.
    pub(crate) fn next(&self, attempts: &mut Attempts, class: Class) -> Next {
        self.core.next(attempts, class)
    }

    /// How long the first pause is, unless chance says.
    pub(crate) fn first_pause(&self) -> Option<Duration> {
        (self.core.options.jitter == Jitter::None).then_some(self.core.options.initial_delay)
    }

    /// Whether the attempt about to begin is the last one.
    pub(crate) fn is_last(&self, attempts: &Attempts) -> bool {
        attempts.is_last(&self.core.options)
    }
}

/// Waits between two attempts; with 0, until other tasks have run.
pub(crate) async fn pause(after: Duration) {
    match now().checked_add(after) {
        Some(at) if !after.is_zero() => sleep_until(at, None).await,
        _ => tokio::task::yield_now().await,
    }
}

/// Options that make sense, before anything is in a table.
struct Prepared {
    identity: Identity,
    options: RetryOptions,
    patterns: Patterns,
    budget: Option<Arc<Budget>>,
}

impl Prepared {
    fn new(identity: Identity, options: RetryOptions) -> Result<Self, ConfigError> {
        if let Some(fault) = options.fault() {
            return Err(fault.of(&identity.name));
        }
        let patterns = Patterns::new(options.retryable_errors).map_err(|NoPattern| {
            Fault { option: "retryable_errors", rule: "one of them is no regular expression" }
                .of(&identity.name)
        })?;
        let budget = options.budget.map(|budget| budget.open(&identity)).transpose()?;
        Ok(Prepared { identity, options, patterns, budget })
    }

    fn make(self) -> Retry {
        let Prepared { identity, options, patterns, budget } = self;
        let (calls, retries, recovered, exhausted, not_retryable, budget_spent) = Default::default();
        let core = Arc::new(Core {
            identity,
            options,
            patterns,
            budget,
            dice: Dice::new(options.seed),
            is_disposed: AtomicBool::new(false),
            calls,
            retries,
            recovered,
            exhausted,
            not_retryable,
            budget_spent,
        });
        if let Some(system) = core.identity.system() {
            system.book().list(&core);
        }
        Retry { core }
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
            ("retries", self.retries.load(Ordering::Relaxed)),
            ("recovered", self.recovered.load(Ordering::Relaxed)),
            ("exhausted", self.exhausted.load(Ordering::Relaxed)),
            ("not_retryable", self.not_retryable.load(Ordering::Relaxed)),
            ("budget_spent", self.budget_spent.load(Ordering::Relaxed)),
        ];
        PolicyStatus { kind: self.kind(), name: self.name().clone(), state: "", counters }
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry").field("name", &self.core.identity.name).finish_non_exhaustive()
    }
}
