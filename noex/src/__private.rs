//! What generated code may name. Not for people: anything here may change.

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub use crate::server::{IntoInit, done};
use crate::{
    Call, ChildSpec, Context, GenServer, HandlesInfo, Missed, Period, ServerRef, Start, StartTree,
    SupervisorBuilder, SupervisorRef, System,
    process::{Told, send_every, watch_silence},
};

/// A typed call.
pub fn call<S: GenServer, T, E>(
    server: &ServerRef<S>,
    call: S::Call,
    read: fn(S::Reply) -> Result<T, E>,
) -> Call<'_, S, T, E> {
    Call::new(server, call, read)
}

/// The reply of a handler that can fail.
pub fn outcome<R: ResultReply>(reply: R) -> Result<R::Ok, R::Err> {
    reply.into_result()
}

/// The reply enum had another handler's reply, which no dispatch produces.
#[cold]
pub fn other_reply() -> ! {
    unreachable!("a handler's reply is its own variant")
}

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
pub trait MessageArg: Send + 'static {}

impl<T: Send + 'static> MessageArg for T {}

/// What a handler may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent back to the caller",
    label = "replies travel in a message"
)]
pub trait Reply: Send + 'static {}

impl<T: Send + 'static> Reply for T {}

/// `Account::start(..)`.
pub fn start<S: GenServer>(args: S::Args) -> Start<S> {
    Start::new(args)
}

/// `Account::child(..)`.
pub fn child<S: GenServer>(args: S::Args) -> ChildSpec
where
    S::Args: Clone,
{
    // The arguments need not be `Sync`: they are only looked at to be cloned, one start at a time.
    let args = Mutex::new(args);
    ChildSpec::of::<S>(short_name::<S>(), move || args.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

fn short_name<S>() -> Arc<str> {
    let name = std::any::type_name::<S>().split('<').next().unwrap_or("server");
    name.rsplit("::").next().unwrap_or(name).into()
}

/// `Account::whereis(..)`.
pub fn whereis<S: GenServer>(name: &str) -> Option<S::Ref> {
    System::global().whereis::<S>(name)
}

/// A message without its type.
pub type Erased = Box<dyn Any + Send>;

/// The message as an info, if it is an `M` and no info yet.
pub fn info_as<S: HandlesInfo<M>, M: 'static>(message: Result<S::Info, Erased>) -> Result<S::Info, Erased> {
    message.or_else(|message| message.downcast().map(|message| S::info(*message)))
}

/// `#[every(..)]`.
pub fn every<S: GenServer>(cx: &Context<S>, every: Duration, missed: Missed, tick: fn() -> S::Info) {
    drop(send_every(cx, Period::new(every).missed(missed), tick));
}

/// `#[idle(..)]`.
pub fn idle<S: GenServer>(cx: &Context<S>, silences: &[Told<S::Info>]) {
    watch_silence(cx, silences);
}

/// The start of a declared tree.
pub fn start_tree<T>(
    tree: SupervisorBuilder,
    finish: impl FnOnce(SupervisorRef) -> T + Send + 'static,
) -> StartTree<T> {
    StartTree::new(tree, finish)
}

/// Asserts a handler argument.
pub const fn message_arg<T: MessageArg>() {}

/// Asserts a reply.
pub const fn reply<T: Reply>() {}
