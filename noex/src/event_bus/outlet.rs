//! Where events leave a bus for elsewhere.

use std::{any::Any, sync::Arc};

use super::Topic;

/// Hands events on to elsewhere, such as another node.
///
/// Any `Fn(&Topic, &dyn Any)` is one.
pub trait Outlet: Send + Sync + 'static {
    /// An event is published here. Called on the publisher's task, in its order, before the event is delivered; it
    /// must not block.
    fn publish(&self, topic: &Topic, event: &dyn Any);
}

impl<F: Fn(&Topic, &dyn Any) + Send + Sync + 'static> Outlet for F {
    fn publish(&self, topic: &Topic, event: &dyn Any) {
        self(topic, event);
    }
}

/// Those of one bus.
pub(super) type Outlets = Arc<Vec<Arc<dyn Outlet>>>;
