// row 8
use noex::prelude::*;

#[genserver(call_timeout = 5x)]
struct Counter;

fn main() {}
