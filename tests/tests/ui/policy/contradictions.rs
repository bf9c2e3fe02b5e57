// literals that contradict one another
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
    #[circuit_breaker(min_calls = 10)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[circuit_breaker(window = 5, min_calls = 10)]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[circuit_breaker(max_reset_timeout = 1s)]
    fn find(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[rate_limit(10 per 1s, exact, algorithm = smooth)]
    fn list(&mut self) -> u32 {
        1
    }

    #[call]
    #[bulkhead(max_concurrent = 1_000, adaptive)]
    fn hurry(&mut self) -> u32 {
        1
    }

    #[call]
    #[hedge(quantile = 0.5, warm_up = 9_000, idempotent)]
    fn twice(&self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
