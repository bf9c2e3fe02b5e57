//! Supervision by hand: a task that joins the child and starts it again when it panicked.

use std::sync::{Arc, RwLock};

use super::channel::Channel;
use super::{Message, TokioHand, ask, serve};
use crate::peer::Restarts;

/// Where the supervisor leaves the sender of the child of the day.
pub(crate) struct Child<C: Channel>(Arc<RwLock<C::Sender<Message>>>);

impl<C: Channel> Child<C> {
    fn sender(&self) -> C::Sender<Message> {
        self.0.read().expect("no holder panics").clone()
    }
}

impl<C: Channel> Restarts for TokioHand<C> {
    type Child = Child<C>;

    async fn supervise() -> Child<C> {
        let (sender, mut inbox) = C::open();
        let current = Arc::new(RwLock::new(sender));
        let child = Child(current.clone());
        tokio::spawn(async move {
            while tokio::spawn(serve::<C>(inbox)).await.is_err() {
                let (sender, fresh) = C::open();
                *current.write().expect("no holder panics") = sender;
                inbox = fresh;
            }
        });
        child
    }

    async fn crash(child: &Child<C>) {
        C::send(&child.sender(), Message::Crash).await.expect("the child runs");
    }

    async fn try_call(child: &Child<C>, by: i64) -> Option<i64> {
        ask::<C>(&child.sender(), |reply| Message::Add(by, reply)).await
    }
}
