// a reply that lacks an argument, and a result of `#[init]` that is none
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Option<Self> {
        None
    }

    #[call]
    fn get(&self) -> Result<u8> {
        Ok(1)
    }
}

async fn user() {
    let counter = Counter::start().await.unwrap();
    let _ = counter.get().await;
}

fn main() {}
