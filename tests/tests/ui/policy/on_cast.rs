// CT-9
use noex::prelude::*;

#[genserver]
struct Bank;

#[genserver]
impl Bank {
    #[init]
    fn open() -> Self {
        Bank
    }

    #[cast]
    #[retry]
    fn save(&mut self) {}

    #[cast]
    #[circuit_breaker]
    fn load(&mut self) {}

    #[cast]
    #[bulkhead]
    fn find(&mut self) {}

    #[cast]
    #[rate_limit(1 per 1s, queue = 5)]
    fn hurry(&mut self) {}
}

fn main() {}
