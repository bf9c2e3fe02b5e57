// row 20
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }
}

#[genserver]
impl Counter {
    #[init]
    fn open() -> Self {
        Counter
    }
}

fn main() {}
