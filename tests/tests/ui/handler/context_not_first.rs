// the context comes first, so that the message stays in one piece
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
    fn add(&mut self, by: u64, cx: &mut Context<Self>) {
        let _ = (by, cx);
    }
}

fn main() {}
