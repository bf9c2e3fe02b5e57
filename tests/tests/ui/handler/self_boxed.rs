// row 31
use noex::prelude::*;

use std::sync::Arc;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn add(self: Arc<Self>, by: u64) {
        let _ = by;
    }

    #[cast]
    fn reset(self: Box<Self>) {}
}

fn main() {}
