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

/// The first poll. It does what a [`Run`] does, step by step, and needs no state between two steps: the outcome, or
/// none, and then there is a run that is to go on. A run is large, and is not moved about for those that need none.
///
/// Nobody has set a deadline yet, so there is none to poll under.
#[inline]
pub(crate) fn straight<R, O: Outcome>(
    layers: &Layers<R, O>,
    whole: Option<Duration>,
    operation: &mut impl Operation<R, O>,
    cx: &mut Context<'_>,
    run: &mut Option<Run<O>>,
) -> Option<O> {
    let mut inside = Inside { layers, held: SmallVec::new() };
    let mut outcome = 'outcome: {
        for (at, layer) in layers.iter().enumerate() {
            match layer.enter(asked(operation)) {
                Entry::Passed(held) => inside.held.push(held),
                Entry::Wait(wait) => {
                    inside.stop(whole, Phase::Waiting(at, wait), run);
                    return None;
                }
                Entry::Refused(refusal) => break 'outcome O::refused(refusal),
            }
        }
        let copy = copy(&inside.held, layers, asked(operation));
        operation.begin(copy);
        match operation.poll(cx) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => {
                inside.stop(whole, Phase::Running, run);
                return None;
            }
        }
    };
    while let Some(held) = inside.held.pop() {
        let at = inside.held.len();
        match layers[at].leave(held, &outcome) {
            Left::Done => {}
            Left::Replaced => outcome = layers[at].instead(outcome),
            Left::Failed(attempts, class) => {
                let run = inside.stop(whole, Phase::Over, run);
                if !run.try_again(layers, at, attempts, class) {
                    run.phase = Phase::Leaving(at, outcome);
                }
                return None;
            }
        }
    }
    Some(outcome)
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
