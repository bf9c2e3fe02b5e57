//! tokio's broadcast channel: one queue, and a task a subscriber that clones out of it.

use tokio::sync::{broadcast, mpsc};

use crate::peer::{Peer, Publishes};
use crate::work::Total;

pub(crate) struct Broadcast;

/// How many events a subscriber may be behind before it loses some.
const BEHIND: usize = 1 << 17;

#[derive(Clone)]
pub(crate) enum Message {
    Put(i64),
    Sum(mpsc::UnboundedSender<i64>),
}

impl Peer for Broadcast {
    const NAME: &'static str = "tokio_broadcast";
}

impl Publishes for Broadcast {
    type Bus = (broadcast::Sender<Message>, u64);

    async fn open(subscribers: u64) -> Self::Bus {
        let sender = broadcast::Sender::new(BEHIND);
        for _ in 0..subscribers {
            let mut events = sender.subscribe();
            tokio::spawn(async move {
                let mut total = Total::default();
                while let Ok(message) = events.recv().await {
                    match message {
                        Message::Put(by) => drop(total.add(by)),
                        Message::Sum(reply) => drop(reply.send(total.add(0))),
                    }
                }
            });
        }
        (sender, subscribers)
    }

    async fn publish((sender, _): &Self::Bus, by: i64) {
        assert!(sender.send(Message::Put(by)).is_ok(), "there are subscribers");
    }

    async fn sums((sender, subscribers): &Self::Bus) -> Vec<i64> {
        let (reply, mut replies) = mpsc::unbounded_channel();
        assert!(sender.send(Message::Sum(reply)).is_ok(), "there are subscribers");
        let mut sums = Vec::new();
        for _ in 0..*subscribers {
            sums.push(replies.recv().await.expect("the subscriber runs"));
        }
        sums
    }
}
