//! How often a task that calls in a loop lets the others run.
//!
//! tokio counts what a task does, and has it yield after so many steps. A step is meant to be a message through a
//! channel or a read from a socket; a call that its caller runs itself takes a fraction of that, as long as its handler
//! does little. So a thread looks at the clock once in a while: calls that are quick are several to a step.

use std::{
    cell::Cell,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use tokio::task::coop;

use super::door::machine_time;

/// So many quick calls are one of tokio's steps: they take as long as a message to another task and back.
const CALLS: u8 = 8;
/// After so many calls a thread looks at the clock, and they were quick if they took no longer than this.
const LOOK: u8 = 128;
const QUICK: Duration = Duration::from_micros(100);

/// What a thread knows of its last calls.
#[derive(Clone, Copy)]
struct Pace {
    since: Option<Instant>,
    calls: u8,
    is_quick: bool,
}

thread_local! {
    /// Calls that are paid for.
    static PAID: Cell<u8> = const { Cell::new(0) };
    static PACE: Cell<Pace> = const { Cell::new(Pace { since: None, calls: 0, is_quick: false }) };
}

/// Pending when the task is to yield, and will be polled again at once.
#[inline]
pub(crate) fn poll_proceed(cx: &mut Context<'_>) -> Poll<()> {
    let paid = PAID.get();
    if paid > 0 {
        PAID.set(paid - 1);
        return Poll::Ready(());
    }
    pay(cx)
}

fn pay(cx: &mut Context<'_>) -> Poll<()> {
    ready!(coop::poll_proceed(cx)).made_progress();
    let mut pace = PACE.get();
    if pace.calls >= LOOK {
        let now = machine_time();
        let is_quick = pace.since.is_some_and(|since| now - since <= QUICK);
        pace = Pace { since: Some(now), calls: 0, is_quick };
    }
    let calls = if pace.is_quick { CALLS } else { 1 };
    pace.calls += calls;
    PACE.set(pace);
    PAID.set(calls - 1);
    Poll::Ready(())
}
