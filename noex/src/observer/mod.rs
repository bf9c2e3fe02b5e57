//! What happens and what is: lifecycle events as a stream, counters as a snapshot.

mod events;
mod snapshot;

pub(crate) use events::Events;
pub use events::{Event, EventKind, EventStream, Level, Missed, Undelivered};
pub use snapshot::{Snapshot, Status};
