// row 10
use noex::prelude::*;

#[genserver(name = "")]
struct Counter;

fn main() {}
