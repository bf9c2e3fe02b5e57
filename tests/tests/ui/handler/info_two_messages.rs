// row 36
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
    fn ticked(&mut self, tick: u8, tock: u16) {
        let _ = (tick, tock);
    }

    #[continuation]
    fn warm_up(&mut self, warm: u8, hot: u16) {
        let _ = (warm, hot);
    }
}

fn main() {}
