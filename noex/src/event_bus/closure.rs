//! A closure as a subscriber: it runs on the publisher's task.

use std::sync::Arc;

use super::{Topic, feed::Ticket, publish::Done, routes::Sink};
use crate::process::panic::catch;

struct Listener<F>(F);

pub(super) fn sink<E: 'static>(listener: impl Fn(&Topic, E) + Send + Sync + 'static) -> Arc<dyn Sink<E>> {
    Arc::new(Listener(listener))
}

impl<E, F: Fn(&Topic, E) + Send + Sync> Sink<E> for Listener<F> {
    fn deliver(&self, topic: &Topic, event: E, _: Ticket, _: Option<Done>) -> bool {
        if let Err(panic) = catch(|| (self.0)(topic, event)) {
            drop(panic.into_reason("subscribe_fn"));
        }
        true
    }
}
