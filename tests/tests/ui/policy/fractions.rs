// CT-8
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
    #[circuit_breaker(window = 10, failure_rate = 1.5)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[circuit_breaker(window = 10, min_calls = 20)]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
