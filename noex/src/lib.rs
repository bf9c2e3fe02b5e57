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
//!
//! # Where it differs from OTP
//!
//! References outlive the incarnation, and the queue survives a restart (`on_restart = drop` gives OTP's
//! behaviour); links, monitors and timers belong to one life. A caller may run a synchronous handler itself
//! when the server is idle; order, isolation and counters are the same on both ways.
//!
//! A link to who is gone is an error value, trapping or not. A linked start that fails is an error value
//! alone, not an exit signal as well. `demonitor` and `unlink` also call off what is in the mailbox unread. A
//! timer with a period has never more than one tick there. What else is here follows OTP.

#[doc(hidden)]
pub mod __private;
pub mod observer;
pub mod prelude;
mod process;
mod registry;
pub mod rules;
mod server;
pub mod supervisor;
mod system;

pub use noex_macros::{call, cast, continuation, every, genserver, idle, info, init, supervisor, terminate};
pub use process::{
    Attached, Down, Exit, ExitReason, Missed, Monitor, Panic, PanicLocation, Period, Pid, StreamEnded,
    StreamId, Timer, TimerId, Watch,
};
pub use server::{
    Answer, Answers, Call, CallError, Cast, CastError, Context, ContinuationOf, DeadlockPath, DeadlockStep,
    Dropped, Executed, GenServer, HandlesContinue, HandlesInfo, InfoOf, Init, IntoInit, Mailbox, Message,
    Never, NotRunning, NotSent, NotYet, Now, OnRestart, Overflow, Reason, ReplyTo, Request, Requests,
    SendInfo, ServerConfig, ServerRef, Start, StartError, StartMonitored, Target, WeakRef, abcast,
    multi_call,
};
pub use supervisor::{
    ChildInfo, ChildOptions, ChildSpec, Kind, Restart, Shutdown, StartTree, Strategy, Supervisor,
    SupervisorBuilder, SupervisorError, SupervisorRef,
};
pub use system::System;
