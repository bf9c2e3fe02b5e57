// row 3
use noex::prelude::*;

#[genserver(mailbox = 0)]
struct Counter;

fn main() {}
