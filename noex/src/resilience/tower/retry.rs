//! Retry as a layer.

use std::{
    fmt,
    task::{Context, Poll},
};

use tower_layer::Layer;
use tower_service::Service;

use super::call_when_ready;
use crate::resilience::{Class, PolicyError, Protected, Retry};

/// A service whose requests are sent again when they fail: what [`Retry`] and [`RetryLayer`] are layers of. Each
/// attempt is that of a clone.
#[derive(Clone)]
pub struct RetryService<S, J = ()> {
    retry: Retry,
    judge: J,
    inner: S,
}

/// A judge, apart from there being none.
#[derive(Clone)]
pub struct Judged<J>(J);

/// A [`Retry`] as a layer whose outcomes a judge looks at: [`Retry::layer_with`].
///
/// # Examples
///
/// ```
/// use noex::resilience::{Retry, Timeout, judge};
/// use tower_layer::Layer;
///
/// // Around another policy: what that one refuses is not sent again.
/// let retry = Retry::get("orders").layer_with(judge::nested::<String, String>);
/// # let service = ();
/// let service = retry.layer(Timeout::get("orders").layer(service));
/// # let _ = service;
/// ```
#[derive(Clone)]
pub struct RetryLayer<J> {
    retry: Retry,
    judge: J,
}

impl Retry {
    /// A layer where `judge` says how an outcome counts.
    pub fn layer_with<J>(&self, judge: J) -> RetryLayer<J> {
        RetryLayer { retry: self.clone(), judge }
    }
}

impl<S> Layer<S> for Retry {
    type Service = RetryService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RetryService { retry: self.clone(), judge: (), inner }
    }
}

impl<S, J: Clone> Layer<S> for RetryLayer<J> {
    type Service = RetryService<S, Judged<J>>;

    fn layer(&self, inner: S) -> Self::Service {
        RetryService { retry: self.retry.clone(), judge: Judged(self.judge.clone()), inner }
    }
}

impl<S, R> Service<R> for RetryService<S, ()>
where
    S: Service<R> + Clone + Send + 'static,
    R: Clone + Send + 'static,
    S::Response: 'static,
    S::Error: fmt::Display + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = PolicyError<S::Error>;
    type Future = Protected<S::Response, S::Error>;

    /// Each attempt asks the clone that it belongs to.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (retry, service) = (self.retry.clone(), self.inner.clone());
        let run = move || call_when_ready(service.clone(), request.clone());
        Box::pin(async move { retry.execute(run).await })
    }
}

impl<S, R, J> Service<R> for RetryService<S, Judged<J>>
where
    S: Service<R> + Clone + Send + 'static,
    R: Clone + Send + 'static,
    S::Response: 'static,
    S::Error: 'static,
    S::Future: Send + 'static,
    J: Fn(&Result<S::Response, S::Error>) -> Class + Clone + Send + Sync + 'static,
{
    type Response = S::Response;
    type Error = PolicyError<S::Error>;
    type Future = Protected<S::Response, S::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (retry, service) = (self.retry.clone(), self.inner.clone());
        let Judged(judge) = self.judge.clone();
        let run = move || call_when_ready(service.clone(), request.clone());
        Box::pin(async move { retry.execute_with(judge, run).await })
    }
}

impl<S: fmt::Debug, J> fmt::Debug for RetryService<S, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryService").field("retry", &self.retry).field("inner", &self.inner).finish()
    }
}

impl<J> fmt::Debug for Judged<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Judged")
    }
}

impl<J> fmt::Debug for RetryLayer<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryLayer").field("retry", &self.retry).finish_non_exhaustive()
    }
}
