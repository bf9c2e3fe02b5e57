// row 29
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
    fn add(by: u64) {
        let _ = by;
    }

    #[cast]
    fn reset() {}

    #[info]
    fn ticked(tick: u8) {
        let _ = tick;
    }
}

async fn user(counter: CounterRef) {
    // No error of their own for those who use the handlers.
    let _ = counter.add(1).await;
    let _ = counter.reset().await;
}

fn main() {}
