//! A publisher that waits for a subscriber, as an edge of the deadlock check.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
};

use crate::{
    process::door::let_go,
    server::{
        DeadlockPath,
        error::Failure,
        slot::{
            AnySlot,
            waits::{self, Awaited},
        },
    },
};

/// The server that is waited for, and its handler.
pub(super) type Awaiting = (Arc<dyn AnySlot>, &'static str);

#[derive(Default)]
struct Wait {
    is_over: AtomicBool,
    refused: Mutex<Option<DeadlockPath>>,
    waker: Mutex<Option<Waker>>,
}

impl Awaited for Wait {
    fn is_open(&self) -> bool {
        !self.is_over.load(Ordering::Acquire)
    }

    fn refuse(&self, failure: Failure) -> bool {
        if !self.is_open() {
            return false;
        }
        if let Failure::Deadlock(path) = failure {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(path);
        }
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }
}

/// How many clones of the publisher's waker a wait holds: its own, and the one of what it waits for.
const WAKERS: usize = 2;

/// Ends the edge however the wait ends.
struct Edge(Arc<Wait>, bool);

impl Drop for Edge {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Release);
        if self.1 {
            waits::wait_is_over(&(Arc::downgrade(&self.0) as Weak<dyn Awaited>));
        }
    }
}

/// Waits for what `server` is to do, or for nobody in particular; fails when it can never do it while the publisher
/// waits.
pub(super) async fn wait_for<F: Future>(
    server: Option<Awaiting>,
    what: F,
) -> Result<F::Output, DeadlockPath> {
    let mut what = pin!(what);
    let mut edge = Edge(Arc::default(), false);
    poll_fn(|cx| {
        if let Some(path) = edge.0.refused.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Poll::Ready(Err(path));
        }
        if let Poll::Ready(output) = what.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        let Some((slot, handler)) = &server else { return Poll::Pending };
        let waker = cx.waker().clone();
        let before = edge.0.waker.lock().unwrap_or_else(PoisonError::into_inner).replace(waker);
        drop(before);
        if edge.1 {
            waits::still_waits(Arc::as_ptr(&edge.0).cast(), cx.waker(), WAKERS);
        } else {
            let wait = || Arc::downgrade(&edge.0) as Weak<dyn Awaited>;
            edge.1 = waits::wait_for(|| (slot.clone(), handler, wait()), cx.waker(), WAKERS);
            let_go(cx.waker());
        }
        Poll::Pending
    })
    .await
}
