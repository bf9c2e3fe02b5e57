// row 4
use noex::prelude::*;

const CAP: usize = 0;

#[genserver(mailbox = CAP)]
struct Counter;

fn main() {}
