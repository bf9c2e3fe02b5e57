// options of a subscription
use noex::prelude::*;

#[derive(Clone)]
struct Rate;

#[genserver]
struct Board;

#[genserver]
impl Board {
    #[init]
    fn init() -> Self {
        Board
    }

    #[subscribe("rates.*", overflow = fail)]
    fn fail(&mut self, _rate: Rate) {}

    #[subscribe("rates.*", buffer = 0)]
    fn none(&mut self, _rate: Rate) {}

    #[subscribe("rates.*", buffer = unbounded)]
    fn all(&mut self, _rate: Rate) {}

    #[subscribe("rates.*", bufer = 4)]
    fn almost(&mut self, _rate: Rate) {}

    #[subscribe(buffer = 4, "rates.*")]
    fn last(&mut self, _rate: Rate) {}
}

fn main() {}
