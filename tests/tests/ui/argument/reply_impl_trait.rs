// row 62
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
    fn all(&self) -> impl Iterator<Item = u64> {
        std::iter::empty()
    }
}

fn main() {}
