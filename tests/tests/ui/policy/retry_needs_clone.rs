// row 66, CT-4
use noex::prelude::*;

struct Payload {
    bytes: u32,
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
    #[retry]
    fn save(&mut self, payload: Payload) -> Result<u32, String> {
        Err(format!("{}", payload.bytes))
    }
}

async fn user(bank: BankRef) {
    // No error of their own for those who use the handlers.
    let _ = bank.save(Payload { bytes: 1 }).await;
}

fn main() {}
