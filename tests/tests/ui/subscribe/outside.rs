// row 26, for subscribers
use noex::prelude::*;

struct Board;

impl Board {
    #[subscribe("rates.*")]
    fn heard(&mut self) {}
}

fn main() {}
