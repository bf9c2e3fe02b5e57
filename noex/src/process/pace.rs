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
const QUICK: Duration = Duration::from_micros(200);

thread_local! {
    /// Calls that are paid for.
    static PAID: Cell<u8> = const { Cell::new(0) };
    /// How many calls a step pays for beyond its own.
    static MORE: Cell<u8> = const { Cell::new(0) };
    /// Calls until this thread looks at the clock, and when it looked last.
    static LOOKS_IN: Cell<u8> = const { Cell::new(LOOK) };
    static LOOKED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Pending when the task is to yield, and will be polled again at once.
#[inline]
pub(crate) fn poll_proceed(cx: &mut Context<'_>) -> Poll<()> {
    let paid = PAID.get();
    if paid > 0 {
        PAID.with(|it| it.set(paid - 1));
        return Poll::Ready(());
    }
    pay(cx)
}

/// One of tokio's steps, and how many calls it pays for.
#[inline(never)]
fn pay(cx: &mut Context<'_>) -> Poll<()> {
    ready!(coop::poll_proceed(cx)).made_progress();
    let more = MORE.get();
    PAID.with(|it| it.set(more));
    match LOOKS_IN.get().checked_sub(more + 1) {
        Some(left) => LOOKS_IN.with(|it| it.set(left)),
        None => look(),
    }
    Poll::Ready(())
}

#[cold]
fn look() {
    let now = machine_time();
    let is_quick = LOOKED.replace(Some(now)).is_some_and(|looked| now - looked <= QUICK);
    MORE.with(|it| it.set(if is_quick { CALLS - 1 } else { 0 }));
    LOOKS_IN.with(|it| it.set(LOOK));
}
