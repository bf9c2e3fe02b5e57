// row 52
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
    fn put(&mut self, key: impl Into<String>) {
        let _ = key;
    }
}

fn main() {}
