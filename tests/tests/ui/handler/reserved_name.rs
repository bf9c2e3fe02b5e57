// a handler called like a function that every server gets
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
    fn start(&self) {}

    #[cast]
    fn child(&self) {}

    fn whereis() {}
}

async fn user(counter: CounterRef) {
    // No error of their own for those who use the handlers.
    let _ = counter.start().await;
    let _ = Counter::start().await;
}

fn main() {}
