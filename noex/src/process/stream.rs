//! Streams: whatever yields items, attached to a server as a source of messages.

use std::{
    fmt,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
};

use futures_core::Stream;
use tokio::sync::Semaphore;

use super::{ExitReason, attendant::Attendant, door::now, panic::catch};
use crate::{
    Context, GenServer, InfoOf,
    server::{
        deliver,
        slot::{
            Slot,
            notice::{Origin, Stamp},
        },
    },
};

/// How many items of one stream may wait in the mailbox.
const AHEAD: usize = 32;

/// Identifies one attached stream; unique in the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(u64);

impl StreamId {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        StreamId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream#{}", self.0)
    }
}

/// An attached stream has yielded its last item, and that was handled. Comes to a server that has an `#[info]`
/// handler for it, and is not sent to another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamEnded {
    /// Which stream.
    pub id: StreamId,
    /// `Normal`, or the panic of the stream.
    pub reason: ExitReason,
}

/// A stream that feeds a server. Dropping this does not detach it.
#[derive(Clone)]
pub struct Attached {
    id: StreamId,
    attendant: Arc<Attendant>,
}

impl Attached {
    /// What [`StreamEnded`] will name.
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// Drops the stream: no further item is handled, also none that is in the mailbox already, and no
    /// [`StreamEnded`] comes. `false` when it had ended.
    pub fn detach(&self) -> bool {
        self.attendant.cancel().is_some()
    }
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attached").field("id", &self.id).field("ended", &self.attendant.is_over()).finish()
    }
}

impl<S: GenServer> Context<S> {
    /// Handles each item of a stream as an info message, then a [`StreamEnded`].
    ///
    /// The stream is polled on a task beside the server, at the server's pace: only so far ahead as there is
    /// room in the mailbox, and never more than 32 items. It ends with this life. Where the server's overflow is
    /// not `wait`, items that find the mailbox full are dead letters.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::{StreamEnded, prelude::*};
    /// use std::{collections::VecDeque, pin::Pin, task::{Context as Cx, Poll}};
    ///
    /// struct Numbers(VecDeque<u64>);
    ///
    /// impl futures_core::Stream for Numbers {
    ///     type Item = u64;
    ///     fn poll_next(mut self: Pin<&mut Self>, _: &mut Cx<'_>) -> Poll<Option<u64>> {
    ///         Poll::Ready(self.0.pop_front())
    ///     }
    /// }
    ///
    /// #[genserver]
    /// struct Sum { sum: u64 }
    ///
    /// #[genserver]
    /// impl Sum {
    ///     #[init]
    ///     fn init(cx: &mut Context<Self>, numbers: Numbers) -> Self {
    ///         cx.attach(numbers);
    ///         Sum { sum: 0 }
    ///     }
    ///
    ///     #[info]
    ///     fn add(&mut self, number: u64) { self.sum += number; }
    ///
    ///     #[info]
    ///     fn ended(&mut self, cx: &mut Context<Self>, _: StreamEnded) {
    ///         cx.stop(ExitReason::shutdown(self.sum.to_string()));
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sum = Sum::start(Numbers([1, 2, 3].into())).await?;
    /// assert_eq!(sum.ended().await, ExitReason::shutdown("6"));
    /// # Ok(()) }
    /// ```
    pub fn attach<T>(&mut self, stream: T) -> Attached
    where
        T: Stream + Send + 'static,
        T::Item: InfoOf<S> + Send,
    {
        let attached = Attached { id: StreamId::next(), attendant: Attendant::new(now()) };
        let life = self.life();
        let feed = Feed { slot: Arc::downgrade(&self.slot()), life: life.number, attached: attached.clone() };
        attached.attendant.tend(&self.door(), &life, feed.run(stream));
        attached
    }
}

struct Feed<S: GenServer> {
    slot: Weak<Slot<S>>,
    life: u32,
    attached: Attached,
}

impl<S: GenServer> Feed<S> {
    async fn run<T>(self, stream: T)
    where
        T: Stream + Send,
        T::Item: InfoOf<S> + Send,
    {
        let ahead = Arc::new(Semaphore::new(AHEAD));
        let mut stream = pin!(stream);
        let reason = loop {
            let Ok(permit) = ahead.clone().acquire_owned().await else { return };
            let next = poll_fn(|cx| match catch(|| stream.as_mut().poll_next(cx)) {
                Ok(next) => next.map(Ok),
                Err(panic) => Poll::Ready(Err(panic.into_reason("stream"))),
            });
            let item = match next.await {
                Ok(Some(item)) => item,
                Ok(None) => break ExitReason::Normal,
                Err(reason) => break reason,
            };
            if !self.attached.attendant.deliver(now()) {
                return;
            }
            let Some(slot) = self.slot.upgrade() else { return };
            deliver(slot, item.into_info(), self.stamp().permitted_by(permit)).await;
            if !self.attached.attendant.wait(now()) {
                return;
            }
        };
        let ended = StreamEnded { id: self.attached.id, reason };
        if !self.attached.attendant.fire() {
            return;
        }
        // Without a handler nobody wants to know.
        if let (Ok(info), Some(slot)) = (S::info_from(Box::new(ended)), self.slot.upgrade()) {
            deliver(slot, info, self.stamp()).await;
        }
    }

    fn stamp(&self) -> Stamp {
        Stamp::new(self.life, Origin::Stream).recalled_by(self.attached.attendant.recall().clone())
    }
}
