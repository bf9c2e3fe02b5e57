// row 2
use noex::prelude::*;

#[genserver(mailbox = 8, name = "counter", mailbox = 16)]
struct Counter;

fn main() {}
