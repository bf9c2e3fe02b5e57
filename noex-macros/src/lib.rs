//! The macros of [noex](https://docs.rs/noex), which re-exports them: depend on that crate, not on this one.
//!
//! A macro reads tokens (`syntax`), makes sense of them (`model`), says what is wrong (`check`) and writes
//! code (`expand`), in that order; the last phase cannot fail.

mod check;
mod diag;
mod expand;
mod genserver;
mod inert;
mod krate;
mod model;
mod names;
mod pipeline;
mod resilience;
mod state_machine;
mod supervisor;
mod syntax;
#[cfg(test)]
mod tests;

use model::kind::Kind;
use proc_macro::TokenStream;

/// Makes a server of a struct and its methods.
///
/// On the struct it takes the configuration, on one impl block it takes the handlers.
///
/// ```
/// use noex::prelude::*;
///
/// /// An account that nobody can overdraw.
/// #[genserver(name = "account", mailbox = 1_000, call_timeout = 2s)]
/// pub struct Account { cents: i64 }
///
/// #[genserver]
/// impl Account {
///     #[init]
///     fn open(cents: i64) -> Self { Account { cents } }
///
///     /// Takes `amount` out and returns what is left.
///     #[call]
///     pub fn withdraw(&mut self, amount: i64) -> Result<i64, String> {
///         if amount > self.cents { return Err("overdrawn".into()) }
///         self.cents -= amount;
///         Ok(self.cents)
///     }
///
///     #[cast]
///     pub fn deposit(&mut self, amount: i64) { self.cents += amount }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let account = Account::start(500).await?;
/// account.deposit(100).await?;
/// assert_eq!(Account::named("account").withdraw(200).await?, 400);
/// # Ok(()) }
/// ```
///
/// # On the struct: configuration
///
/// | option | default | values | what it does |
/// |---|---|---|---|
/// | `name` | none | `"account"` | registers the server when it starts; one server of the type at a time. `Account::start(..).name(..)` names one of many |
/// | `mailbox` | `1024` | `64`, a constant, `unbounded` | how many messages may wait: calls, casts, infos, what timers and streams bring; `Down` and `Exit` come in always |
/// | `overflow` | `wait` | `wait`, `fail`, `drop_oldest`, `drop_newest` | what a sender meets when the mailbox is full |
/// | `call_timeout` | `5s` | a duration, `infinity` | how long a queued call waits for its reply; `#[call(timeout = ..)]` and `.timeout(..)` override it |
/// | `on_restart` | `keep` | `keep`, `drop` | whether what is queued is served by the next life, or ends with this one as in OTP |
/// | `trap_exit` | off | | exit signals come as `Exit` messages, and the shutdown by a supervisor or parent runs `#[terminate]` |
/// | `inline` | when idle | `never` | whether a caller runs a plain `fn` handler of an idle server itself |
/// | `crate` | `::noex` | `::my_crate::noex` | where noex is found when it is renamed or re-exported |
///
/// Durations have a unit: `us`, `ms`, `s`, `min` or `h`.
///
/// # On the impl block: handlers
///
/// | attribute | arguments | returns | options |
/// |---|---|---|---|
/// | [`#[init]`](macro@init) | what `start` takes | `Self`, `Result<Self, E>`, `Init<Self>` or `Result<Init<Self>, E>` | |
/// | [`#[call]`](macro@call) | `&self` or `&mut self`, then any | the reply | `timeout = 2s`, `concurrent`, `job` |
/// | a deferred call | as above, then `reply: ReplyTo<T>` | nothing; `T` is sent later | `timeout = 2s` |
/// | [`#[cast]`](macro@cast) | `&self` or `&mut self`, then any | nothing | |
/// | [`#[info]`](macro@info) | `&self` or `&mut self`, one message | nothing | |
/// | [`#[every(30s)]`](macro@every) | `&self` or `&mut self` | nothing | `missed = burst`, `skip`, `delay` |
/// | [`#[idle(60s)]`](macro@idle) | `&self` or `&mut self` | nothing | |
/// | [`#[subscribe("rates.*")]`](macro@subscribe) | `&self` or `&mut self` | an event, or the topic and an event | `overflow = wait`, `buffer = 64` |
/// | [`#[continuation]`](macro@continuation) | `&self` or `&mut self`, one message | nothing | |
/// | [`#[terminate]`](macro@terminate) | `&self` or `&mut self`, maybe the `ExitReason` | nothing | |
///
/// Policies stand on handlers as further attributes, the outermost first: [`#[fallback]`](macro@fallback),
/// [`#[timeout]`](macro@timeout), [`#[retry]`](macro@retry), [`#[circuit_breaker]`](macro@circuit_breaker),
/// [`#[rate_limit]`](macro@rate_limit), [`#[bulkhead]`](macro@bulkhead), [`#[load_shed]`](macro@load_shed), [`#[hedge]`](macro@hedge). They act on the caller's side, before there is a
/// message.
///
/// Each may be a `fn` or an `async fn`, and may take `cx: &mut Context<Self>` before its other arguments; only a
/// concurrent call is always async and has no context. Generics and where clauses of the block, and `cfg`, docs,
/// `deprecated`, `must_use` and visibility of a handler are carried over; type parameters are `Send + 'static`, because a
/// server and its messages move between threads. There may be several `#[init]` or `#[terminate]` methods under `cfg`s of
/// which one holds. The block has one option, `crate`. Methods without an attribute are helpers; more of them go in plain
/// `impl` blocks.
///
/// # What is generated
///
/// - `AccountRef`, the reference, with a method for each call and cast, which derefs to `ServerRef<Account>`;
/// - `AccountCall`, `AccountReply`, `AccountCast`, `AccountInfo` and `AccountContinue`, plain enums with one variant
///   for each handler, fields named as the arguments;
/// - `Account::start`, `Account::child`, `Account::whereis` and `Account::named`;
/// - the implementations of `ServerConfig`, `GenServer`, `HandlesInfo` and `HandlesContinue`.
///
/// # What is rejected
///
/// Arguments and replies that borrow or cannot be sent, because they travel in messages; a state that cannot be sent;
/// handlers with parameters or a where clause of their own; two handlers that become the same message or handle the
/// same one; handlers called `start`, `child`, `whereis` or `named`, or `into` or `try_into`, which std has for any value;
/// options that do not exist. Each mistake is one error at the word that is wrong, and everything else is generated
/// all the same.
#[proc_macro_attribute]
pub fn genserver(options: TokenStream, item: TokenStream) -> TokenStream {
    genserver::genserver(options.into(), item.into()).into()
}

/// Marks the method that makes the server's state, inside of a [`#[genserver]`](macro@genserver) impl block.
///
/// Its arguments are those of `start`, and of the child in a `supervisor!`, which evaluates them anew for each life. It
/// runs on the task that awaits the start; `async fn` may wait. As `init/1`.
///
/// | it returns | the start is |
/// |---|---|
/// | `Self` | the reference |
/// | `Result<Self, E>` | the reference, or `StartError::Init` with the `E`, which implements `Debug` and `Display` |
/// | `Init<Self>`: `Init::ready(state)` | the reference |
/// | `Init::then(state, message)` | the reference; the [`#[continuation]`](macro@continuation) runs before anything queued |
/// | `Init::ignore()` | `StartError::Ignored`; a supervisor keeps an empty place |
/// | `Result<Init<Self>, E>` | any of these |
///
/// A panic is `StartError::Crashed`. `start(..).timeout(limit)` gives a slow one up; without it there is no limit. `#[init]`
/// has no options.
///
/// ```
/// use noex::prelude::*;
///
/// #[genserver]
/// struct Store { path: String }
///
/// #[genserver]
/// impl Store {
///     #[init]
///     async fn open(path: &'static str) -> Result<Self, String> {
///         if path.is_empty() { return Err("a store needs a path".into()) }
///         Ok(Store { path: path.into() })
///     }
///
///     #[call]
///     fn path(&self) -> String { self.path.clone() }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(Store::start("/var/lib").await?.path().await?, "/var/lib");
/// assert!(matches!(Store::start("").await, Err(StartError::Init { .. })));
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn init(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Init.word(), item.into()).into()
}

/// Marks a handler that answers, inside of a [`#[genserver]`](macro@genserver) impl block. As `handle_call/3`.
///
/// | form | meaning |
/// |---|---|
/// | `#[call]` | the reply is what the method returns |
/// | `#[call(timeout = 2s)]` | overrides the server's `call_timeout`; `infinity` waits without limit |
/// | a last argument `reply: ReplyTo<T>` | the reply is a `T`, sent later with `reply.send(..)` from anywhere, once; the handler returns nothing |
/// | `#[call(concurrent)]` on an `async fn` with `&self` | runs beside the mailbox on a clone of the state, which must be `Clone` and `Sync`; it has no context |
/// | `#[call(job)]` | makes the server a worker: `impl Work`, and what the handler takes is the job of a `Pool`; several arguments are a tuple |
///
/// The reference gets a method of the same name, whose future is a `Call`: awaited, it is the reply or a `CallError`, which
/// says why there is none and whether the handler ran. A handler that returns `Result<U, E>` makes it `Result<U,
/// CallError<E>>`, for one `?`. `.timeout(..)`, `.no_timeout()`, `.try_call()` and `.request()` of it are for one call.
///
/// A concurrent handler does not hold up the server and sees the state as it was when its turn came. Its panic is
/// its caller's `CallError::Crashed` and an event; the server lives on. A server that stops waits for it; one that is
/// killed or crashes does not.
///
/// ```
/// use noex::prelude::*;
/// use std::time::Duration;
///
/// #[genserver]
/// #[derive(Clone, Default)]
/// struct Library { books: u32 }
///
/// #[genserver]
/// impl Library {
///     #[init]
///     fn open() -> Self { Library::default() }
///
///     #[call]
///     fn buy(&mut self) -> u32 { self.books += 1; self.books }
///
///     /// Does not hold `buy` up.
///     #[call(concurrent, timeout = 1min)]
///     async fn count(&self) -> u32 {
///         tokio::time::sleep(Duration::from_secs(30)).await;
///         self.books
///     }
///
///     /// Answered by a task.
///     #[call]
///     fn order(&self, title: String, reply: ReplyTo<Result<String, String>>) {
///         tokio::spawn(async move {
///             reply.send(if title.is_empty() { Err("which one?".into()) } else { Ok(title) });
///         });
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let library = Library::start().await?;
/// let (counted, bought) = tokio::join!(library.count(), library.buy());
/// assert_eq!((counted?, bought?), (0, 1));
/// assert_eq!(library.order("Emma".into()).await?, "Emma");
/// assert!(matches!(library.order("".into()).await, Err(CallError::Handler(_))));
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn call(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Call.word(), item.into()).into()
}

/// Marks a handler without a reply, inside of a [`#[genserver]`](macro@genserver) impl block. As `handle_cast/2`.
///
/// The reference gets a method of the same name, whose future is a `Cast`: ready as soon as the message is in the mailbox,
/// it waits for room and never for the handler. `.try_send()` does not wait either. Both give the message back in a
/// `CastError` when the server is gone, or full and not to be waited for. `#[cast]` has no options, and the handler returns
/// nothing.
///
/// ```
/// use noex::prelude::*;
///
/// #[genserver(mailbox = 64)]
/// struct Meter { total: u64 }
///
/// #[genserver]
/// impl Meter {
///     #[init]
///     fn init() -> Self { Meter { total: 0 } }
///
///     #[cast]
///     fn add(&mut self, units: u64) { self.total += units }
///
///     #[call]
///     fn total(&self) -> u64 { self.total }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let meter = Meter::start().await?;
/// meter.add(2).await?;
/// meter.add(3).try_send()?;
/// assert_eq!(meter.total().await?, 5);        // behind the casts of the same sender
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn cast(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Cast.word(), item.into()).into()
}

/// Marks the handler of one type of message, inside of a [`#[genserver]`](macro@genserver) impl block. As `handle_info/2`.
///
/// It takes one message by value and returns nothing; the type says which handler it is, so there is one for each type.
/// `#[info]` has no options and needs no import.
///
/// | the type | who sends it |
/// |---|---|
/// | any of yours | `server.send(..)`, `cx.send_after(..)`, `cx.send_every(..)`, `cx.idle_timeout(..)`, a stream of `cx.attach(..)` |
/// | `Down` | a monitor: `cx.monitor(..)` |
/// | `Exit` | links and exit signals, to a server that traps exits |
/// | `StreamEnded` | an attached stream at its end |
///
/// To send a message without a handler is a compile error. One whose type the sender does not know
/// (`server.send_any(..)`) and an `Exit` without a handler are counted dead letters; `StreamEnded` is not sent then.
///
/// ```
/// use noex::prelude::*;
/// use std::time::Duration;
///
/// struct Ring;
///
/// #[genserver]
/// struct Alarm { rang: bool }
///
/// #[genserver]
/// impl Alarm {
///     #[init]
///     fn set(cx: &mut Context<Self>, after: Duration) -> Self {
///         cx.send_after(after, Ring);
///         Alarm { rang: false }
///     }
///
///     #[info]
///     fn ring(&mut self, _: Ring) { self.rang = true }
///
///     #[call]
///     fn rang(&self) -> bool { self.rang }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let alarm = Alarm::start(Duration::from_secs(60)).await?;
/// assert!(!alarm.rang().await?);
/// tokio::time::sleep(Duration::from_secs(61)).await;
/// assert!(alarm.rang().await?);
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn info(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Info.word(), item.into()).into()
}

/// Marks a method that a timer runs again and again, inside of a [`#[genserver]`](macro@genserver) impl block.
///
/// `#[every(30s)]` runs it 30 s after the start and every 30 s from then on, without drift, as long as this life lasts. The
/// method takes `&self` or `&mut self`, maybe the context, and nothing else, and returns nothing. There may be several.
///
/// A tick is a message: it waits its turn, and meets a full mailbox as any message does. Of each timer at most one is there, so that a
/// server which is busy for longer than a period misses ticks. The words are those of tokio's `MissedTickBehavior`:
///
/// | option | default | ticks that were missed |
/// |---|---|---|
/// | `missed = burst` | yes | are made up for, one right after the other |
/// | `missed = skip` | | do not come; the next is at the next multiple of the period |
/// | `missed = delay` | | do not come; the next is a whole period later |
///
/// A period is a duration with a unit, and not zero. For one that is known at run time, and for a timer that can be
/// cancelled, there is `cx.send_every(..)`.
///
/// ```
/// use noex::prelude::*;
/// use std::time::Duration;
///
/// #[genserver]
/// struct Poller { polls: u32 }
///
/// #[genserver]
/// impl Poller {
///     #[init]
///     fn init() -> Self { Poller { polls: 0 } }
///
///     #[every(30s, missed = skip)]
///     async fn poll(&mut self) { self.polls += 1 }
///
///     #[call]
///     fn polls(&self) -> u32 { self.polls }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let poller = Poller::start().await?;
/// tokio::time::sleep(Duration::from_secs(100)).await;
/// assert_eq!(poller.polls().await?, 3);
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn every(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Every.word(), item.into()).into()
}

/// Marks a method that runs when nothing has arrived for so long, inside of a
/// [`#[genserver]`](macro@genserver) impl block.
///
/// `#[idle(60s)]` runs it once after 60 s without a message of any kind, ticks of `#[every(..)]` included, and again
/// after the next silence. Never early, and late by at most an eighth, because the timer looks eight times in its
/// period, for as long as the server lives; a message costs nothing more for it. The method takes `&self` or `&mut self`,
/// maybe the context, and nothing else, and returns nothing. It has no options but the duration. For one silence after one
/// message, as the time-out that a callback returns in OTP, there is `cx.idle_timeout(..)`.
///
/// ```
/// use noex::prelude::*;
/// use std::time::Duration;
///
/// #[genserver]
/// struct Session {}
///
/// #[genserver]
/// impl Session {
///     #[init]
///     fn open() -> Self { Session {} }
///
///     #[call]
///     fn touch(&self) {}
///
///     #[idle(15min)]
///     fn expire(&mut self, cx: &mut Context<Self>) { cx.stop(ExitReason::shutdown("expired")) }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let session = Session::start().await?;
/// tokio::time::sleep(Duration::from_secs(10 * 60)).await;
/// session.touch().await?;
/// tokio::time::sleep(Duration::from_secs(10 * 60)).await;
/// session.touch().await?;
/// assert_eq!(session.ended().await, ExitReason::shutdown("expired"));
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn idle(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Idle.word(), item.into()).into()
}

/// Marks a method that handles the events of a topic, inside of a [`#[genserver]`](macro@genserver) impl block.
///
/// `#[subscribe("rates.*")]` subscribes the server to the bus of its system when its `init` is done. The method takes
/// `&self` or `&mut self`, maybe the context, then the event, or the topic and the event: `rate: Rate` or `topic:
/// Topic, rate: Rate`; it returns nothing. It gets the events of exactly that type, which is `Clone + Send +
/// 'static`. There may be several methods; an event that two of them listen to comes to both.
///
/// In the pattern `*` is exactly one segment and `**` any number of them, also none: `delivery.*` gets
/// `delivery.failed`, and neither `delivery` nor `delivery.email.failed`, as `delivery.**` does. It is a literal, which
/// is checked here, or a constant, which the compiler checks.
///
/// | option | default | meaning |
/// |---|---|---|
/// | `buffer = 64` | 1024 | so many events may wait in the mailbox, whatever else is in there: events, not bytes |
/// | `overflow = drop_oldest` | yes | one more takes the place of the oldest, which is a counted dead letter |
/// | `overflow = drop_newest` | | one more is a counted dead letter |
/// | `overflow = disconnect` | | one more ends the subscription until the server is restarted; `EventKind::Disconnected` says so |
/// | `overflow = wait` | | the publisher waits for room when it awaits the publish |
///
/// # Over a restart
///
/// A server that keeps its mailbox over a restart keeps its subscriptions as well: what is published between two lives
/// waits for the next one, so that no event is lost but the one that was being handled, and none comes twice. With
/// `on_restart = drop` a subscription ends with its life and the next life subscribes anew: what is published in
/// between it does not get. When the server ends for good its subscriptions do.
///
/// A subscription on another bus, with a pattern that is known at run time, or for a part of the server's life, is
/// `cx.subscribe(..)` or `cx.subscribe_to(..)`.
///
/// ```
/// use noex::prelude::*;
///
/// #[derive(Clone)]
/// struct Delivery { to: String }
///
/// #[genserver]
/// struct Tracker { lines: Vec<String> }
///
/// #[genserver]
/// impl Tracker {
///     #[init]
///     fn init() -> Self { Tracker { lines: Vec::new() } }
///
///     #[subscribe("delivery.*", buffer = 256)]
///     fn delivered(&mut self, topic: Topic, delivery: Delivery) {
///         self.lines.push(format!("[{topic}] {}", delivery.to));
///     }
///
///     #[call]
///     fn lines(&self) -> Vec<String> { self.lines.clone() }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new();
/// let tracker = Tracker::start().system(&system).await?;
/// system.bus().publish("delivery.success", Delivery { to: "user1".into() }).await?;
/// system.bus().publish("delivery.email.failed", Delivery { to: "user2".into() }).await?;
/// system.bus().publish("delivery.failed", Delivery { to: "user3".into() }).await?;
/// assert_eq!(tracker.lines().await?, ["[delivery.success] user1", "[delivery.failed] user3"]);
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn subscribe(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Subscribe.word(), item.into()).into()
}

/// Marks what a server continues with before anything queued, inside of a [`#[genserver]`](macro@genserver) impl
/// block. As `handle_continue/2`; `continue` is a keyword.
///
/// It takes one message by value and returns nothing; the type says which it is, so there is one for each type.
/// `Init::then(state, message)` asks for it at the start, which does not wait for it, and `cx.then(message)` from a handler,
/// whose reply does not wait for it either. Several run in the order in which they were asked for. `#[continuation]` has no
/// options.
///
/// ```
/// use noex::prelude::*;
///
/// struct Warm;
///
/// #[genserver]
/// struct Cache { entries: Vec<u32> }
///
/// #[genserver]
/// impl Cache {
///     #[init]
///     fn open() -> Init<Self> { Init::then(Cache { entries: Vec::new() }, Warm) }
///
///     #[continuation]
///     async fn warm(&mut self, _: Warm) {
///         tokio::task::yield_now().await;
///         self.entries.push(7);
///     }
///
///     #[call]
///     fn first(&self) -> Option<u32> { self.entries.first().copied() }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cache = Cache::start().await?;
/// assert_eq!(cache.first().await?, Some(7));      // the call waits behind `warm`
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn continuation(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Continuation.word(), item.into()).into()
}

/// Marks the method that runs last, inside of a [`#[genserver]`](macro@genserver) impl block. As `terminate/2`.
///
/// It may take the context, then the exit reason, as `ExitReason` or `&ExitReason`, and returns nothing. There is at most
/// one, without options.
///
/// | the server ends by | it runs |
/// |---|---|
/// | `server.stop()`, `cx.stop(..)`, its last reference gone | yes |
/// | a panic in a handler | yes, with the state as the panic left it |
/// | a supervisor's or parent's shutdown | if the server traps exits, within the child's `shutdown` time |
/// | an exit signal of anybody else, to a server that does not trap exits | no |
/// | `kill`, the end of its runtime | no: keep what must happen in a `Drop` of the state |
///
/// A panic in it becomes the exit reason.
///
/// ```
/// use noex::prelude::*;
/// use std::sync::{Arc, Mutex};
///
/// #[genserver]
/// struct Journal { closed: Arc<Mutex<Option<String>>> }
///
/// #[genserver]
/// impl Journal {
///     #[init]
///     fn open(closed: Arc<Mutex<Option<String>>>) -> Self { Journal { closed } }
///
///     #[terminate]
///     fn close(&mut self, reason: &ExitReason) { *self.closed.lock().unwrap() = Some(reason.to_string()) }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let closed = Arc::new(Mutex::new(None));
/// Journal::start(closed.clone()).await?.stop().await?;
/// assert_eq!(closed.lock().unwrap().as_deref(), Some("normal"));
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn terminate(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Terminate.word(), item.into()).into()
}

/// Stops calling a handler while too many of its calls fail; on a handler of a [`#[genserver]`](macro@genserver) block.
///
/// An open circuit refuses on the caller's side: no message, no wake-up, `CallError::CircuitOpen`. Failures are errors of
/// the handler, time-outs, crashes and a server that is not there; refusals of other policies and callers that leave are
/// neither success nor failure. The breaker lives with the server's name or place, not with one life: a server that crashes
/// again and again trips it. The states are those of Nygard's *Release It!*, the options those of resilience4j and of
/// `noex::resilience::CircuitBreaker`, which is the same breaker as a value.
///
/// | option | default | what it does |
/// |---|---|---|
/// | `failure_threshold` | `5` | so many failures in a row open it; off with a `window`, unless given |
/// | `success_threshold` | `1` | so many successes in half-open close it |
/// | `reset_timeout` | `60s` | how long it stays open |
/// | `half_open_timeout` | `30s` | the longest stay in half-open |
/// | `half_open_max_calls` | as `success_threshold` | probes at the same time |
/// | `half_open` | `reject` | `wait`: callers wait for the verdict of the probes |
/// | `window`, `failure_rate`, `min_calls` | none, `0.5`, `10` | opens at this rate over so many calls, or so long |
/// | `slow_call`, `slow_rate` | none, `1.0` | what is slow, and how much of it opens |
/// | `reset_backoff`, `max_reset_timeout`, `reset_jitter` | `1.0`, `10min`, `0.0` | the open time grows with each failed probe |
/// | `warm_up`, `trip_on_hint`, `monitor_interval` | none, off, `5s` | no trip at first; opens when the service asks for a pause; events |
/// | `when`, `when_ok`, `ignore` | all errors | predicates: errors that count, values that do, errors that are neither |
/// | `key`, `max_keys` | none | one breaker for each value of an argument, or a field of one |
/// | `name`, `scope` | `server` | who shares it: all that give it this name, all servers of the `type`, the callers of one server |
/// | `reset_on_restart` | off | a new life begins with a closed breaker |
///
/// On `#[cast]` and `#[info]` it needs a `name`, because it learns from the calls of other handlers.
///
/// ```
/// use noex::prelude::*;
///
/// #[genserver]
/// struct Bank {}
///
/// #[genserver]
/// impl Bank {
///     #[init]
///     fn open() -> Self { Bank {} }
///
///     #[call]
///     #[circuit_breaker(failure_threshold = 2, reset_timeout = 30s)]
///     fn rating(&self, name: String) -> Result<u32, String> { Err(format!("{name} is unknown")) }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bank = Bank::start().await?;
/// for _ in 0..2 {
///     assert!(matches!(bank.rating("Ada".into()).await, Err(CallError::Handler(_))));
/// }
/// assert!(matches!(bank.rating("Ada".into()).await, Err(CallError::CircuitOpen { .. })));
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn circuit_breaker(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside("circuit_breaker", item.into()).into()
}

/// Calls a handler again when it fails; on a `#[call]` of a [`#[genserver]`](macro@genserver) block.
///
/// Each attempt is a message of its own, and the pause in between is the caller's: the server serves others meanwhile. Its
/// arguments are `Clone`, its reply is a `Result`. What certainly did not run (no server, a full mailbox, a call that timed
/// out in the queue) is tried again; what may have run is too when the handler is `idempotent`; refusals of policies further
/// in are not, unless `retry_rejected`. No attempt begins that the caller would not wait for.
///
/// | option | default | what it does |
/// |---|---|---|
/// | `max_attempts` | `3` | attempts in all, at least 2 |
/// | `initial_delay`, `max_delay`, `backoff_factor` | `1s`, `30s`, `2.0` | the pauses |
/// | `jitter` | `none` | `full`, `equal`, `ratio`, `decorrelated`: so that callers do not come back together |
/// | `ratio` | `0.2` | of `jitter = ratio`: by which part a pause is shorter or longer |
/// | `max_elapsed` | none | no attempt begins later |
/// | `retryable_errors` | all errors | `["network error", "/5\\d\\d/"]`: texts, one of which an error says; between slashes a regular expression (feature `regex`) |
/// | `when`, `when_ok` | all errors | predicates: errors to try again after, values to |
/// | `budget` | none | further attempts are a fifth of the calls, and 10 a second; `budget = "name"` is shared |
/// | `idempotent` | off | it does no harm to run it twice |
/// | `dedupe` | off | what was begun and is late is not run again: the next attempt waits for its reply, for so long |
/// | `retry_rejected` | off | tries again after refusals of policies further in |
/// | `seed` | random | of the jitter, for tests |
///
/// With `dedupe = 30s` a handler that may not run twice can be retried after a time-out: effectively once. An attempt whose
/// time is over after it was begun stays where it is, and the next one gets its reply as soon as it is there, which may be
/// at once. A reply that nobody asked for in 30 s is forgotten, and an attempt after that runs anew, so that it is longer
/// than a handler may take. A crash while it ran has no reply: that is tried again only if it is `idempotent`.
///
/// An error type that implements `noex::resilience::Classify` says itself what is worth another attempt, and for how long
/// the service asks to be left alone.
///
/// ```
/// use noex::prelude::*;
///
/// #[derive(Debug)]
/// enum Error { Busy, Unknown }
///
/// impl Error {
///     fn is_transient(&self) -> bool { matches!(self, Error::Busy) }
/// }
///
/// #[genserver]
/// struct Bank { calls: u32 }
///
/// #[genserver]
/// impl Bank {
///     #[init]
///     fn open() -> Self { Bank { calls: 0 } }
///
///     #[call]
///     #[retry(max_attempts = 5, initial_delay = 10ms, jitter = full, when = Error::is_transient)]
///     fn rating(&mut self, name: String) -> Result<u32, Error> {
///         self.calls += 1;
///         match self.calls { 1 | 2 => Err(Error::Busy), 3 => Ok(name.len() as u32), _ => Err(Error::Unknown) }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bank = Bank::start().await?;
/// assert_eq!(bank.rating("Ada".into()).await.unwrap(), 3);
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn retry(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside("retry", item.into()).into()
}

/// Limits the rate of a handler's calls; on a handler of a [`#[genserver]`](macro@genserver) block.
///
/// What comes too fast is refused on the caller's side, without a message: `CallError::RateLimited`, with the time after
/// which a new try can succeed. By default the window slides exactly: there is no double burst across a boundary. It is
/// `noex::resilience::KeyedRateLimiter` as an attribute.
///
/// | option | default | what it does |
/// |---|---|---|
/// | the first | `10 per 1s` | the rate |
/// | `key` | one budget for all | one for each value of an argument, or a field of one: `user_id`, `request.user` |
/// | `cost` | `1` | a number, or an argument: what a call takes |
/// | `queue`, `queue_timeout` | `0`, `30s` | how many calls may wait for their turn, and how long |
/// | `algorithm` | `sliding` | `token_bucket` (with `burst`), `fixed`, `smooth` |
/// | `exact` | off | keeps the sliding window exact above 1024 a window |
/// | `max_keys`, `on_full` | `100_000`, `refuse` | how many keys are known; `evict_oldest` |
/// | `drain` | off | an error that asks for a pause takes all that is left |
/// | `name`, `scope`, `reset_on_restart` | `server` | as of [`#[circuit_breaker]`](macro@circuit_breaker) |
///
/// A call that was not served gives back what it took: the server was gone or its mailbox full, a policy further in
/// refused.
///
/// ```
/// use noex::prelude::*;
///
/// #[genserver]
/// struct Api {}
///
/// #[genserver]
/// impl Api {
///     #[init]
///     fn open() -> Self { Api {} }
///
///     #[call]
///     #[rate_limit(2 per 1min, key = user_id)]
///     fn search(&self, user_id: u64) -> u64 { user_id }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let api = Api::start().await?;
/// api.search(7).await?;
/// api.search(7).await?;
/// assert!(matches!(api.search(7).await, Err(CallError::RateLimited { .. })));
/// assert_eq!(api.search(8).await?, 8);
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn rate_limit(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside("rate_limit", item.into()).into()
}

/// Limits how many calls of a handler are under way at once; on a `#[call]` of a [`#[genserver]`](macro@genserver) block.
///
/// Under way is what is queued or running. A call beyond that waits in line, first come, first served, or is refused:
/// `CallError::BulkheadFull`. A place comes back with the reply, an error, a crash, a time-out, and when the caller leaves.
/// It is `noex::resilience::Bulkhead` as an attribute.
///
/// | option | default | what it does |
/// |---|---|---|
/// | `max_concurrent` | `10` | how many at once |
/// | `max_queue`, `queue_timeout` | `100`, `30s` | how many may wait, and how long |
/// | `queue` | `fifo` | `lifo`; `codel`: sheds those who waited too long while all do |
/// | `adaptive` | off | finds the limit from the latency: `gradient` or `vegas` |
/// | `weight` | `1` | a number, or an argument: how many places a call takes |
/// | `priority` | `0` | a number, or an argument: who waits is served the sooner the higher, and gives way last |
/// | `hold_during_backoff`, `allow = order` | | no warning that another order is better |
/// | `name`, `scope` | `server` | as of [`#[circuit_breaker]`](macro@circuit_breaker) |
///
/// ```
/// use noex::prelude::*;
///
/// #[genserver]
/// #[derive(Clone)]
/// struct Bank {}
///
/// #[genserver]
/// impl Bank {
///     #[init]
///     fn open() -> Self { Bank {} }
///
///     #[call(concurrent)]
///     #[bulkhead(max_concurrent = 1, max_queue = 0)]
///     async fn rating(&self) -> u32 { tokio::task::yield_now().await; 7 }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bank = Bank::start().await?;
/// let (first, second) = tokio::join!(bank.rating(), bank.rating());
/// assert_eq!(first?, 7);
/// assert!(matches!(second, Err(CallError::BulkheadFull { .. })));
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn bulkhead(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside("bulkhead", item.into()).into()
}

/// Turns a part of a handler's calls away while its server does not keep up; on a `#[call]` of a
/// [`#[genserver]`](macro@genserver) block.
///
/// On the caller's side it counts what is sent and what is accepted, and turns away what is above `ratio` times as many, at
/// random: who answers, if only to say no, accepts; who times out, crashes, is throttled or has a full mailbox does not. With
/// `queue_delay` it looks at the mailbox as well: while even the luckiest call of the last `queue_interval` was queued for
/// longer than that, what was queued for more than twice as long is not run when the server comes to it, so that those
/// behind it are served in time. A burst is no standing queue, and is served. Either way the caller is told
/// `CallError::Shed`. It is `noex::resilience::LoadShedder` as an attribute.
///
/// | option | default | what it does |
/// |---|---|---|
/// | `ratio` | `2.0` | how many are sent for each one that is accepted; the lower, the sooner |
/// | `window` | `2min` | over how long it counts, at least 16 ms |
/// | `cap` | `0.9` | the largest share that is turned away |
/// | `queue_delay`, `queue_interval` | none, `100ms` | how long even the luckiest is queued, in each so long; `5ms` is usual |
/// | `name`, `scope` | `server` | as of [`#[circuit_breaker]`](macro@circuit_breaker) |
/// | `seed` | random | of its dice, for tests |
///
/// ```
/// use noex::prelude::*;
/// # use std::time::Duration;
///
/// #[genserver]
/// struct Reports {}
///
/// #[genserver]
/// impl Reports {
///     #[init]
///     fn open() -> Self { Reports {} }
///
///     #[call]
///     #[load_shed(queue_delay = 5ms)]
///     async fn draw(&mut self) -> u32 { tokio::time::sleep(Duration::from_millis(20)).await; 7 }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let reports = Reports::start().await?;
/// // Twenty at once, for each of which it takes 20 ms: the queue stands, and the last ones are told so.
/// let requests: Vec<_> = (0..20).map(|_| tokio::spawn(reports.draw().request())).collect();
/// let (mut served, mut shed) = (0, 0);
/// for request in requests {
///     match request.await? {
///         Ok(_) => served += 1,
///         Err(CallError::Shed { .. }) => shed += 1,
///         Err(other) => return Err(other.into()),
///     }
/// }
/// assert_eq!((served, shed), (6, 14));
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn load_shed(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside("load_shed", item.into()).into()
}

/// Calls a handler once more when it is slow, and takes the first answer; on a `#[call]` of a
/// [`#[genserver]`](macro@genserver) block.
///
/// The runs are messages of their own, beside one another: it is of use where calls do not wait for one another, with
/// `#[call(concurrent)]`. The first `Ok` wins and the other runs are given up; when all fail, the first one's error is the
/// caller's. As in Dean and Barroso's *The Tail at Scale*. It stands below all other policies, and says `idempotent`.
///
/// | option | default | what it does |
/// |---|---|---|
/// | `delay` | `100ms` | how long the first run may take before there is another |
/// | `quantile`, `warm_up` | none | the delay is that part of the latencies seen, after so many calls |
/// | `max_extra` | `1` | how many further runs |
/// | `budget` | a twentieth of the calls | `budget = "name"` is shared |
/// | `idempotent` | must be said | it does no harm to run it twice |
///
/// ```
/// use noex::prelude::*;
/// # use std::{sync::{Arc, atomic::{AtomicU32, Ordering}}, time::Duration};
///
/// #[genserver]
/// #[derive(Clone)]
/// struct Replicas { asked: Arc<AtomicU32> }
///
/// #[genserver]
/// impl Replicas {
///     #[init]
///     fn open() -> Self { Replicas { asked: Arc::default() } }
///
///     #[call(concurrent)]
///     #[hedge(delay = 50ms, idempotent)]
///     async fn read(&self, key: u32) -> Result<u32, String> {
///         let first = self.asked.fetch_add(1, Ordering::Relaxed) == 0;
///         tokio::time::sleep(Duration::from_millis(if first { 4_000 } else { 1 })).await;
///         Ok(key)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let replicas = Replicas::start().await?;
/// let start = tokio::time::Instant::now();
/// assert_eq!(replicas.read(7).await?, 7);
/// assert_eq!(start.elapsed(), Duration::from_millis(51));
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn hedge(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside("hedge", item.into()).into()
}

/// Limits the time of a call; on a `#[call]` of a [`#[genserver]`](macro@genserver) block.
///
/// `#[timeout(500ms)]`; 5 s without a value. Where it stands says what it limits: above a [`#[retry]`](macro@retry) all
/// attempts together, below it each one. The caller is told `CallError::Timeout`; the handler, once begun, runs to its end,
/// because its state could be half changed. The server's `call_timeout` holds for each attempt as well: a longer
/// `#[timeout]` of an attempt is an error.
///
/// ```
/// use noex::prelude::*;
/// # use std::time::Duration;
///
/// #[genserver]
/// struct Bank {}
///
/// #[genserver]
/// impl Bank {
///     #[init]
///     fn open() -> Self { Bank {} }
///
///     #[call]
///     #[timeout(50ms)]
///     async fn rating(&self) -> u32 { tokio::time::sleep(Duration::from_secs(1)).await; 7 }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bank = Bank::start().await?;
/// assert!(matches!(bank.rating().await, Err(CallError::Timeout { .. })));
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn timeout(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside("timeout", item.into()).into()
}

/// Puts something in the place of a call's error; on a `#[call]` of a [`#[genserver]`](macro@genserver) block.
///
/// `#[fallback(value)]`, or `#[fallback(with = function)]` where the function is given the `CallError<E>` and returns the
/// `Result<T, E>`. It belongs above the other policies, whose refusals it replaces as well. It is not run when the caller
/// leaves.
///
/// ```
/// use noex::prelude::*;
///
/// #[genserver]
/// struct Bank {}
///
/// #[genserver]
/// impl Bank {
///     #[init]
///     fn open() -> Self { Bank {} }
///
///     #[call]
///     #[fallback(100)]
///     fn rating(&self) -> Result<u32, String> { Err("closed".into()) }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bank = Bank::start().await?;
/// assert_eq!(bank.rating().await?, 100);
/// # Ok(()) }
/// ```
#[proc_macro_attribute]
pub fn fallback(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside("fallback", item.into()).into()
}

/// Declares a supervision tree: a type whose `start` starts all its children, with a typed reference to each.
///
/// ```
/// use noex::prelude::*;
/// # #[genserver] pub struct Ledger { entries: u64 }
/// # #[genserver] impl Ledger {
/// #     #[init] fn open(entries: u64) -> Self { Ledger { entries } }
/// #     #[call] pub fn entries(&self) -> u64 { self.entries }
/// # }
/// # #[genserver] pub struct Account { cents: i64 }
/// # #[genserver] impl Account {
/// #     #[init] fn open(cents: i64, ledger: LedgerRef) -> Self { Account { cents } }
/// #     #[call] pub fn withdraw(&mut self, amount: i64) -> i64 { self.cents -= amount; self.cents }
/// # }
///
/// supervisor! {
///     /// The bank.
///     pub Bank(opening: i64) {
///         strategy: rest_for_one,
///         restarts: 5 in 30s,
///
///         ledger:  Ledger(0),
///         account: Account(opening, ledger) { restart: transient, shutdown: 1s },
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bank = Bank::start(500).await?;
/// assert_eq!(bank.account().withdraw(200).await?, 300);
/// bank.account().kill();                                          // and it is there again
/// assert_eq!(bank.account().withdraw(100).await?, 400);
/// bank.stop().await?;
/// # Ok(()) }
/// ```
///
/// | option of the tree | default | values |
/// |---|---|---|
/// | `strategy`: who else restarts | none, it must be said | `one_for_one`, `one_for_all`, `rest_for_one` |
/// | `restarts`: more than so many end the tree | `3 in 5s` | `5 in 30s` |
/// | `backoff`: the first and the longest pause before a restart | no pause | `100ms..30s` |
/// | `auto_shutdown`: whether it ends with its significant children | `never` | `any_significant`, `all_significant` |
/// | `crate`: where noex is found | `::noex` | `crate: ::my_crate::noex` |
///
/// | child | what it is | its method gives |
/// |---|---|---|
/// | `name: Server(arguments)` | a server | the server's reference |
/// | `name: supervisor Tree(arguments)` | another tree that `supervisor!` declares, here or in another crate | that tree |
/// | `name: partition Server(arguments)` | equal servers, one of which a key picks | `Partitions` |
/// | `name: dynamic Server` | servers that come and go | `DynamicSupervisor` |
/// | `name: dynamic Server(arguments)` | the same, with arguments that the tree says for all | `DynamicSupervisor` |
/// | `name: pool Server(arguments)` | equal workers with one queue of jobs, the server's `#[call(job)]` handler | `Pool` |
///
/// | option of a child | of | default | values |
/// |---|---|---|---|
/// | `restart`: after which exits | all but pools | `permanent` | `permanent`, `transient`, `temporary` |
/// | `shutdown`: how long it may take to stop | all but pools | `5s`, a nested tree without limit | a duration, `brutal_kill`, `infinity` |
/// | `ready_within`: how long its start may take | all but pools | no limit | a duration |
/// | `significant`: the tree may end with it | servers, nested trees | `false` | `true` for a child that is not permanent |
/// | `by`: the type of the keys | partitions | any that can be hashed | `u64`, `str`, `Customer` |
/// | `count`: how many there are | partitions | one a core | a number, also of a parameter |
/// | `max`: how many there may be at a time | dynamic children | no limit | a number, also of a parameter |
/// | `size`: how many workers | pools | as many as cores | a number, also of a parameter |
/// | `queue`: how many jobs may wait while all are busy | pools | `1024` | the same |
/// | `queue_timeout`: how long a job may wait for a worker | pools | no limit | a duration |
/// | `retries`: how often a job is tried again whose worker ended with it; it is `Clone` then | pools | `0` | the same |
/// | `deadline`: how long a worker may take for a job before it is killed | pools | no limit | a duration |
/// | `topic`: under which it publishes how far each job has got, as a `JobEvent` on the bus | pools | not published | `"job"`, or a constant |
/// | `drain`: how long the pool may take to do what is queued when it is stopped | pools | `5s` | a duration |
/// | `restarts`, `backoff`: as those of the tree, over all of them | partitions, dynamic children, pools | as those of the tree | |
///
/// The options of partitions and dynamic children are those of each single server. The supervisor above them is permanent
/// and has no limit to stop.
///
/// # Arguments
///
/// They are those of the server's `#[init]`, or the parameters of the nested tree. They may use the parameters of the
/// tree, which are cloned, and the children above by their names, whatever kind they are of. They are plain
/// expressions, without `.await` and `?`, evaluated anew at each start of a server; those of a nested tree once, when
/// the tree above it is made.
///
/// In the arguments of a partition, `partition` is its number: `Shard(partition, dir.clone())`. In those of dynamic
/// children, an argument with a type is one that is said at each start: after `conns: dynamic Conn(host.clone(), port: u16)`
/// it is `tree.conns().start_child(80)`. Several are a tuple, and without parentheses the tuple of all.
///
/// Docs, `deprecated` and `cfg` of a child are carried over. Children start in the order they are written and stop in
/// the reverse order. A tree may have parameters of type and constants, `pub Bank<S: Store>(store: S) { .. }`, and a
/// where clause before the braces.
///
/// ```
/// use noex::prelude::*;
/// # #[genserver] pub struct Ledger { opening: i64 }
/// # #[genserver] impl Ledger {
/// #     #[init] fn open(opening: i64) -> Self { Ledger { opening } }
/// #     #[call] pub fn opening(&self) -> i64 { self.opening }
/// # }
/// # #[genserver] pub struct Shard { number: usize }
/// # #[genserver] impl Shard {
/// #     #[init] fn open(number: usize, books: Books) -> Self { Shard { number } }
/// #     #[call] pub fn number(&self) -> usize { self.number }
/// # }
/// # #[genserver] pub struct Conn { address: String }
/// # #[genserver] impl Conn {
/// #     #[init] fn open(host: String, port: u16) -> Self { Conn { address: format!("{host}:{port}") } }
/// #     #[call] pub fn address(&self) -> String { self.address.clone() }
/// # }
/// # #[genserver] pub struct Mailer { host: String }
/// # #[genserver] impl Mailer {
/// #     #[init] fn open(host: String) -> Self { Mailer { host } }
/// #     #[call(job)] pub fn send(&mut self, to: String) -> String { format!("{to} by {}", self.host) }
/// # }
///
/// supervisor! {
///     pub Books(opening: i64) {
///         strategy: one_for_all,
///         ledger: Ledger(opening),
///     }
/// }
///
/// supervisor! {
///     pub Bank(opening: i64, host: String) {
///         strategy: rest_for_one,
///         backoff:  100ms..30s,
///
///         books:  supervisor Books(opening) { shutdown: 10s },
///         shards: partition Shard(partition, books) { by: str, count: 4 },
///         conns:  dynamic Conn(host.clone(), port: u16) { max: 1_000, restart: temporary },
///         mails:  pool Mailer(host.clone()) { size: 4, queue: 100, queue_timeout: 30s, topic: "mail" },
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bank = Bank::start(500, "localhost".into()).await?;
/// assert_eq!(bank.books().ledger().opening().await?, 500);
/// let shard = bank.shards().get("ann");                           // always the same for Ann
/// assert_eq!(shard.number().await?, bank.shards().which("ann"));
/// let conn = bank.conns().start_child(80).await?;
/// assert_eq!(conn.address().await?, "localhost:80");
/// let mut news = System::global().bus().subscribe::<noex::pool::JobEvent>("mail.completed")?;
/// assert_eq!(bank.mails().run("ann".to_owned()).await?, "ann by localhost");
/// assert_eq!(news.recv().await.unwrap().1.job.number(), 1);
/// bank.stop().await?;
/// # Ok(()) }
/// ```
///
/// # What is generated
///
/// The type `Bank` with `Bank::start`, and a method for each child that borrows what it is reached by (clone it to keep
/// it). It is `Clone`, derefs to `SupervisorRef`, and implements `noex::supervisor::DeclaredTree`, which says what is
/// known of the children while the program is compiled. Its docs show the tree, as text and as a Mermaid graph, with
/// links to the trees below. When the last clone is dropped, the tree stops.
///
/// # What is rejected
///
/// - a tree without a strategy or without children, or with lifetime parameters; two children of one name; unknown
///   options, and those of another kind of child;
/// - a child that uses itself or one that starts after it; two that need one another;
/// - `significant` where it means nothing: at a permanent child, in a tree that never ends by itself;
/// - a strategy for dynamic children or partitions, which restart one by one;
/// - two servers that are registered under one static `name`, also in a nested tree; partitions of a server that has one;
/// - a nested tree that has less time to shut down than one of its children.
///
/// Wrong arguments are type errors at the argument, as are keys of another type than `by` says.
#[proc_macro]
pub fn supervisor(tree: TokenStream) -> TokenStream {
    supervisor::supervisor(tree.into()).into()
}

/// Declares a pipeline: servers that a request goes through, one after the other, and the error that says in which of
/// them it failed.
///
/// ```
/// use noex::prelude::*;
/// # use std::num::ParseIntError;
/// # #[genserver] pub struct Parser {}
/// # #[genserver] impl Parser { #[init] fn init() -> Self { Parser {} }
/// #     #[call(job)] pub fn parse(&mut self, text: String) -> Result<u64, ParseIntError> { text.parse() } }
/// # #[genserver] #[derive(Clone)] pub struct Enricher {}
/// # #[genserver] impl Enricher { #[init] fn init() -> Self { Enricher {} }
/// #     #[call(job, concurrent)] pub async fn enrich(&self, id: u64) -> (u64, String) { (id, format!("User {id}")) } }
/// # #[genserver] pub struct Store { names: Vec<String> }
/// # #[genserver] impl Store { #[init] fn init() -> Self { Store { names: Vec::new() } }
/// #     #[call(job)] pub fn store(&mut self, user: (u64, String)) -> usize { self.names.push(user.1); self.names.len() } }
/// # supervisor! { pub Stages() { strategy: one_for_one, parse: Parser(), enrich: Enricher(), store: Store() } }
///
/// pipeline! {
///     /// From a line of text to a place in the store.
///     pub Ingest: String => usize {
///         parse:  Parser::parse,
///         enrich: Enricher::enrich { concurrency: 4 },
///         store:  Store::store,
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tree = Stages::start().await?;                      // a `supervisor!` with the three of them
/// let ingest = Ingest::new(tree.parse().clone(), tree.enrich().clone(), tree.store().clone());
///
/// assert_eq!(ingest.process("7".to_owned()).await?, 1);
/// let error = ingest.process("seven".to_owned()).await.unwrap_err();
/// assert!(matches!(error, IngestError::Parse(CallError::Handler(_))));
/// assert_eq!(error.stage(), "parse");
///
/// let lines = ["8", "eight", "9"].map(str::to_owned);
/// let outcomes = ingest.run(lines).in_flight(2).collect().await;
/// assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
/// assert_eq!(ingest.stats()[0].failed, 2);
/// # Ok(()) }
/// ```
///
/// A stage is `name: Server::handler`, with the handler that the server marks `#[call(job)]`. What one stage returns the
/// next one takes; the first takes what the pipeline takes, and the last returns what it returns. rustc checks it, and
/// its error stands at the stage that does not fit. A handler that returns an `Err` ends the request there, as does a
/// server that crashes or is down; the stages after it are not run.
///
/// | option of a stage | default | values |
/// |---|---|---|
/// | `concurrency`: how many requests may be in it at a time | no limit | a number, a constant |
///
/// | option of the pipeline | default | values |
/// |---|---|---|
/// | `order`: in which order outcomes of many requests come | `kept` | `kept`: that of the requests; `any`: as they are there |
/// | `timed`: whether `stats()` says how long requests were in each stage, which costs two looks at the clock | `false` | `true` |
/// | `crate`: where noex is found | `::noex` | `crate: ::my_crate::noex` |
///
/// With `order: kept`, stages may still see requests in another order, because several are under way at once.
///
/// # What is generated
///
/// - The type `Ingest`, which is `Clone`: `Ingest::new(..)` with the reference of each stage; `process(request)`;
///   `run(iterator)` and `stream(stream)`, which give a `Flow` of outcomes; `stats()`, the figures of each stage.
/// - The enum `IngestError` with a variant for each stage, such as `IngestError::Parse(CallError<ParseError>)`, and
///   `stage()` and `was_executed()`.
///
/// # What is rejected
///
/// A pipeline without stages; two stages of one name; servers without a `#[call(job)]` handler; handlers' errors that
/// are not `Debug` and `Display`; options that do not exist.
#[proc_macro]
pub fn pipeline(pipeline: TokenStream) -> TokenStream {
    pipeline::pipeline(pipeline.into()).into()
}

/// Makes a state machine of a type for each state, a struct of what all states share, and its methods. As OTP's
/// `gen_statem`.
///
/// A machine is a server: it is started, named, supervised, called and observed like one. On the struct the attribute takes the
/// configuration, on one impl block it takes the states and the handlers.
///
/// ```
/// use noex::prelude::*;
/// use std::time::Duration;
///
/// /// Shut; takes the code.
/// pub struct Locked { tries: u8 }
/// /// Shut; opens at a push.
/// pub struct Closed;
/// /// Stands open, for five seconds.
/// pub struct Open;
///
/// /// A door with a code lock.
/// #[state_machine(name = "front door")]
/// pub struct Door { code: String }
///
/// #[state_machine(states(Locked, Closed, Open: drop))]
/// impl Door {
///     #[init]
///     fn install(code: String) -> (Self, Locked) { (Door { code }, Locked { tries: 0 }) }
///
///     /// Unlocks the door, or says how many tries are left.
///     #[call]
///     #[on(Locked => Closed)]
///     pub fn unlock(&mut self, locked: &mut Locked, code: String) -> Next<Closed, Result<(), u8>> {
///         if code == self.code { return Next::to(Closed).reply(Ok(())) }
///         locked.tries += 1;
///         Next::stay().reply(Err(3_u8.saturating_sub(locked.tries)))
///     }
///
///     #[call(unlock)]
///     #[on(Closed)]
///     fn unlocked_already(&mut self, _code: String) -> Result<(), u8> { Ok(()) }
///
///     /// Goes in, as soon as the door can be opened.
///     #[call]
///     #[on(Closed => Open)]
///     #[postpone(Locked)]
///     pub fn enter(&mut self) -> (Open, &'static str) { (Open, "hello") }
///
///     #[enter(Open)]
///     fn opened(&mut self, actions: &mut Actions<Self>) {
///         actions.state_timeout().set(Duration::from_secs(5), DoorEvent::Slam);
///     }
///
///     #[event]
///     #[on(Open => Closed)]
///     #[drop(Locked | Closed)]
///     fn slam(&mut self) -> Closed { Closed }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let door = Door::start("1234".into()).await?;
/// assert!(matches!(door.unlock("0000".into()).await, Err(CallError::Handler(2))));
/// let (greeting, unlocked) = tokio::join!(door.enter(), door.unlock("1234".into()));
/// assert_eq!((greeting?, unlocked?), ("hello", ()));
/// assert!(door.inspect(|door| door.is_in::<Open>()).await?);
/// tokio::time::sleep(Duration::from_secs(6)).await;
/// assert!(door.inspect(|door| door.is_in::<Closed>()).await?);
/// assert!(Door::diagram().contains("Locked --> Closed: unlock"));
/// # Ok(()) }
/// ```
///
/// # On the struct
///
/// The options of [`#[genserver]`](macro@genserver) on a struct: `name`, `mailbox`, `overflow`, `call_timeout`, `on_restart`,
/// `trap_exit`, `inline`, `crate`. The struct itself holds what all states share, and is `self` in every method.
///
/// # On the impl block
///
/// | option | default | what it does |
/// |---|---|---|
/// | `states(Locked, Closed)` | must be said | the states: a type for each, which holds the data that only this state has |
/// | `states(.., Open: drop)`, `Open: postpone` | none | what becomes of events without a handler in this state |
/// | `unhandled = drop`, `postpone` | none | what becomes of events without a handler in any state |
/// | `crate = ::path` | `::noex` | where noex is found when it is renamed |
///
/// # On the methods
///
/// | attribute | what it is | returns |
/// |---|---|---|
/// | `#[init]` | makes the machine and its first state; may be `async` | `(Self, Locked)`, also in a `Result`, an `Option` (`None`: not wanted now), or both |
/// | `#[init(Locked \| Closed)]` | begins in one of several | `(Self, DoorInstallTo)` |
/// | `#[call]`, `#[call(timeout = 2s)]` | handles a request | the reply, or where it leads and the reply |
/// | `#[call]` with a last argument `reply: ReplyTo<T>` | handles a request that is answered later, in any state or from a task | nothing, or where it leads |
/// | `#[cast]` | handles a message without reply | nothing, or where it leads |
/// | `#[info]` | handles any other message, by its type | nothing, or where it leads |
/// | `#[event]` | handles an event of the machine's own, raised or brought by a time-out | nothing, or where it leads |
/// | `#[call(unlock)]`, `#[cast(..)]`, `#[event(..)]` | one more handler of the event `unlock`, for other states | as above |
/// | `#[on(Locked \| Closed)]` | in which states; none or `_`: in those that no other handler of the event is for | |
/// | `#[on(Locked => Closed \| Open)]` | and where it leads | |
/// | `#[drop(Open)]`, `#[postpone(Open)]` | what becomes of its event in these states | |
/// | `#[enter(Open)]` | runs when the state is entered: at the start, after a change, after `Next::repeat()` | nothing |
/// | `#[exit(Open)]` | runs when the state is left | nothing |
/// | `#[terminate]` | the last callback | nothing |
///
/// Policies (`#[retry(..)]`, `#[timeout(..)]` and the others) stand on an event's first handler and are for the event in any state.
///
/// What a handler may take, in any order before the message:
///
/// | argument | what it is |
/// |---|---|
/// | `locked: &mut Locked`, `&Locked` | the state's data, where the handler is for that state alone |
/// | `locked: Locked` | the same, taken away to make the next state of it; then the handler leads to one in any case |
/// | `state: &mut DoorState` | any state's data; of `#[terminate]`, which is not called without one |
/// | `actions: &mut Actions<Self>` | time-outs, events to raise, the end: `Actions`, plain data that a test can make |
/// | `from: At<Self>`, `to: At<Self>` | of hooks: the other state |
/// | `cx: &mut Context<Machine<Self>>` | the server's context: itself, links, monitors, streams |
///
/// # Where a handler leads
///
/// | it declares | it returns |
/// |---|---|
/// | nothing | the reply; the state stays |
/// | `=> Closed` | `Closed`, of a call `(Closed, Reply)` |
/// | `=> Closed`, and may stay | `Next<Closed>`, of a call `Next<Closed, Reply>`: `Next::to(Closed).reply(..)`, `Next::stay()`, `Next::repeat()` |
/// | `=> Closed \| Open` | the same with `DoorUnlockTo`, an enum that both states turn into: `Closed.into()` |
///
/// To lead anywhere else does not compile, so the diagram is exact. It stands in the docs of `DoorState`, with a table
/// of what becomes of each event in each state, and comes from `Door::diagram()` at run time.
///
/// # Parameters
///
/// A machine and its states may have parameters, as a server may: `#[state_machine(states(Empty, Loaded<T>))]` on
/// `impl<T: Cargo> Lift<T>`. What is generated has all of them: `LiftState<T>`, `LiftLoadTo<T>`.
///
/// # Order
///
/// A handler runs; if the state changes, the old one's `#[exit]` hook runs, its time-out ends, and the new one's `#[enter]` hook
/// runs; the reply is sent. Then come the events that were raised, then those that were postponed in the old state, then
/// the mailbox. A change is one to another state: new data for the same state is none. See the module
/// [`state_machine`](https://docs.rs/noex/latest/noex/state_machine/index.html) for time-outs and postponed events.
///
/// # What is generated
///
/// - `DoorState`, the enum of the states, and `DoorUnlockTo` for each handler that leads to several;
/// - `DoorEvent`, the machine's own events, and `DoorCall`, `DoorReply`, `DoorCast`, `DoorInfo`, as of a server;
/// - `DoorRef`, with a method for each call and cast, which derefs to `ServerRef<Machine<Door>>`;
/// - `Door::start`, `Door::child`, `Door::whereis`, `Door::named`, `Door::diagram`;
/// - the implementation of `StateMachine`, which makes `Machine<Door>` a `GenServer`.
///
/// # What is rejected
///
/// An event that a state neither handles, drops nor postpones; a state that two handlers of an event are for; states that do not
/// exist; a handler that does not return where it leads, or leads where it does not declare; async handlers, because nothing
/// else happens while one runs: a task does what takes time, and its outcome is an event; `cfg` on handlers; and what
/// [`#[genserver]`](macro@genserver) rejects.
#[proc_macro_attribute]
pub fn state_machine(options: TokenStream, item: TokenStream) -> TokenStream {
    state_machine::state_machine(options.into(), item.into()).into()
}

/// Says how the errors of a type count, for all policies: implements `noex::resilience::Classify`.
///
/// On an enum each variant says so, and what stands above the enum is for the variants that say nothing; without it they
/// are transient. On a struct it stands above the struct.
///
/// | attribute | the error | circuit breaker | retry |
/// |---|---|---|---|
/// | `#[transient]` | may be gone a moment later | failure | again |
/// | `#[permanent]` | comes back each time | failure | stop |
/// | `#[ignored]` | is an answer: not found, not allowed | neither | stop |
/// | `#[throttled(retry_after = field)]` | asks for a pause | failure | again, not before that |
///
/// `retry_after` names a field, by its name or its number, of type `Duration` or `Option<Duration>` (`None`: transient);
/// or it is a duration such as `5s`, or the path of a constant. `#[resilience(crate = ::path)]` says where noex is found when
/// it is renamed.
///
/// ```
/// use noex::resilience::{Class, Classify, Resilience};
/// use std::time::Duration;
///
/// #[derive(Resilience)]
/// enum BankError {
///     Closed,
///     #[ignored]
///     NoSuchAccount { number: u64 },
///     #[permanent]
///     Refused(String),
///     #[throttled(retry_after = pause)]
///     Busy { pause: Duration },
///     #[throttled(retry_after = 1min)]
///     Night,
/// }
///
/// let pause = Duration::from_secs(5);
/// assert_eq!(BankError::Closed.class(), Class::Transient);
/// assert_eq!(BankError::Busy { pause }.class(), Class::Throttled { retry_after: pause });
/// # assert_eq!(BankError::NoSuchAccount { number: 1 }.class(), Class::Ignored);
/// # assert_eq!(BankError::Refused(String::new()).class(), Class::Permanent);
/// # assert_eq!(BankError::Night.class(), Class::Throttled { retry_after: Duration::from_secs(60) });
/// ```
///
/// # What is rejected
///
/// Two of these on one variant, one of them on a field, a field that does not exist or does not say how long, a
/// `#[throttled]` that says nothing, a union.
#[proc_macro_derive(Resilience, attributes(transient, permanent, ignored, throttled, resilience))]
pub fn resilience(item: TokenStream) -> TokenStream {
    resilience::resilience(item.into()).into()
}
