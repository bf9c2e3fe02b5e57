//! Messages without a reply, as futures: they wait only for room in the mailbox.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    task::{Context, Poll, ready},
};

use tokio::task::coop;

use super::{
    CastError, DeadlockPath, GenServer, Message, NotSent, Overflow, Reason, ServerRef,
    error::Failure,
    guarded::{Passed, admit},
    slot::{
        Slot,
        envelope::{Envelope, Pushed, Waited},
        notice::Stamp,
        post, refuse,
        right::QUEUED,
        turn,
        waits::{self, Awaited},
    },
};
use crate::{observer::EventKind, process::door::let_go};

/// A cast under way. Ready at once while there is room in the mailbox; waits in line when it is full and
/// the server's overflow is `wait`.
///
/// # Cancel safety
///
/// Dropped while it waits, the message is withdrawn. Once ready, the message is queued.
///
/// # Errors
///
/// [`CastError`] gives the message back when the server is gone, or full and not to be waited for.
#[must_use = "a cast does nothing until it is awaited"]
pub struct Cast<'a, S: GenServer>(Post<'a, S>);

/// An info message under way; as [`Cast`].
#[must_use = "a message is not sent until it is awaited"]
pub struct Send<'a, S: GenServer>(Post<'a, S>);

impl<'a, S: GenServer> Cast<'a, S> {
    pub(crate) fn new(server: &'a ServerRef<S>, cast: S::Cast) -> Self {
        Cast(Post { server, step: Step::New(Some(Envelope::Cast(cast))) })
    }
}

impl<S: GenServer> Cast<'_, S> {
    /// Sends the message now, without waiting, from anywhere.
    ///
    /// # Errors
    ///
    /// Gives the message back when the server is gone or its mailbox is full.
    ///
    /// # Panics
    ///
    /// When the cast was polled before.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::prelude::*;
    /// # #[genserver] struct Counter { count: u64 }
    /// # #[genserver] impl Counter {
    /// #     #[init] fn init() -> Self { Counter { count: 0 } }
    /// #     #[cast] fn add(&mut self, by: u64) { self.count += by }
    /// #     #[call] fn get(&self) -> u64 { self.count }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let counter = Counter::start().await?;
    /// counter.add(2).try_send()?;
    /// assert_eq!(counter.get().await?, 2);
    /// # Ok(()) }
    /// ```
    #[inline]
    pub fn try_send(mut self) -> Result<(), CastError<S::Cast>> {
        match &mut self.0.step {
            Step::New(message) if message.is_some() => self.0.server.try_send(message),
            _ => panic!("a cast that was polled is sent, or on its way"),
        }
    }
}

impl<'a, S: GenServer> Send<'a, S> {
    pub(crate) fn new(server: &'a ServerRef<S>, info: S::Info) -> Self {
        Send(Post { server, step: Step::New(Some(Envelope::Info(info))) })
    }
}

impl<S: GenServer> Future for Cast<'_, S> {
    type Output = Result<(), CastError<S::Cast>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(sent) = self.0.poll_at_once(cx) {
            return sent.map(Ok);
        }
        match ready!(self.0.poll_slowly(cx)) {
            Ok(()) => Poll::Ready(Ok(())),
            Err((Envelope::Cast(message), why)) => Poll::Ready(Err(CastError { message, why })),
            Err(_) => unreachable!("a cast comes back as a cast"),
        }
    }
}

impl<S: GenServer> Future for Send<'_, S> {
    type Output = Result<(), CastError<S::Info>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(sent) = self.0.poll_at_once(cx) {
            return sent.map(Ok);
        }
        match ready!(self.0.poll_slowly(cx)) {
            Ok(()) => Poll::Ready(Ok(())),
            Err((Envelope::Info(message), why)) => Poll::Ready(Err(CastError { message, why })),
            Err(_) => unreachable!("an info comes back as an info"),
        }
    }
}

impl<S: GenServer> fmt::Debug for Cast<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cast").field("server", self.0.server).finish_non_exhaustive()
    }
}

impl<S: GenServer> fmt::Debug for Send<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send").field("server", self.0.server).finish_non_exhaustive()
    }
}

/// A message on its way into a mailbox.
struct Post<'a, S: GenServer> {
    server: &'a ServerRef<S>,
    step: Step<S>,
}

enum Step<S: GenServer> {
    /// Not sent; without a message it is over.
    New(Option<Envelope<S>>),
    Parked(Parked<S>),
}

impl<S: GenServer> Step<S> {
    const OVER: Self = Step::New(None);
}

/// A message that waits for room. Apart from [`Post`], which then has nothing to do when it is dropped: most messages
/// are sent without this.
struct Parked<S: GenServer> {
    place: Arc<Place<S>>,
    /// It has not left its place.
    waits: bool,
}

impl<S: GenServer> Parked<S> {
    fn leave(&mut self) {
        self.waits = false;
        waits::wait_is_over(&(Arc::downgrade(&self.place) as Weak<dyn Awaited>));
    }
}

impl<S: GenServer> Drop for Parked<S> {
    fn drop(&mut self) {
        if self.waits {
            if withdraw(&self.place).is_some() {
                self.place.give_back();
            }
            self.leave();
        }
    }
}

/// A place among the senders that wait for room.
struct Place<S: GenServer> {
    slot: Arc<Slot<S>>,
    ticket: u64,
    /// The room could never come.
    refused: Mutex<Option<DeadlockPath>>,
    /// What the message took from policies.
    passed: Mutex<Option<Passed>>,
}

impl<S: GenServer> Place<S> {
    /// The message comes back.
    fn give_back(&self) {
        let passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(passed) = passed {
            passed.unsent(&self.slot);
        }
    }
}

impl<S: GenServer> Awaited for Place<S> {
    fn is_open(&self) -> bool {
        self.slot.inbox().is_parked(self.ticket)
    }

    fn refuse(&self, failure: Failure) -> bool {
        if let Failure::Deadlock(path) = failure {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(path);
        }
        self.slot.inbox().wake_parked(self.ticket)
    }
}

/// The message is moved, never pinned.
impl<S: GenServer> Unpin for Post<'_, S> {}

pub(super) type Refused<S> = (Envelope<S>, NotSent);

impl<S: GenServer> Post<'_, S> {
    /// Some of the server's messages do.
    const MEETS_POLICIES: bool = !(S::Cast::GUARDED.is_empty() && S::Info::GUARDED.is_empty());

    /// Sends it if nothing stands in the way; most messages come no further. `None`: what does is for `poll_slowly` to
    /// see.
    #[inline]
    fn poll_at_once(&mut self, cx: &mut Context<'_>) -> Option<Poll<()>> {
        let Step::New(message) = &mut self.step else { return None };
        if Self::MEETS_POLICIES || message.is_none() {
            return None;
        }
        match coop::poll_proceed(cx) {
            Poll::Ready(proceed) => proceed.made_progress(),
            Poll::Pending => return Some(Poll::Pending),
        }
        offer(self.server.slot(), message).then_some(Poll::Ready(()))
    }

    fn poll_slowly(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Refused<S>>> {
        let slot = self.server.slot();
        if let Step::Parked(parked) = &mut self.step {
            let polled = ask(slot, &parked.place, cx);
            if let Poll::Ready(sent) = &polled {
                if sent.is_err() {
                    parked.place.give_back();
                }
                parked.leave();
                self.step = Step::OVER;
            }
            return polled;
        }
        if Self::MEETS_POLICIES {
            ready!(coop::poll_proceed(cx)).made_progress();
        }
        let Step::New(Some(message)) = std::mem::replace(&mut self.step, Step::OVER) else {
            panic!("a cast was polled after it was ready")
        };
        let passed = match admit(slot, &message) {
            Ok(passed) => passed,
            Err(why) => return Poll::Ready(Err((message, why))),
        };
        // Where there are no policies, it was offered.
        let mut message = Some(message);
        if Self::MEETS_POLICIES && offer(slot, &mut message) {
            return Poll::Ready(Ok(()));
        }
        match message {
            Some(message) => self.wait_for_room(message, passed, cx),
            None => unreachable!("what was not sent is here"),
        }
    }

    #[cold]
    fn wait_for_room(
        &mut self,
        message: Envelope<S>,
        passed: Passed,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Refused<S>>> {
        let slot = self.server.slot();
        match push(slot, message, S::OVERFLOW, Some(cx)) {
            Ok(None) => Poll::Ready(Ok(())),
            Ok(Some((ticket, handler))) => {
                let (refused, passed) = (Mutex::new(None), Mutex::new(Some(passed)));
                let place = Arc::new(Place { slot: slot.clone(), ticket, refused, passed });
                let wait = || Arc::downgrade(&place) as Weak<dyn Awaited>;
                waits::wait_for(|| (slot.clone(), handler, wait()), cx.waker(), 1);
                let_go(cx.waker());
                self.step = Step::Parked(Parked { place, waits: true });
                Poll::Pending
            }
            Err(refused) => {
                passed.unsent(slot);
                Poll::Ready(Err(refused))
            }
        }
    }
}

/// Asks after a message that waits for room.
fn ask<S: GenServer>(
    slot: &Arc<Slot<S>>,
    place: &Arc<Place<S>>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Refused<S>>> {
    let refused = place.refused.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(path) = refused
        && let Some(message) = withdraw(place)
    {
        let target = slot.core().target(handler_of(&message));
        return Poll::Ready(Err((message, NotSent::Deadlock { target, path })));
    }
    match slot.inbox().ask(place.ticket, cx.waker()) {
        Waited::Still => {
            waits::still_waits(Arc::as_ptr(place).cast(), cx.waker(), 1);
            Poll::Pending
        }
        Waited::Moved => Poll::Ready(Ok(())),
        Waited::Back(message) => Poll::Ready(Err(gone(slot, message))),
    }
}

/// Takes a message back that waits for room.
fn withdraw<S: GenServer>(place: &Place<S>) -> Option<Envelope<S>> {
    let (message, low) = place.slot.inbox().withdraw(place.ticket);
    if low {
        refuse::announce(&place.slot, || EventKind::MailboxLow);
    }
    message
}

/// Queues a message if there is room for it, and tells the server. `false`: it is where it was.
#[inline]
fn offer<S: GenServer>(slot: &Arc<Slot<S>>, message: &mut Option<Envelope<S>>) -> bool {
    match post::leave(slot, message) {
        Some(true) => turn::summon(slot),
        Some(false) => {}
        None => return false,
    }
    true
}

/// Queues a message without waiting.
#[inline]
pub(super) fn put<S: GenServer>(
    slot: &Arc<Slot<S>>,
    message: &mut Option<Envelope<S>>,
    overflow: Overflow,
) -> Result<(), Refused<S>> {
    if offer(slot, message) {
        return Ok(());
    }
    match message.take() {
        Some(message) => push(slot, message, overflow, None).map(drop),
        None => unreachable!("what was not sent is here"),
    }
}

/// Queues a message as the overflow rule says. `Some`: it waits in line, with this ticket for this handler.
#[cold]
fn push<S: GenServer>(
    slot: &Arc<Slot<S>>,
    message: Envelope<S>,
    overflow: Overflow,
    cx: Option<&Context<'_>>,
) -> Result<Option<(u64, &'static str)>, Refused<S>> {
    let mut summoned = false;
    let handler = handler_of(&message);
    let pushed =
        slot.inbox().push(message, overflow, cx.map(|cx| cx.waker()), || summoned = slot.raise(QUEUED));
    if summoned {
        turn::summon(slot);
    }
    match pushed {
        Pushed::Queued => Ok(None),
        Pushed::Parked { ticket, first } => {
            if first {
                refuse::announce(slot, || EventKind::MailboxHigh);
            }
            Ok(Some((ticket, handler)))
        }
        Pushed::Dropped { lost } => {
            refuse::overflowed(slot, lost);
            Ok(None)
        }
        Pushed::Full(message) => {
            let capacity = S::MAILBOX.capacity().unwrap_or(usize::MAX);
            let target = slot.core().target(handler_of(&message));
            Err((message, NotSent::MailboxFull { target, capacity }))
        }
        Pushed::Closed(message) => Err(gone(slot, message)),
    }
}

/// Tells a server something without waiting for room; the mailbox is meant to be unbounded.
pub(crate) fn tell<S: GenServer>(server: &ServerRef<S>, info: S::Info) {
    let mut message = Some(Envelope::Info(info));
    if !offer(server.slot(), &mut message)
        && let Some(message) = message
    {
        refuse::refuse(server.slot(), message, &server.slot().core().last_reason());
    }
}

/// Brings a notice into the mailbox, waiting for room as any sender does. One that does not get in is a dead
/// letter.
pub(crate) async fn deliver<S: GenServer>(slot: Arc<Slot<S>>, info: S::Info, stamp: Stamp) {
    let server = ServerRef::new(slot);
    let mut post = Post { server: &server, step: Step::New(Some(stamp.on(info))) };
    let sent = std::future::poll_fn(|cx| match post.poll_at_once(cx) {
        Some(sent) => sent.map(Ok),
        None => post.poll_slowly(cx),
    });
    let Err((message, why)) = sent.await else { return };
    match why {
        NotSent::MailboxFull { .. } => refuse::overflowed(server.slot(), message),
        NotSent::NotRunning { reason, .. } => refuse::refuse(server.slot(), message, &reason),
        NotSent::Deadlock { .. } => unreachable!("no handler waits for this"),
        NotSent::CircuitOpen { .. } | NotSent::RateLimited { .. } | NotSent::Disposed { .. } => {
            unreachable!("a notice meets no policy")
        }
    }
}

#[cold]
fn gone<S: GenServer>(slot: &Slot<S>, message: Envelope<S>) -> Refused<S> {
    let target = slot.core().target(handler_of(&message));
    (message, NotSent::NotRunning { target, reason: Reason(slot.core().last_reason()) })
}

fn handler_of<S: GenServer>(message: &Envelope<S>) -> &'static str {
    match message {
        Envelope::Call(call, _) => S::Call::VARIANTS.get(call.variant()),
        Envelope::Cast(cast) => S::Cast::VARIANTS.get(cast.variant()),
        Envelope::Info(info) | Envelope::Notice(info, _) | Envelope::Event(info, _) => {
            S::Info::VARIANTS.get(info.variant())
        }
    }
    .copied()
    .unwrap_or("?")
}
