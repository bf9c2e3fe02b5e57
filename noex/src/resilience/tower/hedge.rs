//! Hedge as a layer.

use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::call_when_ready;
use crate::resilience::{Hedge, PolicyError, Protected};

/// A service whose slow requests are sent once more: what [`Hedge`] is the layer of. Each run is that of a clone.
#[derive(Clone, Debug)]
pub struct HedgeService<S> {
    hedge: Hedge,
    inner: S,
}

impl<S> Layer<S> for Hedge {
    type Service = HedgeService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        HedgeService { hedge: self.clone(), inner }
    }
}

impl<S, R> Service<R> for HedgeService<S>
where
    S: Service<R> + Clone + Send + 'static,
    R: Clone + Send + 'static,
    S::Response: Send + 'static,
    S::Error: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = PolicyError<S::Error>;
    type Future = Protected<S::Response, S::Error>;

    /// Each run asks the clone that it belongs to.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (hedge, service) = (self.hedge.clone(), self.inner.clone());
        let run = move || call_when_ready(service.clone(), request.clone());
        Box::pin(async move { hedge.execute(run).await })
    }
}
