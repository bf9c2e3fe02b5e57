//! Several policies around one operation, the outermost first: how they nest, and the machine that runs them.
//!
//! | file | idea |
//! |---|---|
//! | `layer` | one policy as a layer: in, out, given up |
//! | `run` | one call on its way through the layers |
//! | `admission`, `inner`, `shed` | the policies as layers |
//! | `closure` | a stack around a closure |
//! | `order` | which orders defeat themselves |
//! | `place` | whose a policy of a handler is |

mod admission;
mod closure;
mod inner;
mod layer;
mod order;
mod place;
mod run;
mod shed;
mod straight;

pub(crate) use admission::{BreakerLayer, BulkheadLayer, LimitLayer};
pub use closure::{Stack, StackBuilder};
pub(crate) use inner::{FallbackLayer, RetryLayer, TimeoutLayer};
pub(crate) use layer::{Entry, Held, Judge, Layer, Outcome, Refusal, Reset};
pub use order::OrderError;
pub(crate) use place::Place;
pub use place::Scope;
pub(crate) use run::{Layers, Operation, Run, said};
pub(crate) use shed::ShedLayer;
pub(crate) use straight::straight;
