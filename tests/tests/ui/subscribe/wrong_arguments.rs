// what a subscriber takes
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

    #[subscribe("rates.*")]
    fn nothing(&mut self) {}

    #[subscribe("rates.*")]
    fn too_much(&mut self, _topic: Topic, _rate: Rate, _again: Rate) {}

    #[subscribe("rates.*")]
    fn borrowed(&mut self, _rate: &Rate) {}

    #[subscribe("rates.*")]
    fn answers(&mut self, _rate: Rate) -> u8 {
        1
    }
}

fn main() {}
