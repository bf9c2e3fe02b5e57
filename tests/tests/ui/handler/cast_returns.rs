// row 33
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[cast]
    fn reset(&mut self) -> u64 {
        0
    }

    #[info]
    fn ticked(&mut self, _: u8) -> bool {
        true
    }
}

fn main() {}
