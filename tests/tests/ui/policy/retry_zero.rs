// row 68, CT-1
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
    #[retry(max_attempts = 0)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[retry(max_attempts = 1)]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
