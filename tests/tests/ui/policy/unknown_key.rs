// CT-5
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
    #[rate_limit(5 per 1s, key = usr_id)]
    fn save(&mut self, user_id: u64) -> Result<u32, String> {
        Err(format!("{user_id}"))
    }

    #[call]
    #[rate_limit(5 per 1s, key = self.id)]
    fn load(&mut self, user_id: u64) -> Result<u32, String> {
        Err(format!("{user_id}"))
    }

    #[call]
    #[circuit_breaker(key = rate)]
    fn find(&mut self, rate: f64) -> Result<u32, String> {
        Err(format!("{rate}"))
    }
}

fn main() {}
