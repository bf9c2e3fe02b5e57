//! Policies as layers of tower services.
//!
//! A clone of a policy is a layer, and shares its state with all others. The error of the service is a
//! [`PolicyError`](super::PolicyError) of the inner service's.

mod bulkhead;
mod circuit_breaker;
mod fallback;
mod hedge;
mod load_shed;
mod rate_limit;
mod retry;
mod timeout;

pub use bulkhead::BulkheadService;
pub use circuit_breaker::CircuitBreakerService;
pub use fallback::FallbackService;
pub use hedge::HedgeService;
pub use load_shed::LoadShedderService;
pub use rate_limit::RateLimiterService;
pub use retry::{Judged, RetryLayer, RetryService};
pub use timeout::TimeoutService;

use std::future::poll_fn;

use tower_service::Service;

/// One request to a service that is asked first whether it is ready.
async fn call_when_ready<S: Service<R>, R>(mut service: S, request: R) -> Result<S::Response, S::Error> {
    poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(request).await
}
