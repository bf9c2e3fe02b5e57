// row 37
use noex::prelude::*;

struct Tick;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[info]
    fn ticked(&mut self, tick: Tick) {
        let _ = tick;
    }

    #[info]
    fn tocked(&mut self, tick: Tick) {
        let _ = tick;
    }
}

fn main() {}
