//! The event bus: typed publish and subscribe by topic.
//!
//! ```
//! use noex::{event_bus::Topic, prelude::*};
//!
//! #[derive(Clone, Debug, PartialEq)]
//! struct Rate { cents: u64 }
//!
//! #[genserver]
//! struct Board { cents: u64 }
//!
//! #[genserver]
//! impl Board {
//!     #[init]
//!     fn init() -> Self { Board { cents: 0 } }
//!
//!     #[subscribe("rates.*")]
//!     fn rate_changed(&mut self, _topic: Topic, rate: Rate) { self.cents = rate.cents }
//!
//!     #[call]
//!     fn cents(&self) -> u64 { self.cents }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let system = System::new();
//! let board = Board::start().system(&system).await?;
//! let mut all = system.bus().subscribe::<Rate>("**")?;
//!
//! system.bus().publish("rates.eur", Rate { cents: 108 }).await?;
//!
//! assert_eq!(board.cents().await?, 108);
//! let (topic, rate) = all.recv().await.unwrap();
//! assert_eq!((topic.as_str(), rate), ("rates.eur", Rate { cents: 108 }));
//! # Ok(()) }
//! ```
//!
//! # What an event is, and whom it reaches
//!
//! An event is any value that is `Clone + Send + 'static`, published under a [`Topic`]. It reaches the subscribers
//! of **exactly its type** whose [`Pattern`] matches the topic: `*` stands for one segment, `**` for any number of
//! them, also none. So `delivery.*` gets `delivery.failed` and neither `delivery` nor `delivery.email.failed`;
//! `delivery.**` gets all three. Whoever subscribes twice gets each event twice, as in Phoenix.PubSub.
//!
//! "Exactly" has a trap: a bare `7` is an `i32`, an `Arc<Rate>` is no `Rate`, and what nobody listens to is no error.
//! [`Published::delivered`] says how many have an event, [`EventBus::subscribers_of`] who listens to a topic and for
//! which type.
//!
//! Each subscriber gets a clone, the last one the event itself. What is expensive to clone is published as an
//! `Arc<T>`, and subscribed to as one. A small event is cheaper as it is: to clone it costs less than to count
//! references.
//!
//! # Subscribers
//!
//! | | gets events as | ends with |
//! |---|---|---|
//! | [`#[subscribe("a.*")]`](macro@crate::subscribe) | a handler of its server | its server, over restarts; see there |
//! | [`Context::subscribe`](crate::Context::subscribe) | its server's `#[info]` handler | this life of the server |
//! | [`EventBus::subscribe`] | a stream, or [`recv`](Subscription::recv) | the [`Subscription`] that is dropped |
//! | [`EventBus::subscribe_fn`] | calls of a closure, on the publisher's task | [`Subscriber::unsubscribe`] |
//!
//! # A slow subscriber
//!
//! Each subscription has a [`Buffer`] of its own: so many events may wait for it, whatever else waits in a server's
//! mailbox, and its [`Overflow`] says what becomes of one more. A publisher waits only for subscribers that asked
//! for it ([`Overflow::Wait`]), and only where a publish is awaited. What is dropped is counted
//! ([`Subscriber::dropped`]); where a server was too slow, it is a dead letter as well.
//!
//! # Order
//!
//! What one publisher publishes one after the other, each subscriber gets in that order; between publishers there
//! is none. An event reaches those who are subscribed when it is published. No lock is held while it is delivered,
//! and publishers do not wait for one another.
//!
//! # Elsewhere
//!
//! A bus is local. [`EventBus::add_outlet`] hands on what is published, and [`Publish::local`] publishes
//! what came from elsewhere without handing it on again.

mod buffer;
mod bus;
mod closure;
mod feed;
mod outlet;
mod pattern;
mod publish;
mod routes;
mod server;
mod stream;
mod subscriber;
mod table;
mod text;
mod topic;
mod wait;

pub use buffer::{Buffer, Overflow};
pub use bus::EventBus;
pub(crate) use feed::{Feed, Ticket};
pub use outlet::Outlet;
pub use pattern::{Pattern, PatternError};
pub(crate) use publish::Done;
pub use publish::{Publish, PublishError, Published, TryPublishError};
pub(crate) use server::subscribe_handler;
pub use stream::Subscription;
pub use subscriber::{Subscriber, SubscriberId};
pub use topic::{IntoTopic, Topic, TopicError};

/// What can be published: `Clone + Send + 'static`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be published",
    label = "an event is `Clone + Send + 'static`: each subscriber gets a clone",
    note = "derive `Clone`, or publish an `Arc<{Self}>` and subscribe to that"
)]
pub trait Event: Clone + Send + 'static {}

// That it is not `Clone`, the message says.
#[diagnostic::do_not_recommend]
impl<E: Clone + Send + 'static> Event for E {}
