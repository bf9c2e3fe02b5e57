//! Several policies around a closure, as a value.

use std::{
    fmt,
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use super::{
    admission::{BreakerLayer, BulkheadLayer, LimitLayer},
    inner::{FallbackLayer, RetryLayer, TimeoutLayer},
    layer::{Judge, Layer, Outcome, Refusal},
    order::{OrderError, Said, check},
    run::{Layers, Operation, Run},
    shed::ShedLayer,
    straight::straight,
};
use crate::{
    System,
    resilience::{
        Bulkhead, CircuitBreaker, Class, Identity, LoadShedder, PolicyError, PolicyKind, RateLimiter, Retry,
        TimedOut, Timeout,
    },
};

/// What a stack is around ends with.
type Ended<T, E> = Result<T, PolicyError<E>>;

/// Several policies around an operation, the outermost first: the same machine that runs the policies of handlers.
///
/// One error comes out, however many policies there are. A refusal by one of them is neither success nor failure for those
/// outside of it. Clones share the policies, which are shared with whoever else has their handles.
///
/// # Examples
///
/// ```
/// use noex::resilience::{CircuitBreaker, PolicyError, Retry, Stack};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let stack = Stack::<u32, &str>::builder()
///     .fallback(|_| Ok(0))
///     .retry(Retry::get("database"))
///     .circuit_breaker(CircuitBreaker::get("database"))
///     .build()?;
/// let mut runs = 0;
/// let value = stack.execute(|| { runs += 1; async { Err("down") } }).await;
/// assert_eq!((value, runs), (Ok(0), 3));
/// # Ok(()) }
/// ```
pub struct Stack<T, E> {
    layers: Arc<Layers<(), Ended<T, E>>>,
}

impl<T: 'static, E: 'static> Stack<T, E> {
    /// A stack to be filled, the outermost policy first.
    pub fn builder() -> StackBuilder<T, E> {
        StackBuilder { layers: Vec::new(), said: Vec::new(), judge: |_| Class::Transient }
    }

    /// Runs the operation, on the caller's task, inside of all policies.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the operation is dropped, and every policy has back what it gave: no success, no failure.
    ///
    /// # Errors
    ///
    /// [`PolicyError`]: the operation's own error as `Failed`, or which policy refused.
    pub async fn execute<F>(&self, operation: impl FnMut() -> F) -> Ended<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let future = pin!(None);
        let attempts = Attempts { operation, future };
        let mut calls = Calls { layers: &self.layers, has_begun: false, run: None, attempts };
        std::future::poll_fn(|cx| calls.poll(cx)).await
    }
}

/// One call; gives everything back when it is dropped.
struct Calls<'a, T, E, O, F> {
    layers: &'a Layers<(), Ended<T, E>>,
    has_begun: bool,
    /// If it has to wait.
    run: Option<Run<Ended<T, E>>>,
    attempts: Attempts<'a, O, F>,
}

struct Attempts<'a, O, F> {
    operation: O,
    future: Pin<&'a mut Option<F>>,
}

impl<T, E, O: FnMut() -> F, F: Future<Output = Result<T, E>>> Calls<'_, T, E, O, F> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended<T, E>> {
        if !self.has_begun {
            self.has_begun = true;
            let mut ended = None;
            straight(self.layers, None, &mut self.attempts, cx, &mut ended, &mut self.run);
            if let Some(ended) = ended {
                return Poll::Ready(ended);
            }
        }
        let Some(run) = &mut self.run else { panic!("a protected call was polled after it was ready") };
        run.poll(self.layers, &mut self.attempts, cx)
    }
}

impl<T, E, O, F> Drop for Calls<'_, T, E, O, F> {
    fn drop(&mut self) {
        self.attempts.future.set(None);
        if let Some(run) = &mut self.run {
            run.cancel(self.layers, std::thread::panicking());
        }
    }
}

impl<T, E, O: FnMut() -> F, F: Future<Output = Result<T, E>>> Operation<(), Ended<T, E>>
    for Attempts<'_, O, F>
{
    fn request(&self) -> Option<&()> {
        Some(&())
    }

    fn begin(&mut self, _: Option<()>) {
        self.future.set(Some((self.operation)()));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended<T, E>> {
        let Some(future) = self.future.as_mut().as_pin_mut() else { unreachable!("an attempt has begun") };
        let outcome = std::task::ready!(future.poll(cx));
        self.future.set(None);
        Poll::Ready(outcome.map_err(PolicyError::Failed))
    }

    fn abandon(&mut self) -> bool {
        let began = self.future.is_some();
        self.future.set(None);
        began
    }
}

impl<T, E> Outcome for Ended<T, E> {
    fn refused(refusal: Refusal) -> Self {
        Err(match refusal {
            Refusal::CircuitOpen(open) => open.into(),
            Refusal::RateLimited(limited) => limited.into(),
            Refusal::BulkheadFull(full) => full.into(),
            Refusal::Shed(shed) => shed.into(),
            Refusal::Disposed(disposed) => disposed.into(),
        })
    }

    fn timed_out(timed_out: TimedOut, _: bool) -> Self {
        Err(timed_out.into())
    }
}

impl<T, E> Clone for Stack<T, E> {
    fn clone(&self) -> Self {
        Stack { layers: self.layers.clone() }
    }
}

impl<T, E> fmt::Debug for Stack<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("layers", &self.layers.len()).finish()
    }
}

/// A stack in the making: what is said first is outermost.
#[must_use = "a stack is there when it is built"]
pub struct StackBuilder<T, E> {
    layers: Vec<Box<dyn Layer<(), Ended<T, E>>>>,
    said: Vec<Said>,
    judge: fn(&E) -> Class,
}

impl<T: 'static, E: 'static> StackBuilder<T, E> {
    /// How the operation's errors count for the policies that follow; each is `Transient` otherwise.
    pub fn judged_by(mut self, judge: fn(&E) -> Class) -> Self {
        self.judge = judge;
        self
    }

    /// Puts what `instead` gives in the place of an error.
    pub fn fallback(
        self,
        instead: impl Fn(PolicyError<E>) -> Result<T, PolicyError<E>> + Send + Sync + 'static,
    ) -> Self {
        let identity = Identity::new(PolicyKind::Fallback, "stack", &System::global());
        let judge = self.judge();
        let layer = FallbackLayer::new(identity, judge, Box::new(says), move |outcome: Ended<T, E>| {
            outcome.or_else(&instead)
        });
        self.push(PolicyKind::Fallback, "", None, layer)
    }

    /// Limits the time of what is further in.
    pub fn timeout(self, timeout: Timeout) -> Self {
        let (name, limit) = (timeout.status().name, timeout.own_limit());
        self.push(PolicyKind::Timeout, name, Some(limit), TimeoutLayer::of(timeout))
    }

    /// Tries again what fails.
    pub fn retry(self, retry: Retry) -> Self {
        let (name, pause) = (retry.status().name, retry.first_pause());
        let layer = RetryLayer::of(retry, self.judge(), |()| ());
        self.push(PolicyKind::Retry, name, pause, layer)
    }

    /// Refuses while too much fails.
    pub fn circuit_breaker(self, breaker: CircuitBreaker) -> Self {
        let name = breaker.status().name;
        let layer = BreakerLayer::of(breaker, self.judge());
        self.push(PolicyKind::CircuitBreaker, name, None, layer)
    }

    /// Limits the rate.
    pub fn rate_limiter(self, limiter: RateLimiter) -> Self {
        let name = limiter.status().name;
        let layer = LimitLayer::of(limiter, self.judge());
        self.push(PolicyKind::RateLimiter, name, None, layer)
    }

    /// Limits how many run at once.
    pub fn bulkhead(self, bulkhead: Bulkhead) -> Self {
        let name = bulkhead.status().name;
        let layer = BulkheadLayer::of(bulkhead, self.judge());
        self.push(PolicyKind::Bulkhead, name, None, layer)
    }

    /// Turns some away while what is further in does not keep up.
    pub fn load_shedder(self, shedder: LoadShedder) -> Self {
        let name = shedder.status().name;
        let layer = ShedLayer::of(shedder, self.judge());
        self.push(PolicyKind::LoadShedder, name, None, layer)
    }

    /// The stack.
    ///
    /// # Errors
    ///
    /// [`OrderError`] when the order defeats itself.
    pub fn build(self) -> Result<Stack<T, E>, OrderError> {
        check(&self.said)?;
        Ok(Stack { layers: self.layers.into() })
    }

    fn judge(&self) -> Judge<Ended<T, E>> {
        let judge = self.judge;
        Box::new(move |outcome| match outcome {
            Ok(_) => Class::Success,
            Err(error) => error.class_with(judge),
        })
    }

    fn push(
        mut self,
        kind: PolicyKind,
        name: impl Into<Arc<str>>,
        time: Option<Duration>,
        layer: impl Layer<(), Ended<T, E>> + 'static,
    ) -> Self {
        self.said.push(Said { kind, name: name.into(), time });
        self.layers.push(Box::new(layer));
        self
    }
}

impl<T, E> fmt::Debug for StackBuilder<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StackBuilder").field("policies", &self.said).finish()
    }
}

/// The words of a refusal; the operation's own error need not have any.
fn says<T, E>(ended: &Ended<T, E>) -> Option<String> {
    match ended {
        Ok(_) | Err(PolicyError::Failed(_) | PolicyError::FallbackFailed { .. }) => None,
        Err(PolicyError::CircuitOpen(it)) => Some(it.to_string()),
        Err(PolicyError::RateLimited(it)) => Some(it.to_string()),
        Err(PolicyError::BulkheadFull(it)) => Some(it.to_string()),
        Err(PolicyError::TimedOut(it)) => Some(it.to_string()),
        Err(PolicyError::Shed(it)) => Some(it.to_string()),
        Err(PolicyError::Disposed(it)) => Some(it.to_string()),
    }
}
