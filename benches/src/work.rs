//! The work every server does, whoever serves it: add a number and return the sum.

use std::hint::black_box;
use std::time::Duration;

/// The time-out of a timed call; long enough never to run out.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// The state of every measured server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Total(i64);

impl Total {
    /// Adds `by` and returns the sum.
    pub(crate) fn add(&mut self, by: i64) -> i64 {
        self.0 += by;
        self.0
    }

    /// As [`Total::add`], in a future that is ready at once.
    pub(crate) async fn add_async(&mut self, by: i64) -> i64 {
        self.add(by)
    }

    /// As [`Total::add`], after giving way once to whatever else is ready.
    pub(crate) async fn add_yielding(&mut self, by: i64) -> i64 {
        tokio::task::yield_now().await;
        self.add(by)
    }

    /// As [`Total::add`], after waiting for a task that it starts.
    pub(crate) async fn add_waiting(&mut self, by: i64) -> i64 {
        tokio::spawn(async {}).await.expect("the task does not panic");
        self.add(by)
    }

    /// As [`Total::add`], after a few microseconds of busy work.
    pub(crate) fn add_slowly(&mut self, by: i64) -> i64 {
        for round in 0..10_000 {
            black_box(round);
        }
        self.add(by)
    }
}
