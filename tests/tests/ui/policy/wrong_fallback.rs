// a fallback with another signature
use noex::prelude::*;

fn nothing() -> u32 {
    0
}

#[genserver]
struct Bank;

#[genserver]
impl Bank {
    #[init]
    fn open() -> Self {
        Bank
    }

    #[call]
    #[fallback("none")]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[fallback(with = nothing)]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[fallback]
    fn find(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
