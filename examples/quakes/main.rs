//! A week of real earthquakes into a database: the parts that do the work; the stages come next.
#![allow(dead_code)]
mod cli;
mod database;
mod event;
mod feed;
mod input;
mod meter;
mod outcome;
mod places;
mod progress;
mod refusal;
mod rules;
mod sabotage;
mod severity;
mod summary;
fn main() {}
