// row 13
use noex::prelude::*;

#[genserver(crate = noex2)]
struct Counter;

fn main() {}
