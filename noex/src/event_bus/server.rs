//! A server as a subscriber: events come to it as info messages.
//!
//! | | subscribed | ends with |
//! |---|---|---|
//! | `#[subscribe("a.*")]` | when `init` is done, if it is not by the last life | the slot: what is published between two lives waits in the mailbox. With `on_restart = drop`, the life |
//! | `cx.subscribe(..)` | when it is called | the life |

use std::sync::{Arc, Weak};

use super::{
    Buffer, Event, EventBus, Pattern, PatternError, Subscriber, Topic,
    feed::{Feed, Owner, Ticket},
    publish::Done,
    routes::Sink,
};
use crate::{
    Context, GenServer, InfoOf, OnRestart,
    observer::EventKind,
    process::panic::catch,
    server::slot::{AnySlot, Slot, envelope::Envelope, notice::Stamp, post, refuse},
};

struct Listener<S: GenServer, F> {
    /// A subscription does not keep its server.
    slot: Weak<Slot<S>>,
    /// Dropped events are dead letters of the handler that this makes messages for.
    message: F,
    pattern: Pattern,
}

impl<S: GenServer, E: Event, F: Fn(&Topic, E) -> Option<S::Info> + Send + Sync> Sink<E> for Listener<S, F> {
    #[inline]
    fn deliver(&self, topic: &Topic, event: E, ticket: Ticket, done: Option<Done>) -> bool {
        let Some(slot) = self.slot.upgrade() else { return false };
        let Some(info) = (self.message)(topic, event) else { return true };
        let message = match done {
            None => Envelope::Event(info, ticket),
            Some(done) => Stamp::of_event(ticket, done).on(info),
        };
        post::deliver(&slot, &mut Some(message))
    }

    #[cold]
    fn lost(&self, topic: &Topic, event: E) {
        if let Some(slot) = self.slot.upgrade()
            && let Some(info) = (self.message)(topic, event)
        {
            refuse::overflowed(&slot, Envelope::Info(info));
        }
    }

    #[cold]
    fn disconnected(&self) {
        if let Some(slot) = self.slot.upgrade() {
            refuse::announce(&slot, || EventKind::Disconnected { pattern: self.pattern.clone() });
        }
    }
}

/// Subscribes a server that runs, or whose `init` is done.
fn subscribe<S: GenServer, E: Event>(
    cx: &Context<S>,
    bus: &EventBus,
    (pattern, buffer): (Pattern, Buffer),
    (handler, life): (Option<&'static str>, Option<u32>),
    message: impl Fn(&Topic, E) -> Option<S::Info> + Send + Sync + 'static,
) -> Arc<Feed> {
    let slot = cx.slot();
    let core = AnySlot::core(&*slot);
    let owner = Owner { slot: Arc::downgrade(&slot) as Weak<dyn AnySlot>, id: core.id, life, handler };
    let listener = Listener { slot: Arc::downgrade(&slot), message, pattern: pattern.clone() };
    let feed = bus.feed::<E>(pattern, buffer, Some(owner));
    bus.insert(feed.clone(), Arc::new(listener) as Arc<dyn Sink<E>>);
    // After it is in the table: an end that comes meanwhile finds it here, or is found by this.
    if !core.keep_subscription(core.incarnation(), &feed) {
        feed.end();
    }
    feed
}

/// `#[subscribe(..)]`: on the bus of the server's system, unless the last life has left its subscription.
pub(crate) fn subscribe_handler<S: GenServer, E: Event>(
    cx: &Context<S>,
    handler: &'static str,
    pattern: Pattern,
    buffer: Buffer,
    message: fn(&Topic, E) -> S::Info,
) {
    let slot = cx.slot();
    let core = AnySlot::core(&*slot);
    let life = match S::ON_RESTART {
        OnRestart::Keep => None,
        OnRestart::Drop => Some(core.incarnation()),
    };
    if !core.has_subscription(handler) {
        let message = move |topic: &Topic, event: E| Some(message(topic, event));
        subscribe(cx, cx.door().system().bus(), (pattern, buffer), (Some(handler), life), message);
    }
}

impl<S: GenServer> Context<S> {
    /// The bus of this server's system.
    pub fn bus(&self) -> EventBus {
        self.door().system().bus().clone()
    }

    /// Subscribes this server, on its system's bus, to the events of type `E` whose topics match: they come to its
    /// `#[info]` handler for `E`. It ends with this life; [`Subscriber::unsubscribe`] ends it before.
    ///
    /// `#[subscribe("rates.*")]` on a method does the same from the server's start on, and says how over a restart.
    ///
    /// # Errors
    ///
    /// [`PatternError`] when the text is no pattern.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::{event_bus::Subscriber, prelude::*};
    ///
    /// #[derive(Clone)]
    /// struct Rate(u64);
    ///
    /// #[genserver]
    /// struct Board { cents: u64, currency: Subscriber }
    ///
    /// #[genserver]
    /// impl Board {
    ///     #[init]
    ///     fn init(cx: &mut Context<Self>, currency: &'static str) -> Result<Self, noex::event_bus::PatternError> {
    ///         Ok(Board { cents: 0, currency: cx.subscribe::<Rate>(format!("rates.{currency}"))? })
    ///     }
    ///
    ///     #[info]
    ///     fn rate(&mut self, rate: Rate) { self.cents = rate.0 }
    ///
    ///     #[call]
    ///     fn freeze(&mut self) -> u64 { self.currency.unsubscribe(); self.cents }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new();
    /// let board = Board::start("eur").system(&system).await?;
    /// system.bus().publish("rates.eur", Rate(108)).await?;
    /// assert_eq!(board.freeze().await?, 108);
    /// system.bus().publish("rates.eur", Rate(109)).await?;
    /// assert_eq!(board.freeze().await?, 108);
    /// # Ok(()) }
    /// ```
    pub fn subscribe<E: Event + InfoOf<S>>(
        &mut self,
        pattern: impl TryInto<Pattern, Error: Into<PatternError>>,
    ) -> Result<Subscriber, PatternError> {
        let bus = self.bus();
        self.subscribe_to(&bus, pattern, Buffer::default(), |_, event: E| event)
    }

    /// As [`subscribe`](Context::subscribe), on any bus, with a buffer of your choice; `message` makes of a topic and
    /// an event what an `#[info]` handler takes. It runs on the publisher's task, whom its panic does not concern; the
    /// event is lost then.
    ///
    /// # Errors
    ///
    /// [`PatternError`] when the text is no pattern.
    pub fn subscribe_to<E: Event, M: InfoOf<S>>(
        &mut self,
        bus: &EventBus,
        pattern: impl TryInto<Pattern, Error: Into<PatternError>>,
        buffer: Buffer,
        message: impl Fn(&Topic, E) -> M + Send + Sync + 'static,
    ) -> Result<Subscriber, PatternError> {
        let pattern = pattern.try_into().map_err(Into::into)?;
        let life = Some(AnySlot::core(&*self.slot()).incarnation());
        let message = move |topic: &Topic, event: E| match catch(|| message(topic, event).into_info()) {
            Ok(info) => Some(info),
            Err(panic) => {
                drop(panic.into_reason("subscribe_to"));
                None
            }
        };
        Ok(Subscriber::new(subscribe(self, bus, (pattern, buffer), (None, life), message)))
    }
}
