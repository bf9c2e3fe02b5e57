//! What happens and what is: lifecycle events as a stream, counters as a snapshot.

mod events;
mod snapshot;

pub use events::{Event, EventKind, EventStream, Missed, Undelivered};
pub(crate) use events::Events;
pub use snapshot::{Snapshot, Status};
