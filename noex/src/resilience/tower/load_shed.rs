//! A load shedder around a service.

use std::{
    mem,
    task::{Context, Poll},
};

use tower_layer::Layer;
use tower_service::Service;

use super::super::{LoadShedder, PolicyError, Protected};

/// A service behind a [`LoadShedder`]: some requests are turned away.
#[derive(Clone, Debug)]
pub struct LoadShedderService<S> {
    shedder: LoadShedder,
    inner: S,
}

impl<S> Layer<S> for LoadShedder {
    type Service = LoadShedderService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        LoadShedderService { shedder: self.clone(), inner }
    }
}

impl<S, R> Service<R> for LoadShedderService<S>
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
        let shedder = self.shedder.clone();
        Box::pin(async move { shedder.execute(|| ready.call(request)).await })
    }
}
