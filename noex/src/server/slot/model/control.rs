//! The control lane under loom: a signal beside a handler, an `init` or a pause that is being suspended.
//!
//! The runner is made of the parts that ship, [`Host`] and [`Task`]: what it looks at before it sleeps, and what
//! wakes it, is what is checked. Whether it comes when it is woken is tokio's.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
};

use super::{
    super::{
        AnySlot, Signal, Slot,
        envelope::{Envelope, Pushed, Waited},
        errands,
        life::{Starter, Unborn, bring_up},
        right::QUEUED,
        vacant,
    },
    Add, Counter, FOREVER, ROOMY, Woken, check, counter, leave, run, run_if_ready,
};
use crate::{
    ExitReason, Overflow,
    mistakes::{Mistake, with},
    process::{
        host::{Host, Polled},
        runner::Turn,
        task::{Caller, Task},
    },
};

/// A runner that is held by a handler, or not.
pub(super) struct Runner {
    host: Host,
    woken: Arc<Woken>,
    held: bool,
}

impl Runner {
    pub(super) fn new() -> Self {
        let (woken, waker) = Woken::new();
        let task = Arc::new(Task::new(Caller::Outside));
        task.settle(&waker);
        Runner { host: Host::new(task), woken, held: false }
    }

    /// Serves a server whose right lies ready.
    pub(super) fn serve<const ROOM: usize>(&mut self, slot: &Arc<Slot<Counter<ROOM>>>) {
        loop {
            match slot.clone().turn(&mut self.host.seat, &mut 1) {
                Turn::Idle => return,
                Turn::Again(_) => {}
                Turn::Async if self.handler_ends() => {}
                Turn::Async => return,
                Turn::Begun(seat, at) => {
                    self.host.take_over(seat, at);
                    if !self.handler_ends() {
                        return;
                    }
                }
            }
        }
    }

    /// Polls the handler. `true`: it is over, and its server may have more to see to.
    fn handler_ends(&mut self) -> bool {
        self.held = matches!(self.host.poll(), Polled::Suspended);
        if !self.held {
            self.host.at = None;
        }
        !self.held
    }

    /// It is woken, and finds out why.
    fn come_back<const ROOM: usize>(&mut self, slot: &Arc<Slot<Counter<ROOM>>>) {
        self.held = false;
        if self.host.resume() {
            self.host.at = None;
            self.serve(slot);
        } else if self.handler_ends() {
            self.serve(slot);
        }
    }

    /// It is woken as often as its handler wants.
    pub(super) fn serve_to_the_end<const ROOM: usize>(&mut self, slot: &Arc<Slot<Counter<ROOM>>>) {
        self.serve(slot);
        while self.held {
            self.come_back(slot);
        }
    }

    /// The same where it was woken.
    fn come_back_if_woken<const ROOM: usize>(&mut self, slot: &Arc<Slot<Counter<ROOM>>>) {
        if self.held && self.woken.is() {
            self.come_back(slot);
        }
    }
}

fn leave_idle<const ROOM: usize>(slot: &Arc<Slot<Counter<ROOM>>>, add: Add) {
    assert!(leave(slot, add) == Some(true), "it is idle");
}

/// Sends the signal, and a runner of its own if one is asked for.
fn signal(slot: &Arc<Slot<Counter<ROOMY>>>, signal: Signal) -> loom::thread::JoinHandle<()> {
    let slot = slot.clone();
    loom::thread::spawn(move || assert!(slot.signal(signal), "it lives"))
}

#[test]
fn a_kill_beside_a_handler_that_is_suspended() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        leave_idle(&slot, Add::Slowly(FOREVER));
        let mut runner = Runner::new();
        let killer = signal(&slot, Signal::Kill);
        runner.serve(&slot);
        killer.join().unwrap();
        runner.come_back_if_woken(&slot);
        run_if_ready(&slot);
        assert!(!slot.core.is_alive(), "a kill is not lost");
        assert_eq!(served.count(), 0);
    });
}

/// The second suspension on the same runner needs no lock.
#[test]
fn a_kill_beside_a_handler_that_is_suspended_where_its_runner_is_known() {
    check(|| {
        let (slot, _) = counter::<ROOMY>();
        leave_idle(&slot, Add::Slowly(FOREVER));
        let mut runner = Runner::new();
        runner.serve(&slot);
        assert!(runner.held);
        let killer = signal(&slot, Signal::Kill);
        runner.come_back(&slot);
        killer.join().unwrap();
        runner.come_back_if_woken(&slot);
        run_if_ready(&slot);
        assert!(!slot.core.is_alive(), "a kill is not lost");
    });
}

/// The server's last handler was suspended on another runner.
#[test]
fn a_kill_beside_a_handler_that_is_suspended_on_another_runner() {
    check(|| {
        let (slot, _) = counter::<ROOMY>();
        leave_idle(&slot, Add::Slowly(1));
        let mut first = Runner::new();
        first.serve(&slot);
        first.come_back(&slot);
        assert!(!first.held);
        leave_idle(&slot, Add::Slowly(FOREVER));
        let mut second = Runner::new();
        let killer = signal(&slot, Signal::Kill);
        second.serve(&slot);
        killer.join().unwrap();
        second.come_back_if_woken(&slot);
        run_if_ready(&slot);
        assert!(!slot.core.is_alive(), "the runner that holds the handler is woken");
    });
}

/// A stop does not cut a handler short: it is seen when that is done.
#[test]
fn a_stop_beside_the_end_of_a_handler() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        leave_idle(&slot, Add::Slowly(1));
        let mut runner = Runner::new();
        runner.serve(&slot);
        let stopper = signal(&slot, Signal::Stop(ExitReason::Normal));
        runner.come_back(&slot);
        stopper.join().unwrap();
        run_if_ready(&slot);
        assert!(!slot.core.is_alive(), "a stop is not lost");
        assert_eq!(served.count(), 1);
    });
}

/// One signal is heeded while the next one comes.
#[test]
fn a_kill_beside_a_runner_that_heeds_another_signal() {
    check(|| {
        let (slot, _) = counter::<ROOMY>();
        leave_idle(&slot, Add::One);
        // Somebody refers to it again: the signal means nothing.
        slot.core.add_handle();
        assert!(slot.clone().signal(Signal::Unreferenced));
        let killer = signal(&slot, Signal::Kill);
        run(&slot);
        killer.join().unwrap();
        run_if_ready(&slot);
        assert!(!slot.core.is_alive(), "a kill is not lost");
    });
}

#[test]
fn a_stop_beside_a_server_that_is_paused() {
    check(|| {
        let (slot, _) = counter::<ROOMY>();
        leave_idle(&slot, Add::One);
        assert!(errands::send(&slot, Box::new(|core, _| assert!(core.pause()))));
        let mut runner = Runner::new();
        let stopper = signal(&slot, Signal::Stop(ExitReason::Normal));
        runner.serve(&slot);
        stopper.join().unwrap();
        runner.come_back_if_woken(&slot);
        run_if_ready(&slot);
        assert!(!slot.core.is_alive(), "a stop ends a pause");
    });
}

#[test]
fn the_end_of_a_pause_beside_a_server_that_is_being_paused() {
    check(|| {
        let (slot, served) = counter::<ROOMY>();
        leave_idle(&slot, Add::One);
        assert!(errands::send(&slot, Box::new(|_, _| {})) && slot.core.pause());
        let mut runner = Runner::new();
        let other = slot.clone();
        let waker = loom::thread::spawn(move || assert!(other.core.unpause()));
        runner.serve(&slot);
        waker.join().unwrap();
        runner.come_back_if_woken(&slot);
        run_if_ready(&slot);
        assert_eq!((slot.flags(), served.count()), (0, 1), "it goes on");
    });
}

#[test]
fn a_kill_beside_an_init_that_is_suspended() {
    check(|| {
        let slot = vacant::<Counter<ROOMY>>(1, None);
        let other = slot.clone();
        let killer = loom::thread::spawn(move || other.signal(Signal::Kill));
        let (woken, waker) = Woken::new();
        let mut cx = Context::from_waker(&waker);
        let mut birth = pin!(bring_up(&slot, (), None, Starter::Anybody));
        let first = birth.as_mut().poll(&mut cx);
        // Who came too early found nobody.
        let killed = killer.join().unwrap();
        let last = if first.is_pending() && woken.is() { birth.as_mut().poll(&mut cx) } else { first };
        assert_eq!(matches!(last, Poll::Ready(Err(Unborn::Crashed(ExitReason::Killed)))), killed);
        assert_eq!(slot.core.is_alive(), !killed);
    });
}

/// A message has begun, so that there is room for one more, and its handler may wait for that one's sender.
#[test]
fn a_sender_that_parks_beside_a_handler_that_is_suspended_gets_in() {
    check(|| {
        let (slot, _) = counter::<1>();
        leave_idle(&slot, Add::Slowly(FOREVER));
        let mut runner = Runner::new();
        let other = slot.clone();
        let sender = loom::thread::spawn(move || {
            let (woken, waker) = Woken::new();
            let message = Envelope::Cast(Add::One);
            let tell = || assert!(!other.raise(QUEUED), "its right is held or lies ready");
            match other.inbox().push(message, Overflow::Wait, Some(&waker), tell) {
                Pushed::Queued => None,
                Pushed::Parked { ticket, .. } => Some((ticket, woken)),
                _ => unreachable!("its sender waits"),
            }
        });
        runner.serve(&slot);
        if let Some((ticket, woken)) = sender.join().unwrap() {
            assert!(woken.is(), "there is room");
            let (_, waker) = Woken::new();
            assert!(matches!(slot.inbox().ask(ticket, &waker), Waited::Moved));
        }
    });
}

#[test]
#[should_panic(expected = "a kill is not lost")]
fn finds_a_flag_that_is_lowered_when_the_signals_were_taken() {
    with(Mistake::LowersLate, a_kill_beside_a_runner_that_heeds_another_signal);
}

#[test]
#[should_panic(expected = "a kill is not lost")]
fn finds_a_suspension_without_a_look_at_the_cut() {
    with(Mistake::SuspendsBlind, a_kill_beside_a_handler_that_is_suspended);
}

#[test]
#[should_panic(expected = "is woken")]
fn finds_a_runner_that_is_taken_for_another() {
    with(Mistake::TakesAnyRunner, a_kill_beside_a_handler_that_is_suspended_on_another_runner);
}

#[test]
#[should_panic(expected = "a stop ends a pause")]
fn finds_a_pause_without_a_look_at_the_signals() {
    with(Mistake::PausesBlind, a_stop_beside_a_server_that_is_paused);
}

#[test]
#[should_panic(expected = "there is room")]
fn finds_a_sender_that_parks_and_does_not_look_again() {
    with(Mistake::ParksUnseen, a_sender_that_parks_beside_a_handler_that_is_suspended_gets_in);
}
