//! What happens and what is: lifecycle events as a stream, counters as a snapshot.

mod events;
mod letters;
mod snapshot;

pub(crate) use events::Events;
pub use events::{Event, EventKind, EventStream, JobStep, Level, Missed, Undelivered};
pub use letters::DeadLetter;
pub(crate) use letters::Letters;
pub use snapshot::{Snapshot, Status};
