//! Events: what a machine handles, and how it comes in.

use std::fmt;

use super::StateMachine;
use crate::{GenServer, HandlesInfo, Message, server::slot::reply::ReplyTo, state_machine::Machine};

/// What a machine handles.
pub enum Event<M: StateMachine> {
    /// A request.
    Call(M::Call),
    /// A message without a reply.
    Cast(M::Cast),
    /// Anything else that arrived.
    Info(M::Info),
    /// One of the machine's own: raised, or brought by a time-out.
    Internal(M::Event),
}

impl<M: StateMachine> Event<M> {
    /// What it is called.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Event::Call(call) => M::Call::VARIANTS.get(call.variant()),
            Event::Cast(cast) => M::Cast::VARIANTS.get(cast.variant()),
            Event::Info(info) => M::Info::VARIANTS.get(info.variant()),
            Event::Internal(event) => M::Event::VARIANTS.get(event.variant()),
        }
        .copied()
        .unwrap_or("?")
    }
}

impl<M: StateMachine> fmt::Debug for Event<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Event::Call(_) => "Call",
            Event::Cast(_) => "Cast",
            Event::Info(_) => "Info",
            Event::Internal(_) => "Internal",
        };
        f.debug_tuple(kind).field(&self.name()).finish()
    }
}

/// An event, and where its reply goes.
pub(super) struct Item<M: StateMachine> {
    pub(super) event: Event<M>,
    pub(super) reply: Option<ReplyTo<M::Reply>>,
    /// It came from the mailbox, and not from the machine itself.
    pub(super) is_mail: bool,
}

impl<M: StateMachine> Item<M> {
    pub(super) fn mail(event: Event<M>) -> Self {
        Item { event, reply: None, is_mail: true }
    }

    pub(super) fn own(event: Event<M>) -> Self {
        Item { event, reply: None, is_mail: false }
    }

    /// Nobody waits for its reply any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.reply.as_ref().is_some_and(ReplyTo::is_abandoned)
    }
}

/// What arrives at a [`Machine`] besides calls and casts: its infos, and time-outs that are due.
pub struct Incoming<M: StateMachine>(pub(super) Arrived<M>);

pub(super) enum Arrived<M: StateMachine> {
    Info(M::Info),
    /// The time-out that was set as the so-manieth.
    Timeout(u64),
}

impl<M: StateMachine> Incoming<M> {
    pub(super) fn info(info: M::Info) -> Self {
        Incoming(Arrived::Info(info))
    }
}

/// Infos that are told apart in counters.
const MOST: usize = 255;

impl<M: StateMachine> Incoming<M> {
    const COUNT: usize = if M::Info::VARIANTS.len() < MOST { M::Info::VARIANTS.len() } else { MOST };

    /// The names of the infos, and one more.
    const NAMES: [&'static str; MOST + 1] = {
        let mut names = ["timeout"; MOST + 1];
        let mut index = 0;
        while index < Self::COUNT {
            names[index] = M::Info::VARIANTS[index];
            index += 1;
        }
        names
    };
}

impl<M: StateMachine> Message for Incoming<M> {
    const VARIANTS: &'static [&'static str] = Self::NAMES.split_at(Self::COUNT + 1).0;

    fn variant(&self) -> usize {
        match &self.0 {
            Arrived::Info(info) => info.variant().min(Self::COUNT),
            Arrived::Timeout(_) => Self::COUNT,
        }
    }
}

impl<M: StateMachine> fmt::Debug for Incoming<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Incoming").field(&Self::VARIANTS[self.variant()]).finish()
    }
}

/// What keeps a [`Machine`] going: it handles the events that come before the mailbox.
#[derive(Debug)]
pub struct Pump(pub(super) ());

impl Message for Pump {
    const VARIANTS: &'static [&'static str] = &["event"];
}

/// The machine has an `#[info]` handler for `T`; so its server [`HandlesInfo`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `#[info]` handler for `{T}`",
    note = "add `#[info] fn handle(&mut self, message: {T})` to its `#[state_machine]` impl block"
)]
pub trait TakesInfo<T>: StateMachine {
    /// The message as the machine's info type.
    fn info(message: T) -> Self::Info;
}

impl<M: TakesInfo<T>, T> HandlesInfo<T> for Machine<M> {
    fn info(message: T) -> <Self as GenServer>::Info {
        Incoming::info(M::info(message))
    }
}
