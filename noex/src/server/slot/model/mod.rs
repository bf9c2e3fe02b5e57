//! The slot under loom: every interleaving of its users, up to a bound on preemptions.
//!
//! `RUSTFLAGS="--cfg noex_loom" cargo test -p noex --lib model`
//!
//! The code that runs is the code that ships: the run word, the inbox, the reply cells, the control lane. loom
//! fails a run in which two threads are in the room unordered; the models check that nothing is lost. What it
//! does not see are the counts of `std`'s `Arc`, by which a call that nobody waits for is passed over.
//!
//! Each file ends with mistakes that its models find: see [`mistakes`](crate::mistakes).
//!
//! | file | idea |
//! |---|---|
//! | `hand_over` | the run right |
//! | `mailbox` | a full one, its parked senders, its end |
//! | `reply` | the answer, beside a caller that leaves |
//! | `control` | signals beside a handler that is suspended |
//! | `kept` | a handler that is with its caller |

mod control;
mod hand_over;
mod kept;
mod mailbox;
mod reply;

use std::{
    convert::Infallible,
    future::{pending, poll_fn},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Poll, Wake, Waker},
};

use super::{
    AnySlot, Live, Slot,
    envelope::Envelope,
    inline::{self, Inline},
    post,
    right::{HALT, QUEUED, READY},
    serving::Until,
    vacant,
};
use crate::{
    Context, ExitReason, GenServer, Init, Mailbox, Message, Never, Now, Overflow, ServerConfig, ServerRef,
    process::{runner::Turn, seat::empty_seat},
};

/// A mailbox that no model fills.
const ROOMY: usize = 1024;

/// Counts what it serves, with a mailbox for so many.
struct Counter<const ROOM: usize> {
    inside: u64,
    served: Arc<Served>,
}

/// What was served, in order, as seen from outside. Not a part of the model: `std`'s.
#[derive(Default)]
struct Served(Mutex<Vec<u8>>);

impl Served {
    fn names(&self) -> Vec<u8> {
        self.0.lock().expect("nobody panics with it").clone()
    }

    fn count(&self) -> usize {
        self.names().len()
    }
}

enum Add {
    One,
    /// The same, to be told apart.
    Named(u8),
    /// Async: pending so many times.
    Slowly(u8),
}

/// So often that its handler never ends.
const FOREVER: u8 = u8::MAX;

impl<const ROOM: usize> ServerConfig for Counter<ROOM> {
    const MAILBOX: Mailbox = Mailbox::bounded(ROOM);
}

impl Message for Add {}

impl<const ROOM: usize> GenServer for Counter<ROOM> {
    type Args = ();
    type InitError = Infallible;
    type Call = Add;
    type Reply = u64;
    type Cast = Add;
    type Info = Never;
    type Continue = Never;
    type Ref = ServerRef<Self>;

    /// Never ends: the models make their servers live by hand.
    async fn init((): (), _: &mut Context<Self>) -> Result<Init<Self>, Infallible> {
        pending().await
    }

    fn call_now(&mut self, add: Add, _: &mut Context<Self>) -> Now<u64, Add> {
        if let Add::Slowly(_) = add {
            return Now::Later(add);
        }
        self.add(&add);
        Now::Done(self.inside)
    }

    fn cast_now(&mut self, add: Add, _: &mut Context<Self>) -> Now<(), Add> {
        if let Add::Slowly(_) = add {
            return Now::Later(add);
        }
        self.add(&add);
        Now::Done(())
    }

    async fn handle_call(&mut self, add: Add, _: &mut Context<Self>) -> Option<u64> {
        self.add_slowly(add).await;
        Some(self.inside)
    }

    async fn handle_cast(&mut self, add: Add, _: &mut Context<Self>) {
        self.add_slowly(add).await;
    }

    fn terminate_now(&mut self, _: &ExitReason, _: &mut Context<Self>) -> Now<(), ()> {
        Now::Done(())
    }
}

impl<const ROOM: usize> Counter<ROOM> {
    async fn add_slowly(&mut self, add: Add) {
        let mut left = if let Add::Slowly(times) = add { times } else { 0 };
        poll_fn(|_| match left {
            0 => Poll::Ready(()),
            FOREVER => Poll::Pending,
            _ => {
                left -= 1;
                Poll::Pending
            }
        })
        .await;
        self.add(&add);
    }

    fn add(&mut self, add: &Add) {
        self.inside += 1;
        let name = if let Add::Named(name) = add { *name } else { 0 };
        self.served.0.lock().expect("nobody panics with it").push(name);
    }
}

/// A server that lives and is idle.
fn counter<const ROOM: usize>() -> (Arc<Slot<Counter<ROOM>>>, Arc<Served>) {
    let slot = vacant::<Counter<ROOM>>(1, None);
    let served = Arc::<Served>::default();
    let Some(mut right) = slot.enter_down() else { unreachable!("nobody else is there") };
    slot.core.be_born();
    let state = Counter { inside: 0, served: served.clone() };
    right.live = Some(Live { state, cx: Context::new(&slot) });
    slot.lower(HALT);
    assert!(right.release().is_ok());
    (slot, served)
}

/// What a runner does when it comes.
fn run<const ROOM: usize>(slot: &Arc<Slot<Counter<ROOM>>>) {
    let mut seat = empty_seat();
    while matches!(slot.clone().turn(&mut seat, &mut 1), Turn::Again(_)) {}
}

/// The same where one may have been sent.
fn run_if_ready<const ROOM: usize>(slot: &Arc<Slot<Counter<ROOM>>>) {
    if slot.flags() & READY != 0 {
        run(slot);
    }
}

/// A call on the caller's own task.
fn call_here<const ROOM: usize>(slot: &Arc<Slot<Counter<ROOM>>>, call: Add) -> Inline<Counter<ROOM>> {
    inline::call_inline(slot, &mut Some(call), Waker::noop())
}

/// A cast that does not wait for room; as `post::leave`.
fn leave<const ROOM: usize>(slot: &Slot<Counter<ROOM>>, cast: Add) -> Option<bool> {
    post::leave(slot, &mut Some(Envelope::Cast(cast)))
}

/// The same for a server that is not idle.
fn offer<const ROOM: usize>(slot: &Slot<Counter<ROOM>>, cast: Add) -> Option<bool> {
    slot.inbox().offer(&mut Some(Envelope::Cast(cast)), || slot.raise(QUEUED))
}

/// A call that queues itself when the server is not idle.
fn call<const ROOM: usize>(slot: &Arc<Slot<Counter<ROOM>>>) {
    match call_here(slot, Add::One) {
        Inline::Done(_) => {}
        Inline::Busy => {
            let mut summoned = false;
            drop(
                slot.inbox()
                    .push_call(Add::One, (Overflow::Wait, Until::Forever), None, || {
                        summoned = slot.raise(QUEUED)
                    })
                    .0,
            );
            if summoned {
                run(slot);
            }
        }
        Inline::Later | Inline::Crashed(_) => unreachable!("the handler is plain and does not panic"),
    }
}

fn cast<const ROOM: usize>(slot: &Arc<Slot<Counter<ROOM>>>) {
    if let Some(true) = leave(slot, Add::One) {
        run(slot);
    }
}

/// Everything that was to be run is run, and the server is idle.
fn all_served<const ROOM: usize>(slot: &Arc<Slot<Counter<ROOM>>>, served: &Served, expected: usize) {
    run_if_ready(slot);
    assert_eq!(slot.flags(), 0, "idle");
    assert_eq!(served.count(), expected, "served");
}

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Woken {
    fn new() -> (Arc<Self>, Waker) {
        let woken = Arc::<Self>::default();
        (woken.clone(), woken.into())
    }

    fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn check(body: impl Fn() + Sync + Send + 'static) {
    check_up_to(3, body);
}

/// With so many preemptions in a run; models of three threads need longer.
fn check_up_to(preemptions: usize, body: impl Fn() + Sync + Send + 'static) {
    // Callers run handlers themselves only where there is a runtime to spawn on.
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _in_runtime = runtime.enter();
    let mut model = loom::model::Builder::new();
    model.preemption_bound.get_or_insert(preemptions);
    model.check(body);
}
