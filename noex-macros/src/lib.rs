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
mod supervisor;
mod syntax;
#[cfg(test)]
mod tests;

use model::kind::Kind;
use proc_macro::TokenStream;

/// Makes a server of a struct and its methods.
///
/// ```text
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
///     pub fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn> { .. }
///
///     #[cast]
///     pub fn deposit(&mut self, amount: i64) { self.cents += amount }
/// }
///
/// let account = Account::start(500).await?;
/// let left = account.withdraw(200).await?;
/// ```
///
/// # On the struct: configuration
///
/// | option | default | example |
/// |---|---|---|
/// | `name` | none | `name = "account"` |
/// | `mailbox`: messages that may wait | 1024 | `mailbox = 64`, `mailbox = CAPACITY`, `mailbox = unbounded` |
/// | `overflow`: what a full mailbox does | `wait` | `overflow = fail`, `drop_oldest`, `drop_newest` |
/// | `call_timeout`: how long callers wait | `5s` | `call_timeout = 500ms`, `call_timeout = infinity` |
/// | `on_restart`: the queue over a restart | `keep` | `on_restart = drop` |
/// | `trap_exit`: exit signals come as messages, a supervisor's shutdown runs `#[terminate]` | off | `trap_exit` |
/// | `inline`: whether callers run handlers | when idle | `inline = never` |
/// | `crate`: where noex is found | `::noex` | `crate = ::my_crate::noex` |
///
/// Durations have a unit: `us`, `ms`, `s`, `min` or `h`.
///
/// # On the impl block: handlers
///
/// | attribute | arguments | returns | options |
/// |---|---|---|---|
/// | [`#[init]`](macro@init) | what `start` takes | `Self`, `Result<Self, E>`, `Init<Self>` or `Result<Init<Self>, E>` | |
/// | [`#[call]`](macro@call) | `&self` or `&mut self`, then any | the reply | `timeout = 2s`, `concurrent` |
/// | a deferred call | as above, then `reply: ReplyTo<T>` | nothing; `T` is sent later | `timeout = 2s` |
/// | [`#[cast]`](macro@cast) | `&self` or `&mut self`, then any | nothing | |
/// | [`#[info]`](macro@info) | `&self` or `&mut self`, one message | nothing | |
/// | [`#[every(30s)]`](macro@every) | `&self` or `&mut self` | nothing | `missed = burst`, `skip`, `delay` |
/// | [`#[idle(60s)]`](macro@idle) | `&self` or `&mut self` | nothing | |
/// | [`#[continuation]`](macro@continuation) | `&self` or `&mut self`, one message | nothing | |
/// | [`#[terminate]`](macro@terminate) | `&self` or `&mut self`, maybe the `ExitReason` | nothing | |
///
/// Each may be a `fn` or an `async fn`, and may take `cx: &mut Context<Self>` before its other arguments. Generics
/// and where clauses of the block, and `cfg`, docs, `deprecated`, `must_use` and visibility of a handler are carried
/// over; type parameters are `Send + 'static`, because a server and its messages move between threads. There may be
/// several `#[init]` or `#[terminate]` methods under `cfg`s of which one holds. The block has one option, `crate`.
/// Methods without an attribute are helpers; more of them go in plain `impl` blocks.
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

/// Marks the method that creates the server, inside of a [`#[genserver]`](macro@genserver) impl block.
///
/// Its arguments are those of `start`. It returns `Self`, `Result<Self, E>`, `Init<Self>` or
/// `Result<Init<Self>, E>`.
#[proc_macro_attribute]
pub fn init(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Init, item.into()).into()
}

/// Marks a handler that answers, inside of a [`#[genserver]`](macro@genserver) impl block.
///
/// | form | meaning |
/// |---|---|
/// | `#[call(timeout = 2s)]` | overrides the server's `call_timeout`; `infinity` waits without limit |
/// | a last argument `reply: ReplyTo<T>` | the reply is a `T`, sent later with `reply.send(..)` from anywhere, once; the handler returns nothing |
/// | `#[call(concurrent)]` on an `async fn` with `&self` | runs beside the mailbox on a clone of the state, which must be `Clone` and `Sync` |
///
/// A concurrent handler does not hold up the server and sees the state as it was when its turn came. Its panic is
/// its caller's `CallError::Crashed` and an event; the server lives on. A server that stops waits for it; one that is
/// killed or crashes does not.
#[proc_macro_attribute]
pub fn call(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Call, item.into()).into()
}

/// Marks a handler without a reply, inside of a [`#[genserver]`](macro@genserver) impl block.
#[proc_macro_attribute]
pub fn cast(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Cast, item.into()).into()
}

/// Marks the handler of one type of message, inside of a [`#[genserver]`](macro@genserver) impl block.
#[proc_macro_attribute]
pub fn info(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Info, item.into()).into()
}

/// Marks a method that a timer runs again and again, inside of a [`#[genserver]`](macro@genserver) impl block.
///
/// `#[every(30s)]` runs it 30 s after the start and every 30 s from then on, without drift. What becomes of ticks
/// that were missed while the server was busy: `#[every(30s, missed = burst)]` makes up for them, `skip` waits for
/// the next multiple, `delay` for a whole period. The method takes `&self` or `&mut self`, maybe the context, and
/// nothing else.
#[proc_macro_attribute]
pub fn every(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Every, item.into()).into()
}

/// Marks a method that runs when nothing has arrived for so long, inside of a
/// [`#[genserver]`](macro@genserver) impl block.
///
/// `#[idle(60s)]` runs it once after 60 s without a message of any kind, ticks of `#[every(..)]` included, and again
/// after the next silence. Never early, and late by at most an eighth, because the timer looks eight times in its
/// period, for as long as the server lives; a message costs nothing more for it. The method takes `&self` or `&mut self`, maybe
/// the context, and nothing else.
#[proc_macro_attribute]
pub fn idle(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Idle, item.into()).into()
}

/// Marks what a server continues with before anything queued, inside of a [`#[genserver]`](macro@genserver) impl
/// block. (`continue` is a keyword.)
#[proc_macro_attribute]
pub fn continuation(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Continuation, item.into()).into()
}

/// Marks the method that runs last, inside of a [`#[genserver]`](macro@genserver) impl block.
///
/// It may take the exit reason, as `ExitReason` or `&ExitReason`.
#[proc_macro_attribute]
pub fn terminate(_: TokenStream, item: TokenStream) -> TokenStream {
    inert::outside(Kind::Terminate, item.into()).into()
}

/// Declares a supervision tree: a type whose `start` starts all its children, with a typed reference to each.
///
/// ```text
/// supervisor! {
///     /// The bank.
///     pub Bank(config: Config) {
///         strategy: rest_for_one,
///         restarts: 5 in 30s,
///
///         ledger:  Ledger(config.path.clone()),
///         account: Account(config.opening) { restart: transient, shutdown: 5s },
///         audit:   Audit(ledger, account),
///     }
/// }
///
/// let bank = Bank::start(config).await?;
/// bank.account().withdraw(500).await?;
/// ```
///
/// | option of the tree | default | values |
/// |---|---|---|
/// | `strategy`: who else restarts | none, it must be said | `one_for_one`, `one_for_all`, `rest_for_one` |
/// | `restarts`: more than so many end the tree | `3 in 5s` | `5 in 30s` |
/// | `crate`: where noex is found | `::noex` | `crate: ::my_crate::noex` |
///
/// | option of a child | default | values |
/// |---|---|---|
/// | `restart`: after which exits | `permanent` | `permanent`, `transient`, `temporary` |
/// | `shutdown`: how long it may take to stop | `5s` | a duration, `brutal_kill`, `infinity` |
///
/// A child is written `name: Server(arguments)`, with the arguments of the server's `#[init]`. They are evaluated
/// anew at each start of the child and may use the parameters of the tree, which are cloned, and the references of
/// the children above; they are plain expressions, without `.await` and `?`. Docs, `deprecated` and `cfg` of a child
/// are carried over. Children start in the order they are written and stop in the reverse order.
///
/// # What is generated
///
/// The type `Bank` with `Bank::start`, and a method for each child that borrows its reference (clone it to keep it).
/// It is `Clone` and derefs to `SupervisorRef`. Its docs show the tree. When the last clone is dropped, the tree
/// stops.
///
/// # What is rejected
///
/// A tree without a strategy or without children, or with type parameters; two children of one name; a child that uses itself or one that
/// starts after it; two that need one another; unknown options. Wrong arguments are type errors at the argument.
#[proc_macro]
pub fn supervisor(tree: TokenStream) -> TokenStream {
    supervisor::supervisor(tree.into()).into()
}
