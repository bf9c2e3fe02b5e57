//! The mailbox under loom: a full one, with senders that wait in line, give up, or meet its end.

use std::{sync::Arc, task::Poll};

use super::{
    super::{
        AnySlot, Signal, Slot,
        envelope::{Envelope, Pushed, Waited},
        inline::Inline,
        right::QUEUED,
        serving::Until,
    },
    Add, Counter, ROOMY, Woken, all_served, call_here, check, counter, leave, offer, run, run_if_ready,
};
use crate::{
    Overflow,
    mistakes::{Mistake, with},
};

/// A server with room for one message more.
type Narrow = Arc<Slot<Counter<1>>>;

/// A sender that is ready to wait.
struct Sender {
    ticket: Option<u64>,
    woken: Arc<Woken>,
}

/// Sends a message, and a runner if one is asked for.
fn send(slot: &Narrow, name: u8) -> Result<Sender, Add> {
    let (woken, waker) = Woken::new();
    let mut summoned = false;
    let message = Envelope::Cast(Add::Named(name));
    let pushed = slot.inbox().push(message, Overflow::Wait, Some(&waker), || summoned = slot.raise(QUEUED));
    if summoned {
        run(slot);
    }
    match pushed {
        Pushed::Queued => Ok(Sender { ticket: None, woken }),
        Pushed::Parked { ticket, .. } => Ok(Sender { ticket: Some(ticket), woken }),
        Pushed::Closed(Envelope::Cast(add)) => Err(add),
        _ => unreachable!("its sender waits"),
    }
}

/// A server whose mailbox is full: its runner is on its way.
fn full() -> (Narrow, Arc<super::Served>) {
    let (slot, served) = counter::<1>();
    assert!(leave(&slot, Add::Named(1)) == Some(true));
    (slot, served)
}

/// Whose message has left the line knows it.
fn is_told(slot: &Narrow, sender: &Sender) {
    let Some(ticket) = sender.ticket else { return };
    assert!(sender.woken.is(), "a sender that was let in is woken");
    let (_, waker) = Woken::new();
    assert!(matches!(slot.inbox().ask(ticket, &waker), Waited::Moved), "and finds its message gone");
}

/// The first in the queue raises the flag, for those behind it as well.
#[test]
fn a_call_does_not_overtake_a_cast_that_queued_behind_anothers() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        let other = slot.clone();
        let sender = loom::thread::spawn(move || {
            let _ = offer(&other, Add::Named(1));
        });
        let _ = offer(&slot, Add::Named(2));
        if let Inline::Done(_) = call_here(&slot, Add::Named(3)) {
            assert!(served.names().contains(&2), "the cast was served first");
        }
        sender.join().unwrap();
        run_if_ready(&slot);
        assert_eq!(slot.flags(), 0);
    });
}

#[test]
fn a_sender_that_parks_beside_a_runner_gets_in() {
    check(|| {
        let (slot, served) = full();
        let other = slot.clone();
        let sender = loom::thread::spawn(move || send(&other, 2));
        run(&slot);
        let Ok(sender) = sender.join().unwrap() else { unreachable!("nobody closes it") };
        all_served(&slot, &served, 2);
        is_told(&slot, &sender);
        assert_eq!(slot.inbox().lengths().parked, 0);
    });
}

#[test]
fn nobody_passes_a_parked_sender() {
    check(|| {
        let (slot, served) = full();
        let Ok(first) = send(&slot, 2) else { unreachable!("nobody closes it") };
        assert!(first.ticket.is_some(), "it is full");
        let other = slot.clone();
        let sender = loom::thread::spawn(move || send(&other, 3));
        run(&slot);
        let Ok(second) = sender.join().unwrap() else { unreachable!("nobody closes it") };
        all_served(&slot, &served, 3);
        assert_eq!(served.names(), [1, 2, 3], "first come, first served");
        is_told(&slot, &first);
        is_told(&slot, &second);
    });
}

#[test]
fn a_sender_that_withdraws_has_its_message_back_or_it_is_served() {
    check(|| {
        let (slot, served) = full();
        let Ok(Sender { ticket: Some(ticket), .. }) = send(&slot, 2) else { unreachable!("it is full") };
        let other = slot.clone();
        let sender = loom::thread::spawn(move || other.inbox().withdraw(ticket).0.is_some());
        run(&slot);
        let back = sender.join().unwrap();
        all_served(&slot, &served, 2 - usize::from(back));
        let lengths = slot.inbox().lengths();
        assert_eq!((lengths.queued, lengths.parked), (0, 0));
    });
}

#[test]
fn a_sender_that_parks_beside_the_end_has_its_message_back() {
    check(|| {
        let (slot, served) = full();
        let other = slot.clone();
        let sender = loom::thread::spawn(move || send(&other, 2));
        assert!(slot.clone().signal(Signal::Kill));
        run_if_ready(&slot);
        let sent = sender.join().unwrap();
        run_if_ready(&slot);
        assert_eq!(served.count(), 0, "it was killed before its runner came");
        assert!(!slot.core.is_alive());
        if let Ok(Sender { ticket: Some(ticket), woken }) = sent {
            assert!(woken.is(), "who waits for room hears of the end");
            let (_, waker) = Woken::new();
            assert!(matches!(slot.inbox().ask(ticket, &waker), Waited::Back(_)));
        }
        let lengths = slot.inbox().lengths();
        assert_eq!((lengths.queued, lengths.parked), (0, 0), "nothing is kept by a server that is gone");
    });
}

/// A caller that is parked waits for its reply alone.
#[test]
fn a_call_that_parks_is_answered() {
    check(|| {
        let (slot, served) = full();
        let other = slot.clone();
        let caller = loom::thread::spawn(move || {
            let (woken, waker) = Woken::new();
            let mut summoned = false;
            let tell = || summoned = other.raise(QUEUED);
            let wait = (Overflow::Wait, Until::Forever);
            let (cell, _) = other.inbox().push_call(Add::Named(2), wait, Some(waker), tell);
            if summoned {
                run(&other);
            }
            (cell, woken)
        });
        run(&slot);
        let (cell, woken) = caller.join().unwrap();
        all_served(&slot, &served, 2);
        assert!(woken.is(), "the caller's waker came with the call");
        let (_, waker) = Woken::new();
        assert!(matches!(cell.poll(&waker), Poll::Ready(Ok(2))));
    });
}

#[test]
#[should_panic(expected = "served")]
fn finds_a_flag_that_is_lowered_without_the_lock() {
    with(Mistake::LowersUnlocked, super::hand_over::two_senders_and_a_helper);
}

#[test]
#[should_panic(expected = "served first")]
fn finds_a_flag_that_is_raised_without_the_lock() {
    with(Mistake::RaisesUnlocked, a_call_does_not_overtake_a_cast_that_queued_behind_anothers);
}

#[test]
#[should_panic(expected = "served")]
fn finds_a_sender_that_parks_and_tells_nobody() {
    with(Mistake::ParksSilently, a_sender_that_parks_beside_a_runner_gets_in);
}

#[test]
#[should_panic(expected = "nothing is kept")]
fn finds_an_inbox_that_is_emptied_before_it_is_closed() {
    with(Mistake::ClosesLate, a_sender_that_parks_beside_the_end_has_its_message_back);
}
