// row 16
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[call]
    fn get(&self) -> u64 {
        1
    }
}

fn main() {}
