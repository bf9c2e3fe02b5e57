//! State machines: servers that handle an event one way or another, depending on the state they are in.
//!
//! [`#[state_machine]`](macro@crate::state_machine) writes the impl of [`StateMachine`]; by hand it works as well. Either way
//! the machine is a server: [`Machine<M>`](Machine) implements [`GenServer`], so that start, names,
//! supervision, links, monitors and calls are those of every server.
//!
//! # How an event is handled
//!
//! ```text
//! event ─▶ route ─▶ handle ─▶ exit ─▶ the state changes ─▶ enter ─▶ reply
//!            │                         │                             └─▶ raised events, postponed ones, the mailbox
//!            ├─▶ postponed ◀───────────┘ handled again after the next change, before what is queued
//!            └─▶ dropped: a dead letter; its caller is told
//! ```
//!
//! The state is one of several types, and its name is what makes it another: new data for the same state is no
//! change, runs no hooks, leaves the state's time-out running and postponed events where they are.
//!
//! | time-out | set by | ends early when |
//! |---|---|---|
//! | of the state | [`Actions::state_timeout`] | the state changes |
//! | of events | [`Actions::event_timeout`] | any event is handled, postponed or dropped |
//! | with a name | [`Actions::timeout`] | nobody cancels it: it lives over changes of state |
//!
//! A time-out that is due comes in whether there is room in the mailbox or not, and brings an event of the machine's
//! own. All of them end with the life that set them.
//!
//! Postponed events are kept in order, as many as the mailbox holds; one more meets a full mailbox. When the machine
//! ends, they are treated as if they had never left the mailbox: the next life of a supervised machine has them, and
//! where there is none they are dead letters, and their callers are told that nothing ran.
//!
//! # What differs from `gen_statem`
//!
//! The ideas are OTP's `gen_statem`, with state enter calls, in the style of one function a state and event.
//!
//! | | `gen_statem` | noex |
//! |---|---|---|
//! | an event without a handler in a state | a crash, at run time | does not compile; `drop` and `postpone` are said where they are meant |
//! | where a state leads | any term a callback returns | what its handler declares: more does not compile, and the diagram is exact |
//! | state and data | two terms | a type for each state, that holds what only this state has; and the machine itself, that all share |
//! | the same state | the equal term | the same name, whatever its data |
//! | reply of a handler | when the callback has returned | when the hooks have run too |
//! | an enter call | may not insert events | may raise events |
//! | exit hooks | – | `#[exit]` |
//! | events after a crash | are lost | queued and postponed ones are for the next life |
//! | a callback | waits as long as it likes | is a plain `fn`: what takes time is a task, and its outcome an event |

mod actions;
mod event;
mod machine;
mod next;
mod place;
mod timeouts;

use std::{any::Any, fmt, future::Future};

pub use actions::{Actions, TimeoutActions};
pub use event::{Event, TakesInfo};
pub(crate) use event::{Incoming, Pump};
pub use machine::Machine;
pub use next::{IntoInitial, Next, Route, Target};
pub use place::{At, Place, StateOf};

use crate::{Context, ExitReason, GenServer, Message, Protection, ServerConfig, ServerRef};

/// A state machine: data that all states share, and handlers of events.
///
/// [`#[state_machine]`](macro@crate::state_machine) on an impl block writes this. By hand it is an enum of the states, enums of
/// the events and a few functions; [`Machine`] makes a server of it.
///
/// # Examples
///
/// A turnstile lets one through for a coin, and counts; what is pushed too early waits for the coin.
///
/// ```
/// use noex::{prelude::*, state_machine::{Event, Place, Route, StateMachine}};
///
/// struct Turnstile { passed: u32 }
///
/// enum Stile { Locked, Unlocked }
///
/// enum Ask { Push, Count }
///
/// impl Message for Ask {
///     // Its reply may come later: a push can be postponed.
///     fn is_deferred(&self) -> bool { matches!(self, Ask::Push) }
/// }
///
/// struct Coin;
///
/// impl Message for Coin {}
///
/// impl ServerConfig for Turnstile {}
///
/// impl StateMachine for Turnstile {
///     const STATES: &'static [&'static str] = &["locked", "unlocked"];
///     type State = Stile;
///     type Args = ();
///     type InitError = std::convert::Infallible;
///     type Call = Ask;
///     type Reply = u32;
///     type Cast = Coin;
///     type Info = Never;
///     type Event = Never;
///     type Ref = ServerRef<Machine<Self>>;
///
///     async fn init(_: (), _: &mut Context<Machine<Self>>) -> Result<Option<(Self, Stile)>, Self::InitError> {
///         Ok(Some((Turnstile { passed: 0 }, Stile::Locked)))
///     }
///
///     fn index(state: &Stile) -> usize {
///         match state { Stile::Locked => 0, Stile::Unlocked => 1 }
///     }
///
///     fn route(&self, state: &Stile, event: &Event<Self>) -> Route {
///         match (state, event) {
///             (Stile::Locked, Event::Call(Ask::Push)) => Route::Postpone,
///             (Stile::Unlocked, Event::Cast(Coin)) => Route::Drop,
///             _ => Route::Handle,
///         }
///     }
///
///     fn handle(
///         &mut self,
///         _: &mut Place<Stile>,
///         event: Event<Self>,
///         _: &mut Actions<Self>,
///         _: &mut Context<Machine<Self>>,
///     ) -> Next<Stile, Option<u32>> {
///         match event {
///             Event::Call(Ask::Count) => Next::stay().reply(Some(self.passed)),
///             Event::Call(Ask::Push) => {
///                 self.passed += 1;
///                 Next::to(Stile::Locked).reply(Some(self.passed))
///             }
///             Event::Cast(Coin) => Next::to(Stile::Unlocked).reply(None),
///             Event::Info(never) | Event::Internal(never) => match never {},
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let stile = Start::<Machine<Turnstile>>::new(()).await?;
/// let (passed, paid) = tokio::join!(stile.call(Ask::Push), stile.cast(Coin));
/// paid?;
/// assert_eq!(passed?, 1);
/// assert_eq!(stile.inspect(|stile| stile.state_name()).await?, "locked");
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state machine",
    label = "no `#[state_machine]` impl block",
    note = "write `#[state_machine(states(..))] impl {Self} {{ .. }}` with an `#[init]` method"
)]
pub trait StateMachine: ServerConfig + Sized + Send + 'static {
    /// The names of the states, in the order of [`index`](StateMachine::index).
    const STATES: &'static [&'static str];
    /// The states, each with the data that only it has.
    type State: Send + 'static;
    /// What `init` takes; a tuple when the macro writes it.
    type Args: Send + 'static;
    /// Why `init` refuses.
    type InitError: fmt::Debug + fmt::Display + Send + Sync + 'static;
    /// Requests that want a reply. One of which [`Message::is_deferred`] says so may be postponed, dropped, or answered
    /// later; any other is answered by the handler that has it, at once.
    type Call: Message + Send;
    /// The replies.
    type Reply: Send + 'static;
    /// Messages without a reply.
    type Cast: Message + Send;
    /// Anything else that arrives.
    type Info: Message + Send;
    /// Events of the machine's own: raised by its handlers, or brought by a time-out.
    type Event: Message + Send;
    /// The typed reference; `ServerRef<Machine<Self>>` when there is none.
    type Ref: From<ServerRef<Machine<Self>>> + Clone + Send + Sync + 'static;

    /// The policies of its events, as of any server's handlers; see [`GenServer::protect`].
    fn protect(_policies: &mut Protection<Machine<Self>>) {}

    /// Makes the machine and its first state. Runs on the starter's task; start returns when it is done and the
    /// state has been entered. `None`: the machine is not wanted now.
    fn init(
        args: Self::Args,
        cx: &mut Context<Machine<Self>>,
    ) -> impl Future<Output = Result<Option<(Self, Self::State)>, Self::InitError>> + Send;

    /// The place of a state in [`STATES`](StateMachine::STATES): two values with the same index are the same state.
    fn index(state: &Self::State) -> usize;

    /// What is to be done with an event in this state; it is handled by default.
    fn route(&self, _state: &Self::State, _event: &Event<Self>) -> Route {
        Route::Handle
    }

    /// Handles an event. `None` as the reply: there is none, or it comes later by [`Actions::reply_to`].
    fn handle(
        &mut self,
        state: &mut Place<Self::State>,
        event: Event<Self>,
        actions: &mut Actions<Self>,
        cx: &mut Context<Machine<Self>>,
    ) -> Next<Self::State, Option<Self::Reply>>;

    /// The state was entered: at the start, where it comes from itself; after a change; and after
    /// [`Next::repeat`], from itself again.
    fn enter(
        &mut self,
        _state: &mut Self::State,
        _from: At<Self>,
        _actions: &mut Actions<Self>,
        _cx: &mut Context<Machine<Self>>,
    ) {
    }

    /// The state `from` is about to be left. `state`: what it was, unless the handler took it.
    fn exit(
        &mut self,
        _from: At<Self>,
        _state: Option<&mut Self::State>,
        _to: At<Self>,
        _actions: &mut Actions<Self>,
        _cx: &mut Context<Machine<Self>>,
    ) {
    }

    /// The last callback, as of any server. `state`: where it ended, unless a handler that took it has crashed.
    fn terminate(
        &mut self,
        _state: Option<&mut Self::State>,
        _reason: &ExitReason,
        _cx: &mut Context<Machine<Self>>,
    ) {
    }

    /// The info that an erased message is; see [`GenServer::info_from`].
    fn info_from(message: Box<dyn Any + Send>) -> Result<Self::Info, Box<dyn Any + Send>> {
        Err(message)
    }
}

/// What can be a child of a `supervisor!`: a server, or a state machine, whose server is its [`Machine`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a server",
    label = "no `#[genserver]` impl block",
    note = "write `#[genserver] impl {Self} {{ .. }}` with an `#[init]` method"
)]
pub trait Served {
    /// The server.
    type Server: GenServer;
}

#[diagnostic::do_not_recommend]
impl<S: GenServer> Served for S {
    type Server = S;
}
