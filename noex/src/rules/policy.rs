//! The rules that the policies of handlers hold your types and constants to.
//!
//! | rule | who keeps it |
//! |---|---|
//! | [`Retried`] | what a handler with `#[retry]` takes: `Clone` |
//! | [`Key`] | what `key = ..` names: `Hash + Eq + Clone + Debug` |
//!
//! The functions check, while the program is compiled, what is written as the path of a constant.

use std::{fmt::Debug, hash::Hash, time::Duration};

use crate::resilience::{
    BulkheadOptions, CircuitBreakerOptions, Fault, HedgeOptions, LoadShedderOptions, RateLimitOptions,
    RetryOptions, TimeoutOptions,
};

/// What a handler with `#[retry]` takes: it may be called with it more than once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` must be `Clone`, because `#[retry]` may run this handler more than once",
    label = "`{Self}` is not `Clone`",
    note = "derive `Clone`, or share it as `Arc<{Self}>`"
)]
pub trait Retried: Clone {}

impl<T: Clone> Retried for T {}

/// An argument that tells the keys of a policy apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a policy",
    label = "a key is `Hash + Eq + Clone + Debug`",
    note = "derive them, or use a field of it: `key = request.user`"
)]
pub trait Key: Hash + Eq + Clone + Debug + Send + Sync + 'static {}

impl<T: Hash + Eq + Clone + Debug + Send + Sync + 'static> Key for T {}

#[doc(hidden)]
pub const fn retried<T: Retried>() {}

#[doc(hidden)]
pub const fn key<T: Key>() {}

/// Fails to compile with the option and the rule that it breaks.
#[track_caller]
const fn hold(fault: Option<Fault>) {
    if let Some(Fault { option, rule }) = fault {
        // A panic while the program is compiled takes one text, and nothing joins two of them there.
        let (mut text, mut at) = ([0; LONGEST], 0);
        let parts = ["`", option, "`: ", rule];
        let mut part = 0;
        while part < parts.len() {
            let (bytes, mut byte) = (parts[part].as_bytes(), 0);
            while byte < bytes.len() && at < LONGEST {
                text[at] = bytes[byte];
                (byte, at) = (byte + 1, at + 1);
            }
            part += 1;
        }
        match std::str::from_utf8(text.split_at(at).0) {
            Ok(text) => panic!("{}", text),
            Err(_) => panic!("{}", rule),
        }
    }
}

/// Of what a broken rule is told by.
const LONGEST: usize = 160;

#[doc(hidden)]
#[track_caller]
pub const fn timeout(options: TimeoutOptions) {
    hold(options.fault());
}

#[doc(hidden)]
#[track_caller]
pub const fn retry(options: RetryOptions) {
    hold(options.fault());
}

#[doc(hidden)]
#[track_caller]
pub const fn circuit_breaker(options: CircuitBreakerOptions) {
    hold(options.fault());
}

#[doc(hidden)]
#[track_caller]
pub const fn rate_limit(options: RateLimitOptions) {
    hold(options.fault());
}

#[doc(hidden)]
#[track_caller]
pub const fn bulkhead(options: BulkheadOptions) {
    hold(options.fault());
}

#[doc(hidden)]
#[track_caller]
pub const fn load_shed(options: LoadShedderOptions) {
    hold(options.fault());
}

#[doc(hidden)]
#[track_caller]
pub const fn hedge(options: HedgeOptions) {
    hold(options.fault());
}

/// Whether there is time for another attempt to ask for the reply of an earlier one.
#[doc(hidden)]
#[track_caller]
pub const fn dedupe(kept: Duration) {
    if kept.is_zero() {
        panic!("a reply that is kept for no time answers nobody");
    }
}

/// Whether a time-out of one attempt can fire before the call itself is given up.
#[doc(hidden)]
#[track_caller]
pub const fn timeout_fits(limit: Duration, patience: Option<Duration>) {
    if let Some(patience) = patience
        && limit.as_nanos() > patience.as_nanos()
    {
        panic!("the caller gives up earlier, after the server's `call_timeout`, so this never fires");
    }
}
