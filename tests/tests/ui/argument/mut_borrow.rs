// row 51
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
    fn put(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }
}

fn main() {}
