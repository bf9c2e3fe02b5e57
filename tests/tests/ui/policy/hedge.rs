// a hedge runs a handler twice
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
    #[hedge(delay = 100ms)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[hedge(idempotent)]
    #[retry]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[retry(retryable_errors = "timeout")]
    fn find(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
