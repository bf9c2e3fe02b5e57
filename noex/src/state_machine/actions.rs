//! What a handler asks for besides the next state.

use std::{collections::VecDeque, fmt, time::Duration};

use super::{
    Event, StateMachine,
    timeouts::{Name, Order},
};
use crate::{ExitReason, ReplyTo};

/// What is to happen after a handler or a hook of a state machine: time-outs, events of its own, its end.
///
/// A handler gets it by taking `actions: &mut Actions<Self>`. It is plain data until the handler has returned, so
/// that a test can make one and look at it.
///
/// # Examples
///
/// ```
/// use noex::prelude::*;
/// use std::time::Duration;
///
/// pub struct Closed;
/// pub struct Open;
///
/// #[state_machine]
/// struct Door {}
///
/// #[state_machine(states(Closed, Open: drop))]
/// impl Door {
///     #[init]
///     fn init() -> (Self, Closed) { (Door {}, Closed) }
///
///     #[cast]
///     #[on(Closed => Open)]
///     fn push(&mut self) -> Open { Open }
///
///     #[enter(Open)]
///     fn opened(&mut self, actions: &mut Actions<Self>) {
///         actions.state_timeout().set(Duration::from_secs(5), DoorEvent::Slam);
///     }
///
///     #[event]
///     #[on(_ => Closed)]
///     fn slam(&mut self) -> Closed { Closed }
/// }
///
/// let mut actions = Actions::new();
/// Door {}.opened(&mut actions);
/// assert_eq!(actions.state_timeout().is_set_for(), Some(Duration::from_secs(5)));
/// ```
pub struct Actions<M: StateMachine> {
    pub(super) caller: Option<ReplyTo<M::Reply>>,
    pub(super) inserted: VecDeque<Event<M>>,
    pub(super) timeouts: Vec<(Name, Order<M::Event>)>,
    pub(super) stop: Option<ExitReason>,
    pub(super) hibernates: bool,
}

impl<M: StateMachine> Actions<M> {
    /// None yet.
    pub fn new() -> Self {
        Actions {
            caller: None,
            inserted: VecDeque::new(),
            timeouts: Vec::new(),
            stop: None,
            hibernates: false,
        }
    }

    /// Raises an event of the machine's own: it is handled after this handler, in the state that is then, before
    /// postponed events and everything queued. Several are handled in the order they were raised.
    pub fn raise(&mut self, event: M::Event) {
        self.insert(Event::Internal(event));
    }

    /// As [`raise`](Actions::raise), of any kind of event: as `next_event` in OTP. Nobody waits for the reply of a call that is
    /// inserted.
    pub fn insert(&mut self, event: Event<M>) {
        self.inserted.push_back(event);
    }

    /// The events that were raised and inserted so far, in order.
    pub fn inserted(&self) -> impl Iterator<Item = &Event<M>> {
        self.inserted.iter()
    }

    /// The time-out of the state: it ends when the state changes. One that is set in the handler that changes the
    /// state is the new state's.
    pub fn state_timeout(&mut self) -> TimeoutActions<'_, M> {
        self.of(Name::State)
    }

    /// The time-out of events: any event ends it.
    pub fn event_timeout(&mut self) -> TimeoutActions<'_, M> {
        self.of(Name::Event)
    }

    /// The time-out with this name: it lives over changes of state.
    pub fn timeout(&mut self, name: &'static str) -> TimeoutActions<'_, M> {
        self.of(Name::Named(name))
    }

    fn of(&mut self, name: Name) -> TimeoutActions<'_, M> {
        TimeoutActions { actions: self, name }
    }

    /// Ends the machine with `reason` after this handler: its reply is still sent, `terminate` runs, what is
    /// queued, raised or postponed is not served.
    pub fn stop(&mut self, reason: ExitReason) {
        self.stop = Some(reason);
    }

    /// Why the machine is to end, if it is.
    pub fn stopped(&self) -> Option<&ExitReason> {
        self.stop.as_ref()
    }

    /// Gives the memory of the mailbox back after this handler; see [`Context::hibernate`](crate::Context::hibernate).
    pub fn hibernate(&mut self) {
        self.hibernates = true;
    }

    /// The reply address of the call in hand, whose reply is then sent later, from anywhere: for a handler that
    /// gives no reply. `reply` makes the machine's reply type of it. `#[state_machine]` asks for it where a handler's
    /// last argument is a [`ReplyTo`].
    ///
    /// # Panics
    ///
    /// When there is no such call in hand, or its address was taken.
    pub fn reply_to<T: Send + 'static>(&mut self, reply: fn(T) -> M::Reply) -> ReplyTo<T> {
        let caller = self.caller.take();
        caller.expect("a deferred call is in hand, and its reply address was not taken").of(reply)
    }
}

impl<M: StateMachine> Default for Actions<M> {
    fn default() -> Self {
        Actions::new()
    }
}

impl<M: StateMachine> fmt::Debug for Actions<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actions")
            .field("inserted", &self.inserted)
            .field("timeouts", &self.timeouts.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("stop", &self.stop)
            .field("hibernates", &self.hibernates)
            .finish()
    }
}

/// What is to become of one time-out.
#[derive(Debug)]
pub struct TimeoutActions<'a, M: StateMachine> {
    actions: &'a mut Actions<M>,
    name: Name,
}

impl<M: StateMachine> TimeoutActions<'_, M> {
    /// Brings `event` after `after`, from the end of this handler on. One that is running is set anew.
    /// [`Duration::MAX`] is never.
    pub fn set(self, after: Duration, event: M::Event) {
        self.push(Order::Set(after, event));
    }

    /// Another event at the same time. One that is not running brings it at once.
    pub fn update(self, event: M::Event) {
        self.push(Order::Update(event));
    }

    /// Brings nothing any more.
    pub fn cancel(self) {
        self.push(Order::Cancel);
    }

    /// After which time these actions bring an event; `None` when they do not set it, or cancel it again.
    pub fn is_set_for(&self) -> Option<Duration> {
        let mut orders = self.actions.timeouts.iter().rev().filter(|(name, _)| *name == self.name);
        orders.find_map(|(_, order)| match order {
            Order::Set(after, _) => Some(Some(*after)),
            Order::Cancel => Some(None),
            Order::Update(_) => None,
        })?
    }

    fn push(self, order: Order<M::Event>) {
        self.actions.timeouts.push((self.name, order));
    }
}
