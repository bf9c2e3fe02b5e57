// row 5
use noex::prelude::*;

#[genserver(mailbox = -1)]
struct Counter;

fn main() {}
