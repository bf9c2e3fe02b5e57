// row 12
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver(mailbox = 8, trap_exit)]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }
}

fn main() {}
