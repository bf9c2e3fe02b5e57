// an argument without a type, which rustc has the word for
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
    fn get(&self, at u64) -> u64 {
        at
    }

    #[call]
    fn sound(&self) -> u64 {
        1
    }
}

async fn user(counter: CounterRef) {
    let _: u64 = counter.sound().await.unwrap();
}

fn main() {}
