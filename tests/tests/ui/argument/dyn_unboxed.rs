// row 53
use noex::prelude::*;

trait Job {}

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn put(&mut self, job: dyn Job) {
        let _ = job;
    }
}

fn main() {}
