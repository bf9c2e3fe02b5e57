// row 17
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[init]
    fn open() -> Self {
        Counter
    }
}

fn main() {}
