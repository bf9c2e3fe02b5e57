// a timer's attribute that says too little, or a method that wants too much
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[every]
    fn sweep(&mut self) {}

    #[every(30)]
    fn count(&mut self) {}

    #[every(0s, missed = never)]
    fn add(&mut self) {}

    #[idle(60s)]
    fn rest(&mut self, message: u8) {
        let _ = message;
    }

    #[idle(60s, missed = skip)]
    fn doze(&mut self) -> u8 {
        1
    }
}

fn main() {}
