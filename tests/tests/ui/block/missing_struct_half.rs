// row 24
use noex::prelude::*;

struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn get(&self) -> u64 {
        1
    }
}

fn main() {}
