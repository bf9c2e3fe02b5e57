//! A circle of servers, passed round in two ways.
//!
//! The peer `noex` casts as its documentation does: an `async fn` that waits for room in the next
//! mailbox. The peer `noex_try_cast` has a plain `fn` that casts without waiting.

use std::sync::Arc;

use noex::prelude::*;
use tokio::sync::Notify;

use super::{Noex, NoexTryCast};
use crate::peer::Rings;

/// A server that knows the next one.
#[genserver]
pub(crate) struct Link {
    next: Option<LinkRef>,
    done: Arc<Notify>,
}

#[genserver]
impl Link {
    #[init]
    fn open(next: Option<LinkRef>, done: Arc<Notify>) -> Self {
        Link { next, done }
    }

    #[call]
    pub(crate) fn connect(&mut self, next: LinkRef) {
        self.next = Some(next);
    }

    #[cast]
    pub(crate) async fn token(&mut self, hops: u64) {
        match (hops, &self.next) {
            (0, _) => self.done.notify_one(),
            (_, Some(next)) => next.token(hops - 1).await.expect("the next server runs"),
            (_, None) => unreachable!("the circle is closed before the first token"),
        }
    }

    #[cast]
    pub(crate) fn hasty_token(&mut self, hops: u64) {
        match (hops, &self.next) {
            (0, _) => self.done.notify_one(),
            (_, Some(next)) => {
                next.try_cast(LinkCast::HastyToken { hops: hops - 1 }).expect("there is room");
            }
            (_, None) => unreachable!("the circle is closed before the first token"),
        }
    }
}

async fn ring(size: usize, done: Arc<Notify>) -> LinkRef {
    let last = Link::start(None, done.clone()).await.expect("the server starts");
    let mut first = last.clone();
    for _ in 1..size {
        first = Link::start(Some(first), done.clone()).await.expect("the server starts");
    }
    last.connect(first.clone()).await.expect("the server runs");
    first
}

impl Rings for Noex {
    type Ring = LinkRef;

    async fn ring(size: usize, done: Arc<Notify>) -> LinkRef {
        ring(size, done).await
    }

    async fn pass(ring: &LinkRef, hops: u64) {
        ring.token(hops).await.expect("the first server runs");
    }
}

impl Rings for NoexTryCast {
    type Ring = LinkRef;

    async fn ring(size: usize, done: Arc<Notify>) -> LinkRef {
        ring(size, done).await
    }

    async fn pass(ring: &LinkRef, hops: u64) {
        ring.hasty_token(hops).await.expect("the first server runs");
    }
}
