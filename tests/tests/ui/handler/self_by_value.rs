// row 30
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
    fn add(self, by: u64) {
        let _ = by;
    }

    #[cast]
    fn reset(self: Self) {}

    #[terminate]
    fn close(self) {}
}

fn main() {}
