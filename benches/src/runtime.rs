//! The two tokio runtimes every scenario is measured on.

use std::fmt;

use tokio::runtime::Builder;

/// Which runtime the callers and the servers share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runtime {
    /// `current_thread`: callers and servers take turns on one thread.
    OneThread,
    /// `multi_thread` with two workers.
    TwoWorkers,
}

pub(crate) const BOTH: &[Runtime] = &[Runtime::OneThread, Runtime::TwoWorkers];
pub(crate) const ONE_THREAD: &[Runtime] = &[Runtime::OneThread];
pub(crate) const TWO_WORKERS: &[Runtime] = &[Runtime::TwoWorkers];

impl Runtime {
    /// Reads the name of a runtime as it is printed, or its first word.
    pub(crate) fn named(name: &str) -> Option<Runtime> {
        match name {
            "one thread" | "one" => Some(Runtime::OneThread),
            "2 workers" | "two" | "2" => Some(Runtime::TwoWorkers),
            _ => None,
        }
    }

    /// Runs `main` to its end on a fresh runtime.
    ///
    /// `main` is a task like any other. Left to `block_on`, it would be woken through the driver on
    /// one thread, and sit on a third thread beside two workers.
    pub(crate) fn run<F>(self, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let mut builder = match self {
            Runtime::OneThread => Builder::new_current_thread(),
            Runtime::TwoWorkers => Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(async { tokio::spawn(main).await.expect("the scenario does not panic") })
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Runtime::OneThread => "one thread",
            Runtime::TwoWorkers => "2 workers",
        })
    }
}
