//! Seats: where the futures of async handlers sit while they run.
//!
//! The memory of a seat is used again for the next handler. A handler that is done goes on with what waits
//! behind its message and, on a runner, with the server that it woke if that is of the same type; so a
//! seat does not belong to one server, and when its future stops short the runner asks where it stood.
//!
//! | the future | the runner learns the place from |
//! |---|---|
//! | is done | [`Done`] |
//! | is suspended | [`place`], left there by [`poll_at`]; nothing where the runner knew |
//! | panicked or was dropped | [`place`], left there by the run right it held |

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio_util::sync::ReusableBoxFuture;

use super::panic::drop_quietly;
use crate::server::slot::AnySlot;

/// Where a handler's future sits.
pub(crate) type Seat = ReusableBoxFuture<'static, Done>;

/// A handler's future is done and holds no run right any more.
#[derive(Default)]
pub(crate) struct Done {
    /// This server's right lies ready: it has more to see to.
    pub(crate) next: Option<Arc<dyn AnySlot>>,
    /// How many messages it served behind its own.
    pub(crate) served: usize,
}

thread_local! {
    /// A seat left over on this thread.
    static SPARE: Cell<Option<Seat>> = const { Cell::new(None) };
    /// Where the last future on this thread stood when it stopped short.
    static PLACE: Cell<Option<Arc<dyn AnySlot>>> = const { Cell::new(None) };
    /// Where the future that is being polled stands as far as its poller knows.
    static KNOWN: Cell<*const ()> = const { Cell::new(std::ptr::null()) };
}

/// A seat with nobody in it.
pub(crate) fn empty_seat() -> Seat {
    let spare = SPARE.try_with(Cell::take).ok().flatten();
    spare.unwrap_or_else(|| ReusableBoxFuture::new(std::future::ready(Done::default())))
}

/// Keeps a seat whose handler is done for the next one on this thread.
pub(crate) fn keep_seat(seat: Seat) {
    let _ = SPARE.try_with(|spare| spare.set(Some(seat)));
}

/// Drops the handler in a seat, and says where it stood if it stood anywhere.
pub(crate) fn clear_seat(seat: Seat) -> Option<Arc<dyn AnySlot>> {
    drop_quietly(seat);
    place()
}

/// Where the future that was polled or dropped last on this thread stopped short.
pub(crate) fn place() -> Option<Arc<dyn AnySlot>> {
    PLACE.try_with(Cell::take).ok().flatten()
}

/// Says where a future stops short.
pub(crate) fn leave_place(slot: Arc<dyn AnySlot>) {
    let _ = PLACE.try_with(|place| place.set(Some(slot)));
}

/// Polls what sits in a seat. When it is suspended there is no [`place`] if it stands at the slot that is
/// `known`, whose address this is.
#[inline]
pub(crate) fn poll(seat: &mut Seat, known: *const (), cx: &mut Context<'_>) -> Poll<Done> {
    struct Outer(*const ());
    impl Drop for Outer {
        fn drop(&mut self) {
            KNOWN.set(self.0);
        }
    }
    let _outer = Outer(KNOWN.replace(known));
    seat.poll(cx)
}

/// Polls a handler, and says where it stands when it is suspended.
#[inline]
pub(crate) fn poll_at<S: AnySlot + 'static, F: Future>(
    slot: &Arc<S>,
    handler: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<F::Output> {
    let polled = handler.poll(cx);
    if polled.is_pending() && KNOWN.get() != Arc::as_ptr(slot).cast() {
        leave_place(slot.clone());
    }
    polled
}
