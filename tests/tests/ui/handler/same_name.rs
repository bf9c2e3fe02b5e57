// two handlers, or two arguments, of one name
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
    fn get(&self, at: u64) -> u64 {
        at
    }

    #[call]
    fn get(&self) -> u64 {
        1
    }

    #[call]
    fn add(&self, by: u64, by: u64) -> u64 {
        by
    }
}

fn main() {}
