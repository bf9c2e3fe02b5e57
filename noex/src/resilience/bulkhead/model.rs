//! The gate under loom: every interleaving of those who enter, leave, wait and give up, up to a bound on preemptions.
//!
//! `RUSTFLAGS="--cfg noex_loom" cargo test -p noex --lib model`
//!
//! The code that runs is the code that ships. What is checked: nobody is left in line while there is room, no more are
//! inside than may be, and no place is lost.

use std::{sync::Arc, task::Waker};

use loom::thread;

use super::{
    Demand, QueueOrder,
    gate::{Gate, Joined, Seat, Turn},
};
use crate::mistakes::{Mistake, with};

const ONE: Demand = Demand::new();

fn gate(limit: usize) -> Gate {
    Gate::new(limit, 10, QueueOrder::Fifo)
}

fn check(body: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound.get_or_insert(3);
    model.check(body);
}

fn turn(gate: &Gate, seat: &Arc<Seat>) -> Turn {
    gate.look(seat, Waker::noop())
}

#[test]
fn one_leaves_as_another_comes() {
    check(|| {
        let gate = Arc::new(gate(1));
        assert!(gate.enter(1));
        let leaver = thread::spawn({
            let gate = gate.clone();
            move || gate.leave(1)
        });
        let joined = gate.join(ONE);
        leaver.join().unwrap();
        match joined {
            Joined::Inside => {}
            Joined::InLine(seat) => assert_eq!(turn(&gate, &seat), Turn::Inside, "nobody is left in line"),
            Joined::Full | Joined::Closed => unreachable!("there is a place in line"),
        }
        assert_eq!((gate.active(), gate.queued()), (1, 0));
        gate.leave(1);
        assert!(gate.enter(1), "the gate is open again");
    });
}

#[test]
#[should_panic(expected = "nobody is left in line")]
fn finds_a_waiter_that_does_not_look_again() {
    with(Mistake::JoinsUnseen, one_leaves_as_another_comes);
}

#[test]
fn two_leave_and_one_waits_for_both() {
    check(|| {
        let gate = Arc::new(gate(2));
        assert!(gate.enter(1) && gate.enter(1));
        let leavers = [(); 2].map(|()| {
            let gate = gate.clone();
            thread::spawn(move || gate.leave(1))
        });
        let joined = gate.join(ONE.weight(2));
        for leaver in leavers {
            leaver.join().unwrap();
        }
        if let Joined::InLine(seat) = joined {
            assert_eq!(turn(&gate, &seat), Turn::Inside);
        }
        assert_eq!((gate.active(), gate.queued()), (2, 0));
    });
}

#[test]
fn who_gives_up_passes_the_place_on() {
    check(|| {
        let gate = Arc::new(gate(1));
        assert!(gate.enter(1));
        let (Joined::InLine(first), Joined::InLine(second)) = (gate.join(ONE), gate.join(ONE)) else {
            unreachable!("there is no room")
        };
        let leaver = thread::spawn({
            let gate = gate.clone();
            move || gate.leave(1)
        });
        gate.give_up(&first, 1);
        leaver.join().unwrap();
        assert_eq!(turn(&gate, &second), Turn::Inside);
        assert_eq!((gate.active(), gate.queued()), (1, 0));
    });
}

#[test]
fn no_more_are_inside_than_may_be() {
    check(|| {
        let gate = Arc::new(gate(1));
        let inside = Arc::new(loom::cell::UnsafeCell::new(()));
        let enter = |gate: &Gate, inside: &loom::cell::UnsafeCell<()>| {
            if gate.enter(1) {
                // loom fails the run when two are there at once, or unordered.
                inside.with_mut(|_| ());
                gate.leave(1);
            }
        };
        let other = thread::spawn({
            let (gate, inside) = (gate.clone(), inside.clone());
            move || enter(&gate, &inside)
        });
        enter(&gate, &inside);
        other.join().unwrap();
        assert_eq!(gate.active(), 0);
    });
}

#[test]
fn more_room_is_seen_by_who_comes_to_wait() {
    check(|| {
        let gate = Arc::new(gate(1));
        assert!(gate.enter(1));
        let other = thread::spawn({
            let gate = gate.clone();
            move || assert_eq!(gate.resize(2), 1)
        });
        let joined = gate.join(ONE);
        other.join().unwrap();
        if let Joined::InLine(seat) = joined {
            assert_eq!(turn(&gate, &seat), Turn::Inside);
        }
        assert_eq!((gate.active(), gate.queued()), (2, 0));
    });
}
