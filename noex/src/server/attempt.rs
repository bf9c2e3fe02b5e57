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
        inline::{self, Inline, Started},
        reply::{ReplyCell, answer},
        serving::Until,
        waits,
    },
    waiting::{Asked, Over, Told, Waiting},
};
use crate::process::pace;

/// When a caller looks again at a server that is in another caller's hands before it queues. Most are out of it soon;
/// and each look takes the slot from the one who is in it, who would serve several calls meanwhile.
const LOOKS: [u32; 8] = [1, 1, 2, 3, 5, 8, 13, 21];
/// How deep async handlers may run inside one another on one task's stack.
const DEPTH: usize = 8;

/// The reply of a call, or why there is none.
type Polled<S> = Poll<Result<<S as GenServer>::Reply, Box<Failure>>>;

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

    /// The first half of [`poll`](Attempt::poll).
    #[inline]
    pub(super) fn run_at_once(&mut self, cx: &mut Context<'_>) -> Poll<Inline<S>> {
        run_at_once(self.server.slot(), &mut self.step, cx)
    }

    /// The other half.
    #[inline]
    pub(super) fn poll_slowly(&mut self, is_idle: bool, cx: &mut Context<'_>) -> Polled<S> {
        let Attempt { server, asked, step, keeps } = self;
        UnderWay { slot: server.slot(), asked, step, keeps: *keeps }.poll(is_idle, cx)
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
    match ready!(run_at_once(slot, step, cx)) {
        Inline::Done(reply) => Poll::Ready(Ok(reply)),
        Inline::Crashed(reason) => Poll::Ready(Err(crashed(reason).into())),
        Inline::Later => UnderWay { slot, asked, step, keeps }.poll(true, cx),
        Inline::Busy => UnderWay { slot, asked, step, keeps }.poll(false, cx),
    }
}

/// Runs an attempt that was not polled, if nothing stands in the way: most calls come no further. Pending when the task
/// is to yield.
#[inline]
pub(super) fn run_at_once<S: GenServer>(
    slot: &Arc<Slot<S>>,
    step: &mut Step<S>,
    cx: &mut Context<'_>,
) -> Poll<Inline<S>> {
    let Step::New(message) = step else { return Poll::Ready(Inline::Busy) };
    ready!(pace::poll_proceed(cx));
    Poll::Ready(if S::INLINE { inline::call_inline(slot, message, cx.waker()) } else { Inline::Busy })
}

/// An attempt that was not run at once, wherever its parts are kept.
struct UnderWay<'t, S: GenServer> {
    slot: &'t Arc<Slot<S>>,
    asked: &'t mut Asked,
    step: &'t mut Step<S>,
    keeps: bool,
}

impl<S: GenServer> UnderWay<'_, S> {
    /// `is_idle`: the server was, and the handler is async. A reply is moved once, to where it is wanted.
    #[inline]
    fn poll(&mut self, is_idle: bool, cx: &mut Context<'_>) -> Polled<S> {
        let mut reply = None;
        let is_new = matches!(self.step, Step::New(_));
        let told = if is_new { self.begin(is_idle, &mut reply, cx) } else { self.wait(&mut reply, cx) };
        Poll::Ready(answer(ready!(told), reply))
    }

    /// The server is not idle, or the handler is async.
    fn begin(&mut self, is_idle: bool, reply: &mut Option<S::Reply>, cx: &mut Context<'_>) -> Told {
        assert!(self.step.message().is_some(), "a call was polled after it was ready");
        let look = if is_idle || !S::INLINE { Look::of(is_idle) } else { self.look_again(reply, cx) };
        match look {
            Look::Told(told) => return Poll::Ready(told),
            Look::Idle if waits::depth() < DEPTH => {
                if let Some(told) = self.start_async(reply, cx) {
                    return told;
                }
            }
            Look::Idle | Look::Busy => {}
        }
        self.queue(reply, cx)
    }

    /// Looks again at a server that is not idle, as long as that is worth it.
    fn look_again(&mut self, reply: &mut Option<S::Reply>, cx: &Context<'_>) -> Look {
        for pauses in LOOKS {
            if !inline::is_worth_spinning(self.slot) {
                break;
            }
            for _ in 0..pauses {
                std::hint::spin_loop();
            }
            match self.look(reply, cx) {
                Look::Busy => {}
                look => return look,
            }
        }
        if inline::is_worth_helping(self.slot) {
            inline::help(self.slot);
            return self.look(reply, cx);
        }
        Look::Busy
    }

    /// A look at the server: whether the call can be run or begun here.
    #[inline(never)]
    fn look(&mut self, reply: &mut Option<S::Reply>, cx: &Context<'_>) -> Look {
        match inline::call_inline(self.slot, self.step.message(), cx.waker()) {
            Inline::Busy => Look::Busy,
            Inline::Later => Look::Idle,
            Inline::Done(done) => {
                *reply = Some(done);
                Look::Told(Ok(()))
            }
            Inline::Crashed(reason) => Look::Told(Err(crashed(reason).into())),
        }
    }

    /// The first step of an async handler on the caller's task. `None`: the server is not idle after all.
    fn start_async(&mut self, reply: &mut Option<S::Reply>, cx: &mut Context<'_>) -> Option<Told> {
        let cell = ReplyCell::spare();
        let until = Until::limit(self.asked.limit);
        let started = inline::start_async(self.slot, cx.waker(), self.step.message(), &cell, until, reply);
        match started {
            Started::Not => {
                cell.keep();
                return None;
            }
            // There is no wait to speak of; and it was never queued.
            Started::Answered => {
                cell.keep();
                return Some(Poll::Ready(Ok(())));
            }
            Started::Here | Started::Kept => {}
        }
        *self.step = Step::Waiting(Waiting::begun(cell, started == Started::Kept));
        Some(self.wait(reply, cx))
    }

    fn queue(&mut self, reply: &mut Option<S::Reply>, cx: &mut Context<'_>) -> Told {
        let Some(call) = self.step.message().take() else { panic!("a call was polled after it was ready") };
        match Waiting::queue(self.slot, call, *self.asked, Some(cx.waker().clone())) {
            Ok(waiting) => {
                if self.asked.is_timed
                    && let Some(time) = self.slot.policies().of_call(self.asked.variant).queue_time()
                {
                    waiting.note_queued(time.now());
                }
                *self.step = Step::Waiting(waiting);
                self.wait(reply, cx)
            }
            Err(failure) => Poll::Ready(Err(failure.into())),
        }
    }

    fn wait(&mut self, reply: &mut Option<S::Reply>, cx: &mut Context<'_>) -> Told {
        let slot = self.slot;
        let Step::Waiting(waiting) = &mut *self.step else { panic!("a call was polled after it was ready") };
        let polled = waiting.poll(slot, self.asked, reply, cx);
        if self.asked.is_timed && polled.is_ready() {
            // What it was told in may be another call's next.
            waiting.note_queued(0);
        }
        match &polled {
            Poll::Ready(Err(failure)) if self.keeps && failure.may_go_on() => waiting.pause(slot),
            Poll::Ready(answer) => self.step.let_go(slot, Over::with(answer)),
            Poll::Pending => {}
        }
        polled
    }
}

impl<S: GenServer> Step<S> {
    /// Where its message is, or was.
    fn message(&mut self) -> &mut Option<S::Call> {
        match self {
            Step::New(message) => message,
            Step::Waiting(_) => unreachable!("its message is with the server"),
        }
    }

    /// As [`Waiting::let_go`], where it is: nothing is moved but the cell.
    #[inline]
    fn let_go(&mut self, slot: &Arc<Slot<S>>, over: Over) {
        let Step::Waiting(waiting) = self else { return };
        waiting.leave(slot, over);
        match (std::mem::replace(self, Step::OVER), over) {
            (Step::Waiting(waiting), Over::Answered) => waiting.pass_on(slot),
            (step, _) => drop(step),
        }
    }
}

/// What a look at a server has shown.
enum Look {
    Busy,
    /// The handler is async, and could be begun.
    Idle,
    Told(Result<(), Box<Failure>>),
}

impl Look {
    fn of(is_idle: bool) -> Self {
        if is_idle { Look::Idle } else { Look::Busy }
    }
}

#[cold]
pub(super) fn crashed(reason: crate::ExitReason) -> Failure {
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
