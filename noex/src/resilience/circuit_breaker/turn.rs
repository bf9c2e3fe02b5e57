//! Changes of state: one after another, each a generation of its own, told in order.

use std::collections::VecDeque;

use super::{
    super::{CircuitState, TripCause},
    gate::Gate,
    rules::encode,
    sync::Ordering,
    window::Window,
    word::{Phase, Word},
};

/// What only one at a time may touch.
pub(super) struct Turn {
    pub(super) window: Option<Window>,
    /// Half-open times that failed since it was closed.
    failed: u32,
    /// Handles that keep it open, of those given out since [`epoch`](Turn::epoch) changed.
    isolated: usize,
    epoch: u64,
    /// It was forced open by hand, not by a handle alone.
    by_hand: bool,
    untold: VecDeque<(CircuitState, CircuitState)>,
    /// Somebody tells; there is never a second one, so that what is heard is in order.
    is_telling: bool,
}

impl Turn {
    pub(super) fn new(window: Option<Window>) -> Self {
        let (isolated, epoch) = Default::default();
        Turn {
            window,
            failed: 0,
            isolated,
            epoch,
            by_hand: false,
            untold: VecDeque::new(),
            is_telling: false,
        }
    }
}

/// Where to go.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Close,
    /// From then on, for its own time or the hint's.
    Open {
        at: u64,
        hint: Option<u64>,
        cause: TripCause,
    },
    Probe {
        at: u64,
    },
    Force,
    Disable,
    /// Closed, and observed from then on.
    Observe,
    /// Closed, and not observed any more.
    Reset,
}

/// What people can tell it.
#[derive(Clone, Copy)]
pub(super) enum Command {
    ForceOpen,
    Close,
    Disable,
    Observe,
    Enable,
}

impl Gate {
    pub(super) fn shift(&self, from: Word, step: Step) -> Option<Word> {
        self.shift_in(&mut self.turn(), from, step)
    }

    /// Enters another state, unless the word is no longer this one.
    pub(super) fn shift_in(&self, turn: &mut Turn, from: Word, step: Step) -> Option<Word> {
        // The deadline's place may be in use if it is not.
        if self.word() != from {
            return None;
        }
        let failed = if from.phase() == Phase::HalfOpen { turn.failed + 1 } else { 0 };
        let before = self.cause.load(Ordering::Relaxed);
        let (next, until, cause) = match step {
            Step::Close => (from.enter(Phase::Closed), 0, before),
            Step::Reset => (from.enter(Phase::Closed).unobserved(), 0, before),
            Step::Observe => (from.enter(Phase::Closed).observed(), 0, before),
            Step::Force => (from.enter(Phase::Forced).unobserved(), 0, before),
            Step::Disable => (from.enter(Phase::Disabled).unobserved(), 0, before),
            Step::Probe { at } => {
                (from.enter(Phase::HalfOpen).with_probe(), at.saturating_add(self.rules.half_open), before)
            }
            Step::Open { at, hint, cause } => {
                let next = from.enter(Phase::Open);
                let own = self.rules.period(failed);
                let period = match hint {
                    Some(hint) if failed > 0 => hint.max(own),
                    Some(hint) => hint,
                    None => own,
                };
                (next, at.saturating_add(period), encode(cause))
            }
        };
        self.cause.store(cause, Ordering::Relaxed);
        self.until[next.deadline()].store(until, Ordering::Release);
        if !self.swap(from, next) {
            self.cause.store(before, Ordering::Relaxed);
            return None;
        }
        match step {
            Step::Open { .. } => turn.failed = failed,
            Step::Probe { .. } => {}
            Step::Close | Step::Reset | Step::Observe => {
                turn.failed = 0;
                if let Some(window) = &mut turn.window {
                    window.clear();
                }
            }
            Step::Force | Step::Disable => turn.failed = 0,
        }
        if from.state() != next.state() {
            turn.untold.push_back((from.state(), next.state()));
            self.has_news.store(true, Ordering::Relaxed);
        }
        Some(next)
    }

    /// Does as a person says; nothing any more once it is disposed of.
    pub(super) fn obey(&self, command: Command) {
        let mut turn = self.turn();
        if let Command::ForceOpen = command {
            turn.by_hand = true;
        }
        if let Command::Disable | Command::Observe | Command::Close = command {
            (turn.epoch, turn.isolated, turn.by_hand) = (turn.epoch + 1, 0, false);
        }
        self.step(&mut turn, |word| match command {
            Command::ForceOpen => (word.phase() != Phase::Forced).then_some(Step::Force),
            Command::Disable => (word.phase() != Phase::Disabled).then_some(Step::Disable),
            Command::Observe => (!word.is_observed()).then_some(Step::Observe),
            Command::Close => Some(Step::Reset),
            Command::Enable => (word.phase() == Phase::Disabled || word.is_observed()).then_some(Step::Reset),
        });
    }

    /// Forced open while the result is not given back to [`rejoin`](Gate::rejoin).
    pub(super) fn isolate(&self) -> u64 {
        let mut turn = self.turn();
        turn.isolated += 1;
        self.step(&mut turn, |word| (word.phase() != Phase::Forced).then_some(Step::Force));
        turn.epoch
    }

    pub(super) fn rejoin(&self, epoch: u64) {
        let mut turn = self.turn();
        if turn.epoch != epoch {
            return;
        }
        turn.isolated -= 1;
        if turn.isolated == 0 && !turn.by_hand {
            self.step(&mut turn, |word| (word.phase() == Phase::Forced).then_some(Step::Reset));
        }
    }

    fn step(&self, turn: &mut Turn, to: impl Fn(Word) -> Option<Step>) {
        loop {
            let word = self.word();
            if word.is_disposed() {
                return;
            }
            let Some(step) = to(word) else { return };
            if self.shift_in(turn, word, step).is_some() {
                return;
            }
        }
    }

    /// Refuses from now on; `false` if it did before.
    pub(super) fn dispose(&self) -> bool {
        let _turn = self.turn();
        loop {
            let word = self.word();
            if word.is_disposed() {
                return false;
            }
            if self.swap(word, word.dispose()) {
                return true;
            }
        }
    }

    /// Tells what happened and is not told yet, in order and without a lock. Who comes while another one
    /// tells leaves it to that one.
    #[inline]
    pub(super) fn announce(&self, tell: impl Fn(CircuitState, CircuitState)) {
        if self.has_news.load(Ordering::Relaxed) {
            self.tell_all(tell);
        }
    }

    #[cold]
    fn tell_all(&self, tell: impl Fn(CircuitState, CircuitState)) {
        let mut turn = self.turn();
        if turn.is_telling {
            return;
        }
        turn.is_telling = true;
        while let Some((from, to)) = turn.untold.pop_front() {
            drop(turn);
            let over = Telling(self);
            tell(from, to);
            std::mem::forget(over);
            turn = self.turn();
        }
        turn.is_telling = false;
        self.has_news.store(false, Ordering::Relaxed);
    }
}

/// A listener's waker panicked: the next one may tell.
struct Telling<'a>(&'a Gate);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        self.0.turn().is_telling = false;
    }
}
