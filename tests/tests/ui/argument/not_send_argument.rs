// row 58
use noex::prelude::*;

use std::rc::Rc;

struct Job {
    parts: Vec<Rc<u64>>,
}

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn put(&mut self, key: Rc<u8>) {
        let _ = key;
    }

    #[cast]
    fn run(&mut self, job: Job) {
        let _ = job;
    }
}

fn main() {}
