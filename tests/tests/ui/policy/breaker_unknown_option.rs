// row 72, CT-7
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
    #[circuit_breaker(failures = 5)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[circuit_breaker(failure_treshold = 3)]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[circuit_breaker(timeout = 5s, reset_timeout = 1s)]
    fn find(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
