// a body that is being typed is one error of rustc, and the reference is there
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
    fn get(&self) -> u64 {
        self.
    }

    #[call]
    fn add(&mut self, by: u64) -> u64 {
        by
    }
}

async fn user(counter: CounterRef) {
    // No error of their own for those who use the handlers.
    let _ = counter.get().await;
    let _ = counter.add("x").await;
}

fn main() {}
