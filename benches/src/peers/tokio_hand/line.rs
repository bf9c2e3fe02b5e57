//! A chain by hand: a task for each stage, asked one after the other.

use super::channel::Channel;
use super::{Message, TokioHand, ask};
use crate::peer::{Calls, Lines, repeat};

impl<C: Channel> Lines for TokioHand<C> {
    type Line = [C::Sender<Message>; 4];

    async fn line() -> Self::Line {
        [Self::start().await, Self::start().await, Self::start().await, Self::start().await]
    }

    async fn process_many(line: &Self::Line, times: u64) {
        repeat!(times, {
            let mut number = 1;
            for stage in line {
                number = ask::<C>(stage, |reply| Message::Add(number, reply)).await.expect("the stage runs");
            }
            number
        });
    }
}
