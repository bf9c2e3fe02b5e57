//! Erlang/OTP for Rust: servers and supervision trees, declared with attributes and checked by rustc.
//!
//! A server is a struct with its state and an impl block with its handlers. `#[genserver]` makes of it the
//! messages, the typed replies and a reference with the same methods; `supervisor!` declares who starts
//! whom, in which order, and what happens after a crash.
//!
//! ```
//! use noex::prelude::*;
//!
//! /// An account that nobody can overdraw.
//! #[genserver(name = "account", mailbox = 1_000, call_timeout = 2s)]
//! pub struct Account { cents: i64 }
//!
//! #[derive(Debug)]
//! pub struct Overdrawn;
//!
//! impl std::fmt::Display for Overdrawn {
//!     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("overdrawn") }
//! }
//!
//! #[genserver]
//! impl Account {
//!     #[init]
//!     fn open(cents: i64) -> Self { Account { cents } }
//!
//!     /// Takes `amount` out and returns what is left.
//!     #[call]
//!     pub fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn> {
//!         if amount > self.cents { return Err(Overdrawn) }
//!         self.cents -= amount;
//!         Ok(self.cents)
//!     }
//!
//!     #[cast]
//!     pub fn deposit(&mut self, amount: i64) { self.cents += amount }
//! }
//!
//! supervisor! {
//!     /// The bank.
//!     pub Bank(opening: i64) {
//!         strategy: one_for_one,
//!         account: Account(opening) { restart: transient },
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bank = Bank::start(500).await?;
//! bank.account().deposit(100).await?;
//! let left = bank.account().withdraw(250).await?;     // an i64; one `?`
//! assert_eq!(left, 350);
//! bank.stop().await?;
//! # Ok(()) }
//! ```
//!
//! # What holds
//!
//! - One message at a time a server, in sending order for each sender.
//! - A call ends in a reply or in a [`CallError`] that says whether the handler ran; a message that nobody
//!   serves is a counted dead letter ([`System::dead_letters`], [`System::on_undelivered`]).
//! - A call that is answered later ([`ReplyTo`]) holds nothing up, and ends with its server if not before; one
//!   that a handler makes waits no longer than that handler's own caller ([`Context::deadline`]).
//! - A full mailbox holds up those who send to it and nobody else. Messages of timers and streams wait as well; a
//!   [`Down`] and an [`Exit`] do not.
//! - A panic ends the incarnation, never the program; a supervisor starts the next one in the same slot, so
//!   that references stay good and what was queued is served.
//! - An idle server is its slot and nothing else: no task, no timer, no channel.
//!
//! # Dealings with others
//!
//! | | what it is | ends with |
//! |---|---|---|
//! | [`Context::link`], [`Start::linked`] | two lives end together, or tell each other: [`Exit`] | either life, [`Context::unlink`] |
//! | [`Context::monitor`], [`ServerRef::monitor`], [`Start::monitored`] | one [`Down`] when another life is over | either life, [`Context::demonitor`] |
//! | [`Context::send_after`], [`Context::send_every`], `#[every(30s)]` | a message when the time has come | its life, [`Timer::cancel`] |
//! | [`Context::idle_timeout`], `#[idle(60s)]` | a message when nothing arrives | its life, any message |
//! | [`Context::attach`] | a stream's items as messages | its life, [`Attached::detach`] |
//! | [`Context::subscribe`], `#[subscribe("rates.*")]` | the events of a topic as messages | its life, or all its lives; [`event_bus`] |
//!
//! # Where to look
//!
//! | | |
//! |---|---|
//! | how a server is written | [`macro@genserver`], and a page for each attribute: [`macro@init`], [`macro@call`], [`macro@cast`], [`macro@info`], [`macro@every`], [`macro@idle`], [`macro@subscribe`], [`macro@continuation`], [`macro@terminate`] |
//! | how a state machine is written | [`macro@state_machine`], [`state_machine`](mod@state_machine), or by hand [`StateMachine`] |
//! | how it is supervised | [`supervisor!`], [`supervisor`](mod@supervisor), or by hand [`SupervisorBuilder`] |
//! | protected from what fails, is slow, or too much | [`resilience`], and the attributes [`macro@circuit_breaker`], [`macro@retry`], [`macro@rate_limit`], [`macro@bulkhead`], [`macro@load_shed`], [`macro@timeout`], [`macro@fallback`], [`macro@hedge`] |
//! | children that come and go, partitions, tasks | [`DynamicSupervisor`], [`Partitions`], [`task`] |
//! | jobs for a few equal workers, from a queue | [`Pool`], [`pool`](mod@pool) |
//! | servers that a request goes through | [`pipeline!`], [`pipeline`](mod@pipeline) |
//! | started and found | [`Start`], [`System::whereis`], [`System::named`] |
//! | called, now or later, one or many | [`Call`], [`Cast`], [`ReplyTo`], [`Request`], [`Requests`], [`multi_call`], [`abcast`] |
//! | what a handler can do | [`Context`] |
//! | found by key, with a value | [`registry`] |
//! | a value that others read and change | [`Agent`] |
//! | parts to build with | [`patterns`] |
//! | events published and subscribed to | [`System::bus`], [`event_bus`] |
//! | stopped, killed, looked into | [`ServerRef`], [`observer`] |
//! | what can go wrong | [`CallError`], [`CastError`], [`StartError`], [`ExitReason`] |
//!
//! # Where it differs from OTP
//!
//! These are all the deliberate differences; what else is here follows OTP.
//!
//! | | OTP | noex |
//! |---|---|---|
//! | reference | a pid is one life | a [`ServerRef`] and a name are good over restarts; a [`Pid`], links, monitors and timers are one life's |
//! | restart | the queue is lost | it is served by the next life; `on_restart = drop` as in OTP |
//! | end without a stop | a process lives until it ends | a server without name, supervisor and reference serves its queue and stops |
//! | mailbox | unbounded | 1024 messages, then senders wait; `mailbox` and `overflow` change it |
//! | who runs a handler | its process | the caller itself, when the server is idle; `inline = never` keeps callers out |
//! | a call that fails | exits the caller | is a [`CallError`] |
//! | a call without caller | is served | is skipped, if the server has not begun it |
//! | time-out | of each call | of each call that is queued, and never later than that of the call the handler serves; a plain `fn` that a caller runs inline is not interrupted |
//! | deadlock | a time-out | an error, at once, with the path |
//! | `kill` | at once | at the next `.await`: a plain `fn` ends first. It is a method, not a reason |
//! | messages without a handler | reach `handle_info` | do not compile; of an unknown type ([`ServerRef::send_any`]), they are dead letters |
//! | `get_state`, `suspend` | in their turn | before what is queued ([`ServerRef::inspect`], [`ServerRef::suspend`]) |
//! | link to who is gone | an exit signal | an error value, trapping or not |
//! | linked start that fails | an error and an exit signal | an error |
//! | `demonitor`, `unlink` | may leave a message | call it off, as with `flush` |
//! | periodic timer | ticks pile up | at most one is in the mailbox; `missed` says what becomes of the others |
//! | exit reason | any term | an [`ExitReason`], with a text of one's own |
//! | hibernation | collects garbage | gives the mailbox's memory back |
//! | restart limit | 1 in 5 s | 3 in 5 s, as in Elixir |
//! | a child's `init` at a restart | holds up its supervisor | runs beside it: the tree can be stopped and administered meanwhile |
//! | a supervisor that was killed | comes back beside its dying children | comes back when they are gone |
//! | publish and subscribe | one type of message, topics that are equal | one type for each event, topics with `*` and `**`, a bounded buffer for each subscriber |
//! | a task's value | its owner may ask for it | whoever holds the [`Task`](task::Task) may |
//! | registry | a name that may be given on | a value with types; says who ended as well; a unique key keeps its server alive |
//! | name | one of many registries | one a server, typed, in its [`System`]; kept while its supervisor restarts it |
//!
//! Servers on other nodes, hot code change and selective receive are not here.

#[doc(hidden)]
pub mod __private;
mod agent;
pub mod event_bus;
mod mistakes;
mod name;
pub mod observer;
pub mod patterns;
pub mod prelude;
mod process;
pub mod registry;
pub mod resilience;
pub mod rules;
mod server;
pub mod state_machine;
pub mod supervisor;
mod system;
pub mod task;

pub use agent::{Agent, AgentServer};
pub use event_bus::EventBus;
pub use name::Name;
pub use noex_macros::{
    bulkhead, call, cast, circuit_breaker, continuation, every, fallback, genserver, hedge, idle, info, init,
    load_shed, rate_limit, retry, state_machine, subscribe, supervisor, terminate, timeout,
};
pub use patterns::{
    pipeline,
    pool::{self, Pool, Work},
};
pub use process::{
    Attached, Down, Exit, ExitReason, Missed, Monitor, Panic, PanicLocation, Period, Pid, StreamEnded,
    StreamId, Timer, TimerId, Watch,
};
pub use server::{
    Answer, Answers, Call, CallError, CallPolicies, Cast, CastError, CastPolicies, Context, ContinuationOf,
    DeadlockPath, DeadlockStep, Dropped, Executed, GenServer, HandlesContinue, HandlesInfo, InfoOf, Init,
    IntoInit, Mailbox, Message, Never, NotRunning, NotSent, NotYet, Now, OnRestart, Overflow, Protection,
    Reason, ReplyTo, Request, Requests, SendInfo, ServerConfig, ServerRef, Start, StartError, StartMonitored,
    Target, WeakRef, abcast, multi_call,
};
pub use state_machine::{Actions, At, Machine, Next, StateMachine};
pub use supervisor::{
    AdminError, AutoShutdown, Backoff, ChildInfo, ChildOptions, ChildSpec, DynamicSupervisor, Kind,
    Partitions, Restart, Shutdown, StartTree, Strategy, Supervisor, SupervisorBuilder, SupervisorError,
    SupervisorRef, TreeEnd,
};
pub use system::System;
pub(crate) use system::WeakSystem;
