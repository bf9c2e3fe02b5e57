//! What a breaker can be told.

use std::time::Duration;

use super::{super::Fault, word::MOST_PROBES};

/// What a circuit breaker looks at to tell the rate of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(untagged))]
#[non_exhaustive]
pub enum CircuitWindow {
    /// The last so many results; up to 1 000 000, a quarter of a byte each.
    Calls(u32),
    /// The results of the last so long, to a twentieth of it.
    Time(
        #[cfg_attr(
            feature = "serde",
            serde(deserialize_with = "super::super::config::duration::deserialize")
        )]
        Duration,
    ),
}

/// What becomes of calls while all probes of a half-open circuit are out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum HalfOpen {
    /// They are refused.
    #[default]
    Reject,
    /// They wait for the verdict, or for a probe that comes back without one.
    Wait,
}

/// The options of a [`CircuitBreaker`](super::CircuitBreaker).
///
/// # Examples
///
/// ```
/// use noex::resilience::{CircuitBreakerOptions, CircuitWindow};
/// use std::time::Duration;
///
/// // Half of the last hundred calls, but not before there were twenty; the second open period is twice as long.
/// const OPTIONS: CircuitBreakerOptions = CircuitBreakerOptions::new()
///     .window(CircuitWindow::Calls(100))
///     .failure_rate(0.5)
///     .min_calls(20)
///     .reset_timeout(Duration::from_secs(10))
///     .reset_backoff(2.0);
/// const { assert!(OPTIONS.fault().is_none()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
#[must_use = "options do nothing until a policy is made of them"]
pub struct CircuitBreakerOptions {
    #[cfg_attr(feature = "serde", serde(alias = "failureThreshold"))]
    failure_threshold: Option<u32>,
    #[cfg_attr(feature = "serde", serde(alias = "successThreshold"))]
    success_threshold: u32,
    #[cfg_attr(
        feature = "serde",
        serde(alias = "resetTimeout", alias = "timeout", with = "super::super::config::duration")
    )]
    reset_timeout: Duration,
    #[cfg_attr(feature = "serde", serde(alias = "halfOpenTimeout", with = "super::super::config::duration"))]
    half_open_timeout: Duration,
    #[cfg_attr(feature = "serde", serde(alias = "monitorInterval", deserialize_with = "written::or_off"))]
    monitor_interval: Option<Duration>,
    #[cfg_attr(feature = "serde", serde(alias = "halfOpenMaxCalls"))]
    half_open_max_calls: Option<u32>,
    #[cfg_attr(feature = "serde", serde(alias = "halfOpen"))]
    half_open: HalfOpen,
    window: Option<CircuitWindow>,
    #[cfg_attr(feature = "serde", serde(alias = "failureRate"))]
    failure_rate: f64,
    #[cfg_attr(feature = "serde", serde(alias = "minCalls"))]
    min_calls: Option<u32>,
    #[cfg_attr(feature = "serde", serde(alias = "slowCall", deserialize_with = "written::or_off"))]
    slow_call: Option<Duration>,
    #[cfg_attr(feature = "serde", serde(alias = "slowRate"))]
    slow_rate: f64,
    #[cfg_attr(feature = "serde", serde(alias = "resetBackoff"))]
    reset_backoff: f64,
    #[cfg_attr(feature = "serde", serde(alias = "maxResetTimeout", deserialize_with = "written::or_off"))]
    max_reset_timeout: Option<Duration>,
    #[cfg_attr(feature = "serde", serde(alias = "resetJitter"))]
    reset_jitter: f64,
    seed: Option<u64>,
    #[cfg_attr(feature = "serde", serde(alias = "tripOnHint"))]
    trip_on_hint: bool,
    #[cfg_attr(feature = "serde", serde(alias = "warmUp", with = "super::super::config::duration"))]
    warm_up: Duration,
    #[cfg_attr(feature = "serde", serde(alias = "maxKeys"))]
    max_keys: usize,
}

/// What is growth without bound, unless told: 10 min.
const LONGEST: Duration = Duration::from_secs(600);

impl CircuitBreakerOptions {
    /// Opens after 5 failures in a row, probes after 60 s, closes after one success.
    pub const fn new() -> Self {
        CircuitBreakerOptions {
            failure_threshold: None,
            success_threshold: 1,
            reset_timeout: Duration::from_secs(60),
            half_open_timeout: Duration::from_secs(30),
            monitor_interval: Some(Duration::from_secs(5)),
            half_open_max_calls: None,
            half_open: HalfOpen::Reject,
            window: None,
            failure_rate: 0.5,
            min_calls: None,
            slow_call: None,
            slow_rate: 1.0,
            reset_backoff: 1.0,
            max_reset_timeout: None,
            reset_jitter: 0.0,
            seed: None,
            trip_on_hint: false,
            warm_up: Duration::ZERO,
            max_keys: 10_000,
        }
    }

    /// So many failures in a row open the circuit; at least 1. Default 5, and none where there is a
    /// [`window`](Self::window).
    pub const fn failure_threshold(mut self, failures: u32) -> Self {
        self.failure_threshold = Some(failures);
        self
    }

    /// So many successful probes close it; 1 to 65 535. Default 1.
    pub const fn success_threshold(mut self, successes: u32) -> Self {
        self.success_threshold = successes;
        self
    }

    /// How long it is open before it lets a probe through; more than 0. Default 60 s.
    pub const fn reset_timeout(mut self, period: Duration) -> Self {
        self.reset_timeout = period;
        self
    }

    /// How long it is half-open at most: then one success and no failure close it, anything else opens it
    /// again. More than 0. Default 30 s.
    pub const fn half_open_timeout(mut self, limit: Duration) -> Self {
        self.half_open_timeout = limit;
        self
    }

    /// How often it tells how it stands ([`PolicyEvent::Monitored`](crate::resilience::PolicyEvent)), while
    /// anybody listens; more than 0. Default 5 s.
    pub const fn monitor_interval(mut self, interval: Duration) -> Self {
        self.monitor_interval = Some(interval);
        self
    }

    /// It does not tell how it stands.
    pub const fn unmonitored(mut self) -> Self {
        self.monitor_interval = None;
        self
    }

    /// So many probes at once, 1 to 65 535. Default: as many as must succeed. With fewer they go in waves.
    pub const fn half_open_max_calls(mut self, probes: u32) -> Self {
        self.half_open_max_calls = Some(probes);
        self
    }

    /// What becomes of calls while all probes are out. Default: they are refused.
    pub const fn half_open(mut self, half_open: HalfOpen) -> Self {
        self.half_open = half_open;
        self
    }

    /// What the rates are told from. Default: nothing, failures in a row are counted instead. With a
    /// [`failure_threshold`](Self::failure_threshold) as well, either opens the circuit.
    pub const fn window(mut self, window: CircuitWindow) -> Self {
        self.window = Some(window);
        self
    }

    /// The part of the calls in the window whose failure opens the circuit; above 0, up to 1. Default 0.5.
    pub const fn failure_rate(mut self, rate: f64) -> Self {
        self.failure_rate = rate;
        self
    }

    /// With fewer calls in the window no rate opens it; at least 1, at most the calls of the window. Default
    /// 10, or as many as the window has.
    pub const fn min_calls(mut self, calls: u32) -> Self {
        self.min_calls = Some(calls);
        self
    }

    /// From how long on a call is slow. Needs a window. A slow probe is a failed one. Default: none is slow.
    pub const fn slow_call(mut self, slow: Duration) -> Self {
        self.slow_call = Some(slow);
        self
    }

    /// The part of slow calls in the window that opens the circuit; above 0, up to 1. Default 1.
    pub const fn slow_rate(mut self, rate: f64) -> Self {
        self.slow_rate = rate;
        self
    }

    /// By how much the open period grows with each half-open time that fails; at least 1. Closing ends the
    /// growth. Default 1.
    pub const fn reset_backoff(mut self, factor: f64) -> Self {
        self.reset_backoff = factor;
        self
    }

    /// To how much it grows; at least the [`reset_timeout`](Self::reset_timeout). Default 10 min.
    pub const fn max_reset_timeout(mut self, longest: Duration) -> Self {
        self.max_reset_timeout = Some(longest);
        self
    }

    /// By which part at most, by chance, an open period is longer, so that not all breakers probe at once; 0
    /// to 1. Default 0.
    pub const fn reset_jitter(mut self, part: f64) -> Self {
        self.reset_jitter = part;
        self
    }

    /// Makes the chance of [`reset_jitter`](Self::reset_jitter) the same each time. Default: a random one.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Whether a failure that asks for a pause ([`Class::Throttled`](crate::resilience::Class)) opens the
    /// circuit for that long. Default: it is a failure like others.
    pub const fn trip_on_hint(mut self, trips: bool) -> Self {
        self.trip_on_hint = trips;
        self
    }

    /// For how long after it was made it does not open. Default 0.
    pub const fn warm_up(mut self, warm_up: Duration) -> Self {
        self.warm_up = warm_up;
        self
    }

    /// How many keys a [`KeyedCircuitBreaker`](super::KeyedCircuitBreaker) keeps; at least 1. Default 10 000.
    pub const fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = keys;
        self
    }

    /// The first option that breaks a rule.
    pub const fn fault(&self) -> Option<Fault> {
        if matches!(self.failure_threshold, Some(0)) {
            return fault("failure_threshold", "it opens after at least 1 failure");
        }
        if !is_probes(self.success_threshold) {
            return fault("success_threshold", "it closes after 1 to 65535 successes");
        }
        if self.reset_timeout.is_zero() {
            return fault("reset_timeout", "a circuit that is open for no time is never open");
        }
        if self.half_open_timeout.is_zero() {
            return fault("half_open_timeout", "a probe with no time can never succeed");
        }
        if matches!(self.monitor_interval, Some(Duration::ZERO)) {
            return fault("monitor_interval", "it is more than 0, or `unmonitored`");
        }
        if matches!(self.half_open_max_calls, Some(probes) if !is_probes(probes)) {
            return fault("half_open_max_calls", "1 to 65535 probes run at once");
        }
        if matches!(
            self.window,
            Some(CircuitWindow::Calls(0 | 1_000_001..) | CircuitWindow::Time(Duration::ZERO))
        ) {
            return fault("window", "it holds 1 to 1000000 calls, or more than no time");
        }
        if !is_part(self.failure_rate) {
            return fault("failure_rate", "a rate is above 0 and at most 1");
        }
        if matches!(self.min_calls, Some(0)) {
            return fault("min_calls", "a rate is told from at least 1 call");
        }
        if matches!((self.min_calls, self.window), (Some(calls), Some(CircuitWindow::Calls(window))) if calls > window)
        {
            return fault("min_calls", "it is more than the window holds");
        }
        if self.min_calls.is_some() && self.window.is_none() {
            return fault("min_calls", "calls are counted in a `window`");
        }
        if matches!(self.slow_call, Some(Duration::ZERO)) {
            return fault("slow_call", "every call takes longer than no time");
        }
        if self.slow_call.is_some() && self.window.is_none() {
            return fault("slow_call", "slow calls are counted in a `window`");
        }
        if !is_part(self.slow_rate) {
            return fault("slow_rate", "a rate is above 0 and at most 1");
        }
        if !(self.reset_backoff >= 1.0 && self.reset_backoff < f64::INFINITY) {
            return fault("reset_backoff", "it is at least 1");
        }
        if matches!(self.max_reset_timeout, Some(longest) if longest.as_nanos() < self.reset_timeout.as_nanos())
        {
            return fault("max_reset_timeout", "it is at least the `reset_timeout`");
        }
        if !(self.reset_jitter >= 0.0 && self.reset_jitter <= 1.0) {
            return fault("reset_jitter", "it is 0 to 1");
        }
        if self.max_keys == 0 {
            return fault("max_keys", "at least 1 key is kept");
        }
        None
    }
}

/// What the options come to, with what is left out filled in.
impl CircuitBreakerOptions {
    /// `None`: failures in a row do not open it.
    pub(super) fn failures(&self) -> Option<u32> {
        self.failure_threshold.or(if self.window.is_some() { None } else { Some(5) })
    }

    pub(super) fn successes(&self) -> u32 {
        self.success_threshold
    }

    pub(super) fn probes(&self) -> u32 {
        self.half_open_max_calls.unwrap_or(self.success_threshold)
    }

    pub(super) fn calls(&self) -> u64 {
        let calls = match (self.min_calls, self.window) {
            (Some(calls), _) => calls,
            (None, Some(CircuitWindow::Calls(window))) => window.min(10),
            (None, _) => 10,
        };
        calls.into()
    }

    pub(super) fn waits(&self) -> bool {
        self.half_open == HalfOpen::Wait
    }

    pub(super) fn slow(&self) -> Option<Duration> {
        self.slow_call
    }

    pub(super) fn monitored(&self) -> Option<Duration> {
        self.monitor_interval
    }

    pub(super) fn keys(&self) -> usize {
        self.max_keys
    }

    pub(super) fn seeded(&self) -> Option<u64> {
        self.seed
    }

    pub(super) fn rates(&self) -> Option<Rates> {
        let (window, failed, calls) = (self.window?, self.failure_rate, self.calls());
        Some(Rates { window, calls, failed, slow: self.slow_call.map(|_| self.slow_rate) })
    }

    pub(super) fn periods(&self) -> Periods {
        Periods {
            reset: self.reset_timeout,
            half_open: self.half_open_timeout,
            warm_up: self.warm_up,
            growth: self.reset_backoff,
            longest: self.max_reset_timeout.unwrap_or(LONGEST.max(self.reset_timeout)),
            jitter: self.reset_jitter,
            trips_on_hint: self.trip_on_hint,
        }
    }
}

/// Which parts of the calls open the circuit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    pub(super) window: CircuitWindow,
    pub(super) calls: u64,
    pub(super) failed: f64,
    pub(super) slow: Option<f64>,
}

/// How long it stays in which state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Periods {
    pub(super) reset: Duration,
    pub(super) half_open: Duration,
    pub(super) warm_up: Duration,
    pub(super) growth: f64,
    pub(super) longest: Duration,
    pub(super) jitter: f64,
    pub(super) trips_on_hint: bool,
}

const fn fault(option: &'static str, rule: &'static str) -> Option<Fault> {
    Some(Fault { option, rule })
}

const fn is_part(rate: f64) -> bool {
    rate > 0.0 && rate <= 1.0
}

const fn is_probes(count: u32) -> bool {
    count >= 1 && count <= MOST_PROBES
}

impl Default for CircuitBreakerOptions {
    fn default() -> Self {
        CircuitBreakerOptions::new()
    }
}

#[cfg(feature = "serde")]
mod written {
    //! Durations that can be switched off.

    use std::time::Duration;

    use serde::{Deserialize, Deserializer};

    use super::super::super::config::duration;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Off(Off),
        After(#[serde(deserialize_with = "duration::deserialize")] Duration),
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Off {
        Off,
    }

    /// `"off"`, nothing, or a duration.
    pub(super) fn or_off<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        Ok(match Option::<Written>::deserialize(from)? {
            None | Some(Written::Off(Off::Off)) => None,
            Some(Written::After(duration)) => Some(duration),
        })
    }
}
