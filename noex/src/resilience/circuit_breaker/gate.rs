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

use std::{collections::VecDeque, sync::PoisonError, time::Duration};

use super::{
    super::{CircuitState, Counts, TripCause},
    CircuitBreakerOptions,
    options::Rates,
    sync::{AtomicBool, AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering},
    window::{self, Totals, Window},
    word::{Pass, Phase, Word},
};

pub(super) struct Gate {
    word: AtomicU64,
    /// When the open or half-open state of an even, and of an odd generation is over.
    until: [AtomicU64; 2],
    /// What opened it last.
    cause: AtomicU32,
    /// There is something to tell.
    has_news: AtomicBool,
    rules: Rules,
    turn: Mutex<Turn>,
}

/// The options, in nanoseconds.
struct Rules {
    failures: Option<u32>,
    successes: u32,
    probes: u32,
    rates: Option<Rates>,
    reset: u64,
    half_open: u64,
    warm_up: u64,
    growth: f64,
    longest: u64,
    jitter: f64,
    trips_on_hint: bool,
    seed: u64,
}

/// What only one at a time may touch.
struct Turn {
    window: Option<Window>,
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

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Entry {
    Pass(Pass),
    /// For so long, where that is known.
    Refused(CircuitState, Option<u64>),
    /// All probes are out; the half-open state ends then.
    Full(u64),
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
    pub(super) hint: Option<Duration>,
}

/// Where to go.
#[derive(Clone, Copy)]
enum Step {
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
}

/// What people can tell it.
#[derive(Clone, Copy)]
pub(super) enum Command {
    ForceOpen,
    Close,
    Disable,
    Enable,
}

pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Gate {
    pub(super) fn new(options: &CircuitBreakerOptions, seed: u64) -> Self {
        let (periods, rates) = (options.periods(), options.rates());
        let turn = Turn {
            window: rates.map(|rates| Window::new(rates.window)),
            failed: 0,
            isolated: 0,
            epoch: 0,
            by_hand: false,
            untold: VecDeque::new(),
            is_telling: false,
        };
        Gate {
            word: AtomicU64::new(Word::NEW.0),
            until: [AtomicU64::new(0), AtomicU64::new(0)],
            cause: AtomicU32::new(0),
            has_news: AtomicBool::new(false),
            rules: Rules {
                failures: options.failures(),
                successes: options.successes(),
                probes: options.probes(),
                rates,
                reset: nanos(periods.reset),
                half_open: nanos(periods.half_open),
                warm_up: nanos(periods.warm_up),
                growth: periods.growth,
                longest: nanos(periods.longest),
                jitter: periods.jitter,
                trips_on_hint: periods.trips_on_hint,
                seed,
            },
            turn: Mutex::new(turn),
        }
    }

    #[inline]
    fn word(&self) -> Word {
        Word(self.word.load(Ordering::Acquire))
    }

    fn swap(&self, from: Word, to: Word) -> bool {
        self.word.compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    fn turn(&self) -> MutexGuard<'_, Turn> {
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
                        return Entry::Refused(CircuitState::Open, Some(until - at));
                    }
                }
                Phase::HalfOpen => {
                    let until = self.until(word);
                    if now() >= until {
                        self.give_verdict(word, until);
                    } else if word.probes() >= self.rules.probes {
                        if self.word() == word {
                            return Entry::Full(until);
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
                            let (hint, cause) = (self.hint(outcome), TripCause::Probe);
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
                    let cause = self.trips(outcome, failures, None);
                    let done = match cause.and_then(|cause| Some((cause, self.warm(&now)?))) {
                        Some((cause, at)) => {
                            self.shift(word, Step::Open { at, hint: self.hint(outcome), cause }).is_some()
                        }
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
        let cause = self.trips(outcome, failures, Some(totals));
        match cause.and_then(|cause| Some((cause, self.warm(&now)?))) {
            Some((cause, at)) => {
                let hint = self.hint(outcome);
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

    /// The time, once it may trip.
    fn warm(&self, now: impl Fn() -> u64) -> Option<u64> {
        let at = now();
        (at >= self.rules.warm_up).then_some(at)
    }

    fn hint(&self, outcome: Outcome) -> Option<u64> {
        let trips = self.rules.trips_on_hint && outcome.counts == Counts::Failure;
        outcome.hint.filter(|hint| trips && !hint.is_zero()).map(nanos)
    }

    /// What opens a closed breaker after this outcome, if anything does.
    fn trips(&self, outcome: Outcome, failures: u32, totals: Option<Totals>) -> Option<TripCause> {
        if self.hint(outcome).is_some() {
            return Some(TripCause::Hint);
        }
        if self.rules.failures.is_some_and(|threshold| failures >= threshold) {
            return Some(TripCause::Failures { count: failures });
        }
        let (rates, totals) = (self.rules.rates?, totals?);
        if totals.calls < rates.calls {
            return None;
        }
        let reaches = |count: u64, rate: f64| count as f64 / totals.calls as f64 >= rate;
        if reaches(totals.failed, rates.failed) {
            return Some(TripCause::FailureRate { per_mille: per_mille(totals.failed, totals.calls) });
        }
        let is_slow = rates.slow.is_some_and(|rate| reaches(totals.slow, rate));
        is_slow.then(|| TripCause::SlowRate { per_mille: per_mille(totals.slow, totals.calls) })
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

    fn shift(&self, from: Word, step: Step) -> Option<Word> {
        self.shift_in(&mut self.turn(), from, step)
    }

    /// Enters another state, unless the word is no longer this one.
    fn shift_in(&self, turn: &mut Turn, from: Word, step: Step) -> Option<Word> {
        // The deadline's place may be in use if it is not.
        if self.word() != from {
            return None;
        }
        let failed = if from.phase() == Phase::HalfOpen { turn.failed + 1 } else { 0 };
        let before = self.cause.load(Ordering::Relaxed);
        let (next, until, cause) = match step {
            Step::Close => (from.enter(Phase::Closed), 0, before),
            Step::Force => (from.enter(Phase::Forced), 0, before),
            Step::Disable => (from.enter(Phase::Disabled), 0, before),
            Step::Probe { at } => {
                (from.enter(Phase::HalfOpen).with_probe(), at.saturating_add(self.rules.half_open), before)
            }
            Step::Open { at, hint, cause } => {
                let next = from.enter(Phase::Open);
                let own = self.period(failed, next.generation());
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
            Step::Close | Step::Force | Step::Disable => {
                turn.failed = 0;
                if let (Step::Close, Some(window)) = (step, &mut turn.window) {
                    window.clear();
                }
            }
        }
        if from.phase() != next.phase() {
            turn.untold.push_back((from.phase().state(), next.phase().state()));
            self.has_news.store(true, Ordering::Relaxed);
        }
        Some(next)
    }

    /// How long it is open after so many half-open times that failed.
    fn period(&self, failed: u32, generation: u32) -> u64 {
        let Rules { reset, growth, longest, jitter, seed, .. } = self.rules;
        let mut period = reset;
        if growth > 1.0 && failed > 0 {
            let grown = reset as f64 * growth.powi(i32::try_from(failed).unwrap_or(i32::MAX));
            period = (grown as u64).clamp(reset, longest);
        }
        if jitter > 0.0 {
            let chance = (mix(seed ^ u64::from(generation)) >> 11) as f64 / (1_u64 << 53) as f64;
            period = period.saturating_add((period as f64 * jitter * chance) as u64);
        }
        period
    }

    /// Does as a person says; nothing any more once it is disposed of.
    pub(super) fn obey(&self, command: Command) {
        let mut turn = self.turn();
        if let Command::ForceOpen = command {
            turn.by_hand = true;
        }
        self.step(&mut turn, |turn, phase| match command {
            Command::ForceOpen => (phase != Phase::Forced).then_some(Step::Force),
            Command::Disable | Command::Close => {
                (turn.epoch, turn.isolated, turn.by_hand) = (turn.epoch + 1, 0, false);
                let disables = matches!(command, Command::Disable);
                if disables { (phase != Phase::Disabled).then_some(Step::Disable) } else { Some(Step::Close) }
            }
            Command::Enable => (phase == Phase::Disabled).then_some(Step::Close),
        });
    }

    /// Forced open while the result is not given back to [`rejoin`](Gate::rejoin).
    pub(super) fn isolate(&self) -> u64 {
        let mut turn = self.turn();
        turn.isolated += 1;
        self.step(&mut turn, |_, phase| (phase != Phase::Forced).then_some(Step::Force));
        turn.epoch
    }

    pub(super) fn rejoin(&self, epoch: u64) {
        let mut turn = self.turn();
        if turn.epoch != epoch {
            return;
        }
        turn.isolated -= 1;
        if turn.isolated == 0 && !turn.by_hand {
            self.step(&mut turn, |_, phase| (phase == Phase::Forced).then_some(Step::Close));
        }
    }

    fn step(&self, turn: &mut Turn, to: impl Fn(&mut Turn, Phase) -> Option<Step>) {
        loop {
            let word = self.word();
            if word.is_disposed() {
                return;
            }
            let Some(step) = to(turn, word.phase()) else { return };
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
            return word.phase().state();
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

    pub(super) fn cause(&self) -> Option<TripCause> {
        decode(self.cause.load(Ordering::Relaxed))
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

pub(super) fn per_mille(count: u64, of: u64) -> u32 {
    count.saturating_mul(1000).checked_div(of).map_or(0, |part| part as u32)
}

/// splitmix64, for a number that looks like chance.
fn mix(mut seed: u64) -> u64 {
    seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    seed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    seed = (seed ^ seed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ seed >> 31
}

/// A cause in a word: the kind in three bits, its number in the others.
fn encode(cause: TripCause) -> u32 {
    let (kind, number) = match cause {
        TripCause::Failures { count } => (1, count),
        TripCause::FailureRate { per_mille } => (2, per_mille),
        TripCause::SlowRate { per_mille } => (3, per_mille),
        TripCause::Probe => (4, 0),
        TripCause::NoVerdict => (5, 0),
        TripCause::Hint => (6, 0),
    };
    kind | number.min(u32::MAX >> 3) << 3
}

fn decode(word: u32) -> Option<TripCause> {
    let number = word >> 3;
    Some(match word & 7 {
        1 => TripCause::Failures { count: number },
        2 => TripCause::FailureRate { per_mille: number },
        3 => TripCause::SlowRate { per_mille: number },
        4 => TripCause::Probe,
        5 => TripCause::NoVerdict,
        6 => TripCause::Hint,
        _ => return None,
    })
}
