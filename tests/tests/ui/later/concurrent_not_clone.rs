// The state is cloned for each concurrent call.
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call(concurrent)]
    async fn get(&self) -> u64 {
        1
    }
}

fn main() {}
