// row 15
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl std::fmt::Display for Counter {
    #[init]
    fn init() -> Self {
        Counter
    }
}

fn main() {}
