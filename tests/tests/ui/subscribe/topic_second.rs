// the topic comes first
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
    fn heard(&mut self, _rate: Rate, _topic: Topic) {}
}

fn main() {}
