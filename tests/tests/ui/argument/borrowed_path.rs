// row 49
use noex::prelude::*;

use std::path::Path;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn put(&mut self, path: &Path) {
        let _ = path;
    }
}

fn main() {}
