//! Time-out as a layer.

use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use crate::resilience::{PolicyError, Protected, Timeout};

/// A service whose requests may take only so long: what [`Timeout`] is the layer of.
#[derive(Clone, Debug)]
pub struct TimeoutService<S> {
    timeout: Timeout,
    inner: S,
}

impl<S> Layer<S> for Timeout {
    type Service = TimeoutService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TimeoutService { timeout: self.clone(), inner }
    }
}

impl<S, R> Service<R> for TimeoutService<S>
where
    S: Service<R>,
    S::Response: 'static,
    S::Error: 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = PolicyError<S::Error>;
    type Future = Protected<S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(PolicyError::Failed)
    }

    fn call(&mut self, request: R) -> Self::Future {
        // A request that is refused does not reach the service.
        if let Err(disposed) = self.timeout.admit() {
            return Box::pin(async { Err(disposed.into()) });
        }
        let (timeout, response) = (self.timeout.clone(), self.inner.call(request));
        Box::pin(async move { timeout.execute(|| response).await })
    }
}
