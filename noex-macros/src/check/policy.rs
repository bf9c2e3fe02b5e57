//! Rules over the policies of one handler: which it can have, and in which order they make sense.

use crate::diag::{Diag, choices};
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::policy::{Given, Policy, PolicyKind};
use crate::model::types;
use crate::syntax::options::Value;
use std::time::Duration;

pub(crate) fn check(handler: &Handler, diag: &mut Diag) {
    for policy in &handler.policies {
        let before = diag.count();
        check_kind(handler, policy, diag);
        if diag.count() == before {
            check_reply(handler, policy, diag);
            check_values(handler, policy, diag);
            check_arguments(handler, policy, diag);
        }
    }
    check_order(handler, diag);
}

/// What has no reply has few policies, and what nobody sends has none.
fn check_kind(handler: &Handler, policy: &Policy, diag: &mut Diag) {
    let word = &policy.word;
    match handler.kind {
        Kind::Call => {}
        Kind::Cast | Kind::Info => {
            let noun = handler.kind.article();
            let (why, help) = match policy.kind {
                PolicyKind::RateLimit => {
                    if let Some(key) = policy.key("queue").or(policy.key("queue_timeout")) {
                        diag.error(key, format!("{noun} does not wait for its turn")).help("remove it");
                    }
                    if let Some(key) = policy.key("drain") {
                        diag.error(key, format!("{noun} has no reply that could ask for a pause"))
                            .help("remove it");
                    }
                    return;
                }
                PolicyKind::CircuitBreaker => {
                    if !policy.has("name") {
                        diag.error(word, format!("{noun} has no reply that this breaker could learn from"))
                            .help("give it the `name` of a breaker that learns from calls");
                    }
                    return;
                }
                PolicyKind::Retry => ("has no reply to judge", "use `#[call]`"),
                PolicyKind::Timeout => ("has no reply to wait for", "use `#[call]`"),
                PolicyKind::Fallback => ("has no reply to replace", "use `#[call]`"),
                PolicyKind::Hedge => ("has no reply to be the first with", "use `#[call]`"),
                PolicyKind::LoadShed => (
                    "has no reply that says how its server keeps up",
                    "bound the mailbox: `#[genserver(mailbox = 64, overflow = drop_oldest)]`",
                ),
                PolicyKind::Bulkhead => (
                    "has no reply that gives its place back",
                    "bound the mailbox: `#[genserver(mailbox = 64)]`",
                ),
            };
            diag.error(word, format!("{noun} {why}")).help(help);
        }
        kind => {
            let message = format!("`#[{word}]` only works on `#[call]`, `#[cast]` and `#[info]` handlers");
            diag.error(word, message).help(format!("remove it from this `#[{}]` method", kind.word()));
        }
    }
}

/// Who judges a reply, needs one that can fail.
fn check_reply(handler: &Handler, policy: &Policy, diag: &mut Diag) {
    if handler.kind != Kind::Call || handler.output().is_some_and(types::is_result) {
        return;
    }
    let judges_values = policy.has("when_ok");
    let needs = match policy.kind {
        PolicyKind::Retry | PolicyKind::CircuitBreaker => !judges_values,
        PolicyKind::Fallback | PolicyKind::Hedge => true,
        PolicyKind::Timeout | PolicyKind::LoadShed | PolicyKind::RateLimit | PolicyKind::Bulkhead => false,
    };
    if needs {
        let message = format!("`#[{}]` needs a handler that can fail", policy.kind.word());
        match handler.output() {
            Some(output) => {
                diag.error(output, message).help(format!("return `Result<{}, _>`", types::text(output)))
            }
            None => diag.error(handler.ident(), message).help("return `Result<(), _>`"),
        }
    }
    if let Some(key) = policy.key("when").or(policy.key("ignore")).or(policy.key("retryable_errors")) {
        diag.error(key, format!("`{key}` judges errors, and this handler has none"))
            .help("return `Result<_, _>`, or judge values with `when_ok`");
    }
}

/// Values that contradict one another.
fn check_values(handler: &Handler, policy: &Policy, diag: &mut Diag) {
    if policy.kind == PolicyKind::Retry {
        check_attempts(handler, policy, diag);
        let longest = policy.time("max_delay").map_or(Duration::from_secs(30), |(time, _)| time);
        if let Some((first, written)) = policy.time("initial_delay")
            && first > longest
        {
            diag.error(written, format!("the first delay, {first:?}, is above the longest, {longest:?}"))
                .help("raise `max_delay`");
        } else if let (Some((longest, written)), None) =
            (policy.time("max_delay"), policy.get("initial_delay"))
            && longest < Duration::from_secs(1)
        {
            diag.error(written, format!("the first delay, 1s, is above the longest, {longest:?}"))
                .help("set `initial_delay` as well");
        }
    }
    if let Some((least, count, window)) = unreachable_calls(policy) {
        diag.error(least, format!("`min_calls`, {count}, is never reached in a window of {window} calls"))
            .help(format!("use {window} or less"));
    }
    let both = policy.key("name").and_then(|_| policy.key("scope"));
    if let Some(scope) = both {
        diag.error(scope, "a policy with a `name` is shared by all that name it").help("remove `scope`");
    }
    if let (Some(texts), Some(_)) = (policy.key("retryable_errors"), policy.key("when")) {
        diag.error(texts, "`when` says already which errors another attempt may mend")
            .help("keep one of the two");
    }
    if policy.kind == PolicyKind::Hedge && !policy.has("idempotent") {
        diag.error(&policy.word, format!("`#[hedge]` runs `{}` twice at the same time", handler.ident()))
            .help("add `idempotent` if that does no harm, or use `#[retry]`");
    }
    if let Some(burst) = policy.key("burst")
        && !matches!(policy.get("algorithm"), Some(Given::Variant { word, .. }) if word == "token_bucket")
    {
        diag.error(burst, "only a token bucket has a burst").help("add `algorithm = token_bucket`");
    }
    if policy.kind == PolicyKind::LoadShed {
        check_queue_delay(policy, diag);
    }
    if policy.kind == PolicyKind::Retry
        && let Some(ratio) = policy.key("ratio")
        && !matches!(policy.get("jitter"), Some(Given::Variant { word, .. }) if word == "ratio")
    {
        diag.error(ratio, "only a jitter of a part of the delay has a ratio").help("add `jitter = ratio`");
    }
    if policy.kind == PolicyKind::Fallback
        && let (Some(_), Some(with)) = (&policy.first, policy.key("with"))
    {
        diag.error(with, "a fallback is a value or a function").help("keep one of the two");
    }
}

/// The `min_calls` that a window of so many calls never holds.
pub(crate) fn unreachable_calls(policy: &Policy) -> Option<(&proc_macro2::TokenStream, u64, u64)> {
    let (Some(Given::Calls(window)), Some(Given::Number(least))) =
        (policy.get("window"), policy.get("min_calls"))
    else {
        return None;
    };
    let (window, count) = (integer(window)?, integer(least)?);
    (count > window).then_some((least, count, window))
}

/// How long calls may be queued, and for how long it may be so.
fn check_queue_delay(policy: &Policy, diag: &mut Diag) {
    if let (Some(interval), None) = (policy.key("queue_interval"), policy.key("queue_delay")) {
        diag.error(interval, "nobody minds how long calls are queued").help("add `queue_delay = 5ms`");
    }
    let interval = policy.time("queue_interval").map_or(Duration::from_millis(100), |(time, _)| time);
    let is_known = !policy.has("queue_interval") || policy.time("queue_interval").is_some();
    if let Some((delay, written)) = policy.time("queue_delay")
        && is_known
        && delay >= interval
    {
        let message =
            format!("the delay, {delay:?}, is as long as the time that it is looked at, {interval:?}");
        diag.error(written, message).help("raise `queue_interval`");
    }
    if let Some((window, written)) = policy.time("window")
        && window < Duration::from_millis(16)
    {
        diag.error(written, format!("a window of {window:?} sees nothing")).help("use `16ms` or more");
    }
}

/// One attempt is no retry.
fn check_attempts(handler: &Handler, policy: &Policy, diag: &mut Diag) {
    let Some(Given::Number(attempts)) = policy.get("max_attempts") else { return };
    let name = handler.ident();
    let message = match integer(attempts) {
        Some(0) => format!("`#[retry]` with no attempt would never call `{name}`"),
        Some(1) => format!("`#[retry]` with one attempt would never call `{name}` again"),
        _ => return,
    };
    diag.error(attempts, message).help("use `max_attempts = 2` or more");
}

fn integer(value: &proc_macro2::TokenStream) -> Option<u64> {
    match Value::of(value) {
        Value::Integer(int) => int.base10_parse().ok(),
        _ => None,
    }
}

/// Keys and costs come from the message.
fn check_arguments(handler: &Handler, policy: &Policy, diag: &mut Diag) {
    for set in &policy.settings {
        let Given::Argument(words) = &set.value else { continue };
        let mut names = handler.arguments.iter().filter_map(|argument| argument.name.as_ref());
        if names.any(|name| *name == words[0]) {
            continue;
        }
        let names = handler.arguments.iter().filter_map(|argument| argument.name.as_ref());
        let names: Vec<String> = names.map(ToString::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let message = format!("`{}` has no argument `{}`", handler.ident(), words[0]);
        let help = match names.as_slice() {
            [] => format!("give it one, or remove `{}`", set.key),
            names => choices(&words[0].to_string(), names, "its arguments"),
        };
        diag.error(&words[0], message).help(help);
    }
}

/// The order as written is the order of nesting; some orders defeat themselves.
fn check_order(handler: &Handler, diag: &mut Diag) {
    let policies = &handler.policies;
    for (at, inner) in policies.iter().enumerate() {
        for (outer_at, outer) in policies[..at].iter().enumerate() {
            let between = &policies[outer_at + 1..at];
            check_pair(handler, outer, inner, between, diag);
        }
    }
}

fn check_pair(handler: &Handler, outer: &Policy, inner: &Policy, between: &[Policy], diag: &mut Diag) {
    use PolicyKind::{Fallback, Hedge, Retry, Timeout};
    let retry_between = between.iter().find(|policy| policy.kind == Retry);
    match (outer.kind, inner.kind) {
        (Retry, Fallback) => diag
            .error(&inner.word, "`#[retry]` around `#[fallback]` never sees a failure")
            .help("write `#[fallback]` above `#[retry]`"),
        (Retry, Hedge) if outer.has("dedupe") => diag
            .error(
                &inner.word,
                format!("`#[hedge]` runs `{}` twice, which `dedupe` is there to prevent", handler.ident()),
            )
            .help("remove one of the two"),
        (Hedge, kind) if kind != Hedge => diag
            .error(
                &inner.word,
                format!(
                    "`#[hedge]` makes the runs, so that nothing stands below it, as `#[{}]` does",
                    inner.word
                ),
            )
            .help("write `#[hedge]` last"),
        (Timeout, Timeout) if retry_between.is_none() => diag
            .error(&inner.word, "of two time-outs around the same attempt one can never fire")
            .help("keep the shorter one, or put `#[retry]` between them"),
        (Timeout, Timeout) => {
            if let (Some(total), Some(attempt)) = (outer.limit(), inner.limit())
                && total <= attempt
            {
                let message = format!(
                    "the time-out around all attempts, {total:?}, ends before this one, {attempt:?}, can"
                );
                diag.error(&inner.place(), message).help("make this one shorter");
            }
        }
        (Timeout, Retry) => {
            let first = inner.get("initial_delay").is_none().then_some(Duration::from_secs(1));
            let first = inner.time("initial_delay").map(|(time, _)| time).or(first);
            if let (Some(total), Some(first)) = (outer.limit(), first)
                && total <= first
                && !inner.has("jitter")
            {
                let message = format!(
                    "the time-out around this, {total:?}, is over before the first retry, after {first:?}"
                );
                diag.error(&inner.word, message).help("make `initial_delay` shorter, or the time-out longer");
            }
        }
        (a, b) if a == b && name_of(outer) == name_of(inner) => {
            let word = &inner.word;
            let mut message = format!("`{}` already has a `#[{word}]`", handler.ident());
            if name_of(inner).is_some() {
                message += " of this name";
            }
            diag.error(word, message).help(match a {
                PolicyKind::CircuitBreaker
                | PolicyKind::LoadShed
                | PolicyKind::RateLimit
                | PolicyKind::Bulkhead => "keep one of the two, or give them different names",
                _ => "keep one of the two",
            });
        }
        _ => {}
    }
}

/// What tells two policies of one kind apart.
fn name_of(policy: &Policy) -> Option<String> {
    match policy.get("name") {
        Some(Given::Text(name)) => Some(name.value()),
        _ => None,
    }
}

/// What is allowed, but seldom meant: the policy that is told, and what.
pub(crate) fn doubts(handler: &Handler) -> Vec<(&Policy, String)> {
    use PolicyKind::{Bulkhead, CircuitBreaker, RateLimit, Retry};
    let mut doubts = Vec::new();
    let policies = &handler.policies;
    for (at, inner) in policies.iter().enumerate() {
        for outer in policies[..at].iter().filter(|outer| !outer.has("allow")) {
            let doubt = match (outer.kind, inner.kind) {
                (Bulkhead, Retry) if !outer.has("hold_during_backoff") => {
                    "`#[bulkhead]` around `#[retry]` holds its place while the retry waits: write `#[retry]` above \
                     `#[bulkhead]`, or `hold_during_backoff` if that is meant"
                }
                (Bulkhead, CircuitBreaker) if !has_no_queue(outer) => {
                    "calls queue in this `#[bulkhead]` only to be refused by the `#[circuit_breaker]` inside: write \
                     `#[circuit_breaker]` above it, or `allow = order` if that is meant"
                }
                (RateLimit, CircuitBreaker) if outer.has("queue") => {
                    "calls queue in this `#[rate_limit]` only to be refused by the `#[circuit_breaker]` inside: write \
                     `#[circuit_breaker]` above it, or `allow = order` if that is meant"
                }
                _ => continue,
            };
            doubts.push((outer, doubt.to_string()));
        }
    }
    doubts
}

fn has_no_queue(bulkhead: &Policy) -> bool {
    matches!(bulkhead.get("max_queue"), Some(Given::Number(queue)) if integer(queue) == Some(0))
}
