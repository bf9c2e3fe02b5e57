// row 56
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
    fn put(&mut self, x: _) {
        let _ = x;
    }

    #[cast]
    fn push(&mut self, xs: Vec<_>) {
        let _ = xs;
    }
}

fn main() {}
