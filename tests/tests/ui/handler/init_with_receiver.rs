// row 32
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init(&self, _cents: i64) -> Self {
        Counter
    }
}

fn user() {
    // No error of its own for those who start it.
    let _ = Counter::start(5);
}

fn main() {}
