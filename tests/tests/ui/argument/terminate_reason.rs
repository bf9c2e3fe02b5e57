// `#[terminate]` takes the exit reason
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
    fn close(&mut self, why: String) {
        let _ = why;
    }
}

fn main() {}
