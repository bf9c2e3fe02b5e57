// row 28
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
    #[call]
    fn add(&mut self, by: u64) {
        let _ = by;
    }
}

async fn user(counter: CounterRef) {
    // No error of their own for those who use the handlers.
    let _ = counter.add(1).await;
}

fn main() {}
