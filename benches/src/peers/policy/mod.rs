//! The peers of the policies. Each is used as its own documentation uses it, around [`work`]; what is not
//! asynchronous is called as what it is.

use std::fmt;
use std::hint::black_box;

use crate::scenario::Bench;

mod circuit;
mod limiter;
mod method;
mod noex;
mod tower;
mod wait;

/// Every policy, of noex and of others.
pub(crate) fn benches() -> Vec<Bench> {
    [
        noex::benches(),
        circuit::benches(),
        limiter::benches(),
        tower::benches(),
        wait::benches(),
        method::benches(),
    ]
    .concat()
}

/// What the policies are around.
#[inline]
fn work(number: i64) -> Result<i64, Failed> {
    Ok(black_box(number))
}

/// An error that never happens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for Failed {}
