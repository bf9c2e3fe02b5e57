// an async handler that takes `&self` of a state that is not `Sync`
use noex::prelude::*;

use std::cell::Cell;

#[genserver]
struct Counter {
    count: Cell<u64>,
}

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter { count: Cell::new(0) }
    }

    #[call]
    async fn get(&self) -> u64 {
        self.count.get()
    }

    #[call]
    fn plain(&self) -> u64 {
        self.count.get()
    }

    #[cast]
    async fn put(&mut self, count: u64) {
        self.count.set(count);
    }
}

fn main() {}
