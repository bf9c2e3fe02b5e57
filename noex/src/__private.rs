//! What generated code may name. Not for people: anything here may change.

use std::{
    marker::PhantomData,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{self, Poll},
    time::Duration,
};

pub use crate::resilience::patterns::{ErrorPatterns, regex};
use crate::resilience::{Again, CircuitWindow, Class, Classify, Counts};
use crate::rules::{ConcurrentState, ResultReply, RetryAfter};
pub use crate::server::{Erased, IntoInit, done};
use crate::supervisor::{self, DeclaredTree};
use crate::{
    Call, ChildSpec, Context, GenServer, HandlesInfo, Init, Missed, Period, ServerRef, Start, StartTree,
    SupervisorBuilder, SupervisorRef, System,
    event_bus::{self, Buffer, Event, Pattern, Topic},
    process::{Told, send_every, watch_silence},
    state_machine::{Served, TakesInfo},
};
pub use futures_core::Stream;

/// A typed call.
pub fn call<S: GenServer, T, E>(
    server: &ServerRef<S>,
    call: S::Call,
    read: fn(S::Reply) -> Result<T, E>,
) -> Call<'_, S, T, E> {
    Call::new(server, call, read)
}

/// A call whose handler has a limit of its own: that of each attempt.
pub fn limited<S: GenServer, T, E>(call: Call<'_, S, T, E>, limit: Option<Duration>) -> Call<'_, S, T, E> {
    call.limited(limit)
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

/// How an error counts that may say for how long to leave its service alone.
pub fn throttled(error: &impl RetryAfter) -> Class {
    error.retry_after().map_or(Class::Transient, |retry_after| Class::Throttled { retry_after })
}

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

fn short_name<S: GenServer>() -> Arc<str> {
    let name = S::type_name().split('<').next().unwrap_or("server");
    name.rsplit("::").next().unwrap_or(name).into()
}

/// `Account::whereis(..)`.
pub fn whereis<S: GenServer>(name: &str) -> Option<S::Ref> {
    System::global().whereis::<S>(name)
}

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

/// `#[subscribe(..)]`.
pub fn subscribe<S: GenServer, E: Event>(
    cx: &Context<S>,
    handler: &'static str,
    pattern: Pattern,
    buffer: Buffer,
    message: fn(&Topic, E) -> S::Info,
) {
    event_bus::subscribe_handler(cx, handler, pattern, buffer, message);
}

/// Whether a life begins with what `#[init]` made.
pub fn is_born<S: GenServer, E>(made: &Result<Init<S>, E>) -> bool {
    matches!(made, Ok(Init::Ready(..)))
}

/// `Account::named(..)`.
pub fn named<S: GenServer>(name: &str) -> S::Ref {
    System::global().named::<S>(name)
}

/// The start of a declared tree.
pub fn start_tree<T>(
    tree: SupervisorBuilder,
    finish: impl FnOnce(SupervisorRef) -> T + Send + 'static,
) -> StartTree<T> {
    StartTree::new(tree, finish)
}

/// Whether the children of a nested tree have no more time to shut down than the tree itself.
pub const fn has_time_for<T: DeclaredTree>(limit: Duration) -> bool {
    supervisor::has_time_for::<T>(limit)
}

/// Whether no child of the tree before `id` is registered under a name that `id` or a child of it has.
pub const fn has_own_names<T: DeclaredTree>(id: &str) -> bool {
    supervisor::has_own_names::<T>(id)
}

/// The place of a value that is missing in a program that does not compile.
pub fn missing<T>() -> T {
    unreachable!("a program with a missing value does not compile")
}

/// An error of the program where something that only constants can tell does not hold.
#[track_caller]
pub const fn hold(does: bool, otherwise: &str) {
    if !does {
        panic!("{}", otherwise);
    }
}

/// Whether a server can have any number of instances at a time.
pub const fn is_nameless<S: GenServer>() -> bool {
    S::NAME.is_none()
}

/// What the `#[init]` method of a state machine gave, with its first state among all states.
pub fn initial<D, T, S: From<T>, E>(made: Result<Option<(D, T)>, E>) -> Result<Option<(D, S)>, E> {
    made.map(|made| made.map(|(machine, state)| (machine, state.into())))
}

/// The event of a state machine as an info, if it is a `T` and no info yet.
pub fn taken_as<M: TakesInfo<T>, T: 'static>(message: Result<M::Info, Erased>) -> Result<M::Info, Erased> {
    message.or_else(|message| message.downcast().map(|message| M::info(*message)))
}

/// An event came to a handler in a state that it is not routed to it from.
#[cold]
pub fn unrouted() -> ! {
    unreachable!("an event is handled in the states of its handlers only")
}

/// The state for a concurrent handler.
pub fn concurrent_state<S: ConcurrentState>(state: &S) -> S {
    state.clone()
}

/// `T`, if `N` is 0, as it is once all assertions hold. If one does not, `N` is an error and so is this type: rustc
/// does not report what else would be wrong with it.
pub type Sound<T, const N: usize> = <[(); N] as If<T>>::Then;

/// See [`Sound`].
pub trait If<T> {
    /// The type itself.
    type Then;
}

impl<T> If<T> for [(); 0] {
    type Then = T;
}

/// What a reply like `io::Result<u64>` is when all goes well.
pub type OkOf<R, const N: usize> = <Sound<R, N> as ResultReply>::Ok;

/// What a reply like `io::Result<u64>` is when something does not.
pub type ErrOf<R, const N: usize> = <Sound<R, N> as ResultReply>::Err;

/// The reference to the child of a tree.
pub type ChildRef<S, const N: usize> = <ChildServer<S, N> as GenServer>::Ref;

/// The server that the child of a tree is.
pub type ChildServer<S, const N: usize> = <Sound<S, N> as Served>::Server;

/// What can go wrong in the stage of a pipeline.
pub type StageError<S, const N: usize> = crate::CallError<<Sound<S, N> as crate::Work>::Error>;

/// Beside an error at the state, nothing more about the state.
impl<T> If<T> for [(); 1] {
    type Then = ();
}

/// The handler's future, if `N` is 0. It is 1 for a state that cannot be sent, which is an error at the `impl`; each
/// future that borrows such a state would be one more.
#[inline]
pub fn future<const N: usize, F>(future: F) -> <[(); N] as Pass<F>>::Future
where
    [(); N]: Pass<F>,
{
    <[(); N]>::pass(future)
}

/// See [`future`].
pub trait Pass<F> {
    /// The future, or one that takes its place.
    type Future;
    /// The one for the other.
    fn pass(future: F) -> Self::Future;
}

impl<F> Pass<F> for [(); 0] {
    type Future = F;

    #[inline]
    fn pass(future: F) -> F {
        future
    }
}

impl<F: Future> Pass<F> for [(); 1] {
    type Future = Muted<F::Output>;

    fn pass(_: F) -> Muted<F::Output> {
        Muted(PhantomData)
    }
}

/// The place of a future in a program that does not compile.
#[derive(Debug)]
pub struct Muted<T>(PhantomData<fn() -> T>);

impl<T> Future for Muted<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<T> {
        unreachable!("a program with a muted future does not compile")
    }
}

/// An error about to be judged: by its own [`Classify`] where it has one, or as any error.
///
/// `(&Judged(error)).class()` finds [`ByClass`] first, if it applies; [`ByDefault`] is one borrow further away.
#[derive(Debug)]
pub struct Judged<'a, E>(pub &'a E);

/// See [`Judged`].
pub trait ByClass {
    /// How it counts.
    fn class(&self) -> Class;
}

impl<E: Classify> ByClass for Judged<'_, E> {
    fn class(&self) -> Class {
        self.0.class()
    }
}

/// See [`Judged`].
pub trait ByDefault {
    /// How it counts.
    fn class(&self) -> Class;
}

impl<E> ByDefault for &Judged<'_, E> {
    fn class(&self) -> Class {
        Class::Transient
    }
}

/// An error about to be told: in its own words where it has some. As [`Judged`], one borrow further away it has none.
#[derive(Debug)]
pub struct ToldError<'a, E>(pub &'a E);

/// See [`ToldError`].
pub trait InWords {
    /// What it says.
    fn says(&self) -> Option<String>;
}

impl<E: std::fmt::Display> InWords for ToldError<'_, E> {
    fn says(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

/// See [`ToldError`].
pub trait InNoWords {
    /// Nothing.
    fn says(&self) -> Option<String>;
}

impl<E> InNoWords for &ToldError<'_, E> {
    fn says(&self) -> Option<String> {
        None
    }
}

/// `#[retry(when = ..)]`: whether the error is one to try again after.
pub fn retried_when(is: bool, class: Class) -> Class {
    match (is, class.again()) {
        (true, Again::No | Again::IfIdempotent) => Class::Transient,
        (true, _) => class,
        (false, _) => Class::Permanent,
    }
}

/// `#[circuit_breaker(when = ..)]`: whether the error is the server's failure.
pub fn failed_when(is: bool, class: Class) -> Class {
    match (is, class.counts()) {
        (true, Counts::Failure) => class,
        (true, _) => Class::Transient,
        (false, _) => Class::Success,
    }
}

/// What a call takes of a rate: too much is as much as can be.
pub fn cost(cost: impl TryInto<u32>) -> u32 {
    cost.try_into().unwrap_or(u32::MAX)
}

/// `window = WINDOW`: a constant that says how many calls, or how long.
#[derive(Debug)]
pub struct Window<T>(pub T);

impl Window<u32> {
    /// So many calls.
    pub const fn window(self) -> CircuitWindow {
        CircuitWindow::Calls(self.0)
    }
}

impl Window<Duration> {
    /// So long.
    pub const fn window(self) -> CircuitWindow {
        CircuitWindow::Time(self.0)
    }
}

/// How soon a call is served of those that wait: too much is as much as can be.
pub fn priority(priority: impl Into<i64>) -> i32 {
    let priority = priority.into();
    i32::try_from(priority).unwrap_or(if priority < 0 { i32::MIN } else { i32::MAX })
}

/// One more of an argument, for a further attempt.
pub fn copied<T: Clone>(argument: &T) -> T {
    argument.clone()
}

/// Asks whether `T` is `Send` and takes no for an answer: `Sendable::<T>::NO` is 0 or, for want of that, the 1 of
/// [`NotSendable`].
#[derive(Debug)]
pub struct Sendable<T>(PhantomData<fn() -> T>);

impl<T: Send> Sendable<T> {
    /// It is.
    pub const NO: usize = 0;
}

/// See [`Sendable`].
pub trait NotSendable {
    /// It is not.
    const NO: usize = 1;
}

impl<T> NotSendable for Sendable<T> {}
