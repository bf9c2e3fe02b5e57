// words of other libraries
use noex::prelude::*;

#[genserver]
struct Counter {
    count: u64,
}

#[genserver]
#[actor]
impl Counter {
    #[on_start]
    fn new() -> Self {
        Counter { count: 0 }
    }

    #[handle_call]
    fn get(&self) -> u64 {
        self.count
    }

    #[handle_cast]
    fn reset(&mut self) {
        self.count = 0;
    }

    #[handle_info]
    fn ticked(&mut self, tick: u8) {
        let _ = tick;
    }

    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.count += by;
        self.count
    }

    #[handler]
    fn forget(&mut self) {}

    #[on_stop]
    fn close(&mut self) {}
}

async fn user() {
    // No error of their own for those who use the handlers.
    let counter = Counter::start().await.unwrap();
    let _: u64 = counter.get().await.unwrap();
    let _: u64 = counter.add(1).await.unwrap();
    counter.reset().await.unwrap();
    counter.forget().await.unwrap();
    counter.send(1_u8).await.unwrap();
}

fn main() {}
