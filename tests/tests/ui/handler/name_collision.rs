// row 43
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
    fn foo_bar(&self) {}

    #[call]
    fn fooBar(&self) {}
}

fn main() {}
