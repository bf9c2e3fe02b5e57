// row 69, CT-8
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
    #[rate_limit(0 per 1s)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[rate_limit(1 per 0s)]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
