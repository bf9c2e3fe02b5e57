//! Calls of handlers that have policies: admission on the caller's side, before a message exists.
//!
//! ```text
//! account.rating(..) ─▶ the policies of `rating`, outermost first ─▶ an attempt ─▶ mailbox ─▶ handler
//!        ▲                    │ refused: no message                       │
//!        └────────────────────┴────────────── outcome, innermost first ◀──┘
//! ```
//!
//! The policies of a server's handlers live in its slot: all references share them, and they survive restarts. A
//! message of any way in meets them: a method, [`ServerRef::call`](crate::ServerRef::call), a name.

mod call_policies;
mod cast;
mod cast_policies;
mod hedged;
mod outcome;
mod protection;

use std::{
    mem,
    sync::Arc,
    task::{Context, Poll, ready},
};

pub use call_policies::CallPolicies;
pub(super) use cast::admit;
pub use cast_policies::CastPolicies;
use hedged::{Hedging, Runs};
pub(crate) use outcome::Unserved;
pub(crate) use protection::Policies;
pub use protection::Protection;

use super::{GenServer, Message, ServerRef, attempt::Attempt, waiting::Asked};
use crate::resilience::stack::{Layers, Operation, Run};

/// What a call of a server with policies ends with.
pub(crate) type Answered<S> = Result<<S as GenServer>::Reply, Unserved>;

/// The policies of one handler.
pub(crate) struct CallPlan<S: GenServer> {
    layers: Box<Layers<S::Call, Answered<S>>>,
    /// Whether each attempt is several runs.
    hedging: Option<Arc<Hedging<S>>>,
}

/// Whether the calls of this variant meet policies.
#[inline]
pub(super) fn is_guarded<S: GenServer>(variant: usize) -> bool {
    S::Call::GUARDED.contains(&variant)
}

/// A call on its way through the policies of its handler.
pub(super) struct Guarded<'a, S: GenServer> {
    run: Run<Answered<S>>,
    plan: Arc<CallPlan<S>>,
    attempts: Attempts<'a, S>,
}

/// One attempt after another, each a message of its own.
struct Attempts<'a, S: GenServer> {
    server: &'a ServerRef<S>,
    asked: Asked,
    /// Until the last attempt has begun.
    call: Option<S::Call>,
    attempt: Begun<'a, S>,
    hedging: Option<Arc<Hedging<S>>>,
}

/// An attempt under way.
enum Begun<'a, S: GenServer> {
    None,
    One(Attempt<'a, S>),
    Hedged(Box<Runs<'a, S>>),
}

impl<'a, S: GenServer> Guarded<'a, S> {
    pub(super) fn new(server: &'a ServerRef<S>, call: S::Call, asked: Asked) -> Self {
        let plan = server.slot().policies().of_call(call.variant());
        let hedging = plan.hedging.clone();
        let attempts = Attempts { server, asked, call: Some(call), attempt: Begun::None, hedging };
        Guarded { run: Run::new(asked.whole), plan, attempts }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Answered<S>> {
        self.run.poll(&self.plan.layers, &mut self.attempts, cx)
    }
}

impl<S: GenServer> Operation<S::Call, Answered<S>> for Attempts<'_, S> {
    fn request(&self) -> Option<&S::Call> {
        self.call.as_ref()
    }

    fn begin(&mut self, copy: Option<S::Call>) {
        let Some(call) = copy.or_else(|| self.call.take()) else { return };
        self.attempt = match &self.hedging {
            None => Begun::One(Attempt::new(self.server, call, self.asked)),
            Some(hedging) => Begun::Hedged(Box::new(Runs::new(hedging, self.server, call, self.asked))),
        };
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Answered<S>> {
        let answer = match (&mut self.attempt, &self.hedging) {
            (Begun::One(attempt), _) => ready!(attempt.poll(cx)).map_err(Unserved::Failure),
            (Begun::Hedged(runs), Some(hedging)) => ready!(runs.poll(hedging, self.server, self.asked, cx)),
            _ => unreachable!("no attempt has begun"),
        };
        self.attempt = Begun::None;
        Poll::Ready(answer)
    }

    fn abandon(&mut self) -> bool {
        match mem::replace(&mut self.attempt, Begun::None) {
            Begun::None => false,
            Begun::One(attempt) => attempt.withdraw(),
            Begun::Hedged(_) => true,
        }
    }
}

/// A caller that leaves gives back all that it holds.
impl<S: GenServer> Drop for Guarded<'_, S> {
    fn drop(&mut self) {
        self.attempts.abandon();
        self.run.cancel(&self.plan.layers, std::thread::panicking());
    }
}
