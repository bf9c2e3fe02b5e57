// rules over constants
use noex::prelude::*;

const ATTEMPTS: u32 = 0;
const RATE: u32 = 0;
const PLACES: u32 = 0;
const LIMIT: std::time::Duration = std::time::Duration::ZERO;

#[genserver]
struct Bank;

#[genserver]
impl Bank {
    #[init]
    fn open() -> Self {
        Bank
    }

    #[call]
    #[retry(max_attempts = ATTEMPTS)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[rate_limit(RATE per 1s)]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[bulkhead(max_concurrent = PLACES)]
    fn find(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[timeout(LIMIT)]
    fn hurry(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
