// a predicate of the wrong type
use noex::prelude::*;

fn is_small(error: &u32) -> bool {
    *error < 7
}

#[genserver]
struct Bank;

#[genserver]
impl Bank {
    #[init]
    fn open() -> Self {
        Bank
    }

    #[call]
    #[retry(when = is_small)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[circuit_breaker(when_ok = String::is_empty)]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
