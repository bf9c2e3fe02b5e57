// CT-6
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
    #[retry(initial_delay = 10s, max_delay = 1s)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[retry(max_delay = 500ms)]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[retry(backoff_factor = 0.5)]
    fn find(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
