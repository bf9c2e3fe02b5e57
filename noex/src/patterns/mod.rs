//! Ready parts: what systems of servers are built of again and again.
//!
//! | part | what it is |
//! |---|---|
//! | [`RequestResponse`] | a named handler behind one way in, with a time-out and statistics |
//! | [`pipeline!`] | requests through servers, one after the other |
//! | [`pool`] | jobs for a few equal workers, from a queue |
//! | `Cache` (feature `cache`) | what was loaded is kept for a while, and loaded once |

#[cfg(feature = "cache")]
mod cache;
pub mod pipeline;
pub mod pool;
mod request_response;

#[cfg(feature = "cache")]
pub use cache::{Cache, CacheBuilder, CacheStats};
pub use noex_macros::pipeline;
pub use request_response::{Metadata, Request, RequestError, RequestResponse, RequestStats, Response};
