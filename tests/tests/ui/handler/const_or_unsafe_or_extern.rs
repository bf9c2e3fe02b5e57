// row 40
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
    const fn get(&self) -> u64 {
        1
    }

    #[cast]
    unsafe fn put(&mut self) {}

    #[cast]
    extern "C" fn reset(&mut self) {}
}

async fn user(counter: CounterRef) {
    // No error of their own for those who use the handlers.
    let _: Result<u64, _> = counter.get().await;
    let _ = counter.put().await;
}

fn main() {}
