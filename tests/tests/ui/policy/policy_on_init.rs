// row 74
use noex::prelude::*;

#[genserver]
struct Bank;

#[genserver]
impl Bank {
    #[init]
    #[timeout(1s)]
    fn open() -> Self {
        Bank
    }

    #[every(1s)]
    #[retry]
    fn tick(&mut self) {}

    #[terminate]
    #[bulkhead]
    fn close(&mut self) {}
}

fn main() {}
