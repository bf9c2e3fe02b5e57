// row 1
use noex::prelude::*;

#[genserver(mailbx = 8)]
struct Counter;

fn main() {}
