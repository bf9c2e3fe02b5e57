//! Who listens to what: the subscribers of one type of event, found by topic.
//!
//! | pattern | found |
//! |---|---|
//! | without a wildcard | by a hash of the topic |
//! | with one | in a tree of segments, from the root down, all at once |
//!
//! So a publish looks at those subscribers that match, and at none of the others. A publisher works on a
//! snapshot; a subscription changes the table in place where no publisher has one, and otherwise copies
//! the part that changes.

use std::{any::Any, collections::HashMap, sync::Arc};

use super::{
    Pattern, Topic,
    feed::{Feed, Ticket},
    publish::Done,
};

/// Where the events of a subscription go.
pub(crate) trait Sink<E>: Send + Sync {
    /// Brings an event to the subscriber. `false`: there is none any more. `done` is dropped when the event
    /// is handled, or will not be.
    fn deliver(&self, topic: &Topic, event: E, ticket: Ticket, done: Option<Done>) -> bool;

    /// An event that the subscriber was too slow for.
    fn lost(&self, _topic: &Topic, _event: E) {}

    /// It had no room for an event, and is over for that.
    fn disconnected(&self) {}

    /// The subscription is over.
    fn over(&self) {}
}

pub(crate) struct Entry<E> {
    pub(crate) feed: Arc<Feed>,
    pub(crate) sink: Arc<dyn Sink<E>>,
}

impl<E> Clone for Entry<E> {
    fn clone(&self) -> Self {
        Entry { feed: self.feed.clone(), sink: self.sink.clone() }
    }
}

/// The subscribers of one type of event.
pub(crate) struct Routes<E> {
    exact: HashMap<Pattern, Arc<Vec<Entry<E>>>>,
    /// The root of the patterns with wildcards.
    root: Node<E>,
}

/// What patterns have in common that begin with the same segments.
struct Node<E> {
    /// The subscribers whose pattern ends here.
    here: Vec<Entry<E>>,
    named: HashMap<Box<str>, Arc<Node<E>>>,
    /// Behind a `*`.
    one: Option<Arc<Node<E>>>,
    /// Behind a `**`.
    any: Option<Arc<Node<E>>>,
    /// This one is behind a `**`, so that it may take any number of segments.
    is_any: bool,
}

/// The subscribers that a topic reaches.
pub(crate) struct Found<'a, E> {
    exact: &'a [Entry<E>],
    nodes: Vec<&'a Node<E>>,
}

impl<'a, E> Found<'a, E> {
    pub(crate) fn entries(&self) -> impl Iterator<Item = &'a Entry<E>> + '_ {
        self.exact.iter().chain(self.nodes.iter().flat_map(|node| &node.here))
    }
}

impl<E> Node<E> {
    fn new(is_any: bool) -> Self {
        Node { here: Vec::new(), named: HashMap::new(), one: None, any: None, is_any }
    }

    fn is_empty(&self) -> bool {
        self.here.is_empty() && self.named.is_empty() && self.one.is_none() && self.any.is_none()
    }

    fn insert(&mut self, mut segments: std::str::Split<'_, char>, entry: Entry<E>) {
        let Some(segment) = segments.next() else { return push(&mut self.here, entry) };
        let next = match segment {
            "*" => self.one.get_or_insert_with(|| Arc::new(Node::new(false))),
            "**" => self.any.get_or_insert_with(|| Arc::new(Node::new(true))),
            name => self.named.entry(name.into()).or_insert_with(|| Arc::new(Node::new(false))),
        };
        Arc::make_mut(next).insert(segments, entry);
    }

    fn remove(&mut self, mut segments: std::str::Split<'_, char>, feed: &Feed) -> Option<Entry<E>> {
        let Some(segment) = segments.next() else { return remove(&mut self.here, feed) };
        let next = match segment {
            "*" => self.one.as_mut(),
            "**" => self.any.as_mut(),
            name => self.named.get_mut(name),
        };
        let next = Arc::make_mut(next?);
        let removed = next.remove(segments, feed);
        if next.is_empty() {
            match segment {
                "*" => self.one = None,
                "**" => self.any = None,
                name => drop(self.named.remove(name)),
            }
        }
        removed
    }

    fn each(&self, see: &mut dyn FnMut(&Entry<E>)) {
        self.here.iter().for_each(&mut *see);
        for node in self.named.values().chain(&self.one).chain(&self.any) {
            node.each(see);
        }
    }
}

/// Each feed knows its place, so that a thousand servers that end at once are not looked for one by one.
fn push<E>(entries: &mut Vec<Entry<E>>, entry: Entry<E>) {
    entry.feed.set_place(entries.len());
    entries.push(entry);
}

fn remove<E>(entries: &mut Vec<Entry<E>>, feed: &Feed) -> Option<Entry<E>> {
    let at = feed.place();
    entries.get(at).filter(|entry| std::ptr::eq(&*entry.feed, feed))?;
    let removed = entries.swap_remove(at);
    if let Some(moved) = entries.get(at) {
        moved.feed.set_place(at);
    }
    Some(removed)
}

impl<E> Clone for Node<E> {
    fn clone(&self) -> Self {
        let Node { here, named, one, any, is_any } = self;
        Node { here: here.clone(), named: named.clone(), one: one.clone(), any: any.clone(), is_any: *is_any }
    }
}

impl<E> Clone for Routes<E> {
    fn clone(&self) -> Self {
        Routes { exact: self.exact.clone(), root: self.root.clone() }
    }
}

impl<E: 'static> Routes<E> {
    pub(crate) fn new() -> Self {
        Routes { exact: HashMap::new(), root: Node::new(false) }
    }

    pub(crate) fn insert(&mut self, entry: Entry<E>) {
        let pattern = entry.feed.pattern().clone();
        if pattern.is_exact() {
            push(Arc::make_mut(self.exact.entry(pattern).or_default()), entry);
        } else {
            self.root.insert(pattern.as_str().split('.'), entry);
        }
    }

    fn remove(&mut self, feed: &Feed) -> Option<Entry<E>> {
        let pattern = feed.pattern();
        if !pattern.is_exact() {
            return self.root.remove(pattern.as_str().split('.'), feed);
        }
        let entries = Arc::make_mut(self.exact.get_mut(pattern)?);
        let removed = remove(entries, feed);
        if entries.is_empty() {
            self.exact.remove(pattern);
        }
        removed
    }

    /// The subscribers that this topic reaches.
    pub(crate) fn find(&self, topic: &str) -> Found<'_, E> {
        let exact = self.exact.get(topic).map_or(&[][..], |entries| entries);
        Found { exact, nodes: if self.root.is_empty() { Vec::new() } else { self.nodes(topic) } }
    }

    /// The ends of all patterns with wildcards that match. All ways that a `**` may take are gone at once, so
    /// that no pattern is found twice and many of them cost no more than a few.
    fn nodes(&self, topic: &str) -> Vec<&Node<E>> {
        let mut at = Vec::with_capacity(8);
        let mut next = Vec::with_capacity(8);
        enter(&mut at, &self.root);
        for segment in topic.split('.') {
            for &node in &at {
                if node.is_any {
                    enter(&mut next, node);
                }
                if let Some(one) = &node.one {
                    enter(&mut next, one);
                }
                if !node.named.is_empty()
                    && let Some(named) = node.named.get(segment)
                {
                    enter(&mut next, named);
                }
            }
            std::mem::swap(&mut at, &mut next);
            next.clear();
        }
        at
    }
}

/// A node is reached, and what is behind a `**` with it, which may stand for nothing.
fn enter<'a, E>(at: &mut Vec<&'a Node<E>>, mut node: &'a Node<E>) {
    loop {
        if at.iter().any(|known| std::ptr::eq(*known, node)) {
            return;
        }
        at.push(node);
        match &node.any {
            Some(any) => node = any,
            None => return,
        }
    }
}

/// The subscribers of one type of event, without the type.
pub(crate) trait AnyRoutes: Send + Sync {
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
    /// All but this subscription, which is given out: what it holds is not to be dropped under a lock.
    fn without(self: Arc<Self>, feed: &Feed) -> (Arc<dyn AnyRoutes>, Option<Box<dyn Ended>>);
    fn each(&self, see: &mut dyn FnMut(&Arc<Feed>));
    /// Ends all subscriptions, whose bus is gone.
    fn end(&self);
}

/// A subscription that is no longer in the table.
pub(crate) trait Ended {
    fn over(&self);
}

impl<E> Ended for Entry<E> {
    fn over(&self) {
        self.sink.over();
    }
}

impl<E: 'static> AnyRoutes for Routes<E> {
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn without(mut self: Arc<Self>, feed: &Feed) -> (Arc<dyn AnyRoutes>, Option<Box<dyn Ended>>) {
        let removed = Arc::make_mut(&mut self).remove(feed);
        (self, removed.map(|entry| Box::new(entry) as Box<dyn Ended>))
    }

    fn each(&self, see: &mut dyn FnMut(&Arc<Feed>)) {
        let mut see = |entry: &Entry<E>| see(&entry.feed);
        self.exact.values().flat_map(|entries| entries.iter()).for_each(&mut see);
        self.root.each(&mut see);
    }

    fn end(&self) {
        let mut end = |entry: &Entry<E>| {
            entry.feed.note_end();
            entry.sink.over();
        };
        self.exact.values().flat_map(|entries| entries.iter()).for_each(&mut end);
        self.root.each(&mut end);
    }
}
