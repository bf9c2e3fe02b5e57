//! Ready parts: what systems of servers are built of again and again.
//!
//! | part | what it is |
//! |---|---|
//! | [`RequestResponse`] | a named handler behind one way in, with a time-out and statistics |
//! | [`pool`] | jobs for a few equal workers, from a queue |
//! | `Cache` (feature `cache`) | what was loaded is kept for a while, and loaded once |

#[cfg(feature = "cache")]
mod cache;
pub mod pool;
mod request_response;

#[cfg(feature = "cache")]
pub use cache::{Cache, CacheBuilder, CacheStats};
pub use request_response::{Metadata, Request, RequestError, RequestResponse, RequestStats, Response};
