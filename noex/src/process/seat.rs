//! Seats: where the futures of async handlers sit while they run.
//!
//! The memory of a seat is used again for the next handler of the same kind. Its future is made at the seat, out of the
//! few words that it is made of: to make it elsewhere and move it would cost more than polling it.
//!
//! A handler that is done goes on with what waits behind its message and, on a runner, with the server that it woke if
//! that is of the same type; so a seat does not belong to one server, and when its future stops short the runner asks
//! where it stood.
//!
//! | the future | the runner learns the place from |
//! |---|---|
//! | is done | [`Done`] |
//! | is suspended | [`place`], left there by [`poll_at`]; nothing where the runner knew |
//! | panicked or was dropped | [`place`], left there by the run right it held |

use std::{
    any::Any,
    cell::Cell,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::panic::drop_quietly;
use crate::server::slot::AnySlot;

/// Where a handler's future sits.
#[derive(Default)]
pub(crate) struct Seat(Option<Pin<Box<dyn Sits>>>);

/// What may sit there: a future of a kind that is known to whoever makes it.
trait Sits: Send {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Done>;
    /// Makes the next one of its kind, if this [`Beginning`] is of that.
    fn begin(self: Pin<&mut Self>, beginning: &mut dyn Any);
}

/// What a future is made of, and how; the two are its kind.
struct Beginning<A, B> {
    of: Option<A>,
    make: B,
}

pin_project! {
    struct Chair<A, B, F> {
        #[pin]
        future: F,
        kind: PhantomData<fn(A, B)>,
    }
}

impl<A: 'static, B, F> Sits for Chair<A, B, F>
where
    B: Fn(A) -> F + 'static,
    F: Future<Output = Done> + Send,
{
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Done> {
        self.project().future.poll(cx)
    }

    fn begin(self: Pin<&mut Self>, beginning: &mut dyn Any) {
        if let Some(Beginning { of, make }) = beginning.downcast_mut::<Beginning<A, B>>()
            && let Some(of) = of.take()
        {
            self.project().future.set(make(of));
        }
    }
}

impl Seat {
    /// Seats the future that `make` makes of `of`.
    #[inline]
    pub(crate) fn begin<A, B, F>(&mut self, of: A, make: B)
    where
        A: 'static,
        B: Fn(A) -> F + 'static,
        F: Future<Output = Done> + Send + 'static,
    {
        let mut beginning = Beginning { of: Some(of), make };
        if let Some(place) = &mut self.0 {
            place.as_mut().begin(&mut beginning);
        }
        if let Some(of) = beginning.of {
            let chair = Chair { future: (beginning.make)(of), kind: PhantomData::<fn(A, B)> };
            self.0 = Some(Box::pin(chair));
        }
    }
}

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
    static SPARE: Cell<Seat> = const { Cell::new(Seat(None)) };
    /// Where the last future on this thread stood when it stopped short.
    static PLACE: Cell<Option<Arc<dyn AnySlot>>> = const { Cell::new(None) };
    /// Where the future that is being polled stands as far as its poller knows.
    static KNOWN: Cell<*const ()> = const { Cell::new(std::ptr::null()) };
}

/// A seat with nobody in it.
pub(crate) fn empty_seat() -> Seat {
    SPARE.try_with(Cell::take).unwrap_or_default()
}

/// Keeps a seat whose handler is done for the next one on this thread.
pub(crate) fn keep_seat(seat: Seat) {
    let _ = SPARE.try_with(|spare| spare.set(seat));
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
    seat.0.as_mut().map_or(Poll::Ready(Done::default()), |sitting| sitting.as_mut().poll(cx))
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
