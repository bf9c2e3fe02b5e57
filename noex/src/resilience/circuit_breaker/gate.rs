//! The state machine: who may pass, and what results do. Time comes in as numbers, events go out in order.
//!
//! | where | what |
//! |---|---|
//! | a [`Word`] | state, generation, failures in a row or probes: changed by compare-and-swap only |
//! | two deadlines | of this generation and of the one before, so that whoever comes late to the word reads its own |
//! | a lock | taken for changes of state, and for results where there is a window; never for a call that passes |
//!
//! A closed breaker without a window reads the word twice a call and writes nothing, unless there are
//! failures.

use std::sync::PoisonError;

use super::{
    super::{CircuitState, Counts, TripCause},
    CircuitBreakerOptions,
    rules::{Rules, decode},
    sync::{AtomicBool, AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering},
    turn::{Step, Turn},
    window::{self, Totals, Window},
    word::{Pass, Phase, Word},
};
use crate::mistakes::makes;

pub(super) struct Gate {
    pub(super) word: AtomicU64,
    /// When the open or half-open state of an even, and of an odd generation is over.
    pub(super) until: [AtomicU64; 2],
    /// What opened it last.
    pub(super) cause: AtomicU32,
    /// There is something to tell.
    pub(super) has_news: AtomicBool,
    pub(super) rules: Rules,
    turn: Mutex<Turn>,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Entry {
    Pass(Pass),
    /// For so long, where that is known.
    Refused(CircuitState, Option<u64>),
    /// All probes are out; the half-open state ends then.
    Full(u64),
    /// Observed, it passes in place of a refusal, for so long where that is known.
    Beside(Pass, Option<u64>),
    Disposed,
}

/// What became of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Counted,
    /// And the place of a probe is free.
    ProbeBack,
    /// It belongs to another generation.
    Late,
    /// Disabled, it counts nothing.
    Ignored,
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    pub(super) counts: Counts,
    pub(super) is_slow: bool,
    pub(super) hint: Option<std::time::Duration>,
}

impl Gate {
    pub(super) fn new(options: &CircuitBreakerOptions, made: u64) -> Self {
        let rules = Rules::new(options, made);
        let turn = Turn::new(rules.rates.map(|rates| Window::new(rates.window)));
        Gate {
            word: AtomicU64::new(Word::NEW.0),
            until: [AtomicU64::new(0), AtomicU64::new(0)],
            cause: AtomicU32::new(0),
            has_news: AtomicBool::new(false),
            rules,
            turn: Mutex::new(turn),
        }
    }

    #[inline]
    pub(super) fn word(&self) -> Word {
        Word(self.word.load(Ordering::Acquire))
    }

    pub(super) fn swap(&self, from: Word, to: Word) -> bool {
        if makes!(SwapsBlind) {
            self.word.store(to.0, Ordering::Release);
            return true;
        }
        self.word.compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    pub(super) fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The deadline of the word's generation. It may be a later one's when the word has changed since.
    fn until(&self, word: Word) -> u64 {
        self.until[word.deadline()].load(Ordering::Acquire)
    }

    /// A closed breaker lets pass without a look at the clock.
    #[inline]
    pub(super) fn pass(&self) -> Option<Pass> {
        let word = self.word();
        word.is_closed().then(|| word.pass())
    }

    /// Whether this success changes nothing: closed, no failures before, no window. A result of another
    /// generation never looks like that.
    #[inline]
    pub(super) fn is_moot(&self, pass: Pass) -> bool {
        self.rules.rates.is_none() && self.word().is_untouched(pass)
    }

    #[inline(always)]
    pub(super) fn admit(&self, now: impl Fn() -> u64) -> Entry {
        loop {
            let word = self.word();
            if word.is_disposed() {
                return Entry::Disposed;
            }
            match word.phase() {
                Phase::Closed | Phase::Disabled => return Entry::Pass(word.pass()),
                Phase::Forced => return Entry::Refused(CircuitState::ForcedOpen, None),
                Phase::Open => {
                    let (at, until) = (now(), self.until(word));
                    if at >= until {
                        if let Some(word) = self.shift(word, Step::Probe { at }) {
                            return Entry::Pass(word.pass());
                        }
                    } else if self.word() == word {
                        let after = Some(until - at);
                        return match word.is_observed() {
                            true => Entry::Beside(word.pass_beside(), after),
                            false => Entry::Refused(CircuitState::Open, after),
                        };
                    }
                }
                Phase::HalfOpen => {
                    let until = self.until(word);
                    if now() >= until {
                        self.give_verdict(word, until);
                    } else if word.probes() >= self.rules.probes {
                        if self.word() == word {
                            return match word.is_observed() {
                                true => Entry::Beside(word.pass_beside(), None),
                                false => Entry::Full(until),
                            };
                        }
                    } else if self.swap(word, word.with_probe()) {
                        return Entry::Pass(word.pass());
                    }
                }
            }
        }
    }

    pub(super) fn finish(&self, pass: Pass, outcome: Outcome, now: impl Fn() -> u64) -> Taken {
        loop {
            let word = self.word();
            if pass.is_beside() {
                return if word.is_observed() && !word.is_disposed() { Taken::Counted } else { Taken::Late };
            }
            if !word.admitted(pass) {
                return Taken::Late;
            }
            match (word.phase(), outcome.counts) {
                (Phase::HalfOpen, counts) => {
                    let (at, until) = (now(), self.until(word));
                    match counts {
                        // As if somebody had looked in time: it comes too late.
                        _ if at >= until => self.give_verdict(word, until),
                        Counts::Neutral if self.swap(word, word.without_probe()) => return Taken::ProbeBack,
                        Counts::Success if !outcome.is_slow => {
                            if word.good() + 1 >= self.rules.successes {
                                if self.shift(word, Step::Close).is_some() {
                                    return Taken::Counted;
                                }
                            } else if self.swap(word, word.without_probe().with_good()) {
                                return Taken::ProbeBack;
                            }
                        }
                        Counts::Success | Counts::Failure => {
                            let (hint, cause) = (self.rules.hint(outcome), TripCause::Probe);
                            if self.shift(word, Step::Open { at, hint, cause }).is_some() {
                                return Taken::Counted;
                            }
                        }
                        Counts::Neutral => {}
                    }
                }
                (Phase::Closed, Counts::Success | Counts::Failure) if self.rules.rates.is_some() => {
                    return self.record(pass, outcome, now);
                }
                (Phase::Closed, Counts::Success) => {
                    if word.failures() == 0 || self.swap(word, word.with_failures(0)) {
                        return Taken::Counted;
                    }
                }
                (Phase::Closed, Counts::Failure) => {
                    let failures = word.failures().saturating_add(1);
                    let cause = self.rules.trips(outcome, failures, None);
                    let done = match cause.and_then(|cause| Some((cause, self.rules.warm(&now)?))) {
                        Some((cause, at)) => self
                            .shift(word, Step::Open { at, hint: self.rules.hint(outcome), cause })
                            .is_some(),
                        None => self.swap(word, word.with_failures(failures)),
                    };
                    if done {
                        return Taken::Counted;
                    }
                }
                (Phase::Closed, Counts::Neutral) => return Taken::Counted,
                // Nothing is admitted in the other two.
                (Phase::Disabled | Phase::Open | Phase::Forced, _) => return Taken::Ignored,
            }
        }
    }

    /// A result while closed, where there is a window. All of these come one after another.
    fn record(&self, pass: Pass, outcome: Outcome, now: impl Fn() -> u64) -> Taken {
        let mut turn = self.turn();
        let word = self.word();
        let Some(window) = &mut turn.window else { return Taken::Counted };
        if !word.admitted(pass) {
            return Taken::Late;
        }
        let failed = outcome.counts == Counts::Failure;
        let totals = window.record(window::Result { failed, slow: outcome.is_slow }, &now);
        let failures = match self.rules.failures {
            Some(_) if failed => word.failures().saturating_add(1),
            _ => 0,
        };
        let cause = self.rules.trips(outcome, failures, Some(totals));
        match cause.and_then(|cause| Some((cause, self.rules.warm(&now)?))) {
            Some((cause, at)) => {
                let hint = self.rules.hint(outcome);
                // Nobody else changes the word of a closed breaker that has a window.
                self.shift_in(&mut turn, word, Step::Open { at, hint, cause });
            }
            None if failures != word.failures() => {
                self.swap(word, word.with_failures(failures));
            }
            None => {}
        }
        Taken::Counted
    }

    /// The half-open time was over at `due`. The open time after it counts from there, whenever that is
    /// noticed.
    fn give_verdict(&self, word: Word, due: u64) {
        let step = match word.good() {
            0 => Step::Open { at: due, hint: None, cause: TripCause::NoVerdict },
            _ => Step::Close,
        };
        self.shift(word, step);
    }

    pub(super) fn is_disposed(&self) -> bool {
        self.word().is_disposed()
    }

    /// The state, after what is due.
    pub(super) fn state(&self, now: impl Fn() -> u64) -> CircuitState {
        loop {
            let word = self.word();
            if word.phase() == Phase::HalfOpen && !word.is_disposed() {
                let until = self.until(word);
                if now() >= until {
                    self.give_verdict(word, until);
                    continue;
                }
            }
            return word.state();
        }
    }

    /// Failures in a row, and what is in the window.
    pub(super) fn counts(&self) -> (u32, Totals) {
        let totals = match self.rules.rates {
            Some(_) => self.turn().window.as_ref().map(Window::totals),
            None => None,
        };
        let word = self.word();
        let failures = if word.phase() == Phase::Closed { word.failures() } else { 0 };
        (failures, totals.unwrap_or_default())
    }

    #[inline]
    pub(super) fn cause(&self) -> Option<TripCause> {
        decode(self.cause.load(Ordering::Relaxed))
    }
}
