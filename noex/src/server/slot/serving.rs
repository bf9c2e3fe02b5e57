//! Which call the handler being polled on this thread serves: until when its caller waits, and whether it does.
//!
//! A call inside that handler waits no longer than the caller of the handler does. There is nothing to read
//! the time for: a call carries its *limit*, and turns it into a point in time when it arms a timer.

use std::{
    cell::Cell,
    future::Future,
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::Instant;

use super::reply::ReplyCell;
use crate::process::door::now;

/// How long a caller waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    Forever,
    /// From about now: nobody has looked at the clock yet.
    Within(Duration),
    At(Instant),
}

impl Until {
    pub(crate) fn limit(limit: Option<Duration>) -> Self {
        limit.map_or(Until::Forever, Until::Within)
    }

    fn deadline(self) -> Option<Instant> {
        match self {
            Until::Forever => None,
            Until::Within(limit) => now().checked_add(limit),
            Until::At(at) => Some(at),
        }
    }
}

/// An [`Until`] in one word: 0 is for ever, the top bit marks a limit, the next one a point in time as
/// nanoseconds from a fixed one.
pub(crate) struct UntilCell(AtomicU64);

const FOREVER: u64 = 0;
const WITHIN: u64 = 1 << 63;
const AT: u64 = 1 << 62;
/// Where [`ORIGIN`] lies on the scale of [`AT`]: a paused clock may be behind it.
const MIDDLE: u64 = 1 << 61;

/// By the real clock: the clocks of paused runtimes are all within decades of it.
static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();

fn origin() -> Instant {
    Instant::from_std(*ORIGIN.get_or_init(std::time::Instant::now))
}

/// 73 years at most.
#[inline]
fn nanos(duration: Duration) -> u64 {
    duration
        .as_secs()
        .saturating_mul(1_000_000_000)
        .saturating_add(duration.subsec_nanos().into())
        .min(MIDDLE - 1)
}

impl UntilCell {
    pub(crate) const fn new() -> Self {
        UntilCell(AtomicU64::new(FOREVER))
    }

    #[inline]
    pub(crate) fn set(&self, until: Until) {
        self.0.store(encode(until), Ordering::Relaxed);
    }

    /// The point in time, if it is one.
    pub(crate) fn at(&self) -> Option<Instant> {
        match decode(self.word()) {
            Until::At(at) => Some(at),
            Until::Forever | Until::Within(_) => None,
        }
    }

    #[inline]
    fn word(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[inline]
fn encode(until: Until) -> u64 {
    match until {
        Until::Forever => FOREVER,
        Until::Within(limit) => WITHIN | nanos(limit),
        Until::At(at) => {
            let origin = origin();
            let place = match at.checked_duration_since(origin) {
                Some(after) => MIDDLE + nanos(after),
                None => MIDDLE - nanos(origin - at),
            };
            AT | place
        }
    }
}

fn decode(word: u64) -> Until {
    if word & WITHIN != 0 {
        Until::Within(Duration::from_nanos(word & !WITHIN))
    } else if word & AT != 0 {
        let place = word & !AT;
        Until::At(if place >= MIDDLE {
            origin() + Duration::from_nanos(place - MIDDLE)
        } else {
            origin() - Duration::from_nanos(MIDDLE - place)
        })
    } else {
        Until::Forever
    }
}

/// What is known of the call that is served.
#[derive(Clone, Copy)]
struct Served {
    slot: u64,
    until: u64,
    gone: bool,
    /// Whoever polls this drops it at `until`.
    ends_then: bool,
}

const NOTHING: Served = Served { slot: 0, until: FOREVER, gone: false, ends_then: false };

thread_local! {
    static SERVED: Cell<Served> = const { Cell::new(NOTHING) };
    /// The handler wants to be woken when its caller is gone.
    static WATCHES: Cell<bool> = const { Cell::new(false) };
}

/// Puts back what was served before, also after a panic.
struct Outer(Served);

impl Drop for Outer {
    #[inline]
    fn drop(&mut self) {
        SERVED.with(|it| it.set(self.0));
    }
}

/// Polls a handler of `slot` that serves the call whose reply goes to `cell`. `ours`: how many references to
/// the cell there are without the caller's.
#[inline]
pub(crate) fn poll<R, T>(
    slot: u64,
    cell: Option<&Arc<ReplyCell<R>>>,
    ours: usize,
    cx: &mut Context<'_>,
    handler: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    let Some(cell) = cell else { return handler(cx) };
    let gone = Arc::strong_count(cell) <= ours;
    let outer = Outer(SERVED.replace(Served { slot, until: cell.until().word(), gone, ends_then: false }));
    let polled = handler(cx);
    drop(outer);
    if polled.is_pending() && WATCHES.replace(false) {
        watch(cell, cx.waker());
    }
    polled
}

/// As [`poll`], for a whole handler.
pub(crate) async fn serve<F: Future, R>(
    slot: u64,
    cell: &Arc<ReplyCell<R>>,
    ours: usize,
    handler: F,
) -> F::Output {
    let mut handler = pin!(handler);
    std::future::poll_fn(|cx| poll(slot, Some(cell), ours, cx, |cx| handler.as_mut().poll(cx))).await
}

#[cold]
fn watch<R>(cell: &ReplyCell<R>, waker: &Waker) {
    if cell.poll_gone(waker).is_ready() {
        waker.wake_by_ref();
    }
}

/// Until when the caller of the handler that this thread polls for `slot` waits.
pub(crate) fn deadline(slot: u64) -> Option<Instant> {
    let served = SERVED.get();
    if served.slot == slot { decode(served.until).deadline() } else { None }
}

/// The caller of the handler that this thread polls for `slot` does not wait any more.
pub(crate) fn is_cancelled(slot: u64) -> bool {
    let served = SERVED.get();
    served.slot == slot && served.gone
}

/// As [`is_cancelled`], for a future.
pub(crate) fn poll_cancelled(slot: u64) -> Poll<()> {
    if is_cancelled(slot) {
        return Poll::Ready(());
    }
    WATCHES.with(|it| it.set(true));
    Poll::Pending
}

/// When a call that is given `limit` from now must be over, if it must: no later than the caller of the
/// handler that makes it. Also how long that is.
#[inline]
pub(crate) fn patience(limit: Option<Duration>) -> Option<(Instant, Duration)> {
    let outer = SERVED.get().until;
    if limit.is_none() && outer == FOREVER { None } else { until_then(limit, outer) }
}

fn until_then(limit: Option<Duration>, outer: u64) -> Option<(Instant, Duration)> {
    let now = now();
    let own = limit.and_then(|limit| now.checked_add(limit));
    let outer = match decode(outer) {
        Until::Within(limit) => now.checked_add(limit),
        until => until.deadline(),
    };
    let at = match (own, outer) {
        (Some(own), Some(outer)) => own.min(outer),
        (own, outer) => own.or(outer)?,
    };
    Some((at, at.saturating_duration_since(now)))
}

/// Polls what must be over at `at`, which [`patience`] gave, and is dropped then: calls made meanwhile wait no
/// longer.
pub(crate) fn within<T>(at: Instant, poll: impl FnOnce() -> T) -> T {
    let outer = SERVED.get();
    let _outer = Outer(SERVED.replace(Served { until: encode(Until::At(at)), ends_then: true, ..outer }));
    poll()
}

/// Whether what this thread polls is dropped at its deadline by a [`within`] around it.
pub(crate) fn ends_then() -> bool {
    SERVED.get().ends_then
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_until_is_one_word() {
        let now = origin();
        let hour = Duration::from_secs(3600);
        for until in [
            Until::Forever,
            Until::Within(Duration::ZERO),
            Until::Within(hour),
            Until::At(now),
            Until::At(now + hour),
            Until::At(now - Duration::from_nanos(1)),
        ] {
            assert_eq!(decode(encode(until)), until);
        }
    }
}
