//! What wrong policies are told, and in which order they make sense.

use super::{assert_each, in_block};
use proc_macro2::TokenStream;
use quote::quote;

/// A handler that can fail, with these policies.
fn on_call(policies: TokenStream) -> Vec<String> {
    in_block(quote!(#[call] #policies fn save(&mut self, user_id: u64) -> Result<u32, E> { x }))
}

#[test]
fn values() {
    assert_each(
        vec![
            (quote!(#[retry(max_attempts = -1)]), "`max_attempts` cannot be negative", "use 0 or more"),
            (quote!(#[retry(max_attempts)]), "`max_attempts` needs a value", "write `max_attempts = 10`"),
            (
                quote!(#[retry(jitter = some)]),
                "unknown jitter `some`",
                "`jitter` is one of: `none`, `full`, `equal`, `ratio`, `decorrelated`",
            ),
            (
                quote!(#[retry(jitter = full, ratio = 0.2)]),
                "only a jitter of a part of the delay has a ratio",
                "add `jitter = ratio`",
            ),
            (
                quote!(#[retry(jitter = ratio, ratio = 1.5)]),
                "`ratio` is above 0 and at most 1",
                "write `ratio = 0.5`",
            ),
            (quote!(#[retry(dedupe = 0s)]), "`dedupe` cannot be zero", "write `1s`"),
            (
                quote!(#[retry(dedupe = 30s)] #[hedge(idempotent)]),
                "`#[hedge]` runs `save` twice, which `dedupe` is there to prevent",
                "remove one of the two",
            ),
            (quote!(#[retry(idempotent = true)]), "`idempotent` takes no value", "write `idempotent`"),
            (
                quote!(#[retry(max_attempts = 3, max_attempts = 4)]),
                "`max_attempts` is set twice",
                "keep one of the two",
            ),
            (
                quote!(#[retry = 3]),
                "options of `#[retry]` stand in parentheses",
                "write `#[retry(max_attempts = 3)]`",
            ),
            (quote!(#[timeout(5s, name = "x")]), "unknown option `name`", "write `#[timeout(5s)]`"),
            (
                quote!(#[bulkhead(max_concurrent = "4")]),
                "expected a whole number for `max_concurrent`",
                "use 1 or more",
            ),
            (
                quote!(#[rate_limit(5 per 1s, key = user_id + 1)]),
                "`key` is an argument of the handler, or a field of one",
                "write `key = user_id`, or `key = request.user`",
            ),
            (
                quote!(#[rate_limit(5 per 1s, burst = 3)]),
                "only a token bucket has a burst",
                "add `algorithm = token_bucket`",
            ),
            (
                quote!(#[circuit_breaker(name = "db", scope = type)]),
                "a policy with a `name` is shared by all that name it",
                "remove `scope`",
            ),
            (
                quote!(#[load_shed(queue_interval = 1s)]),
                "nobody minds how long calls are queued",
                "add `queue_delay = 5ms`",
            ),
            (
                quote!(#[load_shed(queue_delay = 1s)]),
                "the delay, 1s, is as long as the time that it is looked at, 100ms",
                "raise `queue_interval`",
            ),
            (quote!(#[bulkhead(weight = 0)]), "a call that takes no slot is not limited", "use 1 or more"),
            (
                quote!(#[bulkhead(priority = rank)]),
                "`save` has no argument `rank`",
                "its arguments: `user_id`",
            ),
            (quote!(#[load_shed(window = 5ms)]), "a window of 5ms sees nothing", "use `16ms` or more"),
            (quote!(#[load_shed(cap = 1.0)]), "`cap` is above 0 and below 1", "write `cap = 0.9`"),
            (quote!(#[circuit_breaker(name = db)]), "`name` is a string", "write `name = \"database\"`"),
        ],
        on_call,
    );
}

#[test]
fn right_policies_are_told_nothing() {
    for policies in [
        quote!(#[retry] #[circuit_breaker] #[rate_limit] #[bulkhead] #[timeout]),
        quote!(#[fallback(7)] #[timeout(20s)] #[retry] #[timeout(1s)]),
        quote!(#[retry(jitter = ratio, ratio = 0.1, dedupe = 30s)] #[timeout(1s)]),
        quote!(#[load_shed] #[rate_limit]),
        quote!(#[bulkhead(weight = user_id, priority = PRIORITY)]),
        quote!(#[load_shed(ratio = 1.2, window = WINDOW, cap = 0.5, queue_delay = 1s, queue_interval = 2s)]),
        quote!(#[rate_limit(LIMIT per PERIOD, key = user_id, cost = 2, algorithm = token_bucket, burst = 5)]),
        quote!(#[circuit_breaker(window = 10s, failure_rate = 0.5, min_calls = 4, slow_call = 1s, half_open = wait)]),
        quote!(#[rate_limit(1 per 1s, name = "a")] #[rate_limit(9 per 1min, name = "b")]),
        quote!(#[noex::retry(when = |error| error.is_transient(), backoff_factor = 1)]),
    ] {
        assert_eq!(on_call(policies.clone()), [""; 0], "{policies}");
    }
}

#[test]
fn a_cast_has_no_reply_that_asks_for_anything() {
    assert_each(
        vec![
            (
                quote!(#[rate_limit(5 per 1s, drain)]),
                "a cast has no reply that could ask for a pause",
                "remove it",
            ),
            (
                quote!(#[load_shed]),
                "a cast has no reply that says how its server keeps up",
                "bound the mailbox: `#[genserver(mailbox = 64, overflow = drop_oldest)]`",
            ),
            (quote!(#[rate_limit(5 per 1s, queue = 3)]), "a cast does not wait for its turn", "remove it"),
        ],
        |policies| in_block(quote!(#[cast] #policies fn save(&mut self, user_id: u64) { x })),
    );
}
