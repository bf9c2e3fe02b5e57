// what may not run twice
use noex::prelude::*;

const KEPT: std::time::Duration = std::time::Duration::ZERO;

#[genserver]
struct Bank;

#[genserver]
impl Bank {
    #[init]
    fn open() -> Self {
        Bank
    }

    #[call]
    #[retry(dedupe = 30)]
    fn pay(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[retry(dedupe = 30s)]
    #[hedge(delay = 1s, idempotent)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }

    #[call]
    #[retry(jitter = full, ratio = 0.2)]
    fn load(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

#[genserver]
struct Later;

#[genserver]
impl Later {
    #[init]
    fn open() -> Self {
        Later
    }

    #[call]
    #[retry(dedupe = KEPT)]
    fn pay(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
