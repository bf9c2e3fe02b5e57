//! Children by hand: a map of tasks behind a lock.

use std::collections::HashMap;
use std::sync::Mutex;

use tokio::task::JoinHandle;

use super::channel::Channel;
use super::{Message, TokioHand, serve};
use crate::peer::Children;

/// Each child's sender and task, by its number.
pub(crate) struct Crowd<C: Channel>(Mutex<(u64, HashMap<u64, Kept<C>>)>);

struct Kept<C: Channel> {
    sender: C::Sender<Message>,
    task: JoinHandle<()>,
}

impl<C: Channel> Kept<C> {
    async fn end(self) {
        drop(self.sender);
        self.task.await.expect("the server does not panic");
    }
}

impl<C: Channel> Children for TokioHand<C> {
    type Supervisor = Crowd<C>;
    type Child = u64;

    async fn open() -> Crowd<C> {
        Crowd(Mutex::default())
    }

    async fn add(crowd: &Crowd<C>) -> u64 {
        let (sender, inbox) = C::open();
        let task = tokio::spawn(serve::<C>(inbox));
        let (number, children) = &mut *crowd.0.lock().expect("no holder panics");
        *number += 1;
        children.insert(*number, Kept { sender, task });
        *number
    }

    async fn remove(crowd: &Crowd<C>, child: u64) {
        let child = crowd.0.lock().expect("no holder panics").1.remove(&child);
        child.expect("it was added").end().await;
    }

    async fn close(crowd: Crowd<C>) {
        let (_, children) = crowd.0.into_inner().expect("no holder panics");
        let tasks: Vec<_> = children.into_values().map(|Kept { task, .. }| task).collect();
        for task in tasks {
            task.await.expect("the server does not panic");
        }
    }
}
