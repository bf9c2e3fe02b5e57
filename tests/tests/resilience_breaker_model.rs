//! The circuit breaker against a model: the table of its states, written down as simply as it can be, with
//! every transition made when it is due and every rate counted anew. Random outcomes, steps of time and
//! commands; after each, both say the same.
#![allow(missing_docs)]

mod support;

use std::{
    cell::Cell,
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use noex::resilience::{
    CircuitBreaker, CircuitBreakerOptions, CircuitState, CircuitWindow, Class, PolicyError, judge,
};
use support::chance::Chance;
use tokio::time::advance;

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Closed { failures: u64 },
    Open { until: u64 },
    HalfOpen { until: u64, running: u64, good: u64 },
    Forced,
    Disabled,
}

#[derive(Clone, Copy, Debug)]
struct Rules {
    failures: Option<u64>,
    successes: u64,
    probes: u64,
    reset: u64,
    half_open: u64,
    doubles: bool,
    /// Calls in the window, calls that a rate needs, failures in ten.
    window: Option<(usize, usize, usize)>,
}

struct Model {
    rules: Rules,
    state: State,
    /// Only watched: nobody is refused.
    observed: bool,
    generation: u64,
    growth: u32,
    results: VecDeque<bool>,
    late: u64,
    would_refuse: u64,
    now: u64,
}

/// The generation of calls that pass in place of a refusal.
const BESIDE: u64 = u64::MAX;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Counts {
    Success,
    Failure,
    Neutral,
}

impl Model {
    fn enter(&mut self, state: State) {
        self.generation += 1;
        self.state = state;
        if let State::Closed { .. } = state {
            self.growth = 0;
            self.results.clear();
        }
    }

    fn open(&mut self, at: u64) {
        let factor = if self.rules.doubles { 2_u64.pow(self.growth) } else { 1 };
        self.enter(State::Open { until: at + (self.rules.reset * factor).min(600_000) });
    }

    /// What is due by itself.
    fn settle(&mut self) {
        if let State::HalfOpen { until, good, .. } = self.state
            && self.now >= until
        {
            if good > 0 {
                self.enter(State::Closed { failures: 0 });
            } else {
                self.growth += 1;
                self.open(until);
            }
        }
    }

    /// A generation, or the state and for how long it says no.
    fn admit(&mut self) -> Result<u64, (CircuitState, Option<u64>)> {
        let admitted = self.ask();
        if admitted.is_err() && self.observed {
            self.would_refuse += 1;
            return Ok(BESIDE);
        }
        admitted
    }

    /// The same with no regard to whether it is observed.
    fn ask(&mut self) -> Result<u64, (CircuitState, Option<u64>)> {
        self.settle();
        match &mut self.state {
            State::Closed { .. } | State::Disabled => {}
            State::Forced => return Err((CircuitState::ForcedOpen, None)),
            State::Open { until } if self.now < *until => {
                return Err((CircuitState::Open, Some(*until - self.now)));
            }
            State::Open { .. } => {
                let until = self.now + self.rules.half_open;
                self.enter(State::HalfOpen { until, running: 1, good: 0 });
            }
            State::HalfOpen { running, .. } if *running >= self.rules.probes => {
                return Err((CircuitState::HalfOpen, None));
            }
            State::HalfOpen { running, .. } => *running += 1,
        }
        Ok(self.generation)
    }

    fn finish(&mut self, generation: u64, counts: Counts) {
        self.settle();
        if generation == BESIDE {
            self.late += u64::from(!self.observed);
            return;
        }
        if generation != self.generation {
            self.late += 1;
            return;
        }
        match (&mut self.state, counts) {
            (State::HalfOpen { running, .. }, Counts::Neutral) => *running -= 1,
            (State::HalfOpen { running, good, .. }, Counts::Success) => {
                (*running, *good) = (*running - 1, *good + 1);
                if *good >= self.rules.successes {
                    self.enter(State::Closed { failures: 0 });
                }
            }
            (State::HalfOpen { .. }, Counts::Failure) => {
                self.growth += 1;
                self.open(self.now);
            }
            (State::Closed { failures }, Counts::Success | Counts::Failure) => {
                *failures = if counts == Counts::Failure { *failures + 1 } else { 0 };
                let failures = *failures;
                self.results.push_back(counts == Counts::Failure);
                let reached = self.rules.failures.is_some_and(|threshold| failures >= threshold);
                let rate = self.rules.window.is_some_and(|(window, least, in_ten)| {
                    while self.results.len() > window {
                        self.results.pop_front();
                    }
                    let failed = self.results.iter().filter(|failed| **failed).count();
                    self.results.len() >= least && failed * 10 >= in_ten * self.results.len()
                });
                if reached || rate {
                    self.open(self.now);
                }
            }
            _ => {}
        }
    }

    fn state(&mut self) -> CircuitState {
        self.settle();
        match self.state {
            _ if self.observed => CircuitState::Observed,
            State::Closed { .. } => CircuitState::Closed,
            State::Open { .. } => CircuitState::Open,
            State::HalfOpen { .. } => CircuitState::HalfOpen,
            State::Forced => CircuitState::ForcedOpen,
            State::Disabled => CircuitState::Disabled,
        }
    }
}

type Done = Result<(), PolicyError<Class>>;
type Call = Pin<Box<dyn Future<Output = Done>>>;
/// How a call is to end, once that is known.
type End = Rc<Cell<Option<Class>>>;

/// A call under way, in both.
struct Running {
    generation: u64,
    outcome: End,
    call: Call,
}

fn poll(call: &mut Call) -> Poll<Done> {
    call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn begin(breaker: &CircuitBreaker) -> (End, Call) {
    let (outcome, breaker) = (End::default(), breaker.clone());
    let ends = outcome.clone();
    let operation = move || {
        poll_fn(move |_| match ends.get() {
            None => Poll::Pending,
            Some(Class::Success) => Poll::Ready(Ok(())),
            Some(class) => Poll::Ready(Err(class)),
        })
    };
    let judge = judge::errors(|class: &Class| *class);
    (outcome, Box::pin(async move { breaker.execute_with(judge, operation).await }))
}

fn rules(chance: &mut Chance) -> (Rules, CircuitBreakerOptions) {
    let windowed = chance.below(2) == 0;
    let rules = Rules {
        failures: (!windowed || chance.below(2) == 0).then(|| 1 + chance.below(4)),
        successes: 1 + chance.below(3),
        probes: 1 + chance.below(3),
        reset: 1 + chance.below(50),
        half_open: 1 + chance.below(50),
        doubles: chance.below(2) == 0,
        window: windowed.then(|| {
            let window = 1 + chance.below(40);
            (window as usize, 1 + chance.below(window) as usize, 1 + chance.below(10) as usize)
        }),
    };
    let mut options = CircuitBreakerOptions::new()
        .success_threshold(rules.successes as u32)
        .half_open_max_calls(rules.probes as u32)
        .reset_timeout(Duration::from_millis(rules.reset))
        .half_open_timeout(Duration::from_millis(rules.half_open))
        .reset_backoff(if rules.doubles { 2.0 } else { 1.0 })
        .unmonitored();
    if let Some(failures) = rules.failures {
        options = options.failure_threshold(failures as u32);
    }
    if let Some((window, least, in_ten)) = rules.window {
        let window = CircuitWindow::Calls(window as u32);
        options = options.window(window).min_calls(least as u32).failure_rate(in_ten as f64 / 10.0);
    }
    (rules, options)
}

/// One run of a seed; what happened is printed when it fails.
async fn run(seed: u64) {
    let mut chance = Chance(seed);
    let (rules, options) = rules(&mut chance);
    let breaker = CircuitBreaker::new(format!("model {seed}"), options).unwrap();
    let state = State::Closed { failures: 0 };
    let (results, mut running) = (VecDeque::new(), Vec::<Running>::new());
    let (observed, generation, growth, late, would_refuse, now) = Default::default();
    let mut model = Model { rules, state, observed, generation, growth, results, late, would_refuse, now };
    let mut story = format!("seed {seed}, {rules:?}");
    for _ in 0..120 {
        match chance.below(16) {
            0..=5 => {
                let (outcome, mut call) = begin(&breaker);
                let expected = model.admit();
                story += &format!("\n{} call: {expected:?}", model.now);
                match (poll(&mut call), expected) {
                    (Poll::Pending, Ok(generation)) => running.push(Running { generation, outcome, call }),
                    (Poll::Ready(Err(PolicyError::CircuitOpen(open))), Err((state, after))) => {
                        let after = after.map(Duration::from_millis);
                        assert_eq!((open.state, open.retry_after), (state, after), "{story}");
                    }
                    (other, _) => panic!("{other:?} after {story}"),
                }
            }
            6..=11 if !running.is_empty() => {
                let Running { generation, outcome, mut call } =
                    running.swap_remove(chance.below(running.len() as u64) as usize);
                let (class, counts) = match chance.below(8) {
                    0..=2 => (Some(Class::Success), Counts::Success),
                    3..=5 => (Some(Class::Transient), Counts::Failure),
                    6 => (Some(Class::Ignored), Counts::Neutral),
                    _ => (None, Counts::Neutral),
                };
                story += &format!("\n{} {counts:?} of {generation}", model.now);
                outcome.set(class);
                if class.is_some() {
                    assert!(poll(&mut call).is_ready(), "{story}");
                } else {
                    drop(call);
                }
                model.finish(generation, counts);
            }
            6..=13 => {
                let longest = if chance.below(4) == 0 { 200 } else { 20 };
                let step = chance.below(longest);
                advance(Duration::from_millis(step)).await;
                model.now += step;
            }
            14 => {
                let command = chance.below(12);
                story += &format!("\n{} command {command}", model.now);
                match command {
                    0 => {
                        breaker.force_open();
                        model.settle();
                        if model.state != State::Forced {
                            model.enter(State::Forced);
                            model.observed = false;
                        }
                    }
                    1 => {
                        breaker.disable();
                        model.settle();
                        if model.state != State::Disabled {
                            model.enter(State::Disabled);
                            model.observed = false;
                        }
                    }
                    2 => {
                        breaker.enable();
                        if model.state == State::Disabled || model.observed {
                            model.enter(State::Closed { failures: 0 });
                            model.observed = false;
                        }
                    }
                    3..=5 => {
                        breaker.force_close();
                        model.enter(State::Closed { failures: 0 });
                        model.observed = false;
                    }
                    6..=7 => {
                        breaker.observe();
                        if !model.observed {
                            model.enter(State::Closed { failures: 0 });
                            model.observed = true;
                        }
                    }
                    _ => {}
                }
            }
            _ => {
                assert_eq!(breaker.state(), model.state(), "{story}");
                assert_eq!(breaker.status().counter("late_results"), model.late, "{story}");
                assert_eq!(breaker.status().counter("would_refuse"), model.would_refuse, "{story}");
            }
        }
    }
    assert_eq!(breaker.state(), model.state(), "{story}");
    assert_eq!(breaker.status().counter("late_results"), model.late, "{story}");
    assert_eq!(breaker.status().counter("would_refuse"), model.would_refuse, "{story}");
}

#[tokio::test(start_paused = true)]
async fn the_breaker_does_what_the_table_says() {
    for seed in 0..3000 {
        run(seed).await;
    }
}
