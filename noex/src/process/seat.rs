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
//! | is done, and its server goes on | [`place`], left there by [`stood_at`]; nothing where the runner knew |
//! | is suspended | [`place`], left there by [`poll_at`]; nothing where the runner knew |
//! | panicked or was dropped | [`place`], left there by the run right it held |

use std::{
    any::Any,
    cell::Cell,
    future::Future,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::panic::drop_quietly;
use crate::server::slot::{AnySlot, waits::Edges};

/// Where a handler's future sits. One word, so that it is handed over in one step.
#[derive(Default)]
pub(crate) struct Seat(Box<Sitting>);

/// What is at a seat.
#[derive(Default)]
pub(crate) struct Sitting {
    chair: Option<Pin<Box<dyn Sits>>>,
    /// The calls that the handler awaits.
    pub(crate) edges: Edges,
    /// The address of the cell that its reply goes to, by which a caller that keeps it knows it again.
    pub(crate) of: usize,
}

impl Deref for Seat {
    type Target = Sitting;

    #[inline]
    fn deref(&self) -> &Sitting {
        &self.0
    }
}

impl DerefMut for Seat {
    #[inline]
    fn deref_mut(&mut self) -> &mut Sitting {
        &mut self.0
    }
}

/// What may sit there: a future of a kind that is known to whoever makes it.
trait Sits: Send {
    fn poll(self: Pin<&mut Self>, reply: Option<&mut dyn Any>, cx: &mut Context<'_>) -> Poll<Done>;
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
    F: Future<Output: Outcome> + Send,
{
    #[inline]
    fn poll(self: Pin<&mut Self>, reply: Option<&mut dyn Any>, cx: &mut Context<'_>) -> Poll<Done> {
        self.project().future.poll(cx).map(|outcome| outcome.settle(reply))
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
    /// Seats the future that `make` makes of `of`, which is put together where it is handed on.
    #[inline(always)]
    pub(crate) fn begin<A, B, F>(&mut self, of: A, make: B)
    where
        A: 'static,
        B: Fn(A) -> F + 'static,
        F: Future<Output: Outcome> + Send + 'static,
    {
        let mut beginning = Beginning { of: Some(of), make };
        if let Some(place) = &mut self.chair {
            place.as_mut().begin(&mut beginning);
        }
        if let Some(of) = beginning.of {
            let chair = Chair { future: (beginning.make)(of), kind: PhantomData::<fn(A, B)> };
            self.chair = Some(Box::pin(chair));
        }
    }

    /// For a place where seats are kept.
    pub(crate) fn into_box(self) -> Box<Sitting> {
        self.0
    }

    pub(crate) fn from_box(sitting: Box<Sitting>) -> Self {
        Seat(sitting)
    }
}

/// A handler's future is done and holds no run right any more. As small as can be: it is handed up through several
/// hands.
#[derive(Clone, Copy, Default)]
pub(crate) struct Done {
    pub(crate) goes_on: GoesOn,
    /// How many messages it served behind its own.
    pub(crate) served: usize,
}

/// Whether the right of the server where it stood lies ready, because that has more to see to.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum GoesOn {
    #[default]
    No,
    /// Where whoever polls it knew that it stood.
    Here,
    /// [`place`] says where.
    Elsewhere,
}

/// What a handler's future ends with.
pub(crate) trait Outcome {
    /// Tells whoever is to be told. One who polls the handler of a call of its own has a place for the `reply`, an
    /// `Option` of its type: there it need not go through its cell.
    fn settle(self, reply: Option<&mut dyn Any>) -> Done;
}

impl Outcome for Done {
    #[inline]
    fn settle(self, _: Option<&mut dyn Any>) -> Done {
        self
    }
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
    SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()
}

/// Keeps a seat whose handler is done for the next one on this thread.
pub(crate) fn keep_seat(mut seat: Seat) {
    seat.edges.clear();
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
pub(crate) fn poll(
    seat: &mut Seat,
    known: *const (),
    reply: Option<&mut dyn Any>,
    cx: &mut Context<'_>,
) -> Poll<Done> {
    struct Outer(*const ());
    impl Drop for Outer {
        #[inline]
        fn drop(&mut self) {
            KNOWN.with(|it| it.set(self.0));
        }
    }
    let _outer = Outer(KNOWN.replace(known));
    seat.chair.as_mut().map_or(Poll::Ready(Done::default()), |sitting| sitting.as_mut().poll(reply, cx))
}

/// Polls a handler, and says where it stands when it is suspended.
#[inline]
pub(crate) fn poll_at<S: AnySlot + 'static, F: Future>(
    slot: &Arc<S>,
    handler: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<F::Output> {
    let polled = handler.poll(cx);
    if polled.is_pending() && !is_known(slot) {
        leave_place(slot.clone());
    }
    polled
}

/// Says where a handler stood whose server has more to see to.
pub(crate) fn stood_at<S: AnySlot + 'static>(slot: Arc<S>) -> GoesOn {
    if is_known(&slot) {
        return GoesOn::Here;
    }
    leave_place(slot);
    GoesOn::Elsewhere
}

/// Whether whoever polls the future knows that it stands there.
#[inline]
fn is_known<S>(slot: &Arc<S>) -> bool {
    KNOWN.get() == Arc::as_ptr(slot).cast()
}
