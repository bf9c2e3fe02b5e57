//! The hand-over under loom: every interleaving of callers, senders, helpers, runners and a kill, up to a
//! bound on preemptions.
//!
//! `RUSTFLAGS="--cfg noex_loom" cargo test -p noex --lib model`
//!
//! The code that runs is the code that ships: the run word, the inbox, `call_inline`, `help`, `turn`. loom
//! fails a run in which two threads are in the room unordered; the tests check that nothing is lost.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::AtomicUsize as Count},
};

use super::{
    AnySlot, Live, Signal, Slot,
    envelope::Envelope,
    inline::{self, Inline},
    post,
    right::{QUEUED, READY},
    serving::Until,
    vacant,
};
use crate::{
    Context, GenServer, Init, Message, Never, Now, Overflow, ServerConfig, ServerRef,
    process::{runner::Turn, seat::empty_seat},
};

/// Counts what it serves; `served` is seen from outside.
struct Counter {
    inside: u64,
    served: Arc<Count>,
}

enum Add {
    One,
}

impl ServerConfig for Counter {}
impl Message for Add {}

impl GenServer for Counter {
    type Args = ();
    type InitError = Infallible;
    type Call = Add;
    type Reply = u64;
    type Cast = Add;
    type Info = Never;
    type Continue = Never;
    type Ref = ServerRef<Self>;

    async fn init((): (), _: &mut Context<Self>) -> Result<Init<Self>, Infallible> {
        unreachable!("the model makes its servers live by hand")
    }

    fn call_now(&mut self, Add::One: Add, _: &mut Context<Self>) -> Now<u64, Add> {
        Now::Done(self.add())
    }

    fn cast_now(&mut self, Add::One: Add, _: &mut Context<Self>) -> Now<(), Add> {
        self.add();
        Now::Done(())
    }

    fn terminate_now(&mut self, _: &crate::ExitReason, _: &mut Context<Self>) -> Now<(), ()> {
        Now::Done(())
    }
}

impl Counter {
    fn add(&mut self) -> u64 {
        self.inside += 1;
        self.served.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.inside
    }
}

/// A server that lives and is idle.
fn counter() -> (Arc<Slot<Counter>>, Arc<Count>) {
    let slot = vacant::<Counter>(1, None);
    let served = Arc::<Count>::default();
    let Some(mut right) = slot.enter_down() else { unreachable!("nobody else is there") };
    slot.core.be_born();
    let state = Counter { inside: 0, served: served.clone() };
    right.live = Some(Live { state, cx: Context::new(&slot) });
    slot.lower(super::right::HALT);
    assert!(right.release().is_ok());
    (slot, served)
}

/// What a runner does when it comes.
fn run(slot: &Arc<Slot<Counter>>) {
    let mut seat = empty_seat();
    while matches!(slot.clone().turn(&mut seat, &mut 1), Turn::Again(_)) {}
}

/// A call that queues itself when the server is not idle.
fn call(slot: &Arc<Slot<Counter>>) {
    match inline::call_inline(slot, Add::One) {
        Inline::Done(_) => {}
        Inline::Busy(call) => {
            let mut summoned = false;
            drop(
                slot.inbox
                    .push_call(call, (Overflow::Wait, Until::Forever), None, || summoned = slot.raise(QUEUED))
                    .0,
            );
            if summoned {
                run(slot);
            }
        }
        Inline::Later(_) | Inline::Crashed(_) => unreachable!("the handler is plain and does not panic"),
    }
}

fn cast(slot: &Arc<Slot<Counter>>) {
    if let Ok(true) = post::leave(slot, Envelope::Cast(Add::One)) {
        run(slot);
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

/// Everything that was to be run is run, and the server is idle.
fn all_served(slot: &Arc<Slot<Counter>>, served: &Count, expected: usize) {
    if slot.flags() & READY != 0 {
        run(slot);
    }
    assert_eq!(slot.flags(), 0, "idle");
    assert_eq!(served.load(std::sync::atomic::Ordering::Relaxed), expected);
}

#[test]
fn two_callers_and_a_runner() {
    check(|| {
        let (slot, served) = counter();
        let other = slot.clone();
        let thread = loom::thread::spawn(move || match inline::call_inline(&other, Add::One) {
            Inline::Busy(_) => 0,
            _ => 1,
        });
        let mine = match inline::call_inline(&slot, Add::One) {
            Inline::Busy(_) => 0,
            _ => 1,
        };
        let runner = slot.clone();
        let turns = loom::thread::spawn(move || run(&runner));
        let theirs = thread.join().unwrap();
        turns.join().unwrap();
        assert!(mine + theirs >= 1, "one of them was alone");
        all_served(&slot, &served, mine + theirs);
    });
}

#[test]
fn a_cast_while_a_caller_is_inside_is_not_lost() {
    check(|| {
        let (slot, served) = counter();
        let sender = slot.clone();
        let thread = loom::thread::spawn(move || cast(&sender));
        let called = matches!(inline::call_inline(&slot, Add::One), Inline::Done(_));
        thread.join().unwrap();
        all_served(&slot, &served, 1 + usize::from(called));
    });
}

#[test]
fn two_senders_and_a_helper() {
    check(|| {
        let (slot, served) = counter();
        let sender = slot.clone();
        let thread = loom::thread::spawn(move || cast(&sender));
        let _ = slot.inbox.offer(Envelope::Cast(Add::One), || slot.raise(QUEUED));
        inline::help(&slot);
        thread.join().unwrap();
        all_served(&slot, &served, 2);
    });
}

#[test]
fn a_senders_call_does_not_overtake_its_cast() {
    check(|| {
        let (slot, served) = counter();
        let other = slot.clone();
        let thread = loom::thread::spawn(move || cast(&other));
        let _ = slot.inbox.offer(Envelope::Cast(Add::One), || slot.raise(QUEUED));
        let before = served.load(std::sync::atomic::Ordering::Relaxed);
        if let Inline::Done(count) = inline::call_inline(&slot, Add::One) {
            assert!(count >= 2, "{count}: the cast was served first, {before} before");
        }
        thread.join().unwrap();
        if slot.flags() & READY != 0 {
            run(&slot);
        }
        assert_eq!(slot.flags(), 0);
    });
}

#[test]
fn a_kill_beside_a_call_and_a_cast() {
    check(|| {
        let (slot, served) = counter();
        let killer = slot.clone();
        let thread = loom::thread::spawn(move || {
            assert!(killer.clone().signal(Signal::Kill));
        });
        call(&slot);
        thread.join().unwrap();
        if slot.flags() & READY != 0 {
            run(&slot);
        }
        assert!(!slot.core.is_alive());
        assert!(served.load(std::sync::atomic::Ordering::Relaxed) <= 1);
        let refused = slot.inbox.offer(Envelope::Cast(Add::One), || false).is_err();
        assert!(refused, "a server that is gone takes nothing");
        assert_eq!(slot.inbox.lengths().queued, 0, "and keeps nothing");
    });
}

/// What a sender does that finds the server idle, the one next to it, and the runner that comes.
#[test]
fn a_sender_to_an_idle_server_beside_another_and_a_runner() {
    check_up_to(2, || {
        let (slot, served) = counter();
        let (other, runner) = (slot.clone(), slot.clone());
        let thread = loom::thread::spawn(move || cast(&other));
        // A runner that was called for something else, and finds the right wherever it lies.
        let turns = loom::thread::spawn(move || run(&runner));
        cast(&slot);
        thread.join().unwrap();
        turns.join().unwrap();
        assert_eq!(slot.flags() & READY, 0, "whoever left the right ready has sent a runner");
        all_served(&slot, &served, 2);
        assert_eq!(slot.inbox.lengths().queued, 0, "what was begun is not counted as waiting");
    });
}

#[test]
fn a_sender_to_an_idle_server_beside_a_caller_that_helps() {
    check(|| {
        let (slot, served) = counter();
        let other = slot.clone();
        let thread = loom::thread::spawn(move || cast(&other));
        inline::help(&slot);
        let called = matches!(inline::call_inline(&slot, Add::One), Inline::Done(_));
        thread.join().unwrap();
        all_served(&slot, &served, 1 + usize::from(called));
    });
}

#[test]
fn a_kill_beside_a_sender_to_an_idle_server() {
    check(|| {
        let (slot, served) = counter();
        let killer = slot.clone();
        let thread = loom::thread::spawn(move || {
            assert!(killer.clone().signal(Signal::Kill));
            // Nobody else is there to serve what the killer found under way.
            if killer.flags() & READY != 0 {
                run(&killer);
            }
        });
        let left = post::leave(&slot, Envelope::Cast(Add::One));
        if let Ok(true) = left {
            run(&slot);
        }
        thread.join().unwrap();
        if slot.flags() & READY != 0 {
            run(&slot);
        }
        assert!(!slot.core.is_alive(), "whatever the sender did");
        assert!(served.load(std::sync::atomic::Ordering::Relaxed) <= usize::from(left.is_ok()));
        assert_eq!(slot.inbox.lengths().queued, 0, "a message that was left is served or refused");
        assert!(post::leave(&slot, Envelope::Cast(Add::One)).is_err());
    });
}
