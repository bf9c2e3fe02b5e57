//! What is known of a declared tree while it is compiled.

use std::{ops::Deref, time::Duration};

use super::{server::SupervisorRef, spec::Shutdown};
use crate::ServerConfig;

/// A tree that `supervisor!` declares: the type that stands for it, and what the compiler knows of its children.
///
/// A tree in another tree is held to what its constants say: no child of it may take longer to shut down than the
/// tree itself is given, and no two servers may be registered under one name. Both are compile errors at the
/// place where the tree is nested.
///
/// # Examples
///
/// ```
/// use noex::{prelude::*, supervisor::DeclaredTree};
/// use std::time::Duration;
/// # #[genserver] struct Counter { count: u64 }
/// # #[genserver] impl Counter { #[init] fn init(count: u64) -> Self { Counter { count } } }
///
/// supervisor! {
///     Counters {
///         strategy: one_for_one,
///         first: Counter(1),
///         second: Counter(2) { shutdown: 30s },
///     }
/// }
///
/// assert_eq!(Counters::CHILDREN[0].id(), "first");
/// assert_eq!(Counters::LONGEST_SHUTDOWN, Some(Duration::from_secs(30)));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a declared tree",
    label = "no `supervisor!` declares it",
    note = "a child that is a server is written without `supervisor`"
)]
pub trait DeclaredTree: Deref<Target = SupervisorRef> + Clone + 'static {
    /// The children, in the order in which they start.
    const CHILDREN: &'static [DeclaredChild];

    /// The longest time that one of the children is given to shut down; `None` is without limit.
    const LONGEST_SHUTDOWN: Option<Duration> = longest(Self::CHILDREN);
}

/// A child of a [`DeclaredTree`].
#[derive(Clone, Copy, Debug)]
pub struct DeclaredChild {
    id: &'static str,
    name: Option<&'static str>,
    shutdown: Shutdown,
    below: &'static [DeclaredChild],
}

impl DeclaredChild {
    /// A server, with the name that its type has.
    pub const fn server<S: ServerConfig>(id: &'static str) -> Self {
        DeclaredChild { id, name: S::NAME, shutdown: Shutdown::WORKER, below: &[] }
    }

    /// A declared tree.
    pub const fn tree<T: DeclaredTree>(id: &'static str) -> Self {
        DeclaredChild { below: T::CHILDREN, ..Self::supervisor(id) }
    }

    /// A supervisor whose children are not declared.
    pub const fn supervisor(id: &'static str) -> Self {
        DeclaredChild { id, name: None, shutdown: Shutdown::SUPERVISOR, below: &[] }
    }

    /// How it is stopped.
    pub const fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Its id.
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// The name that it registers.
    pub const fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// How it is stopped.
    pub const fn shutdown_type(&self) -> Shutdown {
        self.shutdown
    }

    /// The children of a declared tree.
    pub const fn children(&self) -> &'static [DeclaredChild] {
        self.below
    }
}

const fn longest(children: &[DeclaredChild]) -> Option<Duration> {
    let (mut longest, mut at) = (Duration::ZERO, 0);
    while at < children.len() {
        match children[at].shutdown {
            Shutdown::Infinity => return None,
            Shutdown::Timeout(limit) if is_longer(limit, longest) => longest = limit,
            Shutdown::Timeout(_) | Shutdown::BrutalKill => {}
        }
        at += 1;
    }
    Some(longest)
}

const fn is_longer(one: Duration, other: Duration) -> bool {
    one.as_nanos() > other.as_nanos()
}

/// Whether the children of `T` can all have their time when the tree has so much.
pub(crate) const fn has_time_for<T: DeclaredTree>(limit: Duration) -> bool {
    match T::LONGEST_SHUTDOWN {
        Some(longest) => !is_longer(longest, limit),
        None => false,
    }
}

/// Whether no child above `id`, and nobody below those, has a name that `id` or somebody below it has.
pub(crate) const fn has_own_names<T: DeclaredTree>(id: &str) -> bool {
    let (children, mut end) = (T::CHILDREN, 0);
    while !is_same(children[end].id, id) {
        end += 1;
    }
    let (above, rest) = children.split_at(end);
    has_none_of(&rest[0], above)
}

/// Whether neither `child` nor anybody below it has a name of `others`.
const fn has_none_of(child: &DeclaredChild, others: &[DeclaredChild]) -> bool {
    let mut at = 0;
    while at < child.below.len() {
        if !has_none_of(&child.below[at], others) {
            return false;
        }
        at += 1;
    }
    match child.name {
        Some(name) => !is_taken(name, others),
        None => true,
    }
}

const fn is_taken(name: &str, by: &[DeclaredChild]) -> bool {
    let mut at = 0;
    while at < by.len() {
        let is_its = match by[at].name {
            Some(its) => is_same(name, its),
            None => false,
        };
        if is_its || is_taken(name, by[at].below) {
            return true;
        }
        at += 1;
    }
    false
}

/// `==` of strings, which no constant can ask for.
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}
