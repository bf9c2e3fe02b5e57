// row 19
use noex::prelude::*;

struct Warm;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[continuation]
    fn warm_up(&mut self, warm: Warm) {
        let _ = warm;
    }

    #[continuation]
    fn heat(&mut self, warm: Warm) {
        let _ = warm;
    }
}

fn main() {}
