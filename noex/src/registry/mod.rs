//! Registries: servers and what they say about themselves, by key.
//!
//! A [`Registry`] maps keys to entries: a server, and a value of its own that goes with it. A server registers
//! itself, in a handler or in `init`, with [`Context::register`](crate::Context::register); whoever has the registry
//! finds it, with [`whereis`](Registry::whereis) where one server is wanted, with [`lookup`](Registry::lookup) where
//! all are.
//!
//! ```
//! use noex::{prelude::*, registry::{AlreadyRegistered, Registry}};
//!
//! /// Which sessions there are, by user; with each, its language.
//! type Sessions = Registry<String, &'static str, Session>;
//!
//! #[genserver]
//! struct Session { user: String }
//!
//! #[genserver]
//! impl Session {
//!     #[init]
//!     fn open(cx: &mut Context<Self>, all: Sessions, user: String) -> Result<Self, AlreadyRegistered> {
//!         cx.register(&all, user.clone(), "en")?;
//!         Ok(Session { user })
//!     }
//!
//!     #[call]
//!     fn greet(&self) -> String { format!("hello {}", self.user) }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sessions = Sessions::unique("sessions");
//! Session::start(sessions.clone(), "ann".into()).await?;
//!
//! let ann = sessions.whereis("ann").unwrap();             // a `SessionRef`: the registry's type says so
//! assert_eq!(ann.greet().await?, "hello ann");
//! assert!(Session::start(sessions.clone(), "ann".into()).await.is_err());
//!
//! ann.stop().await?;
//! assert!(sessions.is_empty());                           // free at once
//! # Ok(()) }
//! ```
//!
//! # Which servers
//!
//! | type of the registry | who can register | what is found |
//! |---|---|---|
//! | `Registry<K, V, Session>` | `Session`s; anybody else is a compile error | `SessionRef`s |
//! | `Registry<K, V>` | any server | a server of the type one asks for, checked at run time: `whereis::<Session>(..)` |
//!
//! A registry is a value, handed to those who need it. [`System::add_registry`](crate::System::add_registry) gives it
//! to those who know its name alone; its types are checked when it is [asked for](crate::System::registry).
//!
//! # Unique and duplicate keys
//!
//! | | [`Registry::unique`] | [`Registry::duplicate`] |
//! |---|---|---|
//! | under one key | one entry | any number, also of one server; in the order they were made |
//! | to register a key that is held | [`AlreadyRegistered`] says by whom | one entry more |
//! | the server | is kept alive, as by a name | lives as long as it would without the entry |
//!
//! A server with a unique key lives until it ends, or gives the key up, or the registry is gone: one that has the
//! registry itself among what it knows is to be stopped by somebody.
//!
//! # An entry belongs to one life
//!
//! It is gone when that life is over, before anybody is told, and before a supervisor starts the next one: a server that
//! is restarted finds its key free and registers again in its `init`, unless another server was quicker. An
//! [`Entry`] at hand stays as it was.
//!
//! # What it costs
//!
//! Keys are spread over 16 tables, each under a lock that readers share and that nobody holds while code of
//! yours runs, but for the `Eq` of keys. Values are never copied: an [`Entry`] is a reference.
//!
//! The ideas are those of Elixir's `Registry`.

mod entry;
mod error;
mod events;
mod find;
mod listing;
mod lock;
mod names;
mod owner;
mod owners;
mod table;

pub use entry::{Admits, AnyServer, Entry};
pub use error::{AlreadyRegistered, NotRegistered, RegistryError};
pub use events::RegistryEvent;
pub use find::Registry;
pub(crate) use listing::Listing;
pub(crate) use names::Names;
pub(crate) use owner::Claim;
pub use table::{Key, Query};
