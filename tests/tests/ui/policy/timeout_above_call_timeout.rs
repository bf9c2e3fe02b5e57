// row 76
use noex::prelude::*;

#[genserver(call_timeout = 2s)]
struct Bank;

#[genserver]
impl Bank {
    #[init]
    fn open() -> Self {
        Bank
    }

    #[call]
    #[timeout(5s)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[timeout]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    // Around all attempts it may be longer.
    #[call]
    #[timeout(9s)]
    #[retry]
    fn find(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
