//! One attempt of a call: from the caller to the server, inline, begun, or queued, and back.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll, ready},
};

use super::{
    GenServer, Message, ServerRef,
    error::Failure,
    slot::{
        Slot,
        envelope::Envelope,
        inline::{self, Inline, Started},
        reply::ReplyCell,
        serving::Until,
        waits,
    },
    waiting::{Asked, Over, Polled, Waiting},
};
use crate::process::pace;

/// When a caller looks again at a server that is in another caller's hands before it queues. Most are out of it soon;
/// and each look takes the slot from the one who is in it, who would serve several calls meanwhile.
const LOOKS: [u32; 8] = [1, 1, 2, 3, 5, 8, 13, 21];
/// How deep async handlers may run inside one another on one task's stack.
const DEPTH: usize = 8;

/// A call to a server, without any policy. Nothing happens before it is polled.
pub(super) struct Attempt<'a, S: GenServer> {
    pub(super) server: &'a ServerRef<S>,
    pub(super) asked: Asked,
    step: Step<S>,
    /// When its time is over and it was begun, its reply may be waited for once more.
    keeps: bool,
}

pub(super) enum Step<S: GenServer> {
    /// Not begun; without a message it is over.
    New(Option<S::Call>),
    Waiting(Waiting<S>),
}

impl<S: GenServer> Step<S> {
    pub(super) const OVER: Self = Step::New(None);
}

impl<'a, S: GenServer> Attempt<'a, S> {
    #[inline]
    pub(super) fn new(server: &'a ServerRef<S>, call: S::Call, asked: Asked) -> Self {
        // Here it is known when the program is compiled, as a rule.
        let asked = Asked { variant: call.variant(), ..asked };
        Attempt { server, asked, step: Step::New(Some(call)), keeps: false }
    }

    /// One that nothing is left of.
    pub(super) fn over(server: &'a ServerRef<S>, asked: Asked) -> Self {
        Attempt { server, asked, step: Step::OVER, keeps: false }
    }

    /// Whether its reply may be waited for once more when its time is over.
    pub(super) fn keep(&mut self, keeps: bool) {
        self.keeps = keeps;
    }

    /// Without its server, for whoever keeps that.
    pub(super) fn into_parts(mut self) -> (Asked, Step<S>) {
        (self.asked, std::mem::replace(&mut self.step, Step::OVER))
    }

    /// The message, unless it was polled.
    #[inline]
    pub(super) fn message(&self) -> Option<&S::Call> {
        match &self.step {
            Step::New(call) => call.as_ref(),
            Step::Waiting(_) => None,
        }
    }

    /// Takes the message back, unless it was polled.
    pub(super) fn take(&mut self) -> Option<S::Call> {
        match &mut self.step {
            Step::New(call) => call.take(),
            Step::Waiting(_) => None,
        }
    }

    /// Moves it, with all that is under way, to where it can go on, and is polled at once; here it is over.
    pub(super) fn move_on(&mut self) -> Self {
        let mut step = std::mem::replace(&mut self.step, Step::OVER);
        if let Step::Waiting(waiting) = &mut step {
            waiting.move_on();
        }
        Attempt { server: self.server, asked: self.asked, step, keeps: self.keeps }
    }

    pub(super) fn slot(&self) -> &'a Arc<Slot<S>> {
        self.server.slot()
    }

    /// Nobody waits for it for now, and its reply stays where it comes to.
    pub(super) fn pause(&mut self) {
        if let Step::Waiting(waiting) = &mut self.step {
            waiting.pause(self.server.slot());
        }
    }

    /// Whether there may be a reply to wait for.
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.step, Step::Waiting(_))
    }

    /// It is not to be begun any more; whether it may have been.
    pub(super) fn withdraw(&self) -> bool {
        match &self.step {
            Step::Waiting(waiting) => waiting.withdraw(),
            Step::New(call) => call.is_none(),
        }
    }

    #[cold]
    #[inline(never)]
    fn give_up(&mut self) {
        self.step.let_go(self.server.slot(), Over::GivenUp);
    }

    #[inline]
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Polled<S> {
        let Attempt { server, asked, step, keeps } = self;
        poll(server.slot(), asked, step, *keeps, cx)
    }
}

/// Polls an attempt, wherever its parts are kept.
#[inline]
pub(super) fn poll<S: GenServer>(
    slot: &Arc<Slot<S>>,
    asked: &mut Asked,
    step: &mut Step<S>,
    keeps: bool,
    cx: &mut Context<'_>,
) -> Polled<S> {
    let Step::New(call) = step else {
        return UnderWay { slot, asked, step, keeps }.wait(cx);
    };
    ready!(pace::poll_proceed(cx));
    let Some(call) = call.take() else { panic!("a call was polled after it was ready") };
    let tried = if S::INLINE { inline::call_inline(slot, call) } else { Inline::Busy(call) };
    match tried {
        Inline::Done(reply) => Poll::Ready(Ok(reply)),
        Inline::Crashed(reason) => Poll::Ready(Err(crashed(reason))),
        Inline::Later(call) => UnderWay { slot, asked, step, keeps }.go_the_long_way(call, true, cx),
        Inline::Busy(call) => UnderWay { slot, asked, step, keeps }.go_the_long_way(call, false, cx),
    }
}

/// An attempt that its caller's first look has not answered.
struct UnderWay<'t, S: GenServer> {
    slot: &'t Arc<Slot<S>>,
    asked: &'t mut Asked,
    step: &'t mut Step<S>,
    keeps: bool,
}

impl<S: GenServer> UnderWay<'_, S> {
    /// The server is not idle, or the handler is async.
    fn go_the_long_way(&mut self, call: S::Call, idle: bool, cx: &mut Context<'_>) -> Polled<S> {
        let slot = self.slot;
        let mut call = call;
        let mut idle = idle;
        if S::INLINE && !idle {
            for pauses in LOOKS {
                if !inline::is_worth_spinning(slot) {
                    break;
                }
                for _ in 0..pauses {
                    std::hint::spin_loop();
                }
                call = match inline::call_inline(slot, call) {
                    Inline::Busy(call) => call,
                    Inline::Later(call) => {
                        idle = true;
                        call
                    }
                    Inline::Done(reply) => return Poll::Ready(Ok(reply)),
                    Inline::Crashed(reason) => return Poll::Ready(Err(crashed(reason))),
                };
            }
            if !idle && inline::is_worth_helping(slot) {
                inline::help(slot);
                call = match inline::call_inline(slot, call) {
                    Inline::Busy(call) => call,
                    Inline::Later(call) => {
                        idle = true;
                        call
                    }
                    Inline::Done(reply) => return Poll::Ready(Ok(reply)),
                    Inline::Crashed(reason) => return Poll::Ready(Err(crashed(reason))),
                };
            }
        }
        if idle && waits::depth() < DEPTH {
            call = match self.start_async(call, cx) {
                Ok(polled) => return polled,
                Err(call) => call,
            };
        }
        self.queue(call, cx)
    }

    /// The first step of an async handler on the caller's task; the call is given back when the server
    /// is not idle after all.
    fn start_async(&mut self, call: S::Call, cx: &mut Context<'_>) -> Result<Polled<S>, S::Call> {
        let slot = self.slot;
        let cell = ReplyCell::spare();
        let mut call = Some(call);
        let mut reply = Some(cell.open(None, Until::limit(self.asked.limit)));
        let started =
            inline::start_async(slot, cx.waker(), cell.key(), || match (call.take(), reply.take()) {
                (Some(call), Some(reply)) => Envelope::Call(call, reply),
                _ => unreachable!("asked for once"),
            });
        match (call, started) {
            (Some(call), Started::Not) => Err(call),
            // Answered already, so that there is no wait to speak of; and it was never queued.
            (_, Started::Here) if let Some(answer) = cell.take() => {
                if answer.is_ok() {
                    cell.keep();
                }
                Ok(Poll::Ready(answer))
            }
            (_, started) => {
                *self.step = Step::Waiting(Waiting::begun(cell, started == Started::Kept));
                Ok(self.wait(cx))
            }
        }
    }

    fn queue(&mut self, call: S::Call, cx: &mut Context<'_>) -> Polled<S> {
        match Waiting::queue(self.slot, call, *self.asked, Some(cx.waker().clone())) {
            Ok(waiting) => {
                if self.asked.is_timed
                    && let Some(time) = self.slot.policies().of_call(self.asked.variant).queue_time()
                {
                    waiting.note_queued(time.now());
                }
                *self.step = Step::Waiting(waiting);
                self.wait(cx)
            }
            Err(failure) => Poll::Ready(Err(failure)),
        }
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Polled<S> {
        let slot = self.slot;
        let Step::Waiting(waiting) = &mut *self.step else { panic!("a call was polled after it was ready") };
        let polled = waiting.poll(slot, self.asked, cx);
        if self.asked.is_timed && polled.is_ready() {
            // What it was told in may be another call's next.
            waiting.note_queued(0);
        }
        match &polled {
            Poll::Ready(Err(Failure::Timeout { began: true, .. })) if self.keeps => waiting.pause(slot),
            Poll::Ready(answer) => self.step.let_go(slot, Over::with(answer)),
            Poll::Pending => {}
        }
        polled
    }
}

impl<S: GenServer> Step<S> {
    fn let_go(&mut self, slot: &Arc<Slot<S>>, over: Over) {
        if let Step::Waiting(waiting) = std::mem::replace(self, Step::OVER) {
            waiting.let_go(slot, over);
        }
    }
}

#[cold]
fn crashed(reason: crate::ExitReason) -> Failure {
    Failure::Crashed { reason, may_have_run: true }
}

/// The message is moved out before it is used: nothing here is pinned.
impl<S: GenServer> Unpin for Attempt<'_, S> {}

impl<S: GenServer> Drop for Attempt<'_, S> {
    #[inline]
    fn drop(&mut self) {
        if matches!(self.step, Step::Waiting(_)) {
            self.give_up();
        }
    }
}

impl<S: GenServer> fmt::Debug for Attempt<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.step {
            Step::New(Some(_)) => "new",
            Step::Waiting(_) => "waiting",
            Step::New(None) => "over",
        };
        f.debug_struct("Attempt").field("server", self.server).field("step", &step).finish_non_exhaustive()
    }
}
