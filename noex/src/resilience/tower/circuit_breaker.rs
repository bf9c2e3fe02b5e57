//! A circuit breaker around a service.

use std::{
    mem,
    task::{Context, Poll},
};

use tower_layer::Layer;
use tower_service::Service;

use super::super::{CircuitBreaker, PolicyError, Protected};

/// A service behind a [`CircuitBreaker`].
///
/// # Examples
///
/// ```
/// use noex::resilience::{CircuitBreaker, PolicyError};
/// use tower_layer::Layer;
/// use tower_service::Service;
/// # use std::{convert::Infallible, future::{Ready, ready}, task::{Context, Poll}};
/// # #[derive(Clone)] struct Echo;
/// # impl Service<u32> for Echo {
/// #     type Response = u32;
/// #     type Error = Infallible;
/// #     type Future = Ready<Result<u32, Infallible>>;
/// #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> { Poll::Ready(Ok(())) }
/// #     fn call(&mut self, request: u32) -> Self::Future { ready(Ok(request)) }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let breaker = CircuitBreaker::get("echo");
/// let mut echo = breaker.layer(Echo);
/// assert_eq!(echo.call(7).await, Ok(7));
/// breaker.force_open();
/// assert!(matches!(echo.call(7).await, Err(PolicyError::CircuitOpen(_))));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct CircuitBreakerService<S> {
    breaker: CircuitBreaker,
    inner: S,
}

impl<S> Layer<S> for CircuitBreaker {
    type Service = CircuitBreakerService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreakerService { breaker: self.clone(), inner }
    }
}

impl<S, R> Service<R> for CircuitBreakerService<S>
where
    S: Service<R> + Clone + Send + 'static,
    S::Response: Send,
    S::Error: Send,
    S::Future: Send,
    R: Send + 'static,
{
    type Response = S::Response;
    type Error = PolicyError<S::Error>;
    type Future = Protected<S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(PolicyError::Failed)
    }

    fn call(&mut self, request: R) -> Self::Future {
        // The one that is ready goes along; its clone has yet to become ready.
        let clone = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, clone);
        let breaker = self.breaker.clone();
        Box::pin(async move { breaker.execute(|| ready.call(request)).await })
    }
}
