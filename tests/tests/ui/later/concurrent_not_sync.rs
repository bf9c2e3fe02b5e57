// The clone is borrowed over an await, on whatever thread.
use noex::prelude::*;
use std::cell::Cell;

#[genserver]
#[derive(Clone)]
struct Counter {
    count: Cell<u64>,
}

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter { count: Cell::new(0) }
    }

    #[call(concurrent)]
    async fn get(&self) -> u64 {
        self.count.get()
    }
}

fn main() {}
