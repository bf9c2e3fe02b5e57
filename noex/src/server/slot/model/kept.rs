//! A handler that its caller keeps, under loom: beside a sender, a kill, and both.
//!
//! The caller takes a few steps and is not seen again. Whoever has something for the server comes for the handler; what
//! the caller lets go of it sends a runner for itself.

use std::{
    sync::Arc,
    task::{Context, Waker},
};

use super::{
    super::{
        AnySlot, Signal, Slot,
        inline::{self, Started},
        kept::{self, Step},
        reply::ReplyCell,
        serving::Until,
        sync::Ordering,
    },
    Add, Counter, FOREVER, ROOMY, all_served, check,
    control::Runner,
    counter, leave,
};
use crate::mistakes::{Mistake, with};

/// A caller, by where its reply comes to.
struct Caller {
    slot: Arc<Slot<Counter<ROOMY>>>,
    cell: Arc<ReplyCell<u64>>,
    /// The server was idle.
    began: bool,
    /// Its handler is with it.
    keeps: bool,
}

impl Caller {
    /// Takes the first step of a handler that is suspended so often, if the server is idle.
    fn begin(slot: &Arc<Slot<Counter<ROOMY>>>, times: u8) -> Self {
        let cell = Arc::new(ReplyCell::new());
        let (mut call, mut reply) = (Some(Add::Slowly(times)), None);
        let started = inline::start_async(slot, Waker::noop(), &mut call, &cell, Until::Forever, &mut reply);
        let (began, keeps) = (started != Started::Not, started == Started::Kept);
        let mut caller = Caller { slot: slot.clone(), cell: cell.clone(), began, keeps };
        if started == Started::Here {
            caller.is_let_go();
        }
        caller
    }

    /// Polls it once more.
    fn go_on(&mut self) {
        if !self.keeps {
            return;
        }
        let (of, mut reply) = (self.cell.key(), None);
        match kept::go_on(&self.slot, of, &mut reply, &mut Context::from_waker(Waker::noop())) {
            Step::Kept => {}
            Step::Answered | Step::Gone => self.is_let_go(),
        }
    }

    /// Whoever lets go of a handler sends a runner.
    fn is_let_go(&mut self) {
        self.keeps = false;
        Runner::new().serve_to_the_end(&self.slot);
    }

    fn drop_call(&mut self) {
        if self.keeps {
            kept::let_go(&self.slot);
            self.is_let_go();
        }
    }
}

/// A cast from another thread, and the runner that is sent if it has to be.
fn cast_beside(slot: &Arc<Slot<Counter<ROOMY>>>) -> loom::thread::JoinHandle<()> {
    let slot = slot.clone();
    loom::thread::spawn(move || {
        if let Some(true) = leave(&slot, Add::One) {
            Runner::new().serve_to_the_end(&slot);
        }
    })
}

#[test]
fn a_cast_beside_a_caller_that_takes_the_first_step() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let sender = cast_beside(&slot);
        let mut caller = Caller::begin(&slot, 1);
        sender.join().unwrap();
        assert!(served.count() >= 1, "served is the cast, whatever the caller does");
        // If it came first the handler is with its caller still.
        caller.drop_call();
        all_served(&slot, &served, 1 + usize::from(caller.began));
    });
}

#[test]
fn a_cast_beside_a_caller_that_polls_its_handler() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let mut caller = Caller::begin(&slot, 3);
        let sender = cast_beside(&slot);
        caller.go_on();
        sender.join().unwrap();
        // The caller does not come back.
        all_served(&slot, &served, 2);
    });
}

#[test]
fn a_cast_beside_a_caller_whose_handler_ends() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let mut caller = Caller::begin(&slot, 1);
        let sender = cast_beside(&slot);
        caller.go_on();
        sender.join().unwrap();
        all_served(&slot, &served, 2);
    });
}

#[test]
fn a_cast_beside_a_caller_that_goes() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let mut caller = Caller::begin(&slot, 2);
        let sender = cast_beside(&slot);
        caller.drop_call();
        sender.join().unwrap();
        all_served(&slot, &served, 2);
    });
}

#[test]
fn a_kill_beside_a_caller_that_polls_its_handler() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let mut caller = Caller::begin(&slot, FOREVER);
        let killer = slot.clone();
        let thread = loom::thread::spawn(move || {
            assert!(killer.clone().signal(Signal::Kill), "it lives");
            Runner::new().serve(&killer);
        });
        caller.go_on();
        thread.join().unwrap();
        assert!(caller.cell.poll(Waker::noop()).is_ready(), "its caller is told");
        assert!(!slot.core.is_alive(), "a kill is not lost");
        assert_eq!(served.count(), 0);
    });
}

/// A runner that was sent for something else finds a right wherever it lies.
#[test]
fn a_kill_beside_a_runner_that_comes_by() {
    check(|| {
        let (slot, _) = counter::<ROOMY>();
        let caller = Caller::begin(&slot, FOREVER);
        let other = slot.clone();
        let thread = loom::thread::spawn(move || Runner::new().serve(&other));
        assert!(slot.clone().signal(Signal::Kill), "it lives");
        Runner::new().serve(&slot);
        thread.join().unwrap();
        assert!(!slot.core.is_alive(), "a kill is not lost");
        assert!(caller.cell.poll(Waker::noop()).is_ready(), "its caller is told");
    });
}

#[test]
fn a_look_beside_a_caller_that_polls_its_handler() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let mut caller = Caller::begin(&slot, 2);
        let other = slot.clone();
        let thread = loom::thread::spawn(move || {
            assert!(!other.clone().look_after_kept(None), "it is not looked after any more");
            Runner::new().serve_to_the_end(&other);
        });
        caller.go_on();
        caller.go_on();
        thread.join().unwrap();
        all_served(&slot, &served, 1);
    });
}

/// The server is on the list still from a handler that is done.
#[test]
fn a_look_that_takes_off_the_list_beside_a_caller_that_keeps_its_handler() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let mut first = Caller::begin(&slot, 1);
        first.go_on();
        let other = slot.clone();
        let thread = loom::thread::spawn(move || other.look_after_kept(Some(1)));
        let mut second = Caller::begin(&slot, 1);
        thread.join().unwrap();
        assert!(second.keeps, "nobody has anything for the server");
        assert!(slot.core.is_listed.load(Ordering::Relaxed), "a handler that is kept is missed");
        second.drop_call();
        all_served(&slot, &served, 2);
    });
}

#[test]
fn a_snapshot_beside_a_caller_that_polls_its_handler() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let mut caller = Caller::begin(&slot, 2);
        let other = slot.clone();
        let thread = loom::thread::spawn(move || {
            assert!(other.clone().awaited().is_empty(), "it calls nobody");
            Runner::new().serve_to_the_end(&other);
        });
        caller.go_on();
        thread.join().unwrap();
        caller.drop_call();
        all_served(&slot, &served, 1);
    });
}

/// A runner that was sent for something else takes the handler as soon as it lies there.
#[test]
fn a_runner_that_comes_by_beside_a_caller_that_takes_the_first_step() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let other = slot.clone();
        let thread = loom::thread::spawn(move || Runner::new().serve_to_the_end(&other));
        let mut caller = Caller::begin(&slot, 1);
        thread.join().unwrap();
        caller.drop_call();
        all_served(&slot, &served, 1);
    });
}

/// The server is on the list still from a handler that is done; after this nobody looks again.
#[test]
fn the_end_of_the_runtime_beside_a_caller_that_keeps_its_handler() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let mut first = Caller::begin(&slot, 1);
        first.go_on();
        let other = slot.clone();
        let thread = loom::thread::spawn(move || {
            other.clone().look_after_kept(None);
            Runner::new().serve_to_the_end(&other);
        });
        let mut second = Caller::begin(&slot, 1);
        thread.join().unwrap();
        // Put on the list by its caller, which finds that closed; or let go of.
        if second.keeps && slot.core.is_listed.load(Ordering::Relaxed) {
            second.drop_call();
        }
        all_served(&slot, &served, 2);
    });
}

#[test]
#[should_panic(expected = "idle")]
fn finds_a_caller_that_leaves_its_handler_first() {
    with(Mistake::LeavesFirst, a_runner_that_comes_by_beside_a_caller_that_takes_the_first_step);
}

#[test]
#[should_panic(expected = "idle")]
fn finds_the_end_of_a_runtime_that_does_not_look_again() {
    with(Mistake::EndsBlind, the_end_of_the_runtime_beside_a_caller_that_keeps_its_handler);
}

#[test]
#[should_panic(expected = "is missed")]
fn finds_a_server_that_is_taken_off_the_list_blindly() {
    with(Mistake::UnlistsBlind, a_look_that_takes_off_the_list_beside_a_caller_that_keeps_its_handler);
}

#[test]
#[should_panic(expected = "served")]
fn finds_a_caller_that_keeps_its_handler_whatever_is_for_the_server() {
    with(Mistake::KeepsBlind, a_cast_beside_a_caller_that_takes_the_first_step);
}

#[test]
#[should_panic(expected = "idle")]
fn finds_a_caller_that_puts_its_handler_back_blindly() {
    with(Mistake::PutsBackBlind, a_cast_beside_a_caller_that_polls_its_handler);
}

#[test]
#[should_panic(expected = "its caller is told")]
fn finds_a_right_of_a_holder_cut_short_that_anybody_takes() {
    with(Mistake::LaysCutReady, a_kill_beside_a_runner_that_comes_by);
}
