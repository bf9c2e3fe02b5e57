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

mod cast;
mod outcome;
mod protection;

use std::{
    sync::Arc,
    task::{Context, Poll},
};

pub(super) use cast::admit;
pub(crate) use outcome::Unserved;
pub(crate) use protection::Policies;
pub use protection::{CallPolicies, CastPolicies, Protection};

use super::{GenServer, Message, ServerRef, attempt::Attempt, waiting::Asked};
use crate::resilience::stack::{Layers, Operation, Run};

/// What a call of a server with policies ends with.
pub(crate) type Answered<S> = Result<<S as GenServer>::Reply, Unserved>;

/// The policies of one handler.
pub(crate) type CallLayers<S> = Arc<Layers<<S as GenServer>::Call, Answered<S>>>;

/// Whether the calls of this variant meet policies.
#[inline]
pub(super) fn is_guarded<S: GenServer>(variant: usize) -> bool {
    S::Call::GUARDED.contains(&variant)
}

/// A call on its way through the policies of its handler.
pub(super) struct Guarded<'a, S: GenServer> {
    run: Run<Answered<S>>,
    layers: CallLayers<S>,
    attempts: Attempts<'a, S>,
}

/// One attempt after another, each a message of its own.
struct Attempts<'a, S: GenServer> {
    server: &'a ServerRef<S>,
    asked: Asked,
    /// Until the last attempt has begun.
    call: Option<S::Call>,
    attempt: Option<Attempt<'a, S>>,
}

impl<'a, S: GenServer> Guarded<'a, S> {
    pub(super) fn new(server: &'a ServerRef<S>, call: S::Call, asked: Asked) -> Self {
        let layers = server.slot().policies().of_call(call.variant());
        let attempts = Attempts { server, asked, call: Some(call), attempt: None };
        Guarded { run: Run::new(asked.whole), layers, attempts }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Answered<S>> {
        self.run.poll(&self.layers, &mut self.attempts, cx)
    }
}

impl<S: GenServer> Operation<S::Call, Answered<S>> for Attempts<'_, S> {
    fn request(&self) -> Option<&S::Call> {
        self.call.as_ref()
    }

    fn begin(&mut self, copy: Option<S::Call>) {
        if let Some(call) = copy.or_else(|| self.call.take()) {
            self.attempt = Some(Attempt::new(self.server, call, self.asked));
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Answered<S>> {
        let Some(attempt) = &mut self.attempt else { unreachable!("no attempt has begun") };
        let answer = std::task::ready!(attempt.poll(cx));
        self.attempt = None;
        Poll::Ready(answer.map_err(Unserved::Failure))
    }

    fn abandon(&mut self) -> bool {
        self.attempt.take().is_some_and(|attempt| attempt.withdraw())
    }
}

/// A caller that leaves gives back all that it holds.
impl<S: GenServer> Drop for Guarded<'_, S> {
    fn drop(&mut self) {
        self.attempts.abandon();
        self.run.cancel(&self.layers, std::thread::panicking());
    }
}
