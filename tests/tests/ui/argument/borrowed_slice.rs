// row 48
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn put(&mut self, data: &[u8]) {
        let _ = data;
    }
}

fn main() {}
