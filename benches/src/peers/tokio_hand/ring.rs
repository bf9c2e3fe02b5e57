//! A circle of tasks, each with the sender of the next.

use std::sync::Arc;

use tokio::sync::Notify;

use super::TokioHand;
use super::channel::Channel;
use crate::peer::Rings;

/// A token, with the hops it has left.
struct Token(u64);

async fn serve<C: Channel>(mut inbox: C::Receiver<Token>, next: C::Sender<Token>, done: Arc<Notify>) {
    while let Some(Token(hops)) = C::receive(&mut inbox).await {
        match hops {
            0 => done.notify_one(),
            _ => C::send(&next, Token(hops - 1)).await.expect("the next server runs"),
        }
    }
}

/// The first server of a circle.
pub(crate) struct Ring<C: Channel>(C::Sender<Token>);

impl<C: Channel> Rings for TokioHand<C> {
    type Ring = Ring<C>;

    async fn ring(size: usize, done: Arc<Notify>) -> Ring<C> {
        let (first, first_inbox) = C::open();
        let mut next = first.clone();
        for _ in 1..size {
            let (server, inbox) = C::open();
            tokio::spawn(serve::<C>(inbox, next, done.clone()));
            next = server;
        }
        tokio::spawn(serve::<C>(first_inbox, next, done));
        Ring(first)
    }

    async fn pass(ring: &Ring<C>, hops: u64) {
        C::send(&ring.0, Token(hops)).await.expect("the first server runs");
    }
}
