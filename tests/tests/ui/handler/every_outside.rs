// row 26, for timers
use noex::prelude::*;

struct Counter;

impl Counter {
    #[every(30s)]
    fn sweep(&mut self) {}

    #[idle(60s)]
    fn rest(&mut self) {}
}

fn main() {}
