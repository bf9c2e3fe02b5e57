//! The unit tests of the modules of `quakes`.
//!
//! Cargo builds an example as the program or as its tests, not as both, and the program is what
//! `tests/quakes.rs` runs. So the tests are a target of their own, with the modules of `main.rs`.
#![allow(dead_code, reason = "the `main` that uses all of it is in the other target")]

mod cli;
mod database;
mod enrich;
mod event;
mod feed;
mod input;
mod journey;
mod meter;
mod outcome;
mod parse;
mod places;
mod progress;
mod refusal;
mod rules;
mod run;
mod sabotage;
mod severity;
mod store;
mod summary;
mod text;
mod tree;
mod validate;
