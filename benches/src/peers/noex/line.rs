//! A declared pipeline.

use noex::prelude::*;

use super::Noex;
use super::pool::Adder;
use crate::peer::{Lines, repeat};

pipeline! {
    /// Four servers that add.
    pub(crate) Line: i64 => i64 {
        first: Adder::add,
        second: Adder::add,
        third: Adder::add,
        fourth: Adder::add,
    }
}

impl Lines for Noex {
    type Line = Line;

    async fn line() -> Line {
        let [first, second, third, fourth] = [Adder::start(), Adder::start(), Adder::start(), Adder::start()];
        let started = (first.await, second.await, third.await, fourth.await);
        let (Ok(first), Ok(second), Ok(third), Ok(fourth)) = started else { panic!("the stages start") };
        Line::new(first, second, third, fourth)
    }

    async fn process_many(line: &Line, times: u64) {
        repeat!(times, line.process(1).await.expect("no stage fails"));
    }
}
