// row 6
use noex::prelude::*;

#[genserver(mailbox = "64")]
struct Counter;

fn main() {}
