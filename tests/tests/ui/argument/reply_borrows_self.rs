// row 61
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
    fn name(&self) -> &str {
        "counter"
    }

    #[call]
    fn first(&self) -> Option<&u64> {
        None
    }
}

async fn user(counter: CounterRef) {
    // No error of their own for those who use the handlers.
    let _: Result<String, _> = counter.name().await;
}

fn main() {}
