// what `#[init]` returns is a server
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> u64 {
        1
    }
}

fn main() {}
