//! The server that a state machine is: takes events from the mailbox and from the machine itself, one at a time.

use std::{collections::VecDeque, fmt};

use super::{
    Actions, At, Event, Incoming, Place, Pump, Route, StateMachine, StateOf,
    event::{Arrived, Item},
    next::Go,
    timeouts::{Name, Timeouts},
};
use crate::{
    Context, ExitReason, GenServer, Init, Mailbox, Message, Now, OnRestart, Overflow, Protection, ReplyTo,
    ServerConfig,
    server::{
        Erased, Held, done,
        slot::{envelope::Envelope, refuse},
    },
};

/// The server that a [`StateMachine`] is: what `Door::start(..)` starts, and what
/// [`inspect`](crate::ServerRef::inspect) shows.
///
/// # Examples
///
/// ```
/// use noex::prelude::*;
///
/// pub struct Closed;
/// pub struct Open { by: String }
///
/// #[state_machine]
/// pub struct Door { pushes: u32 }
///
/// #[state_machine(states(Closed, Open))]
/// impl Door {
///     #[init]
///     fn init() -> (Self, Closed) { (Door { pushes: 0 }, Closed) }
///
///     /// Pushes it open; by whom, last time?
///     #[call]
///     #[on(Closed => Open)]
///     pub fn push(&mut self, by: String) -> (Open, Option<String>) {
///         self.pushes += 1;
///         (Open { by }, None)
///     }
///
///     #[call(push)]
///     #[on(Open)]
///     fn push_again(&mut self, open: &mut Open, by: String) -> Option<String> {
///         self.pushes += 1;
///         Some(std::mem::replace(&mut open.by, by))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let door = Door::start().await?;
/// assert_eq!(door.push("Ann".into()).await?, None);
/// assert_eq!(door.push("Bob".into()).await?, Some("Ann".into()));
/// let seen = door.inspect(|door| match door.state() {
///     Some(DoorState::Open(open)) => (open.by.clone(), door.data().pushes),
///     _ => unreachable!(),
/// });
/// assert_eq!(seen.await?, ("Bob".to_string(), 2));
/// # Ok(()) }
/// ```
pub struct Machine<M: StateMachine> {
    data: M,
    place: Place<M::State>,
    /// Handled before the mailbox: what was raised, and what was postponed in an earlier state.
    ready: VecDeque<Item<M>>,
    /// For a later state.
    postponed: VecDeque<Item<M>>,
    timeouts: Timeouts<M>,
    /// A continuation is under way to what is ready.
    is_pumping: bool,
}

impl<M: StateMachine> Machine<M> {
    /// The state; `None` only after a handler that took it has crashed.
    pub fn state(&self) -> Option<&M::State> {
        self.place.look()
    }

    /// The name of the state.
    pub fn state_name(&self) -> &'static str {
        self.state().map_or("?", |state| At::<M>::of(state).name())
    }

    /// Whether it is in this state.
    pub fn is_in<T: StateOf<M>>(&self) -> bool {
        self.state().is_some_and(|state| At::<M>::of(state).is::<T>())
    }

    /// The data that all states share.
    pub fn data(&self) -> &M {
        &self.data
    }

    /// How many events wait for another state.
    pub fn postponed(&self) -> usize {
        self.postponed.len()
    }

    /// An event comes in. The reply of a handler whose caller waits for it right here.
    fn receive(&mut self, item: Item<M>, cx: &mut Context<Self>) -> Option<M::Reply> {
        self.timeouts.cancel(Name::Event);
        match self.data.route(self.place.get(), &item.event) {
            Route::Handle => return self.step(item, cx),
            Route::Postpone => self.postpone(item, cx),
            Route::Drop => {
                let handler = item.event.name();
                let message: Erased = match item.event {
                    Event::Call(call) => Box::new(call),
                    Event::Cast(cast) => Box::new(cast),
                    Event::Info(info) => Box::new(info),
                    Event::Internal(event) => Box::new(event),
                };
                drop(item.reply);
                refuse::unhandled(&*cx.slot(), handler, message);
            }
        }
        None
    }

    fn postpone(&mut self, item: Item<M>, cx: &Context<Self>) {
        let capacity = M::MAILBOX.capacity().unwrap_or(usize::MAX);
        if self.postponed.len() >= capacity {
            let slot = cx.slot();
            let (gone, waiting) = self.postponed.drain(..).partition(Item::is_abandoned);
            self.postponed = waiting;
            for item in <Vec<Item<M>>>::from_iter(gone) {
                give_up(item, |envelope| refuse::discard(&*slot, envelope));
            }
        }
        if self.postponed.len() < capacity {
            self.postponed.push_back(item);
        } else {
            give_up(item, |envelope| refuse::overflowed(&*cx.slot(), envelope));
        }
    }

    /// Handles one event, and whatever of a change of state comes with it.
    fn step(&mut self, item: Item<M>, cx: &mut Context<Self>) -> Option<M::Reply> {
        let from = At::<M>::of(self.place.get());
        let mut actions = Actions::new();
        // From here on the caller waits for this life.
        actions.caller = match item.reply {
            Some(reply) => Some(ReplyTo::new(&cx.slot(), reply, |reply| reply)),
            None if matches!(item.event, Event::Call(_)) && !item.is_mail => Some(ReplyTo::nobody()),
            None => None,
        };
        let next = self.data.handle(&mut self.place, item.event, &mut actions, cx);
        match next.go {
            Go::To(state) if At::of(&state) == from => drop(self.place.put(state)),
            Go::To(state) => self.change(from, state, &mut actions, cx),
            Go::Stay => drop(self.place.get()),
            Go::Repeat => self.data.enter(self.place.get_mut(), from, &mut actions, cx),
        }
        let caller = actions.caller.take();
        self.heed(actions, cx);
        match (next.reply, caller) {
            (Some(reply), Some(caller)) => {
                caller.send(reply);
                None
            }
            (reply, _) => reply,
        }
    }

    fn change(&mut self, from: At<M>, state: M::State, actions: &mut Actions<M>, cx: &mut Context<Self>) {
        let to = At::of(&state);
        self.data.exit(from, self.place.look_mut(), to, actions, cx);
        self.timeouts.cancel(Name::State);
        drop(self.place.put(state));
        self.data.enter(self.place.get_mut(), from, actions, cx);
        while let Some(item) = self.postponed.pop_back() {
            self.ready.push_front(item);
        }
    }

    /// Sees to what a handler and its hooks have asked for.
    fn heed(&mut self, actions: Actions<M>, cx: &mut Context<Self>) {
        let Actions { caller: _, mut inserted, timeouts, stop, hibernates } = actions;
        for (name, order) in timeouts {
            self.timeouts.heed(name, order, cx);
        }
        while let Some(event) = inserted.pop_back() {
            self.ready.push_front(Item::own(event));
        }
        if hibernates {
            cx.hibernate();
        }
        match stop {
            Some(reason) => cx.stop(reason),
            None => self.go_on(cx),
        }
    }

    /// What is ready comes before anything queued, one by one: a signal may come in between.
    fn go_on(&mut self, cx: &mut Context<Self>) {
        if !self.ready.is_empty() && !std::mem::replace(&mut self.is_pumping, true) {
            cx.first(Some(Pump(())));
        }
    }
}

/// Gives an event up as the message that it was.
fn give_up<M: StateMachine>(item: Item<M>, refuse: impl FnOnce(Envelope<Machine<M>>)) {
    if let Ok(envelope) = envelope(item) {
        refuse(envelope);
    }
}

/// The message that the event was; back where it was none.
fn envelope<M: StateMachine>(item: Item<M>) -> Result<Envelope<Machine<M>>, Item<M>> {
    match item {
        Item { event: Event::Call(call), reply: Some(reply), .. } => Ok(Envelope::Call(call, reply)),
        Item { event: Event::Cast(cast), .. } => Ok(Envelope::Cast(cast)),
        Item { event: Event::Info(info), .. } => Ok(Envelope::Info(Incoming::info(info))),
        item => Err(item),
    }
}

#[diagnostic::do_not_recommend]
impl<M: StateMachine> ServerConfig for Machine<M> {
    const NAME: Option<&'static str> = M::NAME;
    const MAILBOX: Mailbox = M::MAILBOX;
    const OVERFLOW: Overflow = M::OVERFLOW;
    const CALL_TIMEOUT: Option<std::time::Duration> = M::CALL_TIMEOUT;
    const ON_RESTART: OnRestart = M::ON_RESTART;
    const TRAP_EXIT: bool = M::TRAP_EXIT;
    const INLINE: bool = M::INLINE;
}

#[diagnostic::do_not_recommend]
impl<M: StateMachine> GenServer for Machine<M> {
    type Args = M::Args;
    type InitError = M::InitError;
    type Call = M::Call;
    type Reply = M::Reply;
    type Cast = M::Cast;
    type Info = Incoming<M>;
    type Continue = Pump;
    type Ref = M::Ref;

    fn protect(policies: &mut Protection<Self>) {
        M::protect(policies);
    }

    async fn init(args: M::Args, cx: &mut Context<Self>) -> Result<Init<Self>, M::InitError> {
        let Some((data, state)) = M::init(args, cx).await? else { return Ok(Init::ignore()) };
        let at = At::<M>::of(&state);
        let mut machine = Machine {
            data,
            place: Place::new(state),
            ready: VecDeque::new(),
            postponed: VecDeque::new(),
            timeouts: Timeouts::new(),
            is_pumping: false,
        };
        let mut actions = Actions::new();
        machine.data.enter(machine.place.get_mut(), at, &mut actions, cx);
        machine.heed(actions, cx);
        Ok(Init::ready(machine))
    }

    fn call_now(&mut self, call: M::Call, cx: &mut Context<Self>) -> Now<M::Reply, M::Call> {
        if call.is_deferred() {
            return Now::Later(call);
        }
        let handler = call.variant();
        match self.receive(Item::mail(Event::Call(call)), cx) {
            Some(reply) => Now::Done(reply),
            None => unanswered::<M>(handler),
        }
    }

    async fn handle_call(&mut self, call: M::Call, cx: &mut Context<Self>) -> Option<M::Reply> {
        if !call.is_deferred() {
            return Some(done(self.call_now(call, cx)));
        }
        let reply = cx.take_lent();
        self.receive(Item { reply, ..Item::mail(Event::Call(call)) }, cx)
    }

    fn cast_now(&mut self, cast: M::Cast, cx: &mut Context<Self>) -> Now<(), M::Cast> {
        self.receive(Item::mail(Event::Cast(cast)), cx);
        Now::Done(())
    }

    fn info_now(&mut self, Incoming(arrived): Incoming<M>, cx: &mut Context<Self>) -> Now<(), Incoming<M>> {
        match arrived {
            Arrived::Info(info) => drop(self.receive(Item::mail(Event::Info(info)), cx)),
            Arrived::Timeout(number) => {
                if let Some(event) = self.timeouts.due(number) {
                    self.receive(Item::own(Event::Internal(event)), cx);
                }
            }
        }
        Now::Done(())
    }

    fn continue_now(&mut self, _: Pump, cx: &mut Context<Self>) -> Now<(), Pump> {
        self.is_pumping = false;
        match self.ready.pop_front() {
            Some(item) if item.is_abandoned() => {
                give_up(item, |envelope| refuse::discard(&*cx.slot(), envelope));
            }
            Some(item) => drop(self.receive(item, cx)),
            None => {}
        }
        self.go_on(cx);
        Now::Done(())
    }

    fn terminate_now(&mut self, reason: &ExitReason, cx: &mut Context<Self>) -> Now<(), ()> {
        self.data.terminate(self.place.look_mut(), reason, cx);
        Now::Done(())
    }

    fn info_from(message: Erased) -> Result<Incoming<M>, Erased> {
        M::info_from(message).map(Incoming::info)
    }

    fn give_back(&mut self, held: &mut Held<Self>) {
        let items = self.ready.drain(..).chain(self.postponed.drain(..));
        held.take(items.filter(|item| item.is_mail).filter_map(|item| envelope(item).ok()));
    }

    fn type_name() -> &'static str {
        std::any::type_name::<M>()
    }
}

#[cold]
fn unanswered<M: StateMachine>(handler: usize) -> ! {
    let handler = M::Call::VARIANTS.get(handler).copied().unwrap_or("?");
    panic!("the call `{handler}` is not deferred, so its handler has to reply to it")
}

impl<M: StateMachine> fmt::Debug for Machine<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("state", &self.state_name())
            .field("ready", &self.ready.len())
            .field("postponed", &self.postponed.len())
            .finish_non_exhaustive()
    }
}
