// row 14
use noex::prelude::*;

#[genserver(mailbox)]
struct Counter;

fn main() {}
