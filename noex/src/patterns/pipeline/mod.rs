//! Pipelines: requests that go through servers, one after the other.
//!
//! [`pipeline!`](macro@crate::pipeline) declares one; its page says what is generated. A stage is a server's
//! `#[call(job)]` handler, called as anybody calls it: an idle stage runs on the caller's own task, so that a request
//! that finds all stages idle is a chain of plain calls. Where the servers live, in which tree and how they are
//! restarted, is none of the pipeline's business.
//!
//! | | one request | many: [`Flow`] |
//! |---|---|---|
//! | | `ingest.process(request).await` | `ingest.run(requests)`, `ingest.stream(stream)` |
//! | side by side | as many as there are callers | [`in_flight`](Flow::in_flight), each a task of its own |
//! | taken from the source | | no more than so many, and none while nobody asks for what comes out |
//! | a failure | is the error, and names its stage | is one item; the others go on |
//!
//! A stage's `concurrency` bounds how many requests are in it at a time, over all callers; others wait before it.

mod flow;
mod stage;

pub use flow::{Flow, Items};
pub use stage::{Limit, Stage, StageStats};
