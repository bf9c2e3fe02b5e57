//! The options of each policy, and what each takes.

use super::PolicyKind;

/// What an option takes.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// A whole number of at least this; what is wrong with 0.
    Count(u32, &'static str),
    /// A duration of more than nothing.
    Time,
    /// More than 0, at most 1.
    Part,
    /// More than 0, less than 1.
    Inside,
    /// From 0 to 1.
    Share,
    /// 1 or more.
    Factor,
    /// A word of these, which are variants of this enum.
    Word(&'static str, &'static [&'static str]),
    /// So many calls, or a duration.
    Window,
    /// Set, or not.
    Flag,
    /// A function from a borrowed error, or value, to `bool`.
    Predicate,
    /// An argument, or a field of one.
    Argument,
    /// A string.
    Text,
    /// A function.
    Function,
    /// One of these words, for the macro itself.
    Only(&'static [&'static str]),
    /// Set, or the name of who shares it.
    Budget,
    /// Texts, one of which an error says.
    Texts,
    /// Set, or one of these words.
    FlagOr(&'static [&'static str]),
}

pub(super) type Known = (&'static str, Shape);

/// Any whole number.
const ANY: Shape = Shape::Count(0, "");

const RETRY: &[Known] = &[
    ("max_attempts", ANY),
    ("initial_delay", Shape::Time),
    ("max_delay", Shape::Time),
    ("backoff_factor", Shape::Factor),
    ("jitter", Shape::Word("Jitter", &["none", "full", "equal", "ratio", "decorrelated"])),
    ("ratio", Shape::Part),
    ("max_elapsed", Shape::Time),
    ("budget", Shape::Budget),
    ("retryable_errors", Shape::Texts),
    ("when", Shape::Predicate),
    ("when_ok", Shape::Predicate),
    ("idempotent", Shape::Flag),
    ("dedupe", Shape::Time),
    ("retry_rejected", Shape::Flag),
    ("seed", ANY),
];

const CIRCUIT_BREAKER: &[Known] = &[
    ("failure_threshold", Shape::Count(1, "a breaker that trips at 0 failures is never closed")),
    ("success_threshold", Shape::Count(1, "a breaker cannot close after 0 successes")),
    ("reset_timeout", Shape::Time),
    ("half_open_timeout", Shape::Time),
    ("monitor_interval", Shape::Time),
    ("half_open_max_calls", Shape::Count(1, "a breaker without probes never closes")),
    ("half_open", Shape::Word("HalfOpen", &["reject", "wait"])),
    ("window", Shape::Window),
    ("failure_rate", Shape::Part),
    ("min_calls", Shape::Count(1, "a rate over 0 calls is none")),
    ("slow_call", Shape::Time),
    ("slow_rate", Shape::Part),
    ("reset_backoff", Shape::Factor),
    ("max_reset_timeout", Shape::Time),
    ("reset_jitter", Shape::Share),
    ("trip_on_hint", Shape::Flag),
    ("warm_up", Shape::Time),
    ("max_keys", Shape::Count(1, "a policy of 0 keys knows nobody")),
    ("when", Shape::Predicate),
    ("when_ok", Shape::Predicate),
    ("ignore", Shape::Predicate),
    ("key", Shape::Argument),
    ("name", Shape::Text),
    ("scope", Shape::Only(&["server", "type"])),
    ("reset_on_restart", Shape::Flag),
];

const RATE_LIMIT: &[Known] = &[
    ("key", Shape::Argument),
    ("cost", Shape::Argument),
    ("queue", ANY),
    ("queue_timeout", Shape::Time),
    ("algorithm", Shape::Word("Algorithm", &["sliding", "token_bucket", "fixed", "smooth"])),
    ("burst", Shape::Count(1, "a burst of 0 refuses every call")),
    ("exact", Shape::Flag),
    ("max_keys", Shape::Count(1, "a policy of 0 keys knows nobody")),
    ("on_full", Shape::Word("OnFull", &["refuse", "evict_oldest"])),
    ("drain", Shape::Flag),
    ("name", Shape::Text),
    ("scope", Shape::Only(&["server", "type"])),
    ("reset_on_restart", Shape::Flag),
    ("allow", Shape::Only(&["order"])),
];

const BULKHEAD: &[Known] = &[
    ("max_concurrent", Shape::Count(1, "a bulkhead of 0 admits nobody")),
    ("max_queue", ANY),
    ("queue_timeout", Shape::Time),
    ("queue", Shape::Word("QueueOrder", &["fifo", "lifo", "codel"])),
    ("adaptive", Shape::FlagOr(&["gradient", "vegas"])),
    ("weight", Shape::Argument),
    ("priority", Shape::Argument),
    ("hold_during_backoff", Shape::Flag),
    ("name", Shape::Text),
    ("scope", Shape::Only(&["server", "type"])),
    ("allow", Shape::Only(&["order"])),
];

const LOAD_SHED: &[Known] = &[
    ("ratio", Shape::Factor),
    ("window", Shape::Time),
    ("cap", Shape::Inside),
    ("queue_delay", Shape::Time),
    ("queue_interval", Shape::Time),
    ("name", Shape::Text),
    ("scope", Shape::Only(&["server", "type"])),
    ("seed", ANY),
];

const HEDGE: &[Known] = &[
    ("delay", Shape::Time),
    ("quantile", Shape::Inside),
    ("warm_up", Shape::Count(1, "a quantile of no calls is none")),
    ("max_extra", Shape::Count(1, "a hedge of no further runs is none")),
    ("budget", Shape::Budget),
    ("idempotent", Shape::Flag),
];

const FALLBACK: &[Known] = &[("with", Shape::Function)];

impl PolicyKind {
    pub(super) fn known(self) -> &'static [Known] {
        match self {
            PolicyKind::Fallback => FALLBACK,
            PolicyKind::Timeout => &[],
            PolicyKind::Retry => RETRY,
            PolicyKind::CircuitBreaker => CIRCUIT_BREAKER,
            PolicyKind::RateLimit => RATE_LIMIT,
            PolicyKind::Bulkhead => BULKHEAD,
            PolicyKind::LoadShed => LOAD_SHED,
            PolicyKind::Hedge => HEDGE,
        }
    }
}
