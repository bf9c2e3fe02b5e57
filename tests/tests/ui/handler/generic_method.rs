// row 38
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
    fn put<T>(&mut self, item: T) {
        let _ = item;
    }

    #[cast]
    fn put_many<const N: usize>(&mut self, items: [u8; N]) {
        let _ = items;
    }
}

async fn user(counter: CounterRef) {
    // No error of their own for those who use the handlers.
    let _ = counter.put(1).await;
    let _ = counter.put_many([1, 2]).await;
}

fn main() {}
