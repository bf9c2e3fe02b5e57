// row 73
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
    #[retry(max_attempts = 5)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[rate_limit(1 per 1s, name = "a")]
    #[rate_limit(9 per 1min, name = "b")]
    #[rate_limit(9 per 1h, name = "b")]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
