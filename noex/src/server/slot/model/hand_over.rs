//! The hand-over under loom: callers, senders, helpers, runners and a kill.

use super::{
    super::{
        Signal,
        inline::{self, Inline},
        right::READY,
    },
    Add, ROOMY, all_served, call, call_here, cast, check, check_up_to, counter, leave, offer, run,
};
use crate::{
    mistakes::{Mistake, with},
    server::slot::AnySlot,
};

#[test]
fn two_callers_and_a_runner() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let other = slot.clone();
        let thread = loom::thread::spawn(move || match call_here(&other, Add::One) {
            Inline::Busy => 0,
            _ => 1,
        });
        let mine = match call_here(&slot, Add::One) {
            Inline::Busy => 0,
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
        let (slot, served) = counter::<ROOMY>();
        let sender = slot.clone();
        let thread = loom::thread::spawn(move || cast(&sender));
        let called = matches!(call_here(&slot, Add::One), Inline::Done(_));
        thread.join().unwrap();
        all_served(&slot, &served, 1 + usize::from(called));
    });
}

#[test]
pub(super) fn two_senders_and_a_helper() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let sender = slot.clone();
        let thread = loom::thread::spawn(move || cast(&sender));
        let _ = offer(&slot, Add::One);
        inline::help(&slot);
        thread.join().unwrap();
        all_served(&slot, &served, 2);
    });
}

#[test]
fn a_senders_call_does_not_overtake_its_cast() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let other = slot.clone();
        let thread = loom::thread::spawn(move || cast(&other));
        let _ = offer(&slot, Add::One);
        let before = served.count();
        if let Inline::Done(count) = call_here(&slot, Add::One) {
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
        let (slot, served) = counter::<ROOMY>();
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
        assert!(served.count() <= 1);
        let refused = offer(&slot, Add::One).is_none();
        assert!(refused, "a server that is gone takes nothing");
        assert_eq!(slot.inbox().lengths().queued, 0, "and keeps nothing");
    });
}

/// What a sender does that finds the server idle, the one next to it, and the runner that comes.
#[test]
fn a_sender_to_an_idle_server_beside_another_and_a_runner() {
    check_up_to(2, || {
        let (slot, served) = counter::<ROOMY>();
        let (other, runner) = (slot.clone(), slot.clone());
        let thread = loom::thread::spawn(move || cast(&other));
        // A runner that was called for something else, and finds the right wherever it lies.
        let turns = loom::thread::spawn(move || run(&runner));
        cast(&slot);
        thread.join().unwrap();
        turns.join().unwrap();
        assert_eq!(slot.flags() & READY, 0, "whoever left the right ready has sent a runner");
        all_served(&slot, &served, 2);
        assert_eq!(slot.inbox().lengths().queued, 0, "what was begun is not counted as waiting");
    });
}

#[test]
fn a_sender_to_an_idle_server_beside_a_caller_that_helps() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let other = slot.clone();
        let thread = loom::thread::spawn(move || cast(&other));
        inline::help(&slot);
        let called = matches!(call_here(&slot, Add::One), Inline::Done(_));
        thread.join().unwrap();
        all_served(&slot, &served, 1 + usize::from(called));
    });
}

#[test]
fn a_kill_beside_a_sender_to_an_idle_server() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let killer = slot.clone();
        let thread = loom::thread::spawn(move || {
            assert!(killer.clone().signal(Signal::Kill));
            // Nobody else is there to serve what the killer found under way.
            if killer.flags() & READY != 0 {
                run(&killer);
            }
        });
        let left = leave(&slot, Add::One);
        if let Some(true) = left {
            run(&slot);
        }
        thread.join().unwrap();
        if slot.flags() & READY != 0 {
            run(&slot);
        }
        assert!(!slot.core.is_alive(), "whatever the sender did");
        assert!(served.count() <= usize::from(left.is_some()));
        assert_eq!(slot.inbox().lengths().queued, 0, "a message that was left is served or refused");
        assert!(leave(&slot, Add::One).is_none());
    });
}

#[test]
#[should_panic(expected = "served")]
fn finds_a_right_that_is_given_back_whatever_flag_is_up() {
    with(Mistake::ReleasesUnseen, a_cast_while_a_caller_is_inside_is_not_lost);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn finds_a_right_that_is_given_back_without_what_was_written() {
    with(Mistake::ReleasesRelaxed, two_callers_and_a_runner);
}
