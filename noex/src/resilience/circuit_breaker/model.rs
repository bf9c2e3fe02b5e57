//! The gate under loom: every interleaving of callers at the ends of its states.
//!
//! `RUSTFLAGS="--cfg noex_loom" cargo test -p noex --lib model`
//!
//! | a mutation | is caught by |
//! |---|---|
//! | `shift_in` stores the next word instead of comparing | two failures at the threshold and a success |
//! | a probe's permit is taken with a load and a store | probes are bounded: seeded, as [`Mistake::SwapsBlind`] |
//! | one deadline for all generations, read without a second look at the word | two at the end of the open time |

use std::{sync::Arc, time::Duration};

use loom::thread;

use super::{
    super::{CircuitState, Counts},
    CircuitBreakerOptions,
    gate::{Entry, Gate, Outcome, Taken},
    word::Pass,
};
use crate::mistakes::{Mistake, with};

const FAILED: Outcome = Outcome { counts: Counts::Failure, is_slow: false, hint: None };
const SUCCEEDED: Outcome = Outcome { counts: Counts::Success, is_slow: false, hint: None };
const NEUTRAL: Outcome = Outcome { counts: Counts::Neutral, is_slow: false, hint: None };

/// Opens after one failure for 10 ns, half-open for 30.
const fn options() -> CircuitBreakerOptions {
    CircuitBreakerOptions::new()
        .failure_threshold(1)
        .reset_timeout(Duration::from_nanos(10))
        .half_open_timeout(Duration::from_nanos(30))
}

fn gate(options: CircuitBreakerOptions) -> Arc<Gate> {
    Arc::new(Gate::new(&options, 0))
}

/// Opened at 0.
fn open(options: CircuitBreakerOptions) -> Arc<Gate> {
    let gate = gate(options);
    assert_eq!(gate.finish(pass(gate.admit(|| 0)), FAILED, || 0), Taken::Counted);
    gate
}

#[track_caller]
fn pass(entry: Entry) -> Pass {
    match entry {
        Entry::Pass(pass) => pass,
        other => panic!("{other:?}"),
    }
}

fn state(gate: &Gate) -> CircuitState {
    gate.state(|| 0)
}

/// Changes of state so far, which are told once.
fn told(gate: &Gate) -> Vec<(CircuitState, CircuitState)> {
    let told = std::cell::RefCell::default();
    gate.announce(|from, to| Vec::push(&mut told.borrow_mut(), (from, to)));
    told.into_inner()
}

fn check(body: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound.get_or_insert(3);
    model.check(body);
}

use CircuitState::{Closed, HalfOpen, Open};

#[test]
fn two_at_the_end_of_the_open_time() {
    check(|| {
        let gate = open(options());
        let other = gate.clone();
        let thread = thread::spawn(move || other.admit(|| 10));
        let entries = [gate.admit(|| 10), thread.join().unwrap()];
        let passed = entries.iter().filter(|entry| matches!(entry, Entry::Pass(_))).count();
        assert_eq!(passed, 1, "{entries:?}");
        assert!(entries.contains(&Entry::Full(40)), "{entries:?}");
        assert_eq!(told(&gate), [(Closed, Open), (Open, HalfOpen)]);
    });
}

#[test]
fn probes_are_bounded_and_come_back() {
    check(|| {
        let gate = open(options().half_open_max_calls(2).success_threshold(9));
        let first = pass(gate.admit(|| 10));
        let other = gate.clone();
        let thread = thread::spawn(move || other.admit(|| 10));
        let entries = [gate.admit(|| 10), thread.join().unwrap()];
        let passed: Vec<Pass> = entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Pass(pass) => Some(*pass),
                _ => None,
            })
            .collect();
        assert_eq!(passed.len(), 1, "one place was left: {entries:?}");
        let other = gate.clone();
        let thread = thread::spawn(move || other.finish(first, NEUTRAL, || 11));
        assert_eq!(gate.finish(passed[0], SUCCEEDED, || 11), Taken::ProbeBack);
        assert_eq!(thread.join().unwrap(), Taken::ProbeBack);
        pass(gate.admit(|| 12));
        pass(gate.admit(|| 12));
        assert_eq!(gate.admit(|| 12), Entry::Full(40), "two places, and no more");
    });
}

#[test]
fn a_failure_beside_the_last_success() {
    check(|| {
        let gate = open(options().half_open_max_calls(2));
        let (good, bad) = (pass(gate.admit(|| 10)), pass(gate.admit(|| 10)));
        let other = gate.clone();
        let thread = thread::spawn(move || other.finish(good, SUCCEEDED, || 20));
        let bad = gate.finish(bad, FAILED, || 20);
        match (thread.join().unwrap(), bad) {
            (Taken::Counted, Taken::Late) => assert_eq!(state(&gate), Closed),
            (Taken::Late, Taken::Counted) => assert_eq!(state(&gate), Open),
            other => panic!("one of them is the verdict: {other:?}"),
        }
        assert_eq!(told(&gate).len(), 3);
    });
}

#[test]
fn two_failures_at_the_threshold_and_a_success() {
    check(|| {
        let gate = gate(options().failure_threshold(2));
        let (one, two) = (pass(gate.admit(|| 0)), pass(gate.admit(|| 0)));
        let good = pass(gate.admit(|| 0));
        let other = gate.clone();
        let thread =
            thread::spawn(move || (other.finish(one, FAILED, || 1), other.finish(good, SUCCEEDED, || 1)));
        assert_eq!(gate.finish(two, FAILED, || 1), Taken::Counted);
        match thread.join().unwrap() {
            // The success came between the two, or after both.
            (Taken::Counted, Taken::Counted) => assert_eq!((state(&gate), gate.counts().0), (Closed, 1)),
            (Taken::Counted, Taken::Late) => {
                assert_eq!(state(&gate), Open);
                assert_eq!(gate.admit(|| 5), Entry::Refused(Open, Some(6)));
                assert_eq!(told(&gate), [(Closed, Open)]);
            }
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_refusal_tells_its_own_deadline() {
    check(|| {
        let gate = open(options());
        let other = gate.clone();
        let thread = thread::spawn(move || {
            let probe = pass(other.admit(|| 10));
            assert_eq!(other.finish(probe, FAILED, || 11), Taken::Counted);
        });
        match gate.admit(|| 9) {
            // Open since 0, or since 11; or half-open since 10.
            Entry::Refused(Open, Some(1 | 12)) | Entry::Full(40) => {}
            other => panic!("{other:?}"),
        }
        thread.join().unwrap();
    });
}

#[test]
fn somebody_disposes_of_it_beside_a_call() {
    check(|| {
        let gate = gate(options());
        let other = gate.clone();
        let thread = thread::spawn(move || other.dispose());
        if let Entry::Pass(pass) = gate.admit(|| 0) {
            assert!(matches!(gate.finish(pass, FAILED, || 1), Taken::Counted | Taken::Late));
        }
        assert!(thread.join().unwrap());
        assert_eq!(gate.admit(|| 100), Entry::Disposed);
    });
}

#[test]
#[should_panic(expected = "one place was left")]
fn finds_a_word_that_is_written_without_a_comparison() {
    with(Mistake::SwapsBlind, probes_are_bounded_and_come_back);
}
