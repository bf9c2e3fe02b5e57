//! The reply slot under loom: an answer beside a caller that looks, leaves or withdraws, and beside a refusal.

use std::{
    sync::Arc,
    task::{Poll, Waker},
};

use super::{
    super::{
        reply::{ReplyCell, ReplyTo},
        serving::Until,
        waits::Awaited,
    },
    Woken, check,
};
use crate::{
    mistakes::{Mistake, with},
    server::error::Failure,
};

/// A call that waits for its answer.
fn opened() -> (Arc<ReplyCell<u8>>, ReplyTo<u8>) {
    let cell = Arc::new(ReplyCell::new());
    let reply = cell.open(None, Until::Forever);
    (cell, reply)
}

#[test]
fn a_caller_that_looks_beside_the_answer_gets_it() {
    check(|| {
        let (cell, reply) = opened();
        let server = loom::thread::spawn(move || assert!(reply.offer(7), "somebody waits"));
        let (woken, waker) = Woken::new();
        let first = cell.poll(&waker);
        server.join().unwrap();
        match first {
            Poll::Ready(answer) => assert!(matches!(answer, Ok(7))),
            Poll::Pending => {
                assert!(woken.is(), "who was told to wait is woken");
                assert!(matches!(cell.poll(&waker), Poll::Ready(Ok(7))));
            }
        }
        assert!(cell.poll(&waker).is_pending(), "there is one answer");
    });
}

#[test]
fn a_caller_that_comes_with_another_waker_is_woken_by_that() {
    check(|| {
        let (cell, reply) = opened();
        assert!(cell.poll(Waker::noop()).is_pending());
        let server = loom::thread::spawn(move || reply.send(7));
        let (woken, waker) = Woken::new();
        let first = cell.poll(&waker);
        server.join().unwrap();
        assert!(first.is_ready() || woken.is(), "the waker of the last look counts");
    });
}

#[test]
fn a_reply_address_that_is_dropped_is_an_answer() {
    check(|| {
        let (cell, reply) = opened();
        let server = loom::thread::spawn(move || drop(reply));
        let (woken, waker) = Woken::new();
        let first = cell.poll(&waker);
        server.join().unwrap();
        let answer = if first.is_pending() && woken.is() { cell.poll(&waker) } else { first };
        assert!(matches!(answer, Poll::Ready(Err(Failure::ReplyDropped))));
    });
}

/// Whoever works for a caller learns that it is gone; whoever answers, whether it was heard.
#[test]
fn a_caller_that_leaves_beside_the_answer_and_its_watcher() {
    check(|| {
        let (cell, reply) = opened();
        let caller = cell.clone();
        let leaver = loom::thread::spawn(move || caller.abandon());
        let (woken, waker) = Woken::new();
        let gone = cell.poll_gone(&waker).is_ready();
        let heard = reply.offer(7);
        leaver.join().unwrap();
        assert!(gone || woken.is(), "the call is over either way");
        assert_eq!(cell.poll(Waker::noop()).is_ready(), heard, "answered or abandoned");
    });
}

#[test]
fn a_watcher_beside_a_caller_that_leaves_is_woken() {
    check(|| {
        let (cell, reply) = opened();
        let caller = cell.clone();
        let leaver = loom::thread::spawn(move || caller.abandon());
        let (woken, waker) = Woken::new();
        let gone = cell.poll_gone(&waker).is_ready();
        leaver.join().unwrap();
        assert!(gone || woken.is(), "nobody works on for a caller that is gone");
        assert!(!reply.offer(7), "and nobody hears it");
    });
}

#[test]
fn a_call_that_is_withdrawn_is_not_begun() {
    check(|| {
        let (cell, reply) = opened();
        let caller = cell.clone();
        let leaver = loom::thread::spawn(move || caller.withdraw());
        let begun = reply.begin();
        let withdrawn = leaver.join().unwrap();
        assert_ne!(begun, withdrawn, "begun or withdrawn");
    });
}

/// A call that was refused while its server has the address still: the answer that comes too late is not the
/// next call's.
#[test]
fn an_answer_beside_a_refusal() {
    check(|| {
        let (cell, reply) = opened();
        let other = cell.clone();
        let refuser = loom::thread::spawn(move || other.refuse(Failure::ReplyDropped));
        let (woken, waker) = Woken::new();
        let first = cell.poll(&waker);
        let heard = reply.offer(7);
        let refused = refuser.join().unwrap();
        assert!(first.is_ready() || woken.is());
        let answer = if first.is_pending() { cell.poll(&waker) } else { first };
        assert_ne!(heard, refused, "one of them answers");
        assert!(
            matches!(answer, Poll::Ready(Ok(7)) if heard) || matches!(answer, Poll::Ready(Err(_)) if refused)
        );
        assert!(cell.poll(&waker).is_pending(), "and the other one's is gone");
    });
}

#[test]
#[should_panic(expected = "who was told to wait is woken")]
fn finds_an_answer_that_is_left_when_the_waker_was_taken() {
    with(Mistake::AnswersInTwo, a_caller_that_looks_beside_the_answer_gets_it);
}

#[test]
#[should_panic(expected = "nobody works on")]
fn finds_a_watcher_that_looks_first_and_leaves_its_waker_then() {
    with(Mistake::WatchesInTwo, a_watcher_beside_a_caller_that_leaves_is_woken);
}

#[test]
#[should_panic(expected = "begun or withdrawn")]
fn finds_a_call_that_is_looked_at_first_and_withdrawn_then() {
    with(Mistake::WithdrawsInTwo, a_call_that_is_withdrawn_is_not_begun);
}

#[test]
#[should_panic(expected = "one of them answers")]
fn finds_a_cell_that_is_open_after_a_refusal() {
    with(Mistake::OpensRefused, an_answer_beside_a_refusal);
}
