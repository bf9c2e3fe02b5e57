// row 7
use noex::prelude::*;

#[genserver(call_timeout = 5)]
struct Counter;

fn main() {}
