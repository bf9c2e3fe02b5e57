//! A bulkhead around a service.

use std::{
    mem,
    task::{Context, Poll},
};

use tower_layer::Layer;
use tower_service::Service;

use super::super::{Bulkhead, PolicyError, Protected};

/// A service behind a [`Bulkhead`]: a request waits for a slot.
#[derive(Clone, Debug)]
pub struct BulkheadService<S> {
    bulkhead: Bulkhead,
    inner: S,
}

impl<S> Layer<S> for Bulkhead {
    type Service = BulkheadService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BulkheadService { bulkhead: self.clone(), inner }
    }
}

impl<S, R> Service<R> for BulkheadService<S>
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
        let bulkhead = self.bulkhead.clone();
        Box::pin(async move { bulkhead.execute(|| ready.call(request)).await })
    }
}
