// one letter off, which rustc has the word for
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[inti]
    fn init() -> Self {
        Counter
    }
}

fn main() {}
