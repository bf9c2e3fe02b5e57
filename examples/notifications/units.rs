//! The unit tests of the modules of `notifications`: a target of their own, as those of `quakes`.
#![allow(dead_code, reason = "the `main` that uses all of it is in the other target")]

mod account;
mod board;
mod channels;
mod cli;
mod database;
mod deliver;
mod drive;
mod end;
mod intake;
mod journey;
mod limit;
mod notification;
mod plan;
mod report;
mod run;
mod sabotage;
mod sinks;
mod tracker;
mod tree;
mod validate;
