//! How often a task that calls in a loop lets the others run.
//!
//! tokio counts what a task does, and has it yield after so many steps. A step is meant to be a message through a
//! channel or a read from a socket; a call that its caller runs itself takes a fraction of that, and counts as one.

use std::{
    cell::Cell,
    task::{Context, Poll, ready},
};

use tokio::task::coop;

/// So many calls of a thread are one of tokio's steps: they take as long as a message to another task and back.
const CALLS: u8 = 8;

thread_local! {
    /// Calls that are paid for.
    static PAID: Cell<u8> = const { Cell::new(0) };
}

/// Pending when the task is to yield, and will be polled again at once.
#[inline]
pub(crate) fn poll_proceed(cx: &mut Context<'_>) -> Poll<()> {
    let paid = PAID.get();
    if paid > 0 {
        PAID.set(paid - 1);
        return Poll::Ready(());
    }
    ready!(coop::poll_proceed(cx)).made_progress();
    PAID.set(CALLS - 1);
    Poll::Ready(())
}
