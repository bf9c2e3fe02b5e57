//! A call that has nothing to wait for: in through all layers and out again, in one poll.

use std::{
    mem,
    task::{Context, Poll},
    time::Duration,
};

use smallvec::SmallVec;

use super::{
    layer::{Deadline, Entry, Held, Left, Outcome},
    run::{Layers, MANY, Operation, Phase, Run, asked, copy},
};

/// The first poll. It does what a [`Run`] does, step by step, and needs no state between two steps. Either there is an
/// `outcome`, or a `run` that is to go on. Both are large, and not moved about for those that need none.
///
/// Nobody has set a deadline yet, so there is none to poll under.
#[inline]
pub(crate) fn straight<R, O: Outcome>(
    layers: &Layers<R, O>,
    whole: Option<Duration>,
    operation: &mut impl Operation<R, O>,
    cx: &mut Context<'_>,
    outcome: &mut Option<O>,
    run: &mut Option<Run<O>>,
) {
    // Most refusals are the outermost layer's, and nothing is held yet.
    let mut entry = layers.first().map(|outermost| outermost.enter(asked(operation), outcome));
    if let Some(Entry::Refused) = entry {
        return;
    }
    let mut inside = Inside { layers, held: SmallVec::new() };
    'in_and_run: {
        while let Some(entered) = entry {
            match entered {
                Entry::Passed(held) => inside.held.push(held),
                Entry::Wait(wait) => {
                    inside.stop(whole, Phase::Waiting(inside.held.len(), wait), run);
                    return;
                }
                Entry::Refused => break 'in_and_run,
            }
            let further = layers.get(inside.held.len());
            entry = further.map(|layer| layer.enter(asked(operation), outcome));
        }
        let copy = copy(&inside.held, layers, asked(operation));
        operation.begin(copy);
        match operation.poll(cx) {
            Poll::Ready(ended) => *outcome = Some(ended),
            Poll::Pending => {
                inside.stop(whole, Phase::Running, run);
                return;
            }
        }
    }
    while let (Some(held), Some(ended)) = (inside.held.pop(), &*outcome) {
        let at = inside.held.len();
        match layers[at].leave(held, ended) {
            Left::Done => {}
            Left::Replaced => *outcome = outcome.take().map(|ended| layers[at].instead(ended)),
            Left::Failed(attempts, class) => {
                let run = inside.stop(whole, Phase::Over, run);
                if !run.try_again(layers, at, attempts, class)
                    && let Some(ended) = outcome.take()
                {
                    run.phase = Phase::Leaving(at, ended);
                }
                *outcome = None;
                return;
            }
        }
    }
}

/// What is held on the way. Dropped before the way out, something panicked.
struct Inside<'l, R, O> {
    layers: &'l Layers<R, O>,
    held: SmallVec<[Held; MANY]>,
}

impl<R, O> Inside<'_, R, O> {
    /// A run that goes on from here.
    #[cold]
    fn stop<'r>(
        &mut self,
        whole: Option<Duration>,
        phase: Phase<O>,
        run: &'r mut Option<Run<O>>,
    ) -> &'r mut Run<O> {
        let whole = whole.map(Deadline::of);
        run.insert(Run { phase, held: mem::take(&mut self.held), whole, clock: None })
    }
}

impl<R, O> Drop for Inside<'_, R, O> {
    #[inline]
    fn drop(&mut self) {
        while let Some(held) = self.held.pop() {
            self.layers[self.held.len()].cancel(held, std::thread::panicking());
        }
    }
}
