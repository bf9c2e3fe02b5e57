// row 41
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call(timout = 1s)]
    fn get(&self) -> u64 {
        1
    }

    #[call(concurent)]
    async fn peek(&self) -> u64 {
        1
    }

    #[cast(timeout = 1s)]
    fn put(&mut self) {}

    #[call(timeout = 5)]
    fn pop(&mut self) {}
}

fn main() {}
