// row 35
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[info]
    fn ticked(&mut self) {}

    #[continuation]
    fn warm_up(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
    }
}

fn main() {}
