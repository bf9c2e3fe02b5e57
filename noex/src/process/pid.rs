//! Process identifiers.

use std::fmt;

/// Identifies one life of one server: the slot it lives in and the incarnation.
///
/// A name or a place in a tree is another thing: those stay when a supervisor restarts the server, the
/// incarnation counts on. 16 bytes, `Copy`. As in Erlang, a pid says nothing about what lives there.
///
/// # Examples
///
/// ```
/// # use noex::prelude::*;
/// # #[genserver] struct Idle {}
/// # #[genserver] impl Idle { #[init] fn init() -> Self { Idle {} } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let idle = Idle::start().await?;
/// assert_eq!(idle.pid().incarnation(), 1);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pid {
    slot: u64,
    incarnation: u32,
    node: u32,
}

impl Pid {
    pub(crate) const fn local(slot: u64, incarnation: u32) -> Self {
        Pid { slot, incarnation, node: 0 }
    }

    /// The launch id of the node: 0 for this process.
    pub const fn node(self) -> u32 {
        self.node
    }

    /// The slot: unique within its node, never used again.
    pub const fn slot(self) -> u64 {
        self.slot
    }

    /// Which life of the slot: 1 for the first; 0 before the first start.
    pub const fn incarnation(self) -> u32 {
        self.incarnation
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}.{}.{}>", self.node, self.slot, self.incarnation)
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
