// row 11
use noex::prelude::*;

#[genserver]
enum Counter {
    Zero,
}

#[genserver]
union Bits {
    int: u32,
}

#[genserver]
fn count() {}

#[genserver]
trait Count {}

fn main() {}
