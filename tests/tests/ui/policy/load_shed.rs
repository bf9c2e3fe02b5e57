// a queue that is looked at, and what is looked at without one
use noex::prelude::*;

#[genserver]
struct Bank;

#[genserver]
impl Bank {
    #[init]
    fn open() -> Self {
        Bank
    }

    #[call]
    #[load_shed(queue_delay = 200ms)]
    fn save(&mut self) -> u32 {
        1
    }

    #[call]
    #[load_shed(queue_interval = 1s)]
    fn load(&mut self) -> u32 {
        1
    }

    #[call]
    #[load_shed(cap = 1.0)]
    fn find(&mut self) -> u32 {
        1
    }

    #[call]
    #[load_shed(queue = 5ms)]
    fn list(&mut self) -> u32 {
        1
    }

    #[cast]
    #[load_shed]
    fn note(&mut self) {}

    #[call]
    #[bulkhead(weight = 0)]
    fn carry(&mut self) -> u32 {
        1
    }
}

fn main() {}
