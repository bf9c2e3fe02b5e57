// row 67, CT-3
use noex::prelude::*;

#[genserver]
struct Bank;

#[genserver]
impl Bank {
    #[init]
    fn open() -> Self {
        Bank
    }

    #[call]
    #[retry]
    fn save(&mut self) -> u32 {
        1
    }

    #[call]
    #[circuit_breaker]
    fn load(&mut self) -> u32 {
        1
    }

    #[call]
    #[fallback(1)]
    fn find(&mut self) -> u32 {
        1
    }

    #[call]
    #[retry]
    fn nothing(&mut self) {}
}

fn main() {}
