// a method of the reference that nobody could call
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
    fn into(&self) -> u64 {
        1
    }

    #[cast]
    fn clone(&self) {}
}

async fn user(counter: CounterRef) {
    // Others are called, not what is behind them.
    counter.clone().await.unwrap();
}

fn main() {}
