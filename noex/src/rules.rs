//! The rules that `#[genserver]` and `supervisor!` hold your types to.
//!
//! Only types can tell whether they hold, so the macros assert them, each at the type that you wrote. Nothing here is
//! called by hand; where rustc mentions one of these, this is what it means:
//!
//! | rule | who keeps it |
//! |---|---|
//! | [`Argument`] | what a handler or `#[init]` takes: `Send + 'static` |
//! | [`Reply`] | what a call handler returns: `Send + 'static` |
//! | [`ResultReply`] | a reply that is written `Result<..>`: it is std's |
//! | [`Parameter`] | a type parameter of a server: `Send + 'static` |
//! | [`IntoInit`] | what `#[init]` returns; why it fails can be sent |
//! | [`IntoInitial`] | what `#[init]` of a state machine returns |
//! | [`Shared`] | a server with an async handler that takes `&self`: `Sync` |
//! | [`ConcurrentState`] | a server with a `#[call(concurrent)]` handler: `Clone` |
//! | [`TakenTopic`], [`Event`] | what a `#[subscribe]` method takes: the topic, and an event that is `Clone` |
//! | [`TakenReason`] | what `#[terminate]` takes: the exit reason, borrowed or not |
//! | [`Served`] | a child of a tree: a server, or a state machine |
//! | [`Work`](crate::Work) | a stage of a pipeline, a worker of a pool: a server with a `#[call(job)]` handler |
//! | [`Shown`] | the error of a stage: `Debug` and `Display` |
//! | [`DeclaredTree`] | a tree in a tree: one that `supervisor!` declares |
//! | [`RetryAfter`] | the field of `#[throttled(retry_after = ..)]`: how long to wait |
//! | [`ServerBlock`] | a server, once: it has one `#[genserver]` impl block |

pub mod policy;

use std::time::Duration;

use crate::{
    event_bus::{Buffer, Event, Pattern, Topic},
    process::ExitReason,
    server::IntoInit,
    state_machine::{IntoInitial, Served},
    supervisor::DeclaredTree,
};

/// The `#[genserver]` impl block of a server. There is one: its helpers go in plain `impl` blocks.
///
/// The constants are what the block asserts, and 0 in a program that compiles; types can depend on them.
pub trait ServerBlock {
    /// What `#[init]` takes and returns.
    #[doc(hidden)]
    const START: usize = 0;
    /// What travels in messages.
    #[doc(hidden)]
    const MESSAGES: usize = 0;
    /// What futures borrow; 1 for a state that cannot be sent.
    #[doc(hidden)]
    const FUTURES: usize = Self::MESSAGES;
}

/// What says how long to leave a service alone: a `Duration`, or an `Option` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how long to wait",
    label = "not a `Duration`",
    note = "`retry_after` is a field of type `Duration` or `Option<Duration>`, or a duration such as `5s`"
)]
pub trait RetryAfter {
    /// How long; `None` when it is not known.
    fn retry_after(&self) -> Option<Duration>;
}

impl RetryAfter for Duration {
    fn retry_after(&self) -> Option<Duration> {
        Some(*self)
    }
}

impl RetryAfter for Option<Duration> {
    fn retry_after(&self) -> Option<Duration> {
        *self
    }
}

/// A server with a `#[call(concurrent)]` handler, which runs on a clone of the state.
#[diagnostic::on_unimplemented(
    message = "`{Self}` must be `Clone`, because `#[call(concurrent)]` runs on a clone of the state",
    label = "`{Self}` is not `Clone`",
    note = "add `#[derive(Clone)]` to its struct, or remove `concurrent`"
)]
pub trait ConcurrentState: Clone {}

impl<S: Clone> ConcurrentState for S {}

/// A reply written as `Result<..>` is a `Result`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is named like a result, but is none",
    label = "not `std::result::Result`",
    note = "`#[call]` takes a reply whose type is written `Result<..>` apart, so that one `?` is enough"
)]
pub trait ResultReply {
    /// What the caller gets.
    type Ok;
    /// What the caller gets as `CallError::Handler`.
    type Err;
    /// As the `Result` that it is.
    fn into_result(self) -> Result<Self::Ok, Self::Err>;
}

impl<T, E> ResultReply for Result<T, E> {
    type Ok = T;
    type Err = E;

    fn into_result(self) -> Result<T, E> {
        self
    }
}

/// What a handler may take.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent to a server",
    label = "handler arguments travel in a message"
)]
pub trait Argument: Send + 'static {}

impl<T: Send + 'static> Argument for T {}

/// What a handler may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent back to the caller",
    label = "replies travel in a message"
)]
pub trait Reply: Send + 'static {}

impl<T: Send + 'static> Reply for T {}

/// What a `#[terminate]` method may take.
#[diagnostic::on_unimplemented(
    message = "a `#[terminate]` method takes the exit reason, not `{Self}`",
    label = "not the exit reason",
    note = "write `reason: ExitReason`, or `reason: &ExitReason`"
)]
pub trait TakenReason {}

impl TakenReason for ExitReason {}

impl TakenReason for &ExitReason {}

/// The first of two arguments of a `#[subscribe]` method.
#[diagnostic::on_unimplemented(
    message = "the first of two arguments of a `#[subscribe]` method is the topic, not `{Self}`",
    label = "not the topic",
    note = "write `topic: Topic`, then the event; or the event alone"
)]
pub trait TakenTopic {}

impl TakenTopic for Topic {}

/// A server with async handlers that take `&self`.
#[diagnostic::on_unimplemented(
    message = "an async handler that takes `&self` shares `{Self}` between threads",
    label = "`{Self}` is not `Sync`",
    note = "take `&mut self`: a server handles one message at a time all the same"
)]
pub trait Shared: Sync {}

// What in it is not `Sync` need not be known to mend it.
#[diagnostic::do_not_recommend]
impl<T: Sync> Shared for T {}

/// What a type parameter of a server is.
#[diagnostic::on_unimplemented(
    message = "the parameter `{Self}` of a server must be `Send + 'static`",
    label = "a server and its messages move between threads",
    note = "write `{Self}: Send + 'static`"
)]
pub trait Parameter: Send + 'static {}

impl<T: Send + 'static + ?Sized> Parameter for T {}

/// Asserts a handler argument.
pub const fn argument<T: Argument>() {}

/// Asserts a reply.
pub const fn reply<T: Reply>() {}

/// Asserts a reply that is written `Result<..>`.
pub const fn result_reply<T: ResultReply + Reply>() {}

/// Asserts the result of `#[init]`.
pub const fn init<T: IntoInit<S>, S>()
where
    T::Error: Send,
{
}

/// Asserts the result of a state machine's `#[init]`.
pub const fn initial<T: IntoInitial<M, S>, M, S>() {}

/// Asserts a server with an async handler that takes `&self`.
pub const fn shared<T: Shared>() {}

/// Asserts what a `#[terminate]` method takes.
pub const fn reason<T: TakenReason>() {}

/// Asserts the topic that a `#[subscribe]` method takes.
pub const fn topic<T: TakenTopic>() {}

/// Asserts the constant of a `#[subscribe]`.
pub const fn pattern(pattern: &'static str) {
    Pattern::check(pattern);
}

/// Asserts the constant of a `#[subscribe(.., buffer = ..)]`.
pub const fn buffer(capacity: usize) {
    let _ = Buffer::new(capacity);
}

/// Asserts the event that a `#[subscribe]` method takes.
pub const fn event<T: Event>() {}

/// The error of a stage says what is wrong: a pipeline's own error shows it.
#[diagnostic::on_unimplemented(
    message = "the error of a stage says what is wrong, so `{Self}` must be `Debug` and `Display`",
    label = "cannot be shown",
    note = "derive `Debug`, and implement `Display`"
)]
pub trait Shown: std::fmt::Debug + std::fmt::Display {}

impl<E: std::fmt::Debug + std::fmt::Display> Shown for E {}

/// Asserts the worker of a pool.
pub const fn worker<S: crate::Work>() {}

/// Asserts the stage of a pipeline.
pub const fn stage<S: crate::Work>()
where
    S::Error: Shown,
{
}

/// Asserts the child of a tree.
pub const fn child<S: Served>() {}

/// Asserts the tree in a tree.
pub const fn tree<T: DeclaredTree>() {}

/// Asserts a type parameter of a server.
pub const fn parameter<T: Parameter + ?Sized>() {}
