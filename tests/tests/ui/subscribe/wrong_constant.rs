// a constant that is no pattern
use noex::prelude::*;

const RATES: &str = "rates.e*";

#[derive(Clone)]
struct Rate;

#[genserver]
struct Board;

impl Board {
    const ALL: &str = "**";
    const NONE: usize = 0;
}

#[genserver]
impl Board {
    #[init]
    fn init() -> Self {
        Board
    }

    #[subscribe(RATES)]
    fn heard(&mut self, _rate: Rate) {}

    #[subscribe(Self::ALL, buffer = Self::NONE)]
    fn heard_all(&mut self, _rate: Rate) {}
}

fn main() {}
