//! Messages that a server has taken from its mailbox and not handled yet.

use std::fmt;

use super::{GenServer, slot::envelope::Envelope};

/// What a server gives back when its life is over.
pub struct Held<S: GenServer>(Vec<Envelope<S>>);

impl<S: GenServer> Held<S> {
    pub(crate) fn new() -> Self {
        Held(Vec::new())
    }

    /// In the order they came in.
    pub(crate) fn take(&mut self, messages: impl IntoIterator<Item = Envelope<S>>) {
        self.0.extend(messages);
    }

    pub(crate) fn into_messages(self) -> impl DoubleEndedIterator<Item = Envelope<S>> {
        self.0.into_iter()
    }
}

impl<S: GenServer> fmt::Debug for Held<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.0.len()).finish()
    }
}
