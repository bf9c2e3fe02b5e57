// row 75
use noex::prelude::*;

#[genserver]
struct Bank;

#[genserver]
impl Bank {
    #[init]
    fn open() -> Self {
        Bank
    }

    #[timeout(1s)]
    fn helper(&self) -> u32 {
        1
    }

    #[rate_limit]
    fn other(&self) -> u32 {
        self.helper()
    }
}

fn main() {}
