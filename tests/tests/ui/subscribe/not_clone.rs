// each subscriber gets a clone
use noex::prelude::*;

struct Rate;

#[genserver]
struct Board;

#[genserver]
impl Board {
    #[init]
    fn init() -> Self {
        Board
    }

    #[subscribe("rates.*")]
    fn heard(&mut self, _rate: Rate) {}
}

fn main() {
    let _ = System::global().bus().try_publish("rates.eur", Rate);
}
