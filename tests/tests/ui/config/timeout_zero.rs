// row 9
use noex::prelude::*;

#[genserver(call_timeout = 0s)]
struct Counter;

fn main() {}
