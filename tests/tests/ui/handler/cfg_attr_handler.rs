// row 42
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[cfg_attr(all(), call)]
    fn get(&self) -> u64 {
        1
    }
}

async fn user(counter: CounterRef) {
    // No error of their own for those who use the handlers.
    let _: Result<u64, _> = counter.get().await;
}

fn main() {}
