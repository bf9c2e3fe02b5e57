// row 77: what is only warned of
#![deny(warnings)]
#![allow(dead_code)]
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
    #[bulkhead(max_queue = 0)]
    #[retry]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[bulkhead]
    #[circuit_breaker]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[rate_limit(1 per 1s, queue = 5)]
    #[circuit_breaker]
    fn find(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[bulkhead(max_queue = 0, hold_during_backoff)]
    #[retry]
    fn meant(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
