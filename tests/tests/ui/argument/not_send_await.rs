// row 63
use noex::prelude::*;

use std::rc::Rc;

async fn wait() {}

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    async fn get(&mut self) -> u64 {
        let one = Rc::new(1);
        wait().await;
        *one
    }
}

fn main() {}
