// row 47
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
    fn put(&mut self, key: &str) {
        let _ = key;
    }
}

async fn user(counter: CounterRef) {
    // No error of their own for those who use the handlers.
    let _ = counter.put("x").await;
    let _ = counter.put(String::new()).await;
}

fn main() {}
