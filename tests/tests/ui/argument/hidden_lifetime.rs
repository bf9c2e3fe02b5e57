// row 54
use noex::prelude::*;

use std::borrow::Cow;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn put(&mut self, key: Cow<str>) {
        let _ = key;
    }
}

fn main() {}
