//! Fallback as a layer.

use std::{
    fmt,
    task::{Context, Poll},
};

use tower_layer::Layer;
use tower_service::Service;

use crate::resilience::{Fallback, PolicyError, Protected};

/// A service that something stands in for: what [`Fallback`] is the layer of.
pub struct FallbackService<S, T, E> {
    fallback: Fallback<T, E>,
    inner: S,
}

impl<S, T, E> Layer<S> for Fallback<T, E> {
    type Service = FallbackService<S, T, E>;

    fn layer(&self, inner: S) -> Self::Service {
        FallbackService { fallback: self.clone(), inner }
    }
}

impl<S, R> Service<R> for FallbackService<S, S::Response, S::Error>
where
    S: Service<R>,
    S::Response: Send + 'static,
    S::Error: fmt::Display + Send + Sync + 'static,
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
        if let Err(disposed) = self.fallback.admit() {
            return Box::pin(async { Err(disposed.into()) });
        }
        let (fallback, response) = (self.fallback.clone(), self.inner.call(request));
        Box::pin(async move { fallback.execute(|| response).await })
    }
}

impl<S: Clone, T, E> Clone for FallbackService<S, T, E> {
    fn clone(&self) -> Self {
        FallbackService { fallback: self.fallback.clone(), inner: self.inner.clone() }
    }
}

impl<S: fmt::Debug, T, E> fmt::Debug for FallbackService<S, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallbackService")
            .field("fallback", &self.fallback)
            .field("inner", &self.inner)
            .finish()
    }
}
