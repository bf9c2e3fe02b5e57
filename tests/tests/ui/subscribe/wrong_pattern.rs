// patterns that cannot be right
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

    #[subscribe]
    fn nothing(&mut self, _rate: Rate) {}

    #[subscribe("")]
    fn empty(&mut self, _rate: Rate) {}

    #[subscribe("rates..eur")]
    fn empty_segment(&mut self, _rate: Rate) {}

    #[subscribe("rates.e*")]
    fn half_a_segment(&mut self, _rate: Rate) {}

    #[subscribe("rates.**eur")]
    fn more_than_half(&mut self, _rate: Rate) {}

    #[subscribe("**.**")]
    fn twice(&mut self, _rate: Rate) {}

    #[subscribe(rates)]
    fn word(&mut self, _rate: Rate) {}
}

fn main() {}
