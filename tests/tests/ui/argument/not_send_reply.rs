// row 59
use noex::prelude::*;

use std::rc::Rc;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn get(&self) -> Rc<u8> {
        Rc::new(1)
    }
}

fn main() {}
