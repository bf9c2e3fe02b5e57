// row 18
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[terminate]
    fn close(&mut self) {}

    #[terminate]
    fn shut(&mut self, reason: ExitReason) {
        let _ = reason;
    }
}

fn main() {}
