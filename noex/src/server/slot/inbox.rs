//! The inbox: messages in the order they came, bounded, with senders that wait in line.
//!
//! ```text
//! sender ─▶ queue (at most `mailbox` messages, the server's batch included) ─▶ batch ─▶ handler
//!    └────▶ parked (one message a waiting sender, first come first served) ─┘
//! ```
//!
//! The server takes the whole queue in one go, so the lock is touched once a batch on its side. The
//! memory is allocated by the first message that has to wait; a server that is only ever called while it
//! is idle has none.

use std::{
    collections::VecDeque,
    sync::{Arc, PoisonError},
    task::Waker,
};

use super::{
    Slot,
    envelope::{Envelope, Lengths, Pushed, Waited},
    reply::ReplyCell,
    serving::Until,
    sync::{AtomicU32, AtomicUsize, Mutex, MutexGuard, Ordering},
};
use crate::{
    event_bus::Feed,
    mistakes::makes,
    process::panic::wake,
    server::{GenServer, Mailbox, Overflow},
};

/// A slot's inbox: what is in it, and how much of that the server has taken, which is shown beside the run word.
pub(crate) struct Inbox<'a, S: GenServer> {
    store: &'a Store<S>,
    /// Messages that the server has taken but not begun. Whoever has the run right writes it.
    taken: &'a AtomicU32,
}

/// What is in it.
pub(super) struct Store<S: GenServer> {
    lines: Mutex<Lines<S>>,
    /// Messages whose senders wait for room; written under the lock.
    parked: AtomicUsize,
    /// The most that ever waited; a count for people, so that a lost race does no harm.
    high_water: AtomicUsize,
}

struct Lines<S: GenServer> {
    closed: bool,
    whole: Option<Box<Whole<S>>>,
}

struct Whole<S: GenServer> {
    queue: VecDeque<Envelope<S>>,
    parked: VecDeque<Parked<S>>,
    /// Parked casts whose server went away, waiting to be fetched by their senders.
    returned: Vec<(u64, Envelope<S>)>,
    spare: Vec<Arc<ReplyCell<S::Reply>>>,
    next_ticket: u64,
    /// How often the queue was taken as a whole.
    laps: u64,
}

struct Parked<S: GenServer> {
    ticket: u64,
    message: Envelope<S>,
    /// `None` for calls: their caller waits for the reply only.
    waker: Option<Waker>,
}

/// How many reply cells an inbox keeps for later.
const SPARE: usize = 64;
/// A queue that grew beyond this is given back when the server has nothing to do.
const KEPT: usize = 256;

impl<S: GenServer> Lines<S> {
    #[inline]
    fn whole(&mut self) -> &mut Whole<S> {
        self.whole.get_or_insert_with(|| {
            Box::new(Whole {
                queue: VecDeque::new(),
                parked: VecDeque::new(),
                returned: Vec::new(),
                spare: Vec::new(),
                next_ticket: 0,
                laps: 1,
            })
        })
    }
}

impl<S: GenServer> Whole<S> {
    /// The first event of a subscription that lags, if the queue alone has as many as it may keep.
    #[cold]
    fn late(&mut self, feed: &Feed) -> Option<Envelope<S>> {
        // Where the queue is taken one by one, all that waits is in it.
        let queued = match S::OVERFLOW {
            Overflow::DropOldest => feed.waiting() - 1,
            _ => feed.queued(self.laps, || self.queue.iter().filter(|it| it.is_event_of(feed)).count()),
        };
        if queued < feed.capacity() {
            return None;
        }
        let oldest = self.queue.iter().position(|message| message.is_event_of(feed))?;
        feed.note_unqueued();
        self.queue.remove(oldest)
    }
}

impl<S: GenServer> Store<S> {
    pub(super) fn new() -> Self {
        Store {
            lines: Mutex::new(Lines { closed: false, whole: None }),
            parked: AtomicUsize::new(0),
            high_water: AtomicUsize::new(0),
        }
    }
}

impl<S: GenServer> Slot<S> {
    #[inline]
    pub(crate) fn inbox(&self) -> Inbox<'_, S> {
        Inbox { store: &self.store, taken: self.tally() }
    }
}

impl<'a, S: GenServer> Inbox<'a, S> {
    #[inline]
    fn lines(&self) -> MutexGuard<'a, Lines<S>> {
        self.store.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Messages that the server has taken and not begun.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.taken.load(Ordering::Relaxed) as usize
    }

    #[inline]
    fn note_left(&self, messages: usize) {
        self.taken.store(u32::try_from(messages).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    /// Queues a call and gives the cell its reply will come to. `tell` as for [`offer`](Inbox::offer).
    pub(crate) fn push_call(
        &self,
        call: S::Call,
        (overflow, until): (Overflow, Until),
        waker: Option<Waker>,
        tell: impl FnOnce(),
    ) -> (Arc<ReplyCell<S::Reply>>, Pushed<S>) {
        let mut lines = self.lines();
        let cell = lines.whole().spare.pop().unwrap_or_else(|| Arc::new(ReplyCell::new()));
        let message = Envelope::Call(call, cell.open(waker, until));
        let pushed = self.push_into(&mut lines, message, overflow, None, tell);
        (cell, pushed)
    }

    /// Queues a message if there is room for it; without, it stays where it is. `tell` runs under the lock when the
    /// queue was empty: a push that has returned is a push that the run word shows, so a sender's next
    /// call cannot overtake it.
    #[inline]
    pub(crate) fn offer(
        &self,
        message: &mut Option<Envelope<S>>,
        tell: impl FnOnce() -> bool,
    ) -> Option<bool> {
        let mut lines = self.lines();
        let open = !lines.closed;
        let whole = lines.whole();
        let waiting = whole.queue.len() + self.left();
        if open && waiting < S::MAILBOX.limit() && whole.parked.is_empty() {
            let first = whole.queue.is_empty();
            push_from(message, &mut whole.queue);
            self.note_high_water(waiting + 1);
            if makes!(RaisesUnlocked) {
                drop(lines);
            }
            Some(first && tell())
        } else {
            None
        }
    }

    /// Queues a message; `waker`: its sender is ready to wait. `tell` as for [`offer`](Inbox::offer).
    pub(crate) fn push(
        &self,
        message: Envelope<S>,
        overflow: Overflow,
        waker: Option<&Waker>,
        tell: impl FnOnce(),
    ) -> Pushed<S> {
        self.push_into(&mut self.lines(), message, overflow, waker, tell)
    }

    /// Queues a message whether there is room or not; when the server is gone it stays where it is. With more events in
    /// the queue than a subscription that drops the oldest may keep, the first of them is `late` when another one comes.
    /// `tell` as for [`offer`](Inbox::offer).
    pub(crate) fn force(
        &self,
        message: &mut Option<Envelope<S>>,
        late: &mut Option<Envelope<S>>,
        tell: impl FnOnce() -> bool,
    ) -> Option<bool> {
        let mut lines = self.lines();
        if lines.closed {
            return None;
        }
        let whole = lines.whole();
        let first = whole.queue.is_empty();
        if let Some(Envelope::Event(_, ticket)) = message
            && ticket.note_queued(whole.laps)
        {
            *late = whole.late(ticket.feed());
        }
        push_from(message, &mut whole.queue);
        self.note_high_water(whole.queue.len() + self.left());
        Some(first && tell())
    }

    fn push_into(
        &self,
        lines: &mut Lines<S>,
        message: Envelope<S>,
        overflow: Overflow,
        waker: Option<&Waker>,
        tell: impl FnOnce(),
    ) -> Pushed<S> {
        if lines.closed {
            return Pushed::Closed(message);
        }
        let whole = lines.whole();
        let waiting = whole.queue.len() + self.left();
        if waiting < S::MAILBOX.limit() && whole.parked.is_empty() {
            whole.queue.push_back(message);
            self.note_high_water(waiting + 1);
            if whole.queue.len() == 1 {
                tell();
            }
            return Pushed::Queued;
        }
        match overflow {
            Overflow::Fail => Pushed::Full(message),
            Overflow::DropNewest => Pushed::Dropped { lost: message },
            Overflow::DropOldest => {
                let oldest = whole.queue.iter().position(|message| !message.stays());
                let lost = oldest.and_then(|at| whole.queue.remove(at));
                whole.queue.push_back(message);
                match lost {
                    Some(lost) => Pushed::Dropped { lost },
                    // All that waits is in the server's hands already.
                    None => {
                        tell();
                        Pushed::Queued
                    }
                }
            }
            Overflow::Wait => {
                let first = whole.parked.is_empty();
                self.store.parked.store(whole.parked.len() + 1, Ordering::Relaxed);
                if first && !makes!(ParksSilently) {
                    tell();
                    // Looked at again: the server may have begun a message and been suspended in it, and not have
                    // seen that somebody parks. Both have changed the run word in between, so one sees the other.
                    let waiting = whole.queue.len() + self.left();
                    if waiting < S::MAILBOX.limit() && !makes!(ParksUnseen) {
                        self.store.parked.store(0, Ordering::Relaxed);
                        whole.queue.push_back(message);
                        self.note_high_water(waiting + 1);
                        return Pushed::Queued;
                    }
                }
                let ticket = whole.next_ticket;
                whole.next_ticket += 1;
                whole.parked.push_back(Parked { ticket, message, waker: waker.cloned() });
                Pushed::Parked { ticket, first }
            }
        }
    }

    /// Asks after a parked message.
    pub(crate) fn ask(&self, ticket: u64, waker: &Waker) -> Waited<S> {
        let mut lines = self.lines();
        let whole = lines.whole();
        if let Ok(at) = whole.parked.binary_search_by_key(&ticket, |parked| parked.ticket) {
            let known = &mut whole.parked[at].waker;
            if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
                *known = Some(waker.clone());
            }
            return Waited::Still;
        }
        match whole.returned.iter().position(|(other, _)| *other == ticket) {
            Some(at) => Waited::Back(whole.returned.swap_remove(at).1),
            None => Waited::Moved,
        }
    }

    /// Whether this message still waits for room.
    pub(crate) fn is_parked(&self, ticket: u64) -> bool {
        let lines = self.lines();
        let parked = lines.whole.as_deref().map(|whole| &whole.parked);
        parked.is_some_and(|parked| parked.binary_search_by_key(&ticket, |parked| parked.ticket).is_ok())
    }

    /// Wakes the sender of a parked message; `false` when it waits no more.
    pub(crate) fn wake_parked(&self, ticket: u64) -> bool {
        let waker = {
            let mut lines = self.lines();
            let parked = &mut lines.whole().parked;
            match parked.binary_search_by_key(&ticket, |parked| parked.ticket) {
                Ok(at) => parked[at].waker.clone(),
                Err(_) => return false,
            }
        };
        if let Some(waker) = waker {
            wake(waker);
        }
        true
    }

    /// The sender of a parked message no longer wants to send it. `true`: nobody is parked any more.
    pub(crate) fn withdraw(&self, ticket: u64) -> (Option<Envelope<S>>, bool) {
        let mut lines = self.lines();
        let whole = lines.whole();
        match whole.parked.binary_search_by_key(&ticket, |parked| parked.ticket) {
            Ok(at) => {
                let parked = whole.parked.remove(at);
                self.store.parked.store(whole.parked.len(), Ordering::Relaxed);
                (parked.map(|parked| parked.message), whole.parked.is_empty())
            }
            Err(_) => {
                let at = whole.returned.iter().position(|(other, _)| *other == ticket);
                (at.map(|at| whole.returned.swap_remove(at).1), false)
            }
        }
    }

    /// Moves what is queued behind what the server has, and lets parked senders in. `emptied` runs under
    /// the lock when the queue is left empty. `true`: nobody is parked any more.
    pub(crate) fn take(&self, batch: &mut VecDeque<Envelope<S>>, emptied: impl FnOnce()) -> bool {
        let mut lines = self.lines();
        let Some(whole) = lines.whole.as_deref_mut() else {
            emptied();
            return false;
        };
        whole.laps += 1;
        if S::OVERFLOW == Overflow::DropOldest {
            // The oldest must stay within reach of those who may have to drop it.
            batch.extend(whole.queue.pop_front());
        } else if batch.is_empty() {
            std::mem::swap(batch, &mut whole.queue);
            if whole.queue.capacity() > KEPT && batch.len() < KEPT {
                whole.queue = VecDeque::new();
            }
        } else {
            batch.append(&mut whole.queue);
        }
        self.note_left(batch.len());
        if whole.parked.is_empty() {
            if whole.queue.is_empty() {
                if makes!(LowersUnlocked) {
                    drop(lines);
                }
                emptied();
            }
            return false;
        }
        self.admit(lines, batch.len(), emptied)
    }

    /// Lets parked senders in as far as there is room, and wakes them. `true`: nobody is parked any more.
    fn admit(&self, mut lines: MutexGuard<'a, Lines<S>>, taken: usize, emptied: impl FnOnce()) -> bool {
        let whole = lines.whole();
        let room = S::MAILBOX.limit().saturating_sub(taken + whole.queue.len()).min(whole.parked.len());
        let mut wakers = Vec::new();
        for parked in whole.parked.drain(..room) {
            whole.queue.push_back(parked.message);
            wakers.extend(parked.waker);
        }
        self.store.parked.store(whole.parked.len(), Ordering::Relaxed);
        let low = whole.parked.is_empty();
        if whole.queue.is_empty() && low {
            emptied();
        }
        drop(lines);
        for waker in wakers {
            wake(waker);
        }
        low
    }

    /// The server has begun one of the messages it took, so there is room for one more. `tell` is called
    /// when a parked message came into an empty queue. `true`: nobody is parked any more.
    #[inline]
    pub(crate) fn begun(&self, left: usize, tell: impl FnOnce()) -> bool {
        self.note_left(left);
        // A sender that parks just now is let in when the handler is suspended or the next message begun.
        self.store.parked.load(Ordering::Relaxed) > 0 && self.make_room(left, tell)
    }

    /// A sender that found the server idle put messages straight into its hands. Another sender may count
    /// them a moment late, as if they had been begun.
    #[inline]
    pub(crate) fn handed_over(&self, messages: usize) {
        self.note_left(messages);
        self.note_high_water(messages);
    }

    #[inline]
    fn note_high_water(&self, waiting: usize) {
        if waiting > self.store.high_water.load(Ordering::Relaxed) {
            self.store.high_water.store(waiting, Ordering::Relaxed);
        }
    }

    #[cold]
    fn make_room(&self, left: usize, tell: impl FnOnce()) -> bool {
        let lines = self.lines();
        // Under the lock, as every change of the queue from empty.
        tell();
        self.admit(lines, left, || {})
    }

    /// A reply cell comes back for the next call.
    pub(crate) fn give_back(&self, cell: Arc<ReplyCell<S::Reply>>) {
        // Never wait for this: the lock may be busy, and a new cell costs less.
        if let Ok(mut lines) = self.store.lines.try_lock()
            && Arc::strong_count(&cell) == 1
            // A deferred call's is still known to its server.
            && Arc::weak_count(&cell) == 0
            && let Some(whole) = lines.whole.as_deref_mut()
            && whole.spare.len() < SPARE
        {
            whole.spare.push(cell);
        }
    }

    /// Open again: the next life begins.
    pub(crate) fn reopen(&self) {
        self.lines().closed = false;
    }

    /// Closes and gives out everything that was queued; parked casts go back to their senders.
    pub(crate) fn close(&self) -> Vec<Envelope<S>> {
        if makes!(ClosesLate) {
            let lost = self.empty();
            self.lines().closed = true;
            return lost;
        }
        let mut lines = self.lines();
        lines.closed = true;
        if let Some(whole) = lines.whole.as_deref_mut() {
            whole.spare = Vec::new();
        }
        self.give_out(lines)
    }

    /// Gives out everything that was queued, but stays open; parked casts go back to their senders.
    pub(crate) fn empty(&self) -> Vec<Envelope<S>> {
        self.give_out(self.lines())
    }

    fn give_out(&self, mut lines: MutexGuard<'a, Lines<S>>) -> Vec<Envelope<S>> {
        let mut lost = Vec::new();
        let mut wakers = Vec::new();
        self.note_left(0);
        self.store.parked.store(0, Ordering::Relaxed);
        if let Some(whole) = lines.whole.as_deref_mut() {
            whole.laps += 1;
            lost.extend(std::mem::take(&mut whole.queue));
            for parked in std::mem::take(&mut whole.parked) {
                match parked.waker {
                    Some(waker) => {
                        whole.returned.push((parked.ticket, parked.message));
                        wakers.push(waker);
                    }
                    None => lost.push(parked.message),
                }
            }
        }
        drop(lines);
        for waker in wakers {
            wake(waker);
        }
        lost
    }

    /// Gives memory back; whoever needs it asks for it again.
    pub(crate) fn shrink(&self) {
        if let Some(whole) = self.lines().whole.as_deref_mut() {
            whole.queue.shrink_to_fit();
            whole.parked.shrink_to_fit();
            whole.returned.shrink_to_fit();
            whole.spare = Vec::new();
        }
    }

    /// How full the mailbox is.
    pub(crate) fn lengths(&self) -> Lengths {
        let lines = self.lines();
        let taken = self.left();
        let high_water = self.store.high_water.load(Ordering::Relaxed);
        let (queued, parked) = lines.whole.as_ref().map_or((0, 0), |it| (it.queue.len(), it.parked.len()));
        Lengths { queued: queued + taken, high_water, parked }
    }

    /// Bytes held beside the slot itself.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.lines().whole.as_ref().map_or(0, |whole| {
            size_of::<Whole<S>>()
                + whole.queue.capacity() * size_of::<Envelope<S>>()
                + whole.parked.capacity() * size_of::<Parked<S>>()
                + whole.spare.len() * size_of::<ReplyCell<S::Reply>>()
        })
    }
}

/// Moves a message from where its sender made it to the end of a queue, in one go. To give it to `push_back` it would be
/// copied first, and the processor waits for each copy of what was written piece by piece just before: that took a fifth
/// of a cast.
#[inline]
pub(super) fn push_from<T>(place: &mut Option<T>, queue: &mut VecDeque<T>) {
    queue.resize_with(queue.len() + 1, || match place.take() {
        Some(message) => message,
        None => unreachable!("a message that is sent is there"),
    });
}

impl Mailbox {
    fn limit(self) -> usize {
        self.capacity().unwrap_or(usize::MAX)
    }
}
