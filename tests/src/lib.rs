//! What noex promises, by topic; the tests are in `tests/`.

pub mod elsewhere;

/// The README's program compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
