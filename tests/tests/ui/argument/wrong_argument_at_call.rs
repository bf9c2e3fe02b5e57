// row 64
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn add(&mut self, by: u64) -> u64 {
        by
    }
}

fn user(counter: CounterRef) {
    let _ = counter.add("x");
    let _ = counter.add();
}

fn main() {}
