// row 55
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
    fn put(&mut self, (a, b): (u8, u8)) {
        let _ = (a, b);
    }

    #[cast]
    fn drop_it(&mut self, _: u8) {}
}

async fn user(counter: CounterRef) {
    // No error of their own for those who use the handlers.
    let _ = counter.put((1, 2)).await;
}

fn main() {}
