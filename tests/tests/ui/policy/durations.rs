// CT-2
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
    #[timeout("5 parsecs")]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[timeout("5")]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[timeout(5)]
    fn find(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[timeout(0s)]
    fn hurry(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
