// row 77
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
    #[fallback(1)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[timeout(2s)]
    #[timeout(1s)]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[timeout(2s)]
    #[retry(initial_delay = 10ms)]
    #[timeout(3s)]
    fn find(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[timeout(1s)]
    #[retry]
    fn hurry(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
