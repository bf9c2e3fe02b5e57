// row 22
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl const Counter {
    #[init]
    fn init() -> Self {
        Counter
    }
}

#[genserver]
struct Other;

#[genserver]
impl !Other {
    #[init]
    fn init() -> Self {
        Other
    }
}

fn main() {}
