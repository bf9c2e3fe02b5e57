// row 71, CT-8
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
    #[bulkhead(max_concurrent = 0)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
