// row 21
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
unsafe impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }
}

fn main() {}
