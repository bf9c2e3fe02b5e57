// row 46
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[continue]
    fn warm_up(&mut self, warm: u8) {
        let _ = warm;
    }
}

fn main() {}
