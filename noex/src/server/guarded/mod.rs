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
mod kept;
mod outcome;
mod protection;
mod queue_time;

use std::{
    mem,
    task::{Context, Poll, ready},
    time::Duration,
};

pub use call_policies::CallPolicies;
pub(super) use cast::{Passed, admit};
pub use cast_policies::CastPolicies;
use hedged::{Hedging, Runs};
use kept::Kept;
pub(crate) use outcome::Unserved;
pub(crate) use protection::Policies;
pub use protection::Protection;
use queue_time::QueueTime;

use super::{GenServer, Message, ServerRef, attempt::Attempt, waiting::Asked};
use crate::resilience::stack::{Layers, Operation, Run, straight};

/// What a call of a server with policies ends with.
pub(crate) type Answered<S> = Result<<S as GenServer>::Reply, Unserved>;

/// The policies of one handler.
pub(crate) struct CallPlan<S: GenServer> {
    layers: Box<Layers<S::Call, Answered<S>>>,
    /// Whether each attempt is several runs.
    hedging: Option<Hedging<S>>,
    /// For how long the reply of an attempt whose time is over answers the next one.
    dedupe: Option<Duration>,
    /// If it matters how long calls are queued.
    queue_time: Option<QueueTime>,
}

impl<S: GenServer> CallPlan<S> {
    pub(crate) fn queue_time(&self) -> Option<&QueueTime> {
        self.queue_time.as_ref()
    }
}

/// Whether the calls of this variant meet policies.
#[inline]
pub(super) fn is_guarded<S: GenServer>(variant: usize) -> bool {
    S::Call::GUARDED.contains(&variant)
}

/// A call on its way through the policies of its handler.
struct Guarded<'a, S: GenServer> {
    run: Run<Answered<S>>,
    /// In the server's slot.
    plan: &'a CallPlan<S>,
    attempts: Attempts<'a, S>,
}

/// One that one of its policies makes wait.
pub(super) type Delay<'a, S> = Box<dyn Delayed<S> + Send + 'a>;

/// One attempt after another, each a message of its own.
struct Attempts<'a, S: GenServer> {
    server: &'a ServerRef<S>,
    asked: Asked,
    /// Until the last attempt has begun.
    call: Option<S::Call>,
    attempt: Begun<'a, S>,
    hedging: Option<&'a Hedging<S>>,
    dedupe: Option<Duration>,
    /// An earlier attempt that was begun, and whose reply answers the next one.
    kept: Option<Kept<'a, S>>,
}

/// An attempt under way.
enum Begun<'a, S: GenServer> {
    None,
    One(Attempt<'a, S>),
    Hedged(Box<Runs<'a, S>>),
}

/// The first poll of a call: the `answer` that it ends with, or how it goes on. Only what has to go on needs memory of
/// its own.
#[inline]
pub(super) fn begin<'a, S: GenServer>(
    attempt: &mut Attempt<'a, S>,
    cx: &mut Context<'_>,
    answer: &mut Option<Answered<S>>,
) -> Option<Delay<'a, S>> {
    let Some(call) = attempt.message() else { panic!("a call was polled after it was ready") };
    let variant = call.variant();
    let plan = attempt.slot().policies().of_call(variant);
    let whole = attempt.asked.whole;
    attempt.keep(plan.dedupe.is_some());
    attempt.asked.is_timed = plan.queue_time.is_some();
    let mut first = First { attempt, hedging: plan.hedging.as_ref(), runs: None, copy: None };
    let mut run = None;
    straight(&plan.layers, whole, &mut first, cx, answer, &mut run);
    if let Some(run) = run {
        return Some(first.go_on(run, plan));
    }
    // What was refused is here still.
    drop(first.attempt.take());
    None
}

/// The first attempt of a call, where the call was made.
struct First<'c, 'a, S: GenServer> {
    attempt: &'c mut Attempt<'a, S>,
    hedging: Option<&'a Hedging<S>>,
    /// If it is hedged.
    runs: Option<Box<Runs<'a, S>>>,
    /// For the next attempt.
    copy: Option<S::Call>,
}

impl<'a, S: GenServer> First<'_, 'a, S> {
    #[cold]
    fn go_on(self, run: Run<Answered<S>>, plan: &'a CallPlan<S>) -> Delay<'a, S> {
        let First { attempt: first, hedging, runs, copy } = self;
        let (server, asked) = (first.server, first.asked);
        let dedupe = plan.dedupe;
        let mut kept = None;
        let (call, attempt) = match runs {
            Some(runs) => (copy, Begun::Hedged(runs)),
            None if run.is_running() => (copy, Begun::One(first.move_on())),
            None => {
                kept = dedupe.filter(|_| first.is_under_way()).map(|time| Kept::new(first.move_on(), time));
                (first.take().or(copy), Begun::None)
            }
        };
        let attempts = Attempts { server, asked, call, attempt, hedging, dedupe, kept };
        Box::new(Guarded { run, plan, attempts })
    }
}

impl<S: GenServer> Operation<S::Call, Answered<S>> for First<'_, '_, S> {
    fn request(&self) -> Option<&S::Call> {
        self.attempt.message().or(self.copy.as_ref())
    }

    fn begin(&mut self, copy: Option<S::Call>) {
        self.copy = copy;
        if let Some(hedging) = self.hedging
            && let Some(call) = self.attempt.take()
        {
            self.runs = Some(Box::new(Runs::new(hedging, self.attempt.server, call, self.attempt.asked)));
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Answered<S>> {
        let (Some(runs), Some(hedging)) = (&mut self.runs, self.hedging) else {
            return self.attempt.poll(cx).map_err(|failure| Unserved::Failure(*failure));
        };
        let answer = ready!(runs.poll(hedging, self.attempt.server, self.attempt.asked, cx));
        self.runs = None;
        Poll::Ready(answer)
    }

    fn abandon(&mut self) -> bool {
        unreachable!("what is under way has moved on")
    }
}

/// A call that one of its policies makes wait, for whoever need not know what it is made of.
pub(super) trait Delayed<S: GenServer> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Answered<S>>;
    fn asked(&self) -> Asked;
}

impl<S: GenServer> Delayed<S> for Guarded<'_, S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Answered<S>> {
        self.run.poll(&self.plan.layers, &mut self.attempts, cx)
    }

    fn asked(&self) -> Asked {
        self.attempts.asked
    }
}

impl<S: GenServer> Operation<S::Call, Answered<S>> for Attempts<'_, S> {
    fn request(&self) -> Option<&S::Call> {
        self.call.as_ref()
    }

    fn begin(&mut self, copy: Option<S::Call>) {
        if let Some(earlier) = self.kept.take().and_then(|kept| kept.resume(self.asked)) {
            self.attempt = Begun::One(earlier);
            return;
        }
        let Some(call) = copy.or_else(|| self.call.take()) else { return };
        self.attempt = match self.hedging {
            None => {
                let mut attempt = Attempt::new(self.server, call, self.asked);
                attempt.keep(self.dedupe.is_some());
                Begun::One(attempt)
            }
            Some(hedging) => Begun::Hedged(Box::new(Runs::new(hedging, self.server, call, self.asked))),
        };
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Answered<S>> {
        let answer = match (&mut self.attempt, self.hedging) {
            (Begun::One(attempt), _) => {
                ready!(attempt.poll(cx)).map_err(|failure| Unserved::Failure(*failure))
            }
            (Begun::Hedged(runs), Some(hedging)) => ready!(runs.poll(hedging, self.server, self.asked, cx)),
            _ => unreachable!("no attempt has begun"),
        };
        match (mem::replace(&mut self.attempt, Begun::None), self.dedupe) {
            (Begun::One(late), Some(time)) if late.is_under_way() => self.kept = Some(Kept::new(late, time)),
            _ => {}
        }
        Poll::Ready(answer)
    }

    fn abandon(&mut self) -> bool {
        match mem::replace(&mut self.attempt, Begun::None) {
            Begun::None => false,
            Begun::One(attempt) => {
                let began = attempt.withdraw();
                if let (true, Some(time)) = (began, self.dedupe) {
                    self.kept = Some(Kept::new(attempt, time));
                }
                began
            }
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
