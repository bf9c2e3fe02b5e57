// row 90
use noex::prelude::*;

noex::supervisor! {
    Shop {
        strategy: one_for_one,
        cache: String("x"),
    }
}

fn main() {}
