//! Fallback: something else in the place of an error.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{
    Class, Counts, Disposed, Identity, Policy, PolicyError, PolicyEvent, PolicyEvents, PolicyKind,
    PolicyStatus, Protected,
};
use crate::System;

/// Stands in for an operation that failed.
///
/// | made by | stands in |
/// |---|---|
/// | [`value`](Fallback::value) | with a value: the last known price, an empty list |
/// | [`function`](Fallback::function) | with what it makes of the error |
/// | [`operation`](Fallback::operation) | with what a second operation finds, which may fail as well: a cache, another region |
///
/// It belongs outside of all other policies, as it hides what fails further in: outside of a circuit breaker it sees
/// that the circuit is open, and the service is left alone. A retry around it would never have anything to do.
/// Nothing stands in for an operation whose caller has left.
///
/// What stands in is code and no configuration, so that there is no fallback by name, as there is of other policies.
///
/// # Examples
///
/// ```
/// use noex::resilience::Fallback;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let prices = Fallback::value("prices", 100);
/// assert_eq!(prices.execute(async || Err("no quote today")).await, Ok(100));
/// assert_eq!(prices.execute(async || Ok(120)).await, Ok(120));
/// # }
/// ```
pub struct Fallback<T, E> {
    core: Arc<Core>,
    stand_in: Arc<Make<T, E>>,
}

/// From an error to what stands in for it.
type Make<T, E> = dyn Fn(&E) -> StandIn<T, E> + Send + Sync;

/// What a fallback has for an error.
enum StandIn<T, E> {
    Now(T),
    Later(Pin<Box<dyn Future<Output = Result<T, E>> + Send>>),
}

struct Core {
    identity: Identity,
    is_disposed: AtomicBool,
    calls: AtomicU64,
    fell_back: AtomicU64,
    failed: AtomicU64,
}

impl<T, E> Fallback<T, E> {
    /// Stands in with a clone of this value.
    pub fn value(name: impl Into<Arc<str>>, value: T) -> Self
    where
        T: Clone + Send + Sync + 'static,
    {
        Fallback::with(name, move |_| StandIn::Now(value.clone()))
    }

    /// Stands in with what the function makes of the error.
    pub fn function(name: impl Into<Arc<str>>, function: impl Fn(&E) -> T + Send + Sync + 'static) -> Self {
        Fallback::with(name, move |error| StandIn::Now(function(error)))
    }

    /// Stands in with what a second operation finds.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::resilience::{Fallback, PolicyError};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mirror = Fallback::operation("mirror", |_| async { Err::<u32, _>("mirror is down") });
    /// let error = mirror.execute(async || Err("site is down")).await.unwrap_err();
    /// assert!(matches!(error, PolicyError::FallbackFailed { .. }));
    /// assert_eq!(error.to_string(), "mirror is down, after: site is down");
    /// # }
    /// ```
    pub fn operation<F>(
        name: impl Into<Arc<str>>,
        operation: impl Fn(&E) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        Fallback::with(name, move |error| StandIn::Later(Box::pin(operation(error))))
    }

    fn with(
        name: impl Into<Arc<str>>,
        stand_in: impl Fn(&E) -> StandIn<T, E> + Send + Sync + 'static,
    ) -> Self {
        let system = System::global();
        let identity = Identity::new(PolicyKind::Fallback, name, &system);
        let (calls, fell_back, failed) = Default::default();
        let core = Arc::new(Core { identity, is_disposed: AtomicBool::new(false), calls, fell_back, failed });
        system.book().list(&core);
        Fallback { core, stand_in: Arc::new(stand_in) }
    }

    /// Runs the operation, on the caller's task, and what stands in for it if it fails.
    ///
    /// # Cancel safety
    ///
    /// Dropped, whichever of the two runs is dropped.
    ///
    /// # Errors
    ///
    /// [`PolicyError::FallbackFailed`] when both failed.
    pub async fn execute<F>(&self, operation: impl FnOnce() -> F) -> Result<T, PolicyError<E>>
    where
        E: fmt::Display,
        F: Future<Output = Result<T, E>>,
    {
        self.execute_with(Class::of, operation).await
    }

    /// As [`execute`](Fallback::execute), where `judge` says how an outcome counts: nothing stands in for an error that
    /// is an answer ([`Class::Ignored`]), such as that there is no such thing.
    ///
    /// # Errors
    ///
    /// [`PolicyError::FallbackFailed`] when both failed; [`PolicyError::Failed`] with an error that is an answer.
    pub async fn execute_with<F>(
        &self,
        judge: impl Fn(&Result<T, E>) -> Class,
        operation: impl FnOnce() -> F,
    ) -> Result<T, PolicyError<E>>
    where
        E: fmt::Display,
        F: Future<Output = Result<T, E>>,
    {
        self.admit()?;
        self.core.calls.fetch_add(1, Ordering::Relaxed);
        let outcome = operation().await;
        let class = judge(&outcome);
        let original = match outcome {
            Err(error) if class.counts() == Counts::Failure || class.is_unspent() => error,
            outcome => return outcome.map_err(PolicyError::Failed),
        };
        self.core.fell_back(&original);
        let stood_in = match (self.stand_in)(&original) {
            StandIn::Now(value) => return Ok(value),
            StandIn::Later(operation) => operation.await,
        };
        stood_in.map_err(|error| {
            self.core.failed.fetch_add(1, Ordering::Relaxed);
            PolicyError::FallbackFailed {
                fallback: Box::new(PolicyError::Failed(error)),
                original: Box::new(PolicyError::Failed(original)),
            }
        })
    }

    /// A function that something stands in for when it fails.
    ///
    /// # Examples
    ///
    /// ```
    /// # use noex::resilience::Fallback;
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let double = Fallback::value("most", u32::MAX).wrap(async |number: u32| number.checked_mul(2).ok_or("too large"));
    /// assert_eq!(double(4).await, Ok(8));
    /// assert_eq!(tokio::spawn(double(u32::MAX)).await?, Ok(u32::MAX));
    /// # Ok(()) }
    /// ```
    pub fn wrap<A, F, W>(&self, function: W) -> impl Fn(A) -> Protected<T, E> + use<A, T, E, F, W>
    where
        A: Send + 'static,
        T: Send + 'static,
        E: fmt::Display + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send,
        W: Fn(A) -> F + Send + Sync + 'static,
    {
        let (fallback, function) = (self.clone(), Arc::new(function));
        move |argument| {
            let (fallback, function) = (fallback.clone(), function.clone());
            Box::pin(async move { fallback.execute(|| function(argument)).await })
        }
    }

    pub(crate) fn admit(&self) -> Result<(), Disposed> {
        match self.core.is_disposed.load(Ordering::Relaxed) {
            true => Err(self.core.identity.disposed()),
            false => Ok(()),
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

    /// Refuses whatever comes; operations under way go on. Again, it does nothing.
    pub fn dispose(&self) {
        if !self.core.is_disposed.swap(true, Ordering::Relaxed) {
            self.core.identity.tell(|| PolicyEvent::Disposed);
        }
    }
}

impl Core {
    #[cold]
    fn fell_back(&self, error: &impl fmt::Display) {
        self.fell_back.fetch_add(1, Ordering::Relaxed);
        self.identity.tell(|| PolicyEvent::FellBack { error: error.to_string().into() });
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
            ("fell_back", self.fell_back.load(Ordering::Relaxed)),
            ("failed", self.failed.load(Ordering::Relaxed)),
        ];
        PolicyStatus { kind: self.kind(), name: self.name().clone(), state: "", counters }
    }
}

impl<T, E> Clone for Fallback<T, E> {
    fn clone(&self) -> Self {
        Fallback { core: self.core.clone(), stand_in: self.stand_in.clone() }
    }
}

impl<T, E> fmt::Debug for Fallback<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback").field("name", &self.core.identity.name).finish_non_exhaustive()
    }
}
